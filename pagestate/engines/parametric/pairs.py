"""Packed rows of two pages and what one page sees of them: views, globals, and kinds of steps.

An instance of two pages is packed as the explicit engine does it: units of the globals, units of
the page acted on, units of the page that looks on.  A view is the globals with one of the pages.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pagestate.core.ground import GroundSystem
from pagestate.core.pageform import PageForm
from pagestate.engines.explicit.pack import Array, Field, Group, Layout

PAIR = 2
Bits = NDArray[np.bool_]
Numbers = NDArray[np.int64]

_MIX = np.uint64(0x9E3779B97F4A7C15)


class Pairs:
    """Takes rows of two pages apart and puts them together.

    ``flags`` are the globals that say what pages elsewhere may be like: they are no part of views.
    """

    def __init__(
        self,
        layout: Layout,
        group: Group,
        system: GroundSystem,
        form: PageForm,
        flags: Sequence[str],
    ) -> None:
        unit = layout.unit
        pages = range(group.base, group.base + group.members * group.width)
        self._layout, self._system, self._base, self._wide = layout, system, group.base, group.width
        self._shared = sorted({f.unit for f in layout.fields if f.bits} - set(pages))
        self._split = len(self._shared)
        self._kind = unit.type
        self._flags = [layout.fields[system.number[name, ()]] for name in flags]
        self._mask = np.full(self._split, ~self._kind(0), unit)
        for flag in self._flags:
            self._mask[self._shared.index(flag.unit)] &= ~self._kind(flag.mask)
        self._exclusive = np.zeros(group.width, unit)
        for name in form.exclusive:
            field = layout.fields[system.number[name, (0,)]]
            if field.bits:
                self._exclusive[field.unit - group.base] |= self._kind(field.mask)
        per_page = {v.name for v in form.system.variables if v.dims}
        self._threads = [
            [
                layout.fields[system.number[name, (page,) if name in per_page else ()]]
                for name in form.occupancy
            ]
            for page in range(PAIR)
        ]
        self.views = self._rows_of(self._split + group.width)
        self.globals = self._rows_of(self._split)
        self.steps = Layout(np.dtype(np.uint64), 3 + self.globals.words, (), ())

    def _rows_of(self, units: int) -> Layout:
        per_word = 8 // self._layout.unit.itemsize
        return Layout(self._layout.unit, -(-max(units, 1) // per_word) * per_word, (), ())

    def view(self, rows: Array, page: int) -> Array:
        """The views of one of the two pages."""
        found = np.zeros((len(rows), self.views.units), self._layout.unit)
        found[:, : self._split] = rows[:, self._shared] & self._mask
        start = self._base + page * self._wide
        found[:, self._split : self._split + self._wide] = rows[:, start : start + self._wide]
        return found

    def globals_of(self, views: Array) -> Array:
        """The globals of views."""
        found = np.zeros((len(views), self.globals.units), self._layout.unit)
        found[:, : self._split] = views[:, : self._split]
        return found

    def _page_of(self, views: Array) -> Array:
        return views[:, self._split : self._split + self._wide]

    def joined(self, acting: Array, looking: Array, flags: Array) -> Array:
        """Rows of two pages that share the globals, with bits of flags (see ``flag_bits``)."""
        rows = np.zeros((len(acting), self._layout.units), self._layout.unit)
        rows[:, self._shared] = acting[:, : self._split] | flags
        start = self._base
        rows[:, start : start + self._wide] = self._page_of(acting)
        rows[:, start + self._wide : start + 2 * self._wide] = self._page_of(looking)
        return rows

    def flag_bits(self, met: Bits) -> Array:
        """What flags add to the globals; a row per row of ``met``, which has a column per flag."""
        bits = np.zeros((len(met), self._split), self._layout.unit)
        for k, flag in enumerate(self._flags):
            column = met[:, k].astype(self._layout.unit) << self._kind(flag.shift)
            bits[:, self._shared.index(flag.unit)] |= column
        return bits

    def exclusive(self, views: Array) -> Array:
        """The flags of a page that at most one page has."""
        return np.ascontiguousarray(self._page_of(views) & self._exclusive)

    def apart(self, acting: Array, looking: Array) -> Bits:
        """Whether two views can be of two pages of one state."""
        both = self.exclusive(acting) & self.exclusive(looking)
        return np.logical_not(both.any(axis=1))

    def threads(self, rows: Array) -> Numbers:
        """How many replicated threads are at one of the pages, at most."""
        found = [np.zeros(len(rows), np.int64) for _ in range(PAIR)]
        for total, fields in zip(found, self._threads, strict=True):
            for field in fields:
                total += self._code(rows[:, field.unit], field)
        return np.maximum(*found)

    def steps_of(self, places: Numbers, after: Array, action: Array, exclusive: Array) -> Array:
        """Rows that tell steps apart by all that a page looking on may notice.

        Globals before (by number) and after, the action, and the exclusive flags of its page.
        """
        found = np.zeros((len(places), self.steps.units), np.uint64)
        found[:, 0] = places
        found[:, 1] = action
        for k in range(exclusive.shape[1]):
            found[:, 2] = found[:, 2] * _MIX + exclusive[:, k].astype(np.uint64)
        found[:, 3:] = np.ascontiguousarray(after).view(np.uint64)
        return found

    def codes(self, views: Array, name: str, per_page: bool) -> NDArray[np.int16]:
        """The codes of a variable in views."""
        cell = self._system.number[name, (0,) if per_page else ()]
        field = self._layout.fields[cell]
        if not field.bits:
            return np.full(len(views), self._system.cells[cell].init or 0, np.int16)
        if field.unit in self._shared:
            place = self._shared.index(field.unit)
        else:
            place = self._split + field.unit - self._base
        return self._code(views[:, place], field).astype(np.int16)

    def _code(self, units: Array, field: Field) -> Numbers:
        mask = self._kind((1 << field.bits) - 1)
        found: Numbers = ((units >> self._kind(field.shift)) & mask).astype(np.int64)
        return found
