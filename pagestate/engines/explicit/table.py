"""The set of visited states: an open-addressing hash table worked on in whole batches.

Only numbers of states are in the table; a hash decides where to look, full rows decide equality.
States are numbered in the order they were found, so a level of the search is a range of numbers.
"""

import numpy as np

from pagestate.engines.explicit.pack import Array, Layout

_FIRST = 1 << 10


class Visited:
    """Distinct rows with their parents, and the ground action each was first reached by."""

    def __init__(self, layout: Layout) -> None:
        self._unit = layout.unit
        self._words = np.zeros((_FIRST, layout.words), dtype=np.uint64)
        self._table = np.full(2 * _FIRST, -1, dtype=np.int32)
        self.count = 0
        self.parent = np.empty(_FIRST, dtype=np.int32)
        self.action = np.empty(_FIRST, dtype=np.int32)

    @property
    def rows(self) -> Array:
        """The rows, by state number, in units."""
        return self._words[: self.count].view(self._unit)

    @property
    def nbytes(self) -> int:
        """Memory held."""
        links = self.parent.nbytes + self.action.nbytes
        return self._words.nbytes + self._table.nbytes + links

    def insert(self, rows: Array, parent: Array, action: Array) -> Array:
        """Add the rows that are new, in order, each once; the number of the state of each row."""
        k, n = len(rows), self.count
        self._reserve(n + k)
        words, table = self._words, self._table
        words[n : n + k] = rows.view(np.uint64)
        slot, won = self._claim(n, k)
        fresh = np.flatnonzero(won)
        end = n + len(fresh)
        if len(fresh) < k:
            words[n:end] = words[n + fresh]
        table[slot[fresh]] = np.arange(n, end, dtype=np.int32)
        self.parent[n:end] = parent[fresh]
        self.action[n:end] = action[fresh]
        self.count = end
        found: Array = table[slot]
        return found

    def _claim(self, n: int, k: int) -> tuple[Array, Array]:
        """Find a slot for the rows ``n`` to ``n + k``: each one's slot, and whether it is new."""
        words, table = self._words, self._table
        mask = len(table) - 1
        slots = (_mix(words[n : n + k]) & np.uint64(mask)).astype(np.int64)
        won = np.zeros(k, dtype=np.bool_)
        pending = np.arange(k, dtype=np.int32)
        while pending.size:
            slot, own = slots[pending], pending + np.int32(n)
            there = table[slot]
            free = there < 0
            if free.any():
                table[slot[free]] = own[free]
                there = table[slot]
            mine = there == own
            won[pending[mine]] = True
            other = ~mine
            pending, there, own = pending[other], there[other], own[other]
            differ = _differ(words, there, own)
            pending = pending[differ]
            slots[pending] = (slots[pending] + 1) & mask
        return slots, won

    def _reserve(self, need: int) -> None:
        """Make room for ``need`` rows, keeping the table at most half full."""
        have = len(self._words)
        if need <= have:
            return
        size = max(need, have * 2)
        words = np.empty((size, self._words.shape[1]), dtype=np.uint64)
        words[: self.count] = self._words[: self.count]
        self._words = words
        self.parent = np.resize(self.parent, size)
        self.action = np.resize(self.action, size)
        slots = len(self._table)
        while slots < 2 * size:
            slots *= 2
        if slots > len(self._table):
            self._table = np.full(slots, -1, dtype=np.int32)
            self._claim(0, self.count)


def _differ(words: Array, a: Array, b: Array) -> Array:
    """Which of the pairs of rows are different."""
    found: Array = words[a, 0] != words[b, 0]
    for k in range(1, words.shape[1]):
        found |= words[a, k] != words[b, k]
    return found


def _mix(words: Array) -> Array:
    """A 64-bit hash of each row (multiply and fold, after splitmix64)."""
    total = np.zeros(len(words), dtype=np.uint64)
    for k in range(words.shape[1]):
        total ^= words[:, k]
        total *= np.uint64(0xBF58476D1CE4E5B9)
        total ^= total >> np.uint64(29)
        total += np.uint64(0x9E3779B97F4A7C15)
    total *= np.uint64(0x94D049BB133111EB)
    total ^= total >> np.uint64(32)
    return total
