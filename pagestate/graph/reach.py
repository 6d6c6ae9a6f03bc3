"""Every reachable state of an instance, with the steps between them; no symmetry is used."""

from collections.abc import Iterator
from dataclasses import dataclass

from pagestate.core.evaluate import initial_states
from pagestate.core.quick import Quick, Values
from pagestate.core.sorts import Sizes, Value
from pagestate.core.system import Action, System
from pagestate.core.trace import CellName


class TooManyStates(Exception):
    """The instance has more reachable states than were asked for."""


@dataclass(frozen=True, slots=True)
class Move:
    """A step between two states, by their numbers."""

    source: int
    target: int
    action: Action
    picks: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Reached:
    """The states in the order of a breadth-first search; the first ``initial`` of them are initial.

    ``overflow`` names a counter that ran into its bound: the steps beyond it are left out.
    """

    cells: tuple[CellName, ...]
    states: tuple[Values, ...]
    moves: tuple[Move, ...]
    initial: int
    overflow: str

    def state(self, number: int) -> dict[CellName, Value]:
        """The values of the cells in a state."""
        return dict(zip(self.cells, self.states[number], strict=True))


def reachable(system: System, sizes: Sizes, limit: int) -> Reached:
    """All reachable states of the instance.

    Raises TooManyStates where there are more than ``limit``, and OutOfRange if a step leaves the
    sort of a variable.
    """
    quick = Quick(system, sizes)
    numbers = dict[Values, int]()
    states, moves, overflow = list[Values](), list[Move](), ""

    def number(state: Values) -> int:
        known = numbers.get(state)
        if known is None:
            if len(states) >= limit:
                raise TooManyStates(f"more than {limit} reachable states")
            known = numbers[state] = len(states)
            states.append(state)
        return known

    for state in _initial(quick, system, sizes):
        number(state)
    initial = len(states)
    for source, state in enumerate(states):  # grows while it is gone through
        for step in quick.all_steps(state):
            if step.after is None:
                overflow = overflow or step.overflow
                continue
            moves.append(Move(source, number(step.after), step.action, step.picks))
    return Reached(quick.cells, tuple(states), tuple(moves), initial, overflow)


def _initial(quick: Quick, system: System, sizes: Sizes) -> Iterator[Values]:
    return (quick.pack(s) for s in initial_states(system, sizes))
