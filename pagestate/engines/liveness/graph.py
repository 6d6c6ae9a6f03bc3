"""The graph of reachable states of an instance, with every step that changes something.

Built by the explicit engine's program, breadth first and without symmetry: fairness tells threads
apart, and a cycle up to renaming need not be one.  Steps that change nothing are no steps.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pagestate.core.ground import GroundSystem
from pagestate.engines.explicit.batch import Batch, LimitReached
from pagestate.engines.explicit.initial import TooMany, initial_rows
from pagestate.engines.explicit.pack import Array, Layout
from pagestate.engines.explicit.program import build
from pagestate.engines.explicit.table import Visited

_CHUNK = 1 << 14
_BATCH = 1 << 18
_STEP_BYTES = 12


@dataclass(frozen=True, slots=True)
class Adjacency:
    """The steps by their first (or last) state: ``edges[start[s]:start[s + 1]]`` are those of s."""

    start: Array
    edges: Array

    def of(self, states: Array) -> Array:
        """The numbers of the steps of all ``states``."""
        first, count = self.start[states], self.start[states + 1] - self.start[states]
        ends = np.cumsum(count)
        total = int(ends[-1]) if len(ends) else 0
        inside = np.arange(total) - np.repeat(ends - count, count)
        found: Array = self.edges[np.repeat(first, count) + inside]
        return found


def adjacency(keys: Array, states: int) -> Adjacency:
    """Steps grouped by ``keys``, the state of each."""
    start = np.zeros(states + 1, dtype=np.int64)
    np.cumsum(np.bincount(keys, minlength=states), out=start[1:])
    return Adjacency(start, np.argsort(keys, kind="stable"))


@dataclass(frozen=True, slots=True)
class Graph:
    """Reachable states by number, in breadth-first order, and the steps between them.

    Step k goes from ``source[k]`` to ``target[k]`` by ground action ``action[k]``.  ``parent`` and
    ``by`` give the step by which a state was first reached (-1: an initial state), ``depth`` how
    many steps that takes.  Of the first ``expanded`` states all steps are known; if those are not
    all states, ``missing`` says why.
    """

    system: GroundSystem
    layout: Layout
    rows: Array
    depth: Array
    parent: Array
    by: Array
    source: Array
    target: Array
    action: Array
    expanded: int
    missing: str = ""

    @property
    def states(self) -> int:
        """How many states there are."""
        return len(self.rows)

    def codes(self, var: str, index: tuple[int, ...]) -> Array | None:
        """The codes of one cell in every state, or None where the instance has no such cell."""
        number = self.system.number.get((var, index))
        if number is None:
            return None
        where = self.layout.fields[number]
        if not where.bits:
            return np.full(self.states, self.system.cells[number].init or 0, np.int64)
        units = self.rows[:, where.unit]
        kind = units.dtype.type
        found: Array = (units >> kind(where.shift)) & kind((1 << where.bits) - 1)
        return found.astype(np.int64)


class Incomplete(Exception):
    """There is no graph to look at: the reason, and the counter whose bound was too small."""

    def __init__(self, reason: str, overflow: str = "", states: int = 0) -> None:
        super().__init__(reason)
        self.reason, self.overflow, self.states = reason, overflow, states


class _Steps:
    """Collects the steps that change something."""

    def __init__(self, max_bytes: int) -> None:
        self.parts = list[tuple[Array, Array, Array]]()
        self.count = 0
        self.max_bytes = max_bytes

    def record(self, source: Array, action: Array, target: Array) -> None:
        moved = source != target
        part = source[moved], action[moved], target[moved]
        self.parts.append(part)
        self.count += len(part[0])
        if self.count * _STEP_BYTES > self.max_bytes:
            raise LimitReached(f"memory: the steps take more than {self.max_bytes >> 20} MiB")

    def column(self, k: int) -> Array:
        if not self.parts:
            return np.empty(0, np.int32)
        return np.concatenate([p[k] for p in self.parts])


def explore(
    system: GroundSystem,
    layout: Layout,
    tell: Callable[[int, int], None],
    max_states: int,
    max_bytes: int,
) -> Graph:
    """The graph, as far as the limits allow; ``tell`` is given depth and states.

    Raises Incomplete where a counter runs into its bound or there is not memory enough for
    anything, and OutOfRange.
    """
    visited = Visited(layout)
    steps = _Steps(max_bytes)
    limits = max_states, max_bytes
    batch = Batch(system, layout, visited, _BATCH, limits, steps.record)
    program = build(system, layout, [], {})
    ends, first, missing = list[int](), 0, ""
    try:
        rows = initial_rows(system, layout, max_states)
        none = np.full(len(rows), -1, dtype=np.int32)
        visited.insert(rows, none, none)
        end = visited.count
        while first < end:
            ends.append(end)
            for a in range(first, end, _CHUNK):
                rows = visited.rows[a : min(end, a + _CHUNK)]
                program.expand(rows, np.ascontiguousarray(rows.T), a, batch)
            batch.flush()
            if batch.overflows:
                name = batch.overflows[0]
                raise Incomplete(f"bound of {name} too small", name, visited.count)
            first, end = end, visited.count
            tell(len(ends), end)
    except LimitReached as limit:
        missing = str(limit)
    except TooMany as limit:
        raise Incomplete(str(limit)) from None
    except MemoryError:
        raise Incomplete("out of memory", states=visited.count) from None
    count = visited.count
    depth = np.searchsorted(np.array(ends, dtype=np.int64), np.arange(count), side="right")
    return Graph(
        system,
        layout,
        visited.rows,
        depth,
        visited.parent[:count],
        visited.action[:count],
        steps.column(0),
        steps.column(2),
        steps.column(1),
        first if missing else count,
        missing,
    )
