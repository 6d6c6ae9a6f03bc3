"""The control states of a thread: what is left to do, and the locks held."""

import ast
from dataclasses import dataclass

from pagestate.lang.layout import LockInfo
from pagestate.lang.scope import Step
from pagestate.lang.source import Source


@dataclass(frozen=True)
class Seq:
    """Statements still to execute, from ``at`` on."""

    stmts: tuple[ast.stmt, ...]
    at: int
    source: Source
    scope: str


@dataclass(frozen=True)
class Loop:
    """A ``while``: its test comes next."""

    node: ast.While
    source: Source
    scope: str


@dataclass(frozen=True)
class Scan:
    """A ``for`` over an index sort: the choice of the next member comes next."""

    node: ast.For
    source: Source
    scope: str


@dataclass(frozen=True)
class Call:
    """An inline call: where its result goes."""

    callee: Source
    scope: str
    target: str | None
    src: str


@dataclass(frozen=True)
class Acquire:
    """A writer queued for a reader/writer lock."""

    lock: LockInfo
    node: ast.Call
    source: Source
    scope: str


Frame = Seq | Loop | Scan | Call | Acquire
Held = frozenset[str]
Following = list[tuple[Step, tuple[Frame, ...], Held]]


@dataclass(frozen=True)
class Control:
    """A control state: what is left to do (empty: finished), and the locks held."""

    frames: tuple[Frame, ...]
    held: Held = frozenset()

    @property
    def holds(self) -> tuple[str, ...]:
        """The locks held here, and the one a writer is queued for."""
        top = self.frames[0] if self.frames else None
        queued = [f"{top.lock.name}(queued)"] if isinstance(top, Acquire) else []
        return (*sorted(self.held), *queued)


@dataclass(frozen=True)
class Transition:
    """A step from one control state to another (None: the thread has ended)."""

    source: Control
    target: Control | None
    step: Step


def sequence(
    stmts: "list[ast.stmt]", source: Source, scope: str, rest: tuple[Frame, ...]
) -> tuple[Frame, ...]:
    """Frames that execute ``stmts`` and then ``rest``."""
    return (Seq(tuple(stmts), 0, source, scope), *rest) if stmts else rest


def seen_name(node: ast.For, scope: str) -> str:
    """The name of the visited set of a loop."""
    return f"{scope}.seen:{node.lineno}" if scope else f"seen:{node.lineno}"
