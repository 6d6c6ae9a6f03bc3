"""The states of an instance as numbers: what follows them, and what they show.

The part of the state graph that is asked for, kept for the next question.  Steps are computed for
many states at once with the program of the explicit engine; no symmetry: the pages of a recording
have names.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from pagestate.core.evaluate import OutOfRange
from pagestate.core.ground import ground
from pagestate.core.sorts import Sizes, Value, decode
from pagestate.core.system import System
from pagestate.core.trace import CellName, State
from pagestate.core.verdict import Move
from pagestate.engines.explicit.pack import Array, make_layout, pack, unpack
from pagestate.engines.explicit.program import build
from pagestate.engines.explicit.table import Visited
from pagestate.schedule.watch import Bound

_CHUNK = 1 << 14
Sight: TypeAlias = tuple[frozenset[str], ...]
"""For each member, the words that it may show."""


class BoundTooSmall(Exception):
    """A counter ran into the bound of the instance; the message names it."""


class _Collect:
    """Takes what the generated program hands out (as ``engines.explicit.batch.Batch`` does)."""

    def __init__(self) -> None:
        self.parts = list[tuple[Array, Array, int]]()

    def take(self, rows: Array, i: Array, first: int, action: int) -> Array:
        """Room for the successors of the rows ``i``, holding copies of them."""
        copies: Array = rows[i]
        self.parts.append((copies, i + first, action))
        return copies

    def drop(self, which: Array | None) -> None:
        """Forget those of the rows taken last (None: all) that are no successors."""
        rows, parent, action = self.parts.pop()
        if which is not None:
            self.parts.append((rows[~which], parent[~which], action))

    def overflow(self, variable: str) -> None:
        """A step would push the counter over its bound."""
        raise BoundTooSmall(f"bound of {variable} too small")

    def misfit(self, action: int) -> None:
        """A step would give a variable a value outside its sort."""
        raise OutOfRange(f"step {action} leaves the sort of a variable")


class Space:
    """The states seen so far of an instance; ``members`` of the watched sort are looked at."""

    def __init__(self, system: System, sizes: Sizes, watch: Bound, members: int) -> None:
        self._ground = ground(system, sizes)
        self._layout = make_layout(self._ground, ())
        self._program = build(self._ground, self._layout, [], {})
        self._watch = watch
        self._members = members
        self._table = Visited(self._layout)
        self._after = list[tuple[tuple[int, int], ...] | None]()
        self._look = list[int]()
        self._numbers = dict[tuple[str, ...], int]()
        self.looks = list[tuple[str, ...]]()

    @property
    def count(self) -> int:
        """The states seen so far."""
        return len(self._after)

    def numbers(self, states: Sequence[State]) -> list[int]:
        """The numbers of some states."""
        packed = [pack(self._layout, self._ground.codes(s)) for s in states]
        return self._insert(np.concatenate(packed)).tolist() if packed else []

    def state(self, number: int) -> dict[CellName, Value]:
        """The state of a number."""
        return self._ground.state(unpack(self._layout, self._table.rows[number]))

    def move(self, action: int) -> Move:
        """The step of a ground action."""
        made = self._ground.actions[action]
        return Move(made.action, tuple(made.binding.items()))

    def expand(self, numbers: Iterable[int]) -> None:
        """Compute the steps from some states.  Raises BoundTooSmall, OutOfRange."""
        todo = np.array([n for n in numbers if self._after[n] is None], dtype=np.int64)
        for a in range(0, len(todo), _CHUNK):
            self._expand(todo[a : a + _CHUNK])

    def _expand(self, todo: Array) -> None:
        collect, rows = _Collect(), self._table.rows[todo]
        self._program.expand(rows, np.ascontiguousarray(rows.T), 0, collect)
        found: dict[int, list[tuple[int, int]]] = {n: [] for n in todo.tolist()}
        if collect.parts:
            parents = todo[np.concatenate([p[1] for p in collect.parts])].tolist()
            actions = np.repeat([p[2] for p in collect.parts], [len(p[1]) for p in collect.parts])
            numbers = self._insert(np.concatenate([p[0] for p in collect.parts])).tolist()
            for parent, action, number in zip(parents, actions.tolist(), numbers, strict=True):
                found[parent].append((action, number))
        for number, steps in found.items():
            self._after[number] = tuple(steps)

    def steps(self, number: int) -> tuple[tuple[int, int], ...]:
        """The steps from a state: ground actions, and the states after.  Expand it before."""
        found = self._after[number]
        assert found is not None
        return found

    def look(self, number: int) -> int:
        """Which of ``looks`` the members show in a state."""
        return self._look[number]

    def shown(self, number: int) -> tuple[str, ...]:
        """What the members show in a state."""
        return self.looks[self._look[number]]

    def _insert(self, rows: Array) -> Array:
        before, none = self._table.count, np.full(len(rows), -1, dtype=np.int32)
        found = self._table.insert(np.ascontiguousarray(rows), none, none)
        new = self._table.rows[before:]
        self._after += [None] * len(new)
        self._look += self._seen(new)
        return found

    def _seen(self, rows: Array) -> list[int]:
        """What is shown in each row, as numbers."""
        columns = [self._words(rows, member) for member in range(self._members)]
        shown = zip(*columns, strict=True) if columns else iter([()] * len(rows))
        return [self._looked(words) for words in shown]

    def _looked(self, words: tuple[str, ...]) -> int:
        if words not in self._numbers:
            self._numbers[words] = len(self.looks)
            self.looks.append(words)
        return self._numbers[words]

    def _words(self, rows: Array, member: int) -> list[str]:
        """What a member shows in each row."""
        cells = [(n, self._ground.number[c]) for n, c in self._watch.cells[member]]
        codes = np.stack([self._codes(rows, c) for _, c in cells] or [np.zeros(len(rows))], 1)
        kinds, which = np.unique(codes, axis=0, return_inverse=True)
        words = [self._word(cells, kind) for kind in kinds]
        return [words[k] for k in which.reshape(-1).tolist()]

    def _codes(self, rows: Array, cell: int) -> Array:
        where = self._layout.fields[cell]
        if not where.bits:
            return np.full(len(rows), self._ground.cells[cell].init or 0, np.int64)
        kind = rows.dtype.type
        found: Array = (rows[:, where.unit] >> kind(where.shift)) & kind((1 << where.bits) - 1)
        return found.astype(np.int64)

    def _word(self, cells: Sequence[tuple[str, int]], codes: Any) -> str:
        values: Mapping[str, Value] = {
            name: decode(self._ground.cells[cell].sort, int(code))
            for (name, cell), code in zip(cells, codes, strict=False)
        }
        return self._watch.watch.show({**self._watch.constants, **values})


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
