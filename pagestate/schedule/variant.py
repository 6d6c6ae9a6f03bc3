"""Following a trace in another variant of its model: how far it goes, and where it is stopped.

A step of the trace is taken in the variant by the same thread if its step is called the same and
makes the same choices.  Before it the thread may take steps that only the variant has; steps that
only the trace has are passed over.  A thread that waits takes the steps it could not take when it
can go on; one that goes another way follows that to its end.  One execution is followed: it shows
what the variant does about this trace, and proves nothing about others.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal, TypeAlias

from pagestate.check.minimise import decided
from pagestate.check.replay import replay, rerun
from pagestate.check.request import Request
from pagestate.core.evaluate import cells, evaluate, initial_state, initial_states
from pagestate.core.execute import trace_of
from pagestate.core.expr import TRUE
from pagestate.core.lasso import flaw
from pagestate.core.property import LIVENESS, Property
from pagestate.core.sorts import Sizes, Value
from pagestate.core.system import System
from pagestate.core.trace import State, Step, Trace
from pagestate.core.verdict import Path, Verdict
from pagestate.core.waiting import deadlock, is_quiet, label_of
from pagestate.schedule.moves import Known, Moves, Taken

Why: TypeAlias = Literal["waits", "elsewhere", "absent", "result"]
Who: TypeAlias = tuple[str, int | None]

HOLDS = "holds here"
"""The verdict of a variant's trace that ends without a violation: of this execution only."""

MOST_MORE = 12
"""Steps that only the variant has, between two of the trace."""
MOST_STATES = 500
MOST_ALONE = 60
"""Steps of a thread that goes another way."""
LATER = 6
"""Steps of a thread that only the trace may have, in a row."""
_RESULT = re.compile(r" -> [^()]*$")


@dataclass(frozen=True, slots=True)
class Stop:
    """A step of the trace, by its number, that the variant does not take there, or not so.

    ``waits``: its thread is blocked, ``elsewhere``: it goes another way, ``absent``: it has no such
    step, ``result``: it takes the step, with another result.  ``after`` is the number of steps that
    the variant had taken, ``then`` the number of the step that its thread takes instead or when it
    can go on (None: none).
    """

    step: int
    why: Why
    after: int
    then: int | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """What the variant does: its trace, which steps are the same ones, and the others.

    ``unlike`` says why going round the trace's loop in the variant violates nothing.
    """

    trace: Trace
    same: tuple[tuple[int, int], ...]
    stops: tuple[Stop, ...]
    unlike: str = ""


def follow_trace(request: Request, trace: Trace) -> Followed:
    """The execution of the variant that goes along with ``trace``, replayed.

    It ends with the first violation of the property, if there is one.  Raises ReplayMismatch where
    the variant's own functions disagree, which is a mistake of this program.
    """
    walk = _Walk(request, trace)
    for number in range(1, len(trace.steps) + 1):
        walk.take(number)
        if walk.violated:
            break
    walk.finish()
    unlike = walk.unlike()
    stops = tuple(sorted(walk.stops, key=lambda s: s.step))
    return Followed(walk.result(unlike), tuple(walk.same), stops, unlike)


