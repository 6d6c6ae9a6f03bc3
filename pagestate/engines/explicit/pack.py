"""Packed states: where each cell lies in a row of machine words, and the canonical form of rows.

A row is an array of units of one unsigned type.  Each member of a symmetric sort has units of its
own holding all its cells, so that sorting the members is sorting units; all other cells share
units.  Rows are padded with zero bits to whole 64-bit words: two states are equal exactly if their
words are.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pagestate.core.ground import GroundCell, GroundSystem
from pagestate.core.sorts import IndexSort

Array: TypeAlias = NDArray[Any]

_UNITS = ((8, np.uint8), (16, np.uint16), (32, np.uint32), (64, np.uint64))
_SORTED_BY_EXCHANGE = 2


@dataclass(frozen=True, slots=True)
class Field:
    """The bits of one cell: which unit, from which bit, how many (none: the cell is constant)."""

    unit: int
    shift: int
    bits: int

    @property
    def mask(self) -> int:
        """The bits of the field in its unit."""
        return ((1 << self.bits) - 1) << self.shift


@dataclass(frozen=True, slots=True)
class Group:
    """The units of the members of a symmetric sort: ``width`` units each, one after another."""

    sort: IndexSort
    base: int
    members: int
    width: int


@dataclass(frozen=True, slots=True)
class Layout:
    """How states of an instance are packed; ``fields`` goes by cell number."""

    unit: "np.dtype[Any]"
    units: int
    fields: tuple[Field, ...]
    groups: tuple[Group, ...]

    def group(self, sort: IndexSort) -> Group | None:
        """The group of ``sort``, if it is symmetric."""
        return next((g for g in self.groups if g.sort == sort), None)

    @property
    def words(self) -> int:
        """64-bit words per row."""
        return self.units * self.unit.itemsize // 8


def make_layout(system: GroundSystem, symmetric: Sequence[IndexSort]) -> Layout:
    """A layout for the instance in which the members of the ``symmetric`` sorts have own units."""
    dims = {v.name: v.dims for v in system.system.variables}
    apart = {(s,): s for s in symmetric}
    shared = [c for c in system.cells if dims[c.name[0]] not in apart]
    own = {s: [c for c in system.cells if dims[c.name[0]] == (s,)] for s in symmetric}
    per_member = [
        sum(_bits(c) for c in cells if c.name[1] == (0,)) for cells in own.values() if cells
    ]
    least = max([_bits(c) for c in system.cells] + per_member, default=1)
    if not per_member:
        least = max(least, 16)
    size, dtype = next(u for u in _UNITS if u[0] >= min(least, 64))
    fields = dict[int, Field]()
    end = _place(shared, 0, size, fields)
    groups = list[Group]()
    for sort, cells in own.items():
        if not cells:
            continue
        base, members = end, system.sizes.of(sort)
        for m in range(members):
            end = _place([c for c in cells if c.name[1] == (m,)], end, size, fields)
        if end > base:
            groups.append(Group(sort, base, members, (end - base) // members))
    step = 64 // size
    units = max(step, -(-end // step) * step)
    ordered = tuple(fields[c.number] for c in system.cells)
    return Layout(np.dtype(dtype), units, ordered, tuple(groups))


def _bits(cell: GroundCell) -> int:
    return (cell.size - 1).bit_length()


def _place(cells: Iterable[GroundCell], start: int, size: int, fields: dict[int, Field]) -> int:
    """Give the cells fields from unit ``start`` on; the first unit after them."""
    unit, used = start, 0
    for cell in cells:
        bits = _bits(cell)
        if used + bits > size:
            unit, used = unit + 1, 0
        fields[cell.number] = Field(unit, used, bits)
        used += bits
    return unit + 1 if used else unit


def pack(layout: Layout, codes: Sequence[int]) -> Array:
    """One row, not made canonical."""
    units = [0] * layout.units
    for field, code in zip(layout.fields, codes, strict=True):
        if field.bits:
            units[field.unit] |= code << field.shift
    return np.array([units], dtype=layout.unit)


def unpack(layout: Layout, row: Array) -> list[int]:
    """The codes of a row."""
    units = [int(u) for u in row] + [0]
    return [(units[f.unit] & f.mask) >> f.shift for f in layout.fields]


def canonical(layout: Layout, rows: Array) -> None:
    """Sort the members of every symmetric sort, in place."""
    for group in layout.groups:
        part = rows[:, group.base : group.base + group.members * group.width]
        if group.width > 1:
            cube = part.reshape(len(rows), group.members, group.width)
            order = np.lexsort(tuple(cube[:, :, k] for k in reversed(range(group.width))), axis=-1)
            part[:] = np.take_along_axis(cube, order[:, :, None], axis=1).reshape(part.shape)
        elif group.members == _SORTED_BY_EXCHANGE:
            low = np.minimum(part[:, 0], part[:, 1])
            np.maximum(part[:, 0], part[:, 1], out=part[:, 1])
            part[:, 0] = low
        else:
            part.sort(axis=1)
