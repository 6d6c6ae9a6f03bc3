"""Other counterexamples of the same length: by the sequence of steps, whoever of equals takes them.

All shortest executions lie between levels of the breadth-first search: their k-th state is first
reached after k steps.  The levels are searched once; then label sequences are listed in the order
of the fewest switches between threads, which a second pass over the levels, from the end, knows
exactly (so no branch is followed in vain).  States that share a label sequence are kept together,
as in the construction of a deterministic automaton, so each sequence comes once.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count, pairwise
from typing import TypeAlias

from pagestate.check.minimise import Who, decided, who
from pagestate.check.replay import replay
from pagestate.check.request import COUNT_BOUND, Request
from pagestate.core.evaluate import initial_states
from pagestate.core.execute import states_of, trace_of, why_not
from pagestate.core.property import LIVENESS, Property
from pagestate.core.quick import Quick, Values
from pagestate.core.sorts import Sizes
from pagestate.core.trace import State, Trace
from pagestate.core.verdict import Move, Path

MOST_STATES = 30_000
Label: TypeAlias = tuple[str, str]
Front: TypeAlias = dict[tuple[Values, Who | None], tuple[int, tuple[Move, ...], Values]]


class NotListed(Exception):
    """Others were not looked for; the message says why."""


def other_traces(request: Request, prop: Property, trace: Trace, most: int) -> list[Trace]:
    """At most ``most`` counterexamples as long as ``trace``, no two with the same labels.

    They are replayed.  Raises NotListed for a lasso, and where there are too many states;
    ReplayMismatch is a mistake of this program.
    """
    if prop.kind in LIVENESS or trace.loop is not None:
        raise NotListed("of infinite executions only one is shown")
    sizes = Sizes(dict(trace.sizes), COUNT_BOUND)
    seen = {tuple((s.thread, s.label) for s in trace.steps)}
    found = list[Trace]()
    if most < 1 or not trace.steps:
        return found
    levels = _Levels(request, sizes, prop, len(trace.steps))
    for path in levels.paths():
        made = _traced(request, sizes, prop, trace, path)
        labels = tuple((s.thread, s.label) for s in made.steps)
        if labels in seen:
            continue
        seen.add(labels)
        found.append(made)
        if len(found) == most:
            break
    return found


def _traced(request: Request, sizes: Sizes, prop: Property, like: Trace, path: Path) -> Trace:
    compiled = request.compiled
    made = trace_of(
        compiled.system, sizes, path, prop, like.verdict, like.engine, compiled.valuation
    )
    named = {n: like.meta[n] for n in ("scenario",) if n in like.meta}
    made = replace(made, meta={**made.meta, **named})
    replay(compiled, prop, made)
    return made


@dataclass(slots=True)
class _Levels:
    """The part of the state graph with executions of one length that end as they should."""

    request: Request
    sizes: Sizes
    prop: Property
    length: int
    _quick: Quick = field(init=False)
    _starts: list[Values] = field(default_factory=list)
    _after: dict[Values, list[tuple[Move, Values]]] = field(default_factory=dict)
    _left: dict[tuple[Values, Who | None], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        system = self.request.compiled.system
        self._quick = Quick(system, self.sizes)
        self._starts = [self._quick.pack(s) for s in initial_states(system, self.sizes)]
        level, seen = list(self._starts), set(self._starts)
        levels = [level]
        for depth in range(1, self.length + 1):
            level = self._expand(level, seen, depth == self.length)
            levels.append(level)
        self._cut(levels)

    def _expand(self, level: list[Values], seen: set[Values], last: bool) -> list[Values]:
        """The states first seen after one more step; in the last level, those that decide."""
        fresh = dict[Values, None]()
        for state in level:
            kept = self._after[state] = []
            for step in self._quick.all_steps(state):
                if step.after is None or (step.after in seen and not last):
                    continue
                if last and not self._decides(state, step.after):
                    continue
                kept.append((Move(step.action, step.picks), step.after))
                fresh[step.after] = None
        seen.update(fresh)
        if len(seen) > MOST_STATES:
            raise NotListed(f"others were not looked for: more than {MOST_STATES} states")
        return list(fresh)

    def _decides(self, before: Values, after: Values) -> bool:
        """Whether the last step ends an execution as it should."""
        states: list[State] = [self._quick.unpack(before), self._quick.unpack(after)]
        none = Path((), ())
        return not why_not(self.request.compiled.system, self.sizes, self.prop, states, none)

    def _cut(self, levels: list[list[Values]]) -> None:
        """Keep the steps from which the end is reached in time."""
        alive = set(levels[-1])
        for level in reversed(levels[:-1]):
            for state in level:
                self._after[state] = [(m, t) for m, t in self._after[state] if t in alive]
            alive = {s for s in level if self._after[s]}

    def _switches(self, state: Values, mover: Who | None, depth: int) -> int:
        """The fewest switches that are still to come."""
        if depth == self.length:
            return 0
        key = state, mover
        if key not in self._left:
            self._left[key] = min(
                (mover not in (None, who(m))) + self._switches(t, who(m), depth + 1)
                for m, t in self._after[state]
            )
        return self._left[key]

    def paths(self) -> Iterator[Path]:
        """One path for each label sequence, those with few switches first."""
        number = count()
        first: Front = {
            (s, None): (0, (), s) for s in self._starts if self._after[s] or not self.length
        }
        heap = list[tuple[int, int, int, Front]]()
        if first:
            heappush(heap, (self._least(first, 0), 0, next(number), first))
        while heap:
            _, behind, _, front = heappop(heap)
            depth = -behind
            if depth == self.length:
                _, moves, start = min(front.values(), key=lambda entry: entry[0])
                path = self._path(start, moves)
                if not self._early(path):
                    yield path
                continue
            for after in self._next(front).values():
                heappush(heap, (self._least(after, depth + 1), behind - 1, next(number), after))

    def _least(self, front: Front, depth: int) -> int:
        return min(c + self._switches(s, w, depth) for (s, w), (c, _, _) in front.items())

    def _next(self, front: Front) -> dict[Label, Front]:
        found = dict[Label, Front]()
        for (state, mover), (switches, moves, start) in front.items():
            for move, after in self._after[state]:
                label = move.action.thread, move.action.info.label
                more = switches + (mover not in (None, who(move)))
                there = found.setdefault(label, {})
                key = after, who(move)
                if key not in there or more < there[key][0]:
                    there[key] = more, (*moves, move), start
        return found

    def _path(self, start: Values, moves: tuple[Move, ...]) -> Path:
        free = {v.name for v in self.request.compiled.system.variables if v.free}
        state = self._quick.unpack(start)
        return Path(tuple((c, v) for c, v in state.items() if c[0] in free), moves)

    def _early(self, path: Path) -> bool:
        """Whether it shows before its end what its end is to show."""
        states = states_of(self.request.compiled.system, self.sizes, path)[:-1]
        if self.prop.kind == "step":
            return any(decided(self.prop, self.sizes, a, b) for a, b in pairwise(states))
        return any(decided(self.prop, self.sizes, s, s) for s in states)
