"""Where a statement of a thread stands while its step is explored."""

import ast
from dataclasses import dataclass

from pagestate.lang.control import Following, Frame, Held
from pagestate.lang.functions import Function
from pagestate.lang.scope import Step
from pagestate.lang.source import Source
from pagestate.lang.steps import Executor


@dataclass(frozen=True)
class Here:
    """Where a statement stands: the step so far, what comes after, the whole stack, the locks."""

    executor: Executor
    step: Step
    after: tuple[Frame, ...]
    frames: tuple[Frame, ...]
    held: Held

    def then(self, step: Step, frames: tuple[Frame, ...] | None = None) -> Following:
        """Go on with ``step`` after this statement (or with ``frames``)."""
        return [(step, self.after if frames is None else frames, self.held)]


def calls(source: Source, node: ast.expr, kind: str) -> bool:
    """Whether ``node`` calls a function of the model of this kind (atomic, inline)."""
    callee = source.lookup(node.func) if isinstance(node, ast.Call) else None
    return isinstance(callee, Function) and callee.kind == kind