class _Walk:
    """An execution of the variant that grows."""

    def __init__(self, request: Request, trace: Trace) -> None:
        self.request, self.trace = request, trace
        self.compiled, self.prop = request.compiled, request.properties[0]
        self.system = self.compiled.system
        numbers = [v for s in trace.states for v in s.values() if isinstance(v, int)]
        self.sizes = Sizes(request.sizes, max([*numbers, 0]) + 64)
        self.moves = Moves(self.system, self.sizes)
        self.states: list[State] = [_start(self.system, self.sizes, trace.states[0])]
        self.known: Known = {}
        self.taken = list[Taken]()
        self.same = list[tuple[int, int]]()
        self.stops = list[Stop]()
        self.waiting = dict[Who, list[int]]()
        self.astray = set[Who]()
        self.violated = False
        self.began = _beginnings(trace)

    @property
    def state(self) -> State:
        """The state now."""
        return self.states[-1]

    def take(self, number: int) -> None:
        """Take step ``number`` of the trace, after those that its thread could not take before."""
        step = self.trace.steps[number - 1]
        who = step.thread, step.member
        if who in self.astray and number not in self.began:
            self._stop(number, "elsewhere")
            return
        self.astray.discard(who)
        self.waiting.setdefault(who, []).append(number)
        self._catch_up(who)

    def finish(self) -> None:
        """Let threads that waited go on, as long as one of them can.

        Where the trace is a deadlock all go on, to show that they can.
        """
        again = True
        while again:
            before = len(self.taken)
            for who in self.waiting:
                self._catch_up(who)
                if self.prop.kind == "deadlock_free" and self._has(who):
                    self._alone(who)
            again = len(self.taken) > before

    def _catch_up(self, who: Who) -> None:
        """Take what a thread has still to take, as far as it can."""
        todo = self.waiting[who]
        while todo and not self.violated:
            number = todo[0]
            if self._reach(who, number):
                todo.pop(0)
            elif not self._has(who) or self._comes_later(who, number):
                self._stop(number, "absent")
                todo.pop(0)
            elif next(self._steps(who), None) is None and (
                number in self.began or not self._is_quiet(who)
            ):
                if all(s.step != number for s in self.stops):
                    self._stop(number, "waits")
                return
            else:
                before = len(self.taken)
                self._alone(who, number if number in self.began else None)
                more = len(self.taken) > before
                self.stops.append(Stop(number, "elsewhere", before, before + 1 if more else None))
                for n in todo[1:]:
                    self._stop(n, "elsewhere")
                todo.clear()
                self.astray.add(who)

    def _has(self, who: Who) -> bool:
        return who[0] in {t.name for t in self.system.threads}

    def _is_quiet(self, who: Who) -> bool:
        thread = self.system.thread(who[0])
        return label_of(thread, who[1], self.state) in is_quiet(thread)

    def _comes_later(self, who: Who, number: int) -> bool:
        """Whether the thread can take a later step of the trace: it has no step ``number``."""
        return any(self._way(who, n) is not None for n in self._later(who, number))

    def _path(self) -> Path:
        """What was taken; with a loop where the trace's begins, if all of that was taken."""
        free = {v.name for v in self.system.variables if v.free}
        initial = tuple((c, v) for c, v in self.states[0].items() if c[0] in free)
        loop = None
        if self.trace.loop is not None and self.prop.kind in LIVENESS:
            loop = dict([(0, 0), *self.same]).get(self.trace.loop)
        return Path(initial, tuple(t.move for t in self.taken), loop)

    def unlike(self) -> str:
        """Why the loop of the trace violates nothing here (empty: it does, or there is none)."""
        if self.prop.kind not in LIVENESS:
            return ""
        path = self._path()
        if path.loop is None:
            return "the loop is not entered"
        first, last = self.states[path.loop], self.states[-1]
        other = [(f"{n}[{i[0]}]" if i else n) for n, i in first if first[n, i] != last[n, i]]
        if other:
            return f"going round changes {', '.join(other[:3])}"
        return flaw(self.system, self.sizes, self.prop, self.states, path)

    def result(self, unlike: str) -> Trace:
        """The execution as a trace, replayed by the variant's own functions."""
        violated = self.violated
        if self.prop.kind == "deadlock_free":
            violated = bool(deadlock(self.system, self.sizes, self.state))
        elif self.prop.kind in LIVENESS:
            violated = not unlike
        goal = self.prop if violated else Property(self.prop.name, "reachable", TRUE)
        path = self._path() if violated else replace(self._path(), loop=None)
        verdict = Verdict.VIOLATED.value if violated else HOLDS
        values = self.compiled.valuation
        found = trace_of(self.system, self.sizes, path, goal, verdict, "schedule", values)
        found = replace(found, title=self.prop.title)
        if violated:
            replay(self.compiled, self.prop, found)
        else:
            rerun(self.compiled, found)
        scenario = self.compiled.model.scenario
        return replace(
            found, meta={**found.meta, **({"scenario": scenario.name} if scenario else {})}
        )

    # ------------------------------------------------------------------------------ moving

    def _add(self, taken: Taken) -> None:
        if self.prop.kind not in LIVENESS and decided(
            self.prop, self.sizes, self.state, taken.after
        ):
            self.violated = self.prop.kind != "reachable"
        self.taken.append(taken)
        self.states.append(taken.after)
        self.known = taken.known

    def _stop(self, number: int, why: Why) -> None:
        self.stops.append(Stop(number, why, len(self.taken)))

    def _steps(self, who: Who) -> Iterator[Taken]:
        return self.moves.steps(*who, self.state, self.known)

    def _reach(self, who: Who, number: int) -> bool:
        """Takes the step, and before it those that only the variant has."""
        way = self._way(who, number)
        for taken in way or ():
            self._add(taken)
            if self.violated:
                break
        if way is None:
            return False
        if self.taken[-1] is way[-1]:
            self.same.append((number, len(self.taken)))
            if way[-1].step.text != self.trace.steps[number - 1].text:
                self.stops.append(Stop(number, "result", len(self.taken) - 1, len(self.taken)))
            for n, stop in enumerate(self.stops):
                if stop.step == number and stop.why == "waits":
                    self.stops[n] = replace(stop, then=len(self.taken))
        return True

    def _way(self, who: Who, number: int) -> list[Taken] | None:
        """The shortest way of a thread alone to the step of the trace."""
        if not self._has(who):
            return None
        wanted, thread = self.trace.steps[number - 1], self.system.thread(who[0])
        fresh = number in self.began
        level: list[tuple[State, Known, list[Taken]]] = [(self.state, self.known, [])]
        seen = {tuple(self.state.values())}
        for _ in range(MOST_MORE + 1):
            after = list[tuple[State, Known, list[Taken]]]()
            for exact in (True, False):
                for state, known, way in level:
                    for taken in self.moves.steps(*who, state, known):
                        if _alike(taken.step, wanted, exact):
                            return [*way, taken]
                        key = tuple(taken.after.values())
                        over = label_of(thread, who[1], taken.after) in is_quiet(thread)
                        if exact or key in seen or (over and not fresh) or len(seen) > MOST_STATES:
                            continue
                        seen.add(key)
                        after.append((taken.after, taken.known, [*way, taken]))
            level = after
        return None

    def _later(self, who: Who, number: int) -> list[int]:
        """The next steps of the thread in the trace, before it starts over."""
        found = list[int]()
        for n, step in enumerate(self.trace.steps[number:], number + 1):
            if (step.thread, step.member) == who:
                if n in self.began:
                    break
                found.append(n)
        return found[:LATER]

    def _alone(self, who: Who, start: int | None = None) -> None:
        """Lets a thread go its own way until it ends, waits, or violates the property.

        ``start`` is the step of the trace with which it starts, to be like that.
        """
        for n in range(MOST_ALONE):
            steps = list(self._steps(who))
            if not steps or self.violated or (self._is_quiet(who) and (n or start is None)):
                return
            if start is not None and not n:
                wanted = _picks(self.trace.steps[start - 1], False)
                steps.sort(key=lambda taken: _picks(taken.step, False) != wanted)
            self._add(steps[0])


