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
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from pagestate.core.evaluate import OutOfRange
from pagestate.core.expr import Expr, Param, conj, le, lit, substitute
from pagestate.core.ground import GroundAction, GroundSystem, ground, member
from pagestate.core.pageform import PageForm
from pagestate.core.sorts import IndexSort, IntSort, Sizes
from pagestate.core.system import Action, System
from pagestate.engines.explicit.batch import Batch, LimitReached
from pagestate.engines.explicit.initial import TooMany, initial_rows
from pagestate.engines.explicit.pack import Array, make_layout
from pagestate.engines.explicit.program import build
from pagestate.engines.explicit.table import Visited
from pagestate.engines.parametric.elsewhere import NotInPairs, with_flags
from pagestate.engines.parametric.pairs import PAIR, Bits, Numbers, Pairs
from pagestate.engines.parametric.table import Codes, Column

_CHUNK = 1 << 14
_CAPACITY = 1 << 17
_MOST_VIEWS = 2_000_000
_MOST_INITIAL = 1 << 16


class Closure:
    """The least set of views that has the initial ones and all that steps lead to.

    ``goals`` are properties of states by name, about one page, ``subject``; at most ``threads``
    members of replicated threads are at a page.  Afterwards ``complete`` says whether the whole set
    was worked out, ``overflow`` which counter ran into its bound if not, and ``broken`` names the
    goals that a view breaks, with the number of the view.  Raises NotInPairs for a system whose
    steps ask more of all pages than two pages answer.
    """

    def __init__(
        self,
        form: PageForm,
        sort: IndexSort,
        sizes: Sizes,
        goals: Mapping[str, Expr],
        subject: Param,
        threads: int,
    ) -> None:
        system, self._asked = with_flags(_counted(form), sort)
        pair = replace(sizes, index={**sizes.index, sort.name: PAIR})
        self.system = _acting_first(ground(system, pair), sort)
        self.layout = make_layout(self.system, (sort,))
        group = self.layout.group(sort)
        if group is None:
            raise NotInPairs(f"nothing is kept per {sort.name}")
        flags = tuple(e.flag for e in self._asked)
        self.pairs = Pairs(self.layout, group, self.system, form, flags)
        here: Expr = member(0, sort)
        formulas = [substitute(e.condition, {e.binder: here}) for e in self._asked]
        formulas += [substitute(goal, {subject: here}) for goal in goals.values()]
        said = [self.system.expr(f) for f in formulas]
        self.program = build(self.system, self.layout, said, {})
        self.most = threads if form.occupancy else None
        self.bulk = np.array([_writes_all(a, sort) for a in self.system.actions], np.bool_)
        self.acts = np.array([_acts(a, sort) for a in self.system.actions], np.bool_)
        self.views = Visited(self.pairs.views)
        self.globals = Visited(self.pairs.globals)
        self.steps = Visited(self.pairs.steps)
        self.place = np.zeros(0, np.int64)
        self.met: Bits = np.zeros((0, len(self._asked)), np.bool_)
        self._goals = tuple(goals)
        self._looking = defaultdict[int, list[int]](list)
        self._acting, self._known = np.zeros(0, np.int64), set[int]()
        self.broken = dict[str, int]()
        self.overflow = ""
        self.complete = False
        try:
            rows = initial_rows(self.system, self.layout, _MOST_INITIAL)
            for page in range(PAIR):
                self.insert(self.pairs.view(rows, page))
            self.complete = self._close()
        except (TooMany, LimitReached, OutOfRange):
            pass

    def insert(self, views: Array) -> None:
        """Add views.  Raises LimitReached."""
        _numbers(self.views, views)
        if self.views.count > _MOST_VIEWS:
            raise LimitReached(f"more than {_MOST_VIEWS} views")

    def exact(self, columns: Sequence[Column]) -> Codes:
        """The exact codes of each view: a row per view, a column per variable."""
        views = self.views.rows
        codes = [self.pairs.codes(views, c.var.name, bool(c.var.dims)) for c in columns]
        return np.stack(codes, axis=1)

    def _close(self) -> bool:
        """Take steps until they lead to nothing new; false if a counter ran into its bound."""
        successors, done, pairs = Successors(self), 0, np.zeros((0, 2), np.int64)
        while True:
            fresh = np.arange(done, self.views.count)
            done = self.views.count
            again = self._meet(fresh)
            acting = np.concatenate([fresh, again])
            alone = np.stack([acting, acting], axis=1)
            pairs = np.concatenate([alone, pairs, self._seeing(fresh)])
            if not len(pairs):
                return True
            for a in range(0, len(pairs), _CHUNK):
                successors.take_steps(pairs[a : a + _CHUNK])
            if successors.overflows:
                self.overflow = successors.overflows[0]
                return False
            pairs = self._seen(successors.actors())

    def _meet(self, fresh: Numbers) -> Numbers:
        """Take in new views; the older ones that a page elsewhere may now matter to."""
        views = self.views.rows[fresh]
        self.place = np.concatenate(
            [self.place, _numbers(self.globals, self.pairs.globals_of(views))]
        )
        places = self.place[fresh]
        for view, place in zip(fresh.tolist(), places.tolist(), strict=True):
            self._looking[place].append(view)
        more = np.zeros((self.globals.count - len(self.met), len(self._asked)), np.bool_)
        self.met = np.concatenate([self.met, more])
        rows = self.pairs.joined(views, views, self.pairs.flag_bits(self.met)[places])
        results = self.program.check(np.ascontiguousarray(rows.T))
        turned = set[int]()
        for k, result in enumerate(results):
            holds: Bits = np.broadcast_to(np.asarray(result, np.bool_), len(fresh))
            if k < len(self._asked):
                there = np.unique(places[holds])
                turned |= set(there[~self.met[there, k]].tolist())
                self.met[there, k] = True
            elif not holds.all():
                name = self._goals[k - len(self._asked)]
                self.broken.setdefault(name, int(fresh[(~holds).argmax()]))
        again = [v for place in turned for v in self._looking[place] if v < fresh[0]]
        return np.array(again, np.int64)

    def _seeing(self, fresh: Numbers) -> Numbers:
        """New views as onlookers of the steps that are known for their globals."""
        places = self.place[self._acting]
        first = np.searchsorted(places, self.place[fresh], "left")
        many = np.searchsorted(places, self.place[fresh], "right") - first
        ends = np.cumsum(many)
        within = np.arange(int(many.sum())) - np.repeat(ends - many, many)
        actors = self._acting[np.repeat(first, many) + within]
        return np.stack([actors, np.repeat(fresh, many)], axis=1)

    def _seen(self, actors: Sequence[int]) -> Numbers:
        """Views whose steps are new to those who look on, with all of these."""
        new = [a for a in dict.fromkeys(actors) if a not in self._known]
        self._known |= set(new)
        fresh = np.array(new, np.int64)
        acting = np.concatenate([self._acting, fresh])
        self._acting = acting[np.argsort(self.place[acting], kind="stable")]
        looking = [np.array(self._looking[p], np.int64) for p in self.place[fresh].tolist()]
        if not looking:
            return np.zeros((0, 2), np.int64)
        many = [len(views) for views in looking]
        return np.stack([np.repeat(fresh, many), np.concatenate(looking)], axis=1)


