"""What every engine offers: advance to a bound, be stopped, report progress, answer."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from pagestate.core.property import LIVENESS, Property
from pagestate.core.sorts import Sizes
from pagestate.core.system import System
from pagestate.core.verdict import Answer


@dataclass(frozen=True, slots=True)
class Task:
    """What to decide: properties of a system, at finite sizes, or for ``any`` size of some sorts.

    ``sizes`` always holds a finite instance (for a sort in ``unbounded``: the one that an engine
    for every size explores first).  Lists and mappings are in the user's order.
    """

    system: System
    properties: tuple[Property, ...]
    sizes: Sizes
    unbounded: frozenset[str] = frozenset()


def refuse_liveness(task: Task) -> None:
    """Raises ValueError if ``task`` asks about infinite executions."""
    for prop in task.properties:
        if prop.kind in LIVENESS:
            raise ValueError(f"{prop.name}: this engine does not decide {prop.kind}")


@dataclass(frozen=True, slots=True)
class Progress:
    """A sign of life: how far an engine is."""

    engine: str
    depth: int
    states: int | None = None
    note: str = ""


class Engine(Protocol):
    """One algorithm at work on one task.

    Engines are built as ``EngineClass(task, report)`` where ``report`` takes a Progress.
    """

    @property
    def name(self) -> str:
        """The engine's name on the command line."""
        ...

    def advance(self, bound: int) -> bool:
        """Search up to ``bound`` steps; true when more depth cannot change an answer.

        May be called again with a larger bound and goes on from where it stopped.
        """
        ...

    def answers(self) -> tuple[Answer, ...]:
        """One answer per property of the task, in its order, as things stand."""
        ...


Report = Callable[[Progress], None]
