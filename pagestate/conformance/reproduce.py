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
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import TypeAlias

from pagestate.check.replay import rerun
from pagestate.check.request import COUNT_BOUND, Request
from pagestate.conformance.recording import Recording, Sample
from pagestate.conformance.space import BoundTooSmall, Fit, Space
from pagestate.core.evaluate import initial_states
from pagestate.core.execute import trace_of
from pagestate.core.expr import TRUE
from pagestate.core.property import Property
from pagestate.core.sorts import Value
from pagestate.core.trace import CellName, State, Trace
from pagestate.core.verdict import Move, Path, Verdict
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


Node: TypeAlias = tuple[int, int]
"""A state of a change, and how many states of the change were strange up to it."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The states around one sample.

    ``silent`` holds the states that fit it, reached by silent steps from where it was first shown:
    the state before (None: none), the step, how dear the way was.  ``leaving`` are the steps to
    states that do not fit: the state before, the step, the state after.
    """

    fit: Fit
    silent: Mapping[int, tuple[int | None, int, int]]
    leaving: Sequence[tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class Arrived:
    """The states in which a sample is first shown, and how they were reached.

    ``states``: how dear the way was, and the node of the change (None: a silent state fits, too).
    ``run``: the node before (a number: that silent state), the step, how dear it was.
    """

    states: Mapping[int, tuple[int, Node | None]]
    run: Mapping[Node, tuple[Node | int, int, int]]


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
        self.setup = None if start is None else follow(request, start, count_bound)

    def fit(self, sample: Sample) -> Fit:
        """The states that may be shown where ``sample`` was recorded."""
        sight = tuple(frozenset(self.table.get(w, (w,))) for w in sample.shown)
        return Fit(self.space, sight)

    def first(self) -> Arrived:
        """The states in which the recording can begin.  Raises Impossible."""
        if self.setup is None:
            starts = list[State](initial_states(self.request.compiled.system, self.sizes))
        else:
            starts = [self.setup.end]
        want = self.fit(self.recording.samples[0])
        found = [n for n in self.space.numbers(starts) if want(n)]
        if not found:
            seen = {self.watch(s)[: len(want.sight)] for s in starts}
            shown = " or ".join(" ".join(words) for words in sorted(seen)[:4])
            raise Impossible(0, f"the recording begins differently: the model shows {shown}")
        return Arrived(dict.fromkeys(found, (0, None)), {})

    def around(self, arrived: Arrived, fit: Fit) -> Reach:
        """Silent steps from where a sample was first shown, and the steps that end the silence."""
        space = self.space
        level = sorted(arrived.states, key=lambda n: arrived.states[n][0])
        silent: dict[int, tuple[int | None, int, int]]
        silent = {n: (None, -1, arrived.states[n][0]) for n in level}
        leaving = list[tuple[int, int, int]]()
        for step in range(self.bounds.silent + 1):
            before, level = level, []
            for n in before:
                dear = silent[n][2] + _SILENT
                for action, after in space.steps(n):
                    if not fit(after):
                        leaving.append((n, action, after))
                    elif step < self.bounds.silent and after not in silent:
                        silent[after] = n, action, dear
                        level.append(after)
            if not level:
                break
        return Reach(fit, silent, leaving)

    def arrive(self, reach: Reach, want: Fit) -> Arrived:
        """The states that first fit ``want`` after those ``reach`` is around."""
        space, bounds, old = self.space, self.bounds, reach.fit
        either = Fit(space, tuple(a | b for a, b in zip(old.sight, want.sight, strict=True)))
        run = dict[Node, tuple[Node | int, int, int]]()
        states = dict[int, tuple[int, Node | None]]()
        states |= {n: (dear, None) for n, (_, _, dear) in reach.silent.items() if want(n)}
        steps: list[tuple[Node | int, int, int, int, int]]
        steps = [(n, action, after, 0, reach.silent[n][2]) for n, action, after in reach.leaving]
        for step in range(bounds.hidden + 1):
            go = list[Node]()
            for before, action, after, strange, dear in sorted(steps, key=lambda s: s[4]):
                odd = not either(after)
                node, cost = (after, strange + odd), dear + (_STRANGE if odd else _HIDDEN)
                there = want(after)
                if node[1] > bounds.strange or any((after, k) in run for k in range(node[1] + 1)):
                    continue
                if not there and (step == bounds.hidden or old(after)):
                    continue
                run[node] = before, action, cost
                if not there:
                    go.append(node)
                elif after not in states or states[after][0] > cost:
                    states[after] = cost, node
            steps = [(n, *s, n[1], run[n][2]) for n in go for s in space.steps(n[0])]
        return Arrived(states, run)

    def run(self) -> Reproduced:
        """An execution that shows the recording.  Raises Impossible."""
        arrivals, reaches = [self.first()], list[Reach]()
        samples = self.recording.samples
        for number, (old, new) in enumerate(pairwise(samples), 1):
            reach = self.around(arrivals[-1], self.fit(old))
            arrived = self.arrive(reach, self.fit(new))
            if not arrived.states:
                raise Impossible(number, self._why(number, reach))
            reaches.append(reach)
            arrivals.append(arrived)
        return self._found(arrivals, reaches)

    def _why(self, number: int, reach: Reach) -> str:
        """Why sample ``number`` is not reached: what can be shown instead."""
        before, sample = self.recording.samples[number - 1 : number + 1]
        want, space = self.fit(sample).sight, self.space
        looks = {space.shown(after): action for _, action, after in reversed(reach.leaving)}
        order = sorted(looks, key=lambda look: sum(map(_misfit, look, want)))
        lines = [
            f"sample {number} ({sample.event} {sample.task}: {' '.join(sample.shown)}) is not shown"
            f" after {' '.join(before.shown)}",
            f"  {len(reach.silent)} states show the latter; the next change, nearest first:",
        ]
        for look in order[:_NEAREST]:
            action = space.move(looks[look]).action
            text = re.sub(r"\{=?([^{}]*)\}", r"\1", action.info.text)
            lines.append(f"    {' '.join(look)}   by {action.thread}: {text}")
        return "\n".join(lines if order else [*lines, "    none"])

    def _found(self, arrivals: Sequence[Arrived], reaches: Sequence[Reach]) -> Reproduced:
        """The execution that leads to the cheapest of the last arrivals, replayed."""
        last, parts = arrivals[-1].states, list[list[Move]]()
        state, used = min(last, key=lambda n: last[n][0]), list[Used]()
        for number in range(len(reaches), 0, -1):
            arrived, reach = arrivals[number], reaches[number - 1]
            node = arrived.states[state][1]
            strange, change, silent = 0 if node is None else node[1], list[int](), list[int]()
            at: Node | int | None = node
            while isinstance(at, tuple):
                at, action, _ = arrived.run[at]
                change.append(action)
            state = state if at is None else at
            while (before := reach.silent[state])[0] is not None:
                silent.append(before[1])
                state = before[0]
            parts.append([self.space.move(a) for a in (*silent[::-1], *change[::-1])])
            used.append(Used(len(silent), max(len(change) - 1, 0), strange))
        parts.reverse()
        prefix = () if self.setup is None else self.setup.path.moves
        first = self.space.state(state)
        path = Path(self._initial(first), (*prefix, *(m for part in parts for m in part)))
        marks = tuple(accumulate([len(prefix), *map(len, parts)]))
        trace = self._replayed(path)
        self._check(trace, marks)
        return Reproduced(trace, marks, tuple(used[::-1]), len(prefix))

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
        sights = [self.fit(s).sight for s in self.recording.samples]
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


def _misfit(word: str, words: Collection[str]) -> bool:
    return word not in words


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
