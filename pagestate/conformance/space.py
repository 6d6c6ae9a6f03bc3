"""The states of an instance as numbers: what follows them, and what they show.

The part of the state graph that is asked for, kept for the next question.  No symmetry: the pages
of a recording have names.
"""

from collections.abc import Sequence
from typing import TypeAlias

from pagestate.core.quick import Quick, Values
from pagestate.core.sorts import Sizes, Value
from pagestate.core.system import System
from pagestate.core.trace import CellName, State
from pagestate.core.verdict import Move
from pagestate.schedule.watch import Bound

Sight: TypeAlias = tuple[frozenset[str], ...]
"""For each member, the words that it may show."""


class BoundTooSmall(Exception):
    """A counter ran into the bound of the instance; the message names it."""


class Space:
    """The states seen so far of an instance; ``members`` of the watched sort are looked at."""

    def __init__(self, system: System, sizes: Sizes, watch: Bound, members: int) -> None:
        self._quick = Quick(system, sizes)
        self._watch = watch
        self._cells = [
            [(name, self._quick.number[cell]) for name, cell in watch.cells[member]]
            for member in range(members)
        ]
        self._numbers = dict[Values, int]()
        self._states = list[Values]()
        self._after = list[tuple[tuple[int, int], ...] | None]()
        self._look = list[int]()
        self._looks = dict[tuple[str, ...], int]()
        self._words = dict[Values, str]()
        self._moves = dict[tuple[str, tuple[tuple[str, Value], ...]], int]()
        self._made = list[Move]()
        self.looks = list[tuple[str, ...]]()

    def numbers(self, states: Sequence[State]) -> list[int]:
        """The numbers of some states."""
        return [self._number(self._quick.pack(s)) for s in states]

    def state(self, number: int) -> dict[CellName, Value]:
        """The state of a number."""
        return self._quick.unpack(self._states[number])

    def move(self, number: int) -> Move:
        """The move of a number."""
        return self._made[number]

    def steps(self, number: int) -> tuple[tuple[int, int], ...]:
        """The steps from a state: moves, and states after.  Raises BoundTooSmall, OutOfRange."""
        known = self._after[number]
        if known is None:
            known = self._after[number] = tuple(self._steps(self._states[number]))
        return known

    def _steps(self, state: Values) -> list[tuple[int, int]]:
        found = list[tuple[int, int]]()
        for step in self._quick.all_steps(state):
            if step.after is None:
                raise BoundTooSmall(f"bound of {step.overflow} too small")
            key = step.action.name, step.picks
            if key not in self._moves:
                self._moves[key] = len(self._made)
                self._made.append(Move(step.action, step.picks))
            found.append((self._moves[key], self._number(step.after)))
        return found

    def look(self, number: int) -> int:
        """Which of ``looks`` the members show in a state."""
        return self._look[number]

    def shown(self, number: int) -> tuple[str, ...]:
        """What the members show in a state."""
        return self.looks[self._look[number]]

    def _number(self, state: Values) -> int:
        known = self._numbers.get(state)
        if known is None:
            known = self._numbers[state] = len(self._states)
            self._states.append(state)
            self._after.append(None)
            words = tuple(self._word(state, cells) for cells in self._cells)
            if words not in self._looks:
                self._looks[words] = len(self.looks)
                self.looks.append(words)
            self._look.append(self._looks[words])
        return known

    def _word(self, state: Values, cells: Sequence[tuple[str, int]]) -> str:
        seen = tuple(state[cell] for _, cell in cells)
        if seen not in self._words:
            names = [name for name, _ in cells]
            given = {**self._watch.constants, **dict(zip(names, seen, strict=True))}
            self._words[seen] = self._watch.watch.show(given)
        return self._words[seen]


class Fit:
    """Whether all members show what they may, by the number of a state."""

    def __init__(self, space: Space, sight: Sight) -> None:
        self.sight = sight
        self._space = space
        self._known = list[bool]()

    def __call__(self, number: int) -> bool:
        """Whether a state fits."""
        look = self._space.look(number)
        while look >= len(self._known):
            shown = self._space.looks[len(self._known)]
            self._known.append(all(w in ws for w, ws in zip(shown, self.sight, strict=True)))
        return self._known[look]