class Successors(Batch):
    """Takes the steps of pairs of views, and sorts out what they lead to."""

    def __init__(self, closure: Closure) -> None:
        unlimited = 1 << 60, 1 << 60
        super().__init__(closure.system, closure.layout, closure.views, _CAPACITY, unlimited)
        self._closure = closure
        self._pairs, self._seen = np.zeros((0, 2), np.int64), np.zeros(0, np.bool_)
        self._actors = list[int]()

    def take_steps(self, pairs: Numbers) -> None:
        """Take all steps of the first views of ``pairs``, seen by the second ones."""
        closure, parts = self._closure, self._closure.pairs
        views = closure.views.rows
        acting, looking = views[pairs[:, 0]], views[pairs[:, 1]]
        apart = parts.apart(acting, looking)
        kept = apart | (pairs[:, 0] == pairs[:, 1])
        self._pairs, self._seen = pairs[kept], apart[kept]
        flags = parts.flag_bits(closure.met)[closure.place[self._pairs[:, 0]]]
        rows = parts.joined(acting[kept], looking[kept], flags)
        closure.program.expand(rows, np.ascontiguousarray(rows.T), 0, self)
        self.flush()

    def actors(self) -> list[int]:
        """Views whose steps are new to those who look on, since the last time asked."""
        found, self._actors = self._actors, []
        return found

    def flush(self) -> None:
        """Add the views that the steps taken so far lead to.  Raises LimitReached."""
        closure, parts, k = self._closure, self._closure.pairs, self._used
        self._used = 0
        rows, parent, action = self._rows[:k], self._parent[:k], self._action[:k]
        if closure.most is not None:
            few = parts.threads(rows) <= closure.most
            rows, parent, action = rows[few], parent[few], action[few]
        closure.insert(parts.view(rows, 0))
        closure.insert(parts.view(rows[self._seen[parent]], 1))
        first, second = self._pairs[parent].T
        acted = (first == second) & closure.acts[action]
        self._note(rows[acted], first[acted], action[acted])

    def _note(self, rows: Array, actors: Numbers, action: Array) -> None:
        """Remember who takes the steps that a page looking on may notice, one for each step."""
        closure, parts = self._closure, self._closure.pairs
        after = parts.globals_of(parts.view(rows, 0))
        places = closure.place[actors]
        changed = (closure.globals.rows[places] != after).any(axis=1)
        noticed = closure.bulk[action] | changed
        places, after, action = places[noticed], after[noticed], action[noticed]
        actors = actors[noticed]
        known = closure.steps.count
        exclusive = parts.exclusive(closure.views.rows[actors])
        numbers = _numbers(closure.steps, parts.steps_of(places, after, action, exclusive))
        fresh = np.flatnonzero(numbers >= known)
        _, once = np.unique(numbers[fresh], return_index=True)
        self._actors += actors[fresh[once]].tolist()


