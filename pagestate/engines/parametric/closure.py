"""The views that any number of pages lead to: the fixpoint of the view abstraction for one page.

A set V of views stands for all states, of any number of pages, in which every page looks as V
allows.  A step of such a state gives new views: of the page acted on, and of any other page.  The
least V that holds the initial views and all that steps add is the strongest statement about one
page and the globals that steps keep, so a clause that excludes a view of V cannot be proved, and
a property that a view of V breaks cannot be either (Abdulla, Haziza and Holik, All for the price of
few, 2013, with views of one page).  Of replicated threads so many are looked at per page.

The variant: successors come from the code that the explicit engine generates for two pages, the
one acted on and one that looks on.  Of the pages that a step may act on, one stands for all that
change the globals alike: what another page sees does not depend on more.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from pagestate.core.expr import Cell, Expr, Lit, Param, substitute
from pagestate.core.ground import GroundAction, GroundSystem, ground, member
from pagestate.core.pageform import PageForm
from pagestate.core.sorts import IndexSort, Sizes
from pagestate.engines.explicit.batch import Batch, LimitReached
from pagestate.engines.explicit.initial import TooMany, initial_rows
from pagestate.engines.explicit.pack import Array, Group, Layout, make_layout
from pagestate.engines.explicit.program import build
from pagestate.engines.explicit.table import Visited
from pagestate.engines.parametric.elsewhere import NotInPairs, with_flags

_CHUNK = 1 << 14
_CAPACITY = 1 << 17
_MOST_VIEWS = 2_000_000
_MOST_INITIAL = 1 << 16
_PAIR = 2

Numbers = NDArray[np.int64]


class Closure:
    """The fixpoint for one system in page form, with at most ``threads`` replicated threads a page.

    ``goals`` are properties of states by name, about one page, ``subject``.  After ``run``,
    ``broken`` names the goals that some view breaks.  Raises NotInPairs for a system whose steps
    ask more of all pages than two pages answer.
    """

    def __init__(
        self,
        form: PageForm,
        sort: IndexSort,
        sizes: Sizes,
        goals: Mapping[str, Expr],
        subject: Param,
    ) -> None:
        system, self._asked = with_flags(form.system, sort)
        pair = replace(sizes, index={**sizes.index, sort.name: _PAIR})
        self._ground = _acting_first(ground(system, pair), sort)
        self._layout = make_layout(self._ground, (sort,))
        group = self._layout.group(sort)
        if group is None:
            raise NotInPairs(f"nothing is kept per {sort.name}")
        first = {subject: member(0, sort)}
        conditions = [substitute(e.condition, {e.binder: member(0, sort)}) for e in self._asked]
        formulas = [*conditions, *(substitute(g, first) for g in goals.values())]
        self._program = build(
            self._ground, self._layout, [self._ground.expr(f) for f in formulas], {}
        )
        self._goals = tuple(goals)
        self._parts = _Parts(
            self._layout, group, self._ground, form, tuple(e.flag for e in self._asked)
        )
        self._bulk = np.array([_bulk(a, sort) for a in self._ground.actions], np.bool_)
        self._acts = np.array([_acts(a, sort) for a in self._ground.actions], np.bool_)
        self.broken = dict[str, int]()
        self.overflow = ""
        self.complete = False

    def run(self, threads: int) -> None:
        """Work out the fixpoint; ``complete`` says whether all of it was."""
        parts = self._parts
        self.views = Visited(parts.view_layout)
        self._globals = Visited(parts.global_layout)
        self._keys = Visited(parts.key_layout)
        self._of_view = np.zeros(0, np.int64)
        self._members = defaultdict[int, list[int]](list)
        self._chosen = defaultdict[int, list[int]](list)
        self._met = np.zeros((0, len(self._asked)), np.bool_)
        self._most = threads
        self.broken, self.overflow, self.complete = {}, "", False
        try:
            rows = initial_rows(self._ground, self._layout, _MOST_INITIAL)
            self._insert(parts.view(rows, 0))
            self._insert(parts.view(rows, 1))
            self._close()
            self.complete = not self.overflow
        except (TooMany, LimitReached):
            pass

    def _insert(self, views: Array) -> None:
        none = np.zeros(len(views), np.int32)
        self.views.insert(views, none, none)
        if self.views.count > _MOST_VIEWS:
            raise LimitReached(f"more than {_MOST_VIEWS} views")

    def _close(self) -> None:
        done = 0
        batch = _Successors(self)
        pairs = np.zeros((0, 2), np.int64)
        while True:
            fresh = np.arange(done, self.views.count)
            done = self.views.count
            again = self._meet(fresh)
            acting = np.concatenate([fresh, again])
            joined = [pairs, self._joined(fresh)]
            pairs = np.concatenate([np.stack([acting, acting], axis=1), *joined])
            if not len(pairs):
                return
            self._new = list[tuple[int, int]]()
            for a in range(0, len(pairs), _CHUNK):
                batch.expand(pairs[a : a + _CHUNK])
            if batch.overflows:
                self.overflow = batch.overflows[0]
                return
            pairs = self._with_all()

    def _meet(self, fresh: Numbers) -> Numbers:
        """Take in new views; older ones of which a page elsewhere may now meet a condition."""
        if not len(fresh):
            return fresh
        parts = self._parts
        before = self._globals.count
        none = np.zeros(len(fresh), np.int32)
        views = self.views.rows[fresh]
        places = self._globals.insert(parts.globals_of(views), none, none).astype(np.int64)
        self._of_view = np.concatenate([self._of_view, places])
        for view, place in zip(fresh.tolist(), places.tolist(), strict=True):
            self._members[place].append(view)
        more = np.zeros((self._globals.count - before, len(self._asked)), np.bool_)
        self._met = np.concatenate([self._met, more])
        rows = parts.joined(views, views, np.zeros(len(views), self._layout.unit))
        turned = set[int]()
        results = self._program.check(np.ascontiguousarray(rows.T))
        for k, holds in enumerate(results):
            true = np.broadcast_to(np.asarray(holds, np.bool_), len(fresh))
            if k < len(self._asked):
                there = np.unique(places[true])
                turned |= set(there[~self._met[there, k]].tolist())
                self._met[there, k] = True
            elif not true.all():
                name = self._goals[k - len(self._asked)]
                self.broken.setdefault(name, int(fresh[(~true).argmax()]))
        again = [v for place in turned for v in self._members[place] if v < fresh[0]]
        return np.array(again, np.int64)

    def _joined(self, fresh: Numbers) -> Numbers:
        """New views as onlookers of the steps known for their globals."""
        found = list[tuple[int, int]]()
        for view, place in zip(fresh.tolist(), self._of_view[fresh].tolist(), strict=True):
            found += [(actor, view) for actor in self._chosen[place]]
        return np.array(found, np.int64).reshape(-1, 2)

    def _with_all(self) -> Numbers:
        """New acting views with all onlookers that are taken in."""
        found = list[tuple[int, int]]()
        for place, actor in self._new:
            if actor not in self._chosen[place]:
                self._chosen[place].append(actor)
                found += [(actor, view) for view in self._members[place]]
        return np.array(found, np.int64).reshape(-1, 2)

    def exact(self, columns: Sequence[tuple[str, bool]]) -> NDArray[np.int16]:
        """The codes of variables (name, whether per page) in each view: a row per view."""
        found = [self._codes(name, (0,) if per_page else ()) for name, per_page in columns]
        return np.stack(found, axis=1)

    def _codes(self, name: str, index: tuple[int, ...]) -> NDArray[np.int16]:
        cell = self._ground.number[name, index]
        field = self._layout.fields[cell]
        if not field.bits:
            return np.full(self.views.count, self._ground.cells[cell].init or 0, np.int16)
        units = self.views.rows[:, self._parts.place(field.unit)]
        kind = units.dtype.type
        return ((units >> kind(field.shift)) & kind((1 << field.bits) - 1)).astype(np.int16)


class _Successors(Batch):
    """Takes the steps of pairs of views, and sorts out what they lead to."""

    def __init__(self, closure: Closure) -> None:
        limits = 1 << 60, 1 << 60
        super().__init__(closure._ground, closure._layout, closure.views, _CAPACITY, limits)
        self._closure = closure

    def expand(self, pairs: Numbers) -> None:
        """Take all steps of the first views of ``pairs``, seen by the second ones."""
        closure, parts = self._closure, self._closure._parts
        views = closure.views.rows
        first, second = views[pairs[:, 0]], views[pairs[:, 1]]
        same = pairs[:, 0] == pairs[:, 1]
        apart = parts.apart(first, second)
        kept = same | apart
        pairs, first, second = pairs[kept], first[kept], second[kept]
        self._pairs, self._apart, self._same = pairs, apart[kept], same[kept]
        places = closure._of_view[pairs[:, 0]]
        self._places = places
        flags = parts.flag_bits(closure._met)[places]
        rows = parts.joined(first, second, flags)
        self._exclusive = parts.exclusive_of(first)
        closure._program.expand(rows, np.ascontiguousarray(rows.T), 0, self)
        self.flush()

    def flush(self) -> None:
        """Add the views that the steps taken so far lead to, and the steps that change globals."""
        k, closure, parts = self._used, self._closure, self._closure._parts
        self._used = 0
        rows, parent, action = self._rows[:k], self._parent[:k], self._action[:k]
        if parts.counted:
            few = parts.threads(rows) <= closure._most
            rows, parent, action = rows[few], parent[few], action[few]
        if not len(rows):
            return
        before = closure.views.count
        acted = parts.view(rows, 0)
        closure._insert(acted)
        seen = self._apart[parent]
        closure._insert(parts.view(rows[seen], 1))
        moved = self._same[parent] & closure._acts[action]
        if moved.any():
            self._note(rows[moved], parent[moved], action[moved])

    def _note(self, rows: Array, parent: Array, action: Array) -> None:
        """Remember the steps that a page looking on may notice, and who takes them."""
        closure, parts = self._closure, self._closure._parts
        after = parts.globals_of(parts.view(rows, 0))
        places = self._places[parent]
        before = closure._globals.rows[places]
        noticed = closure._bulk[action] | (before != after).any(axis=1)
        if not noticed.any():
            return
        rows, parent, action = rows[noticed], parent[noticed], action[noticed]
        keys = parts.keys(places[noticed], after[noticed], action, self._exclusive[parent])
        known = closure._keys.count
        none = np.zeros(len(keys), np.int32)
        numbers = closure._keys.insert(keys, none, none)
        fresh = np.flatnonzero(numbers >= known)
        _, once = np.unique(numbers[fresh], return_index=True)
        where = fresh[once]
        actors = self._pairs[parent[where], 0]
        closure._new += list(zip(places[noticed][where].tolist(), actors.tolist(), strict=True))


class _Parts:
    """Where the globals and the two pages lie in packed rows, and rows of views, globals, keys."""

    def __init__(
        self,
        layout: Layout,
        group: Group,
        system: GroundSystem,
        form: PageForm,
        flags: Sequence[str],
    ) -> None:
        self.layout, self._group = layout, group
        unit = layout.unit
        used = sorted({f.unit for f in layout.fields if f.bits})
        ours = range(group.base, group.base + group.members * group.width)
        self._shared = [u for u in used if u not in ours]
        self._kind = unit.type
        per = 8 // unit.itemsize

        def rows_of(units: int) -> Layout:
            return Layout(unit, -(-max(units, 1) // per) * per, (), ())

        self._width = len(self._shared)
        self.view_layout = rows_of(self._width + group.width)
        self.global_layout = rows_of(self._width)
        self.key_layout = Layout(np.dtype(np.uint64), 3 + self.global_layout.words, (), ())
        number, fields = system.number, layout.fields
        self._flags = [fields[number[name, ()]] for name in flags]
        self._mask = np.full(self._width, ~self._kind(0), unit)
        for flag in self._flags:
            self._mask[self._shared.index(flag.unit)] &= ~self._kind(flag.mask)
        self._exclusive = np.zeros(group.width, unit)
        for name in form.exclusive:
            field = fields[number[name, (0,)]]
            if field.bits:
                self._exclusive[field.unit - group.base] |= self._kind(field.mask)
        per_page = {v.name for v in form.system.variables if v.dims}
        self.counted = (
            [
                [fields[number[n, (m,) if n in per_page else ()]] for n in form.occupancy]
                for m in range(_PAIR)
            ]
            if form.occupancy
            else []
        )

    def place(self, unit: int) -> int:
        """Where a unit of the globals or of the first page lies in a view."""
        if unit in self._shared:
            return self._shared.index(unit)
        return self._width + unit - self._group.base

    def view(self, rows: Array, page: int) -> Array:
        """The views of one of the two pages."""
        found = np.zeros((len(rows), self.view_layout.units), self.layout.unit)
        found[:, : self._width] = rows[:, self._shared] & self._mask
        a = self._group.base + page * self._group.width
        found[:, self._width : self._width + self._group.width] = rows[:, a : a + self._group.width]
        return found

    def globals_of(self, views: Array) -> Array:
        """The globals of views."""
        found = np.zeros((len(views), self.global_layout.units), self.layout.unit)
        found[:, : self._width] = views[:, : self._width]
        return found

    def joined(self, first: Array, second: Array, flags: Array) -> Array:
        """Rows of two pages that share the globals."""
        rows = np.zeros((len(first), self.layout.units), self.layout.unit)
        rows[:, self._shared] = first[:, : self._width]
        base, width = self._group.base, self._group.width
        rows[:, base : base + width] = first[:, self._width : self._width + width]
        rows[:, base + width : base + 2 * width] = second[:, self._width : self._width + width]
        if flags.ndim > 1:
            rows[:, self._shared] |= flags
        return rows

    def flag_bits(self, met: NDArray[np.bool_]) -> Array:
        """What flags add to the globals, per row of ``met``."""
        bits = np.zeros((len(met), self._width), self.layout.unit)
        for k, flag in enumerate(self._flags):
            bits[:, self._shared.index(flag.unit)] |= met[:, k].astype(
                self.layout.unit
            ) << self._kind(flag.shift)
        return bits

    def exclusive_of(self, views: Array) -> Array:
        """The flags of a page that at most one page has."""
        return np.ascontiguousarray(
            views[:, self._width : self._width + self._group.width] & self._exclusive
        )

    def apart(self, first: Array, second: Array) -> NDArray[np.bool_]:
        """Whether two views can be of two pages of one state."""
        both = self.exclusive_of(first) & self.exclusive_of(second)
        return ~both.any(axis=1)

    def threads(self, rows: Array) -> Array:
        """How many replicated threads are at one of the pages, at most."""
        return np.maximum(*(self._sum(rows, fields) for fields in self.counted))

    def _sum(self, rows: Array, fields: Iterable) -> Array:
        total = np.zeros(len(rows), np.int64)
        for f in fields:
            if f.bits:
                total += (
                    (rows[:, f.unit] >> self._kind(f.shift)) & self._kind((1 << f.bits) - 1)
                ).astype(np.int64)
        return total

    def keys(self, places: Numbers, after: Array, action: Array, exclusive: Array) -> Array:
        """Rows that tell steps apart by what a page looking on may notice."""
        words = self.global_layout.words
        found = np.zeros((len(places), 3 + words), np.uint64)
        found[:, 0] = places
        found[:, 1] = action
        for k in range(exclusive.shape[1]):
            found[:, 2] = found[:, 2] * np.uint64(0x9E3779B97F4A7C15) + exclusive[:, k].astype(
                np.uint64
            )
        found[:, 3:] = np.ascontiguousarray(after).view(np.uint64)
        return found


def _acting_first(system: GroundSystem, sort: IndexSort) -> GroundSystem:
    """Only the steps that act on the first page, or on none."""
    kept = [
        a
        for a in system.actions
        if all(a.binding[p.name] == 0 for p in a.action.params if p.sort == sort)
    ]
    return replace(system, actions=tuple(replace(a, number=k) for k, a in enumerate(kept)))


def _bulk(action: GroundAction, sort: IndexSort) -> bool:
    return any(b.sort == sort for w in action.action.writes for b in w.binders)


def _acts(action: GroundAction, sort: IndexSort) -> bool:
    return any(p.sort == sort for p in action.action.params)