def _alike(step: Step, wanted: Step, exact: bool) -> bool:
    """Whether two steps are the same one: called alike, with the same choices.

    Unless it has to be ``exact``, it may have another result.
    """
    if exact:
        return step.text == wanted.text and _picks(step, True) == _picks(wanted, True)
    mine, theirs = (_RESULT.sub("", s.text) for s in (step, wanted))
    return mine == theirs and _picks(step, False) == _picks(wanted, False)


def _picks(step: Step, all_of_them: bool) -> Mapping[str, Value]:
    """The choices of a step, by names without the lines they stand in."""
    picks = ((name.partition(":")[0], value) for name, value in step.picks.items())
    return {n: v for n, v in picks if all_of_them or not isinstance(v, bool)}


def _beginnings(trace: Trace) -> frozenset[int]:
    """The steps with which threads start, or start over."""
    found = set[int]()
    controls = {v.thread: v.name for v in trace.variables if v.control}
    for n, step in enumerate(trace.steps, 1):
        cell = controls.get(step.thread, ""), () if step.member is None else (step.member,)
        if trace.states[n - 1].get(cell) == trace.states[0].get(cell):
            found.add(n)
    return frozenset(found)


def _start(system: System, sizes: Sizes, theirs: State) -> State:
    """The initial state that is most like another one's."""
    free = [c for c in cells(system, sizes) if system.variable(c[0]).free]
    if all(c in theirs for c in free):
        same = initial_state(system, sizes, {c: theirs[c] for c in free})
        if evaluate(system.init, same, sizes, {}):
            return same
    states: Sequence[State] = list(islice(initial_states(system, sizes), MOST_STATES))
    return max(states, key=lambda s: sum(s[c] == theirs.get(c) for c in free))
