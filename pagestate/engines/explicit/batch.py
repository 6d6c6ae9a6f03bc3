"""The successors of one level on their way into the set of visited states.

The generated code asks for gathered rows, writes into them, and reports faults; full batches are
made canonical and inserted.
"""

from collections.abc import Callable

import numpy as np

from pagestate.core.evaluate import OutOfRange
from pagestate.core.ground import GroundSystem
from pagestate.engines.explicit.pack import Array, Layout, canonical
from pagestate.engines.explicit.table import Visited


class LimitReached(Exception):
    """The search has used up what it was given; the message says what."""


class Batch:
    """A buffer of successors with their parents and actions.

    ``hits`` maps the number of a step property to the state and the ground action that break it;
    ``overflows`` names counters that ran into their bound; ``fired`` counts by ground action.
    ``record`` is told every step taken: states before, ground actions, states after.  ``moved``, if
    it is there, gets a true for every state that some step changes.
    """

    def __init__(
        self,
        system: GroundSystem,
        layout: Layout,
        visited: Visited,
        capacity: int,
        limits: tuple[int, int],
        record: Callable[[Array, Array, Array], None] | None = None,
    ) -> None:
        self._system = system
        self._layout = layout
        self._visited = visited
        self._rows = np.empty((capacity, layout.units), dtype=layout.unit)
        self._parent = np.empty(capacity, dtype=np.int32)
        self._action = np.empty(capacity, dtype=np.int32)
        self._used = 0
        self._last = 0
        self._limits = limits
        self._record = record
        self.moved: Array | None = None
        self.hits = dict[int, tuple[int, int]]()
        self.overflows = list[str]()
        self.fired = [0] * len(system.actions)

    def take(self, rows: Array, i: Array, first: int, action: int) -> Array:
        """Room for the successors of the rows ``i``, holding copies of them."""
        k = len(i)
        if self._used + k > len(self._rows):
            self.flush()
        a = self._used
        b = a + k
        into = self._rows[a:b]
        rows.take(i, axis=0, out=into, mode="clip")
        np.add(i, first, out=self._parent[a:b], casting="unsafe")
        self._action[a:b] = action
        self._used, self._last = b, k
        self.fired[action] += k
        return into

    def drop(self, which: Array | None) -> None:
        """Forget those of the rows taken last (None: all) that are no successors."""
        a = self._used - self._last
        kept = np.empty(0, np.int64) if which is None else np.flatnonzero(~which)
        b = a + len(kept)
        self._rows[a:b] = self._rows[a + kept]
        self._parent[a:b] = self._parent[a + kept]
        self.fired[int(self._action[a])] -= self._used - b
        self._used = b

    def hit(self, number: int, action: int, i: Array, first: int, broken: Array | None) -> None:
        """Step property ``number`` is broken by a step from some of the rows ``i``."""
        if number not in self.hits:
            k = 0 if broken is None else int(broken.argmax())
            self.hits[number] = first + int(i[k]), action

    def overflow(self, variable: str) -> None:
        """A step would push the counter over its bound."""
        if variable not in self.overflows:
            self.overflows.append(variable)

    def misfit(self, action: int) -> None:
        """A step would give a variable a value outside its sort.  Raises OutOfRange."""
        made = self._system.actions[action]
        raise OutOfRange(f"{made.action.name} {dict(made.binding)} leaves the sort of a variable")

    def _note_moves(self, rows: Array, parent: Array) -> None:
        """Mark the parents of rows that differ from them, before members are renamed."""
        assert self.moved is not None
        short = int(self._visited.count) - len(self.moved)
        if short > 0:
            self.moved = np.append(self.moved, np.zeros(short, dtype=np.bool_))
        changed = (rows != self._visited.rows[parent]).any(axis=1)
        self.moved[parent[changed]] = True

    def flush(self) -> None:
        """Insert what is there.  Raises LimitReached."""
        k = self._used
        rows = self._rows[:k]
        if self.moved is not None:
            self._note_moves(rows, self._parent[:k])
        canonical(self._layout, rows)
        found = self._visited.insert(rows, self._parent[:k], self._action[:k])
        if self._record is not None:
            self._record(self._parent[:k], self._action[:k], found)
        self._used = 0
        states, memory = self._limits
        if self._visited.count > states:
            raise LimitReached(f"more than {states} states")
        if self._visited.nbytes > memory:
            raise LimitReached(f"memory: the states take more than {memory >> 20} MiB")
