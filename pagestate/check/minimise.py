"""Among executions of one length, one that is easier to read: few switches, members and threads.

The steps of a found execution stay those that they are, each thread's in its order.  Dijkstra's
algorithm (with the number of threads that still have to move as a lower bound, so A*) finds the
interleaving of them with the fewest switches from thread to thread that is an execution and ends
as the found one does; the states on the way tell which orders are possible.  Before that, members
of an index sort are tried to be made one (page 1 becomes page 0), where the steps allow it.
Executions of other steps are not looked at, so there may be one that is easier still.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import count, pairwise
from typing import TypeAlias

from pagestate.core.evaluate import OutOfRange, evaluate
from pagestate.core.execute import NotAPath, states_of, why_not
from pagestate.core.property import LIVENESS, Property
from pagestate.core.quick import Quick, Values
from pagestate.core.sorts import IndexSort, Sizes, Value
from pagestate.core.system import System
from pagestate.core.trace import State
from pagestate.core.verdict import Move, Path

MOST_STATES = 2_000
"""States looked at for one set of steps; beyond them the execution stays as it is."""

Who: TypeAlias = tuple[str, Value]
_Step: TypeAlias = tuple[int, Move, Values]
"""Whose step it is (the lane's number), the step, the state after it."""
_Entry: TypeAlias = tuple[int, int, int, tuple[int, ...], int, Values, list[Move]]
"""Switches at least, switches so far, a number, steps done by lane, who moved, state, moves."""


@dataclass(slots=True)
class Steps:
    """The steps of one system, compiled; executions of several properties share them.

    Counters have no bound here: an execution is as long as the one that it stands for.
    """

    system: System
    _made: dict[tuple[tuple[str, int], ...], Quick] = field(default_factory=dict)

    def of(self, sizes: Sizes) -> Quick:
        """The steps at these sizes."""
        key = tuple(sizes.index.items())
        if key not in self._made:
            self._made[key] = Quick(self.system, replace(sizes, count_bound=1 << 30))
        return self._made[key]


def minimised(
    system: System, sizes: Sizes, prop: Property, path: Path, steps: Steps | None = None
) -> Path:
    """An execution of the length of ``path`` that decides ``prop`` as it does.

    Of a lasso or of what is no execution it is ``path`` itself.
    """
    if prop.kind in LIVENESS or path.loop is not None or len(path.moves) < 2:
        return path
    try:
        start = states_of(system, sizes, path)[0]
    except NotAPath:
        return path
    quick = (steps or Steps(system)).of(sizes)
    orders = _Orders(quick, sizes, prop, quick.pack(start))
    best = orders.of(path) or path
    for merged in _merged(system, best):
        tried = orders.of(merged)
        if tried is not None and cost(tried) < cost(best):
            best = tried
    return best if cost(best) < cost(path) else path


def cost(path: Path) -> tuple[int, int, int]:
    """Switches between threads, members of index sorts, threads."""
    movers = [who(m) for m in path.moves]
    members = {(sort, value) for m in path.moves for sort, value in _members(m)}
    return sum(a != b for a, b in pairwise(movers)), len(members), len(set(movers))


def who(move: Move) -> Who:
    """The thread that moves, and which of a replicated one."""
    mover = move.action.thread_param
    return move.action.thread, None if mover is None else dict(move.picks)[mover.name]


def _members(move: Move) -> Iterator[tuple[str, Value]]:
    picks = dict(move.picks)
    for param in move.action.params:
        if isinstance(param.sort, IndexSort):
            yield param.sort.name, picks[param.name]


def _merged(system: System, path: Path) -> Iterator[Path]:
    """The path with one member of an index sort in the place of another."""
    used = sorted({m for move in path.moves for m in _members(move)}, key=str)
    for sort in (s for s in system.sorts if not s.ordered):
        members = [n for name, n in used if name == sort.name]
        for gone in reversed(members):
            for kept in members[: members.index(gone)]:
                yield replace(path, moves=tuple(_put(m, sort, gone, kept) for m in path.moves))


def _put(move: Move, sort: IndexSort, gone: Value, kept: Value) -> Move:
    sorts = {p.name: p.sort for p in move.action.params}
    return Move(
        move.action,
        tuple((n, kept if sorts[n] == sort and v == gone else v) for n, v in move.picks),
    )


class _Orders:
    """The orders in which the steps of executions from one state can be taken."""

    def __init__(self, quick: Quick, sizes: Sizes, prop: Property, start: Values) -> None:
        self._quick, self._sizes, self._prop, self._start = quick, sizes, prop, start
        self._holds: Callable[[Values], bool] | None = None
        if prop.kind not in ("step", "deadlock_free"):
            self._holds = quick.predicate(prop.formula)

    def of(self, path: Path) -> Path | None:
        """The steps of ``path`` with the fewest switches; None where no order was found."""
        lanes = dict[Who, list[Move]]()
        for move in path.moves:
            lanes.setdefault(who(move), []).append(move)
        steps = list(lanes.values())
        goal = tuple(len(s) for s in steps)
        number = count()
        heap: list[_Entry] = [(0, 0, next(number), tuple(0 for _ in steps), -1, self._start, [])]
        seen = set[tuple[tuple[int, ...], int, Values]]()
        known = dict[tuple[tuple[int, ...], Values], list[_Step]]()
        while heap and len(seen) < MOST_STATES:
            _, switches, _, done, last, state, moves = heappop(heap)
            if done == goal:
                return replace(path, moves=tuple(moves))
            if (done, last, state) in seen:
                continue
            seen.add((done, last, state))
            if (done, state) not in known:
                known[done, state] = list(self._next(steps, done, state))
            for lane, move, after in known[done, state]:
                new = (*done[:lane], done[lane] + 1, *done[lane + 1 :])
                more = switches + (lane != last and last >= 0)
                left = sum(
                    n != k and i != lane for i, (n, k) in enumerate(zip(new, goal, strict=True))
                )
                entry = (more + left, more, next(number), new, lane, after, [*moves, move])
                heappush(heap, entry)
        return None

    def _next(
        self, steps: list[list[Move]], done: tuple[int, ...], state: Values
    ) -> Iterator[_Step]:
        """The steps that can come next, and do not decide the property too early."""
        is_last = sum(done) + 1 == sum(len(s) for s in steps)
        for lane, made in enumerate(done):
            if made == len(steps[lane]):
                continue
            move = steps[lane][made]
            try:
                after = self._quick.take(move, state)
            except OutOfRange:
                continue
            if after is not None and self._decides(state, after, is_last) == is_last:
                yield lane, move, after

    def _decides(self, before: Values, after: Values, is_last: bool) -> bool:
        """Whether a step shows what the last one is to show; of deadlocks only the last one is."""
        if self._holds is not None:
            return self._holds(after) == (self._prop.kind == "reachable")
        states: list[State] = [self._quick.unpack(s) for s in (before, after)]
        if is_last:
            none = Path((), ())
            return not why_not(self._quick.system, self._sizes, self._prop, states, none)
        return decided(self._prop, self._sizes, *states)


def decided(prop: Property, sizes: Sizes, before: State, after: State) -> bool:
    """Whether a step that is not the last one shows already what the last one is to show."""
    if prop.kind == "deadlock_free":
        return False
    if prop.kind == "step":
        return not evaluate(prop.formula, before, sizes, {}, after)
    return bool(evaluate(prop.formula, after, sizes, {})) == (prop.kind == "reachable")