def _numbers(table: Visited, rows: Array) -> Numbers:
    """The numbers of rows in a table, which takes in the new ones."""
    none = np.zeros(len(rows), np.int32)
    return table.insert(rows, none, none).astype(np.int64)


def _counted(form: PageForm) -> System:
    """The system with steps that keep numbers of threads in their sorts.

    They do so in every state; but views that no state has together may count a thread twice.
    """
    sorts = {n: form.system.variable(n).sort for n in form.occupancy}

    def within(action: Action) -> Action:
        guard = action.guard
        for write in action.writes:
            match sorts.get(write.var):
                case IntSort(lo=lo, hi=hi):
                    guard = conj(guard, le(lit(lo), write.value), le(write.value, lit(hi)))
                case _:
                    pass
        return replace(action, guard=guard)

    return replace(form.system, actions=tuple(within(a) for a in form.system.actions))


def _acting_first(system: GroundSystem, sort: IndexSort) -> GroundSystem:
    """The system with only the steps that act on the first page, or on none."""
    kept = [
        a
        for a in system.actions
        if all(a.binding[p.name] == 0 for p in a.action.params if p.sort == sort)
    ]
    return replace(system, actions=tuple(replace(a, number=k) for k, a in enumerate(kept)))


def _writes_all(action: GroundAction, sort: IndexSort) -> bool:
    return any(b.sort == sort for w in action.action.writes for b in w.binders)


def _acts(action: GroundAction, sort: IndexSort) -> bool:
    return any(p.sort == sort for p in action.action.params)
