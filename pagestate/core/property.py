"""Properties: what a model is checked for."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pagestate.core.expr import Expr
from pagestate.core.span import Span

PropertyKind: TypeAlias = Literal["always", "step", "reachable"]


@dataclass(frozen=True, slots=True)
class Property:
    """A named property of a system.

    ``always``: ``formula`` holds in every reachable state.  ``step``: it holds of every step
    (terms read with ``primed`` are the values after it).  ``reachable``: some reachable state
    satisfies it; not finding one is a failure (vacuity).
    ``builtin`` marks the safety properties every model has (no underflow, lock rules, bug_on).
    """

    name: str
    kind: PropertyKind
    formula: Expr
    doc: str = ""
    title: str = ""
    span: Span | None = field(default=None, compare=False)
    builtin: bool = False
