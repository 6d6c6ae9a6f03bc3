"""Sets of states of an instance: what follows them, and what they show.  Vectorised with NumPy.

No symmetry: the pages of a recording have names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Successors:
    """Steps from a set of states: the states after, the rows before, the ground actions."""

    rows: Array
    parent: Array
    action: Array


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
    """An instance, and what is seen of its states."""

    def __init__(self, system: System, sizes: Sizes, watch: Bound, members: int) -> None:
        self.system, self.sizes = system, sizes
        self._ground = ground(system, sizes)
        self.layout = make_layout(self._ground, ())
        self._program = build(self._ground, self.layout, [], {})
        self._watch = watch
        self._members = members
        self._words = dict[str, int]()
        self.shows = list[str]()

    def table(self) -> Visited:
        """An empty set of states that remembers where each came from."""
        return Visited(self.layout)

    def rows(self, states: Sequence[State]) -> Array:
        """States as rows."""
        packed = [pack(self.layout, self._ground.codes(s)) for s in states]
        return np.concatenate(packed) if packed else self.none()

    def none(self) -> Array:
        """No rows."""
        return np.empty((0, self.layout.units), dtype=self.layout.unit)

    def state(self, row: Array) -> dict[CellName, Value]:
        """The state of a row."""
        return self._ground.state(unpack(self.layout, row))

    def move(self, action: int) -> Move:
        """The step of a ground action."""
        made = self._ground.actions[action]
        return Move(made.action, tuple(made.binding.items()))

    def successors(self, rows: Array) -> Successors:
        """All steps from the rows.  Raises BoundTooSmall, OutOfRange."""
        collect = _Collect()
        for a in range(0, len(rows), _CHUNK):
            part = np.ascontiguousarray(rows[a : a + _CHUNK])
            self._program.expand(part, np.ascontiguousarray(part.T), a, collect)
        if not collect.parts:
            empty = np.empty(0, np.int32)
            return Successors(self.none(), empty, empty)
        return Successors(
            np.concatenate([p[0] for p in collect.parts]),
            np.concatenate([p[1] for p in collect.parts]).astype(np.int32),
            np.concatenate([np.full(len(p[1]), p[2], np.int32) for p in collect.parts]),
        )

    def _number(self, word: str) -> int:
        """A number for what a member shows."""
        if word not in self._words:
            self._words[word] = len(self.shows)
            self.shows.append(word)
        return self._words[word]

    def fits(self, shown: Array, sight: Sight) -> Array:
        """Which members of which rows show what they may: of the result of ``shown``."""
        found = np.empty(shown.shape, dtype=np.bool_)
        for member, words in enumerate(sight):
            known = np.array([w in words for w in self.shows] or [False])
            found[:, member] = known[shown[:, member]]
        return found

    def shown(self, rows: Array) -> Array:
        """What each watched member shows in each row: numbers, a column per member."""
        found = np.empty((len(rows), self._members), dtype=np.int32)
        for member in range(self._members):
            cells = [(n, self._ground.number[c]) for n, c in self._watch.cells[member]]
            codes = np.stack([self._codes(rows, c) for _, c in cells] or [np.zeros(len(rows))], 1)
            kinds, which = np.unique(codes, axis=0, return_inverse=True)
            words = [self._number(self._word(cells, kind)) for kind in kinds]
            found[:, member] = np.array(words, dtype=np.int32)[which.reshape(-1)]
        return found

    def _codes(self, rows: Array, cell: int) -> Array:
        where = self.layout.fields[cell]
        if not where.bits:
            return np.full(len(rows), self._ground.cells[cell].init or 0, np.int64)
        kind = rows.dtype.type
        found: Array = (rows[:, where.unit] >> kind(where.shift)) & kind((1 << where.bits) - 1)
        return found.astype(np.int64)

    def _word(self, cells: Sequence[tuple[str, int]], codes: Any) -> str:
        values = {
            name: decode(self._ground.cells[cell].sort, int(code))
            for (name, cell), code in zip(cells, codes, strict=False)
        }
        return self._watch.watch.show({**self._watch.constants, **values})
