"""The initial states of an instance as packed rows, one per class of equal-up-to-renaming states.

Free cells are filled in one by one; a conjunct of the initial condition cuts the rows as soon as
all its cells are known, and so does the order of the members of a symmetric sort, so that the
number of rows stays near the number of classes.
"""

from collections.abc import Iterator

import numpy as np

from pagestate.core.expr import TRUE, Cell, Expr, Op, walk
from pagestate.core.ground import GroundCell, GroundSystem
from pagestate.engines.explicit.pack import Array, Group, Layout, pack
from pagestate.engines.explicit.program import build_check


class TooMany(Exception):
    """There are more rows than the limit."""


def initial_rows(system: GroundSystem, layout: Layout, limit: int) -> Array:
    """Every initial state, up to the symmetry of the layout, canonical.  Raises TooMany."""
    rows = pack(layout, [c.init or 0 for c in system.cells])
    open_cells = {c.number for c in system.cells if c.init is None}
    waiting = [(part, _cells(part)) for part in _conjuncts(system.init)]
    rows = _cut(system, layout, rows, [p for p, cells in waiting if not cells & open_cells])
    for cell, last_of in _order(system, layout):
        where = layout.fields[cell.number]
        if len(rows) * cell.size > limit:
            raise TooMany(f"more than {limit} initial states")
        if where.bits:
            codes = np.arange(cell.size, dtype=np.uint64) << np.uint64(where.shift)
            count = len(rows)
            rows = np.repeat(rows, cell.size, axis=0)
            rows[:, where.unit] |= np.tile(codes.astype(layout.unit), count)
        ready = [p for p, cells in waiting if cells & open_cells == {cell.number}]
        open_cells.discard(cell.number)
        rows = _cut(system, layout, rows, ready)
        if last_of is not None:
            rows = rows[_ascending(rows, *last_of)]
    return rows


def _conjuncts(init: Expr) -> tuple[Expr, ...]:
    if isinstance(init, Op) and init.op == "and":
        return init.args
    return () if init == TRUE else (init,)


def _cells(e: Expr) -> set[int]:
    return {t.number for t in walk(e) if isinstance(t, Cell)}


def _order(
    system: GroundSystem, layout: Layout
) -> Iterator[tuple[GroundCell, tuple[Group, int] | None]]:
    """The free cells in the order of filling, and which member is complete after each."""
    free = [c for c in system.cells if c.init is None]
    dims = {v.name: v.dims for v in system.system.variables}
    grouped = {(g.sort,): g for g in layout.groups}
    for cell in free:
        if dims[cell.name[0]] not in grouped:
            yield cell, None
    for key, group in grouped.items():
        for m in range(group.members):
            own = [c for c in free if dims[c.name[0]] == key and c.name[1] == (m,)]
            for cell in own:
                done = cell is own[-1] and m > 0
                yield cell, (group, m) if done else None


def _ascending(rows: Array, group: Group, m: int) -> Array:
    """Where member ``m`` is not below the member before it."""
    here, before = (group.base + k * group.width for k in (m, m - 1))
    found = np.ones(len(rows), dtype=np.bool_)
    for k in reversed(range(group.width)):
        a, b = rows[:, here + k], rows[:, before + k]
        found = (a > b) | ((a == b) & found)
    return found


def _cut(system: GroundSystem, layout: Layout, rows: Array, parts: list[Expr]) -> Array:
    if not parts:
        return rows
    keep = np.ones(len(rows), dtype=np.bool_)
    for holds in build_check(system, layout, parts)(np.ascontiguousarray(rows.T)):
        keep &= holds
    return rows[keep]
