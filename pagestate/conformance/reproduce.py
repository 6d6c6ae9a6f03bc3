"""Whether a model has an execution that shows what was recorded.

A set of states per sample: breadth first from all states in which the sample before was first
shown.  Between two samples the threads (all of them) take silent steps, after which every page
still shows what it showed; then the change, which may take several steps: in between every page
shows its old or its new word, each combination at a moment when nobody looked, except in at most
``strange`` states, where pages may show anything.  So a sample that nothing leads to is not
jumped over, and how many steps were unseen is counted.

A table says which words of the model a recorded word may stand for (without one: itself).  Where
a state fits two samples, one after the other, no step need be taken between them.

Incomplete where a bound of ``Bounds`` is too small: then a recording that the model could produce
is said to be impossible, never the other way round.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import TypeAlias

import numpy as np

from pagestate.check.replay import rerun
from pagestate.check.request import COUNT_BOUND, Request
from pagestate.conformance.recording import Recording, Sample
from pagestate.conformance.space import BoundTooSmall, Sight, Space, Successors
from pagestate.core.evaluate import initial_states
from pagestate.core.execute import trace_of
from pagestate.core.expr import TRUE
from pagestate.core.property import Property
from pagestate.core.sorts import Value
from pagestate.core.trace import CellName, State, Trace
from pagestate.core.verdict import Move, Path, Verdict
from pagestate.engines.explicit.pack import Array
from pagestate.engines.explicit.table import Visited
from pagestate.schedule.follow import follow
from pagestate.schedule.items import Schedule
from pagestate.schedule.watch import Watch, bind

Table: TypeAlias = Mapping[str, Collection[str]]
"""What a recorded word may stand for; a word that is not in it stands for itself."""
Initial: TypeAlias = tuple[tuple[CellName, Value], ...]
_NEAREST = 8
_SILENT, _HIDDEN, _STRANGE = 1, 10, 1000
"""How dear steps are: of several executions, one is shown in which little was unseen."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may happen unseen between two samples.

    ``silent`` steps that nobody could have seen, then at most ``hidden`` states in which some pages
    show the new word and others still the old one; in ``strange`` of them they may show anything.
    """

    silent: int = 60
    hidden: int = 12
    strange: int = 0


@dataclass(frozen=True, slots=True)
class Used:
    """What the execution found needed for one sample."""

    silent: int
    hidden: int
    strange: int


class Impossible(Exception):
    """No execution shows the recording; ``sample`` is the number of the first sample missed."""

    def __init__(self, sample: int, message: str) -> None:
        super().__init__(message)
        self.sample = sample


@dataclass(frozen=True, slots=True)
class Reach:
    """The states around one sample.

    ``silent`` holds the states that fit it, reached by silent steps from where it was first shown
    (``seeds``: which of those rows each state without a parent is); ``leaving`` are the steps to
    states that do not, with the number of the state each leaves.  ``cost`` is how dear the way to
    each silent state was.
    """

    sight: Sight
    silent: Visited
    seeds: Array
    leaving: Successors
    cost: Array


@dataclass(frozen=True, slots=True)
class Arrived:
    """The states in which a sample is first shown (``rows``), and how they were reached.

    ``run`` holds the states of the change (behind each, how many were strange); its parent is
    another one, or below zero ``-1 - n``: it was reached by step ``n`` of ``leaving``.  ``which``
    are the numbers there of ``rows``, or below zero those of silent states.  ``cost`` is that of
    ``rows``.
    """

    rows: Array
    which: Array
    run: Visited
    cost: Array


@dataclass(frozen=True, slots=True)
class Reproduced:
    """An execution that shows a recording; ``marks`` are the steps after which samples are shown.

    The first ``setup`` steps come before the recording.
    """

    trace: Trace
    marks: tuple[int, ...]
    used: tuple[Used, ...]
    setup: int


class Reproduction:
    """A recording held against a model."""

    def __init__(
        self,
        request: Request,
        watch: Watch,
        recording: Recording,
        bounds: Bounds,
        start: Schedule | None = None,
        table: Table | None = None,
        count_bound: int = COUNT_BOUND,
    ) -> None:
        """``start`` is a schedule after which the recording begins (else: an initial state).

        ``table`` maps recorded words to those of ``watch`` that each may stand for.

        Raises what following it raises, ModelError where the watch does not fit, ValueError where
        the instance has fewer members than the recording has pages.
        """
        self.request, self.recording, self.bounds = request, recording, bounds
        self.table = table or {}
        self.sizes = request.bounds(count_bound)
        compiled = request.compiled
        self.watch = bind(watch, compiled, self.sizes)
        pages = len(recording.pages)
        if pages > len(self.watch.cells):
            raise ValueError(f"the recording has {pages} pages, more than the instance")
        self.space = Space(compiled.system, self.sizes, self.watch, pages)
        layout = self.space.layout
        self._units = layout.units
        self._wide = replace(layout, units=layout.units + 8 // layout.unit.itemsize)
        self.setup = None if start is None else follow(request, start, count_bound)

    def sight(self, sample: Sample) -> Sight:
        """What the model may show where ``sample`` was recorded."""
        return tuple(frozenset(self.table.get(w, (w,))) for w in sample.shown)

    def first(self) -> Arrived:
        """The states in which the recording can begin.  Raises Impossible."""
        if self.setup is None:
            starts = list[State](initial_states(self.request.compiled.system, self.sizes))
        else:
            starts = [self.setup.end]
        rows = self.space.rows(starts)
        want = self.sight(self.recording.samples[0])
        found = rows[self._fit(rows, want)]
        if not len(found):
            seen = {self.watch(s)[: len(want)] for s in starts}
            shown = " or ".join(" ".join(words) for words in sorted(seen)[:4])
            raise Impossible(0, f"the recording begins differently: the model shows {shown}")
        free = np.zeros(len(found), dtype=np.int64)
        return Arrived(found, np.arange(len(found)), Visited(self._wide), free)

    def _fit(self, rows: Array, sight: Sight) -> Array:
        """Which of the rows fit."""
        return _every(self.space.fits(self.space.shown(rows), sight))

    def around(self, arrived: Arrived, sight: Sight) -> Reach:
        """Silent steps from where a sample was first shown, and the steps that end the silence."""
        table, space = self.space.table(), self.space
        none = np.full(len(arrived.rows), -1, dtype=np.int32)
        cheap = np.argsort(arrived.cost, kind="stable")
        numbers = table.insert(np.ascontiguousarray(arrived.rows[cheap]), none, none)
        seeds = cheap[np.unique(numbers, return_index=True)[1]]
        cost, first, out = arrived.cost[seeds], 0, list[Successors]()
        for step in range(self.bounds.silent + 1):
            end = table.count
            if first == end:
                break
            found = space.successors(table.rows[first:end])
            same = self._fit(found.rows, sight)
            parent = found.parent + np.int32(first)
            out.append(Successors(found.rows[~same], parent[~same], found.action[~same]))
            first = end
            if step < self.bounds.silent:
                table.insert(found.rows[same], parent[same], found.action[same])
                cost = np.concatenate([cost, cost[table.parent[end : table.count]] + _SILENT])
        nothing = np.empty(0, np.int32)
        leaving = Successors(
            np.concatenate([space.none(), *(o.rows for o in out)]),
            np.concatenate([nothing, *(o.parent for o in out)]),
            np.concatenate([nothing, *(o.action for o in out)]),
        )
        return Reach(sight, table, seeds, leaving, cost)

    def arrive(self, reach: Reach, want: Sight) -> Arrived:
        """The states that first fit ``want`` after those ``reach`` is around."""
        run, space, most = Visited(self._wide), self.space, self.bounds.hidden
        already = np.flatnonzero(self._fit(reach.silent.rows, want))
        rows, action = reach.leaving.rows, reach.leaving.action
        parent = -1 - np.arange(len(rows), dtype=np.int32)
        strange, base = np.zeros(len(rows), dtype=np.int32), reach.cost[reach.leaving.parent]
        cost, arrived = np.empty(0, np.int64), [np.empty(0, np.int64)]
        for step in range(most + 1):
            shown = space.shown(rows)
            now, before = space.fits(shown, want), space.fits(shown, reach.sight)
            odd = ~_every(now | before)
            strange, base = strange + odd, base + np.where(odd, _STRANGE, _HIDDEN)
            keep = _every(now)
            if step < most:
                keep = keep | ~_every(before)
            order = np.flatnonzero(keep & (strange <= self.bounds.strange))
            order = order[np.argsort(base[order], kind="stable")]
            end = run.count
            wide = self._widened(rows[order], strange[order])
            numbers, first = np.unique(
                run.insert(wide, parent[order], action[order]), return_index=True
            )
            cost = np.concatenate([cost, base[order[first[numbers >= end]]]])
            new = np.ascontiguousarray(run.rows[end:, : self._units])
            there = self._fit(new, want)
            arrived.append(end + np.flatnonzero(there))
            go = end + np.flatnonzero(~there)
            if not len(go):
                break
            found = space.successors(new[~there])
            rows, action = found.rows, found.action
            parent = go[found.parent].astype(np.int32)
            strange, base = run.rows[parent, self._units].astype(np.int32), cost[parent]
        late = np.concatenate(arrived)
        return Arrived(
            np.concatenate([reach.silent.rows[already], run.rows[late][:, : self._units]]),
            np.concatenate([-1 - already, late]),
            run,
            np.concatenate([reach.cost[already], cost[late]]),
        )

    def _widened(self, rows: Array, strange: Array) -> Array:
        wide = np.zeros((len(rows), self._wide.units), dtype=self._wide.unit)
        wide[:, : self._units] = rows
        wide[:, self._units] = strange
        return wide

    def run(self) -> Reproduced:
        """An execution that shows the recording.  Raises Impossible."""
        arrivals, reaches = [self.first()], list[Reach]()
        samples = self.recording.samples
        for number, (old, new) in enumerate(pairwise(samples), 1):
            reach = self.around(arrivals[-1], self.sight(old))
            arrived = self.arrive(reach, self.sight(new))
            if not len(arrived.rows):
                raise Impossible(number, self._why(number, reach))
            reaches.append(reach)
            arrivals.append(arrived)
        return self._found(arrivals, reaches)

    def _why(self, number: int, reach: Reach) -> str:
        """Why sample ``number`` is not reached: what can be shown instead."""
        before, sample = self.recording.samples[number - 1 : number + 1]
        shown = self.space.shown(reach.leaving.rows)
        rows, where = np.unique(shown, axis=0, return_index=True)
        missing = (~self.space.fits(rows, self.sight(sample))).sum(axis=1)
        order = np.argsort(missing, kind="stable")[:_NEAREST]
        lines = [
            f"sample {number} ({sample.event} {sample.task}: {' '.join(sample.shown)}) is not shown"
            f" after {' '.join(before.shown)}"
        ]
        lines.append(
            f"  {reach.silent.count} states show the latter; the next change, nearest first:"
        )
        for n in order:
            move = self.space.move(int(reach.leaving.action[where[n]]))
            words = " ".join(self.space.shows[k] for k in rows[n])
            text = re.sub(r"\{=?([^{}]*)\}", r"\1", move.action.info.text)
            lines.append(f"    {words}   by {move.action.thread}: {text}")
        if not len(order):
            lines.append("    none")
        return "\n".join(lines)

    def _found(self, arrivals: Sequence[Arrived], reaches: Sequence[Reach]) -> Reproduced:
        """The execution that leads to the cheapest of the last arrivals, replayed."""
        index, parts = int(arrivals[-1].cost.argmin()), list[list[Move]]()
        used = list[Used]()
        for number in range(len(reaches), 0, -1):
            arrived, reach = arrivals[number], reaches[number - 1]
            at = int(arrived.which[index])
            strange, change, silent = 0, list[int](), list[int]()
            state = -1 - at
            if at >= 0:
                strange = int(arrived.run.rows[at, self._units])
                while at >= 0:
                    change.append(int(arrived.run.action[at]))
                    at = int(arrived.run.parent[at])
                state = int(reach.leaving.parent[-1 - at])
            while reach.silent.parent[state] >= 0:
                silent.append(int(reach.silent.action[state]))
                state = int(reach.silent.parent[state])
            index = int(reach.seeds[state])
            parts.append([self.space.move(a) for a in (*silent[::-1], *change[::-1])])
            used.append(Used(len(silent), max(len(change) - 1, 0), strange))
        parts.reverse()
        before = () if self.setup is None else self.setup.path.moves
        first = self.space.state(arrivals[0].rows[index])
        path = Path(self._initial(first), (*before, *(m for part in parts for m in part)))
        marks = tuple(accumulate([len(before), *map(len, parts)]))
        trace = self._replayed(path)
        self._check(trace, marks)
        return Reproduced(trace, marks, tuple(used[::-1]), len(before))

    def _initial(self, first: State) -> Initial:
        if self.setup is not None:
            return self.setup.path.initial
        free = {v.name for v in self.request.compiled.system.variables if v.free}
        return tuple((cell, value) for cell, value in first.items() if cell[0] in free)

    def _replayed(self, path: Path) -> Trace:
        compiled, title = self.request.compiled, f"shows the recording {self.recording.name}"
        goal = Property(self.recording.name, "reachable", TRUE, title=title)
        verdict = Verdict.EXHAUSTED.value
        trace = trace_of(
            compiled.system, self.sizes, path, goal, verdict, "recording", compiled.valuation
        )
        rerun(compiled, trace)
        return trace

    def _check(self, trace: Trace, marks: Sequence[int]) -> None:
        """That the trace shows every sample at its mark, and only what may be shown in between."""
        seen = [self.watch(s)[: len(self.recording.pages)] for s in trace.states]
        sights = [self.sight(s) for s in self.recording.samples]
        for sight, mark in zip(sights, marks, strict=True):
            if not all(w in words for w, words in zip(seen[mark], sight, strict=True)):
                raise AssertionError(f"step {mark} shows {seen[mark]}, which was not recorded")
        for (one, two), (a, b) in zip(pairwise(sights), pairwise(marks), strict=True):
            odd = [
                any(w not in old | new for w, old, new in zip(words, one, two, strict=True))
                for words in seen[a:b]
            ]
            if sum(odd) > self.bounds.strange:
                raise AssertionError(f"more is shown between steps {a} and {b} than allowed")


def _every(fits: Array) -> Array:
    """The rows in which all members fit."""
    found: Array = np.logical_and.reduce(fits, axis=1)
    return found


def reproduce(
    request: Request,
    watch: Watch,
    recording: Recording,
    bounds: Bounds | None = None,
    start: Schedule | None = None,
    table: Table | None = None,
) -> Reproduced:
    """An execution of the model that shows ``recording``, replayed by the model's functions.

    ``start`` and ``table`` as in :class:`Reproduction`.

    Raises Impossible, and what building a :class:`Reproduction` raises; NotAPath or ReplayMismatch
    are mistakes of this program.  The bound of counters is raised once where it is too small; then
    BoundTooSmall is raised.
    """
    chosen = bounds or Bounds()
    try:
        return Reproduction(request, watch, recording, chosen, start, table).run()
    except BoundTooSmall:
        more = 2 * COUNT_BOUND
        return Reproduction(request, watch, recording, chosen, start, table, more).run()
