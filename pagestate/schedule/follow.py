"""Following a schedule: the execution that it describes, or why there is none.

Breadth-first over what the thread of an item may choose (arguments, ``either()``, the order of
scans), one item after another.  The states in which an item can end are kept, so that a choice is
judged by the items that come later: first those that take few steps, then all of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pagestate.check.replay import rerun
from pagestate.check.request import COUNT_BOUND, Request
from pagestate.core.evaluate import initial_states
from pagestate.core.execute import trace_of
from pagestate.core.expr import TRUE
from pagestate.core.property import Property
from pagestate.core.sorts import Value
from pagestate.core.trace import State, Trace
from pagestate.core.verdict import Move, Path, Verdict
from pagestate.core.waiting import members
from pagestate.schedule.explain import failure
from pagestate.schedule.items import Item, Schedule
from pagestate.schedule.matching import Goal, ScheduleError, goal_of
from pagestate.schedule.moves import Known, Moves
from pagestate.schedule.watch import bind

MAX_STATES = 20_000
"""The states an item is searched in; an item that needs more is to be split."""
FEW = 3
"""By how many steps an end of an item may be longer than the shortest, in the first attempt."""


@dataclass(frozen=True, slots=True)
class Node:
    """A state on the way, how it was reached, and after how many steps each item was done."""

    state: State
    known: Known
    moves: tuple[Move, ...]
    start: State
    marks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Followed:
    """The execution of a schedule: its path, its end, where items end (numbers of steps)."""

    path: Path
    end: State
    marks: tuple[int, ...]


def follow(request: Request, schedule: Schedule, count_bound: int = COUNT_BOUND) -> Followed:
    """The shortest execution found for ``schedule`` from an initial state of the instance.

    Raises ScheduleError, which says at which item there is none and what is possible there.
    """
    sizes, system = request.bounds(count_bound), request.compiled.system
    moves = Moves(system, sizes)
    watch = None if schedule.watch is None else bind(schedule.watch, request.compiled, sizes)
    starts = [Node(s, {}, (), s) for s in initial_states(system, sizes)]
    if not starts:
        raise ScheduleError(f"{schedule.name}: there is no initial state")
    goals = [
        goal_of(item, system, sizes, watch, f"schedule {schedule.name}, item {number}")
        for number, item in enumerate(schedule.items, 1)
    ]
    nodes = starts
    for few in (True, False):
        nodes = starts
        for number, goal in enumerate(goals, 1):
            found = _search(moves, nodes, goal, few)
            if not found and few:
                break
            if not found:
                first, threads = (nodes[0].state, nodes[0].known), list(_threads(moves, goal.item))
                raise failure(schedule, number, moves, first, len(nodes) - 1, goal, threads)
            nodes = sorted(found, key=lambda n: len(n.moves))
        else:
            break
    return _followed(request, nodes[0])


def _followed(request: Request, node: Node) -> Followed:
    free = {v.name for v in request.compiled.system.variables if v.free}
    initial = tuple((cell, value) for cell, value in node.start.items() if cell[0] in free)
    return Followed(Path(initial, node.moves), node.state, node.marks)


def _search(moves: Moves, nodes: Sequence[Node], goal: Goal, few: bool) -> list[Node]:
    """The states in which an item can end, from any of ``nodes``."""
    item = goal.item
    if not item.actors:
        return [_done(n) for n in nodes if goal.shown(n.state)]
    found = dict[tuple[Value, ...], Node]()
    for thread, member in _threads(moves, item):
        seen = {_key(n.state) for n in nodes}
        level, left = list(nodes), item.within
        while level and left > 0 and len(seen) <= MAX_STATES:
            level = list(_level(moves, level, thread, member, goal, seen, found))
            left = min(left - 1, FEW) if few and found else left - 1
    return list(found.values())


def _level(
    moves: Moves,
    level: Sequence[Node],
    thread: str,
    member: int | None,
    goal: Goal,
    seen: set[tuple[Value, ...]],
    found: dict[tuple[Value, ...], Node],
) -> Iterator[Node]:
    """One step more of the thread; what ends the item goes to ``found``."""
    for node in level:
        for taken in moves.steps(thread, member, node.state, node.known):
            if not goal.chosen(taken):
                continue
            after = Node(
                taken.after, taken.known, (*node.moves, taken.move), node.start, node.marks
            )
            key = _key(taken.after)
            if goal.reached(moves, thread, member, taken):
                if goal.shown(taken.after) and (
                    key not in found or len(found[key].moves) > len(after.moves)
                ):
                    found[key] = _done(after)
            elif key not in seen:
                seen.add(key)
                yield after


def _done(node: Node) -> Node:
    marks = (*node.marks, len(node.moves))
    return Node(node.state, node.known, node.moves, node.start, marks)


def _threads(moves: Moves, item: Item) -> Iterator[tuple[str, int | None]]:
    for name, member in item.actors:
        if member is not None:
            yield name, member
        else:
            yield from ((name, m) for m in members(moves.system.thread(name), moves.sizes))


def _key(state: State) -> tuple[Value, ...]:
    return tuple(state.values())


def trace_of_schedule(request: Request, schedule: Schedule) -> Trace:
    """The execution of a schedule as a trace, replayed by the model's own functions.

    Raises ScheduleError; NotAPath or ReplayMismatch are mistakes of this program.
    """
    followed = follow(request, schedule)
    goal = Property(schedule.name, "reachable", TRUE, title=schedule.doc)
    compiled = request.compiled
    trace = trace_of(
        compiled.system,
        request.bounds(COUNT_BOUND),
        followed.path,
        goal,
        Verdict.EXHAUSTED.value,
        "schedule",
        compiled.valuation,
    )
    rerun(compiled, trace)
    return trace
