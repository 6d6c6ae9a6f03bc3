"""Why a schedule cannot be followed, for people."""

import re
from collections.abc import Iterator, Sequence

from pagestate.core.trace import State
from pagestate.core.waiting import label_of
from pagestate.schedule.items import Item, Schedule
from pagestate.schedule.matching import Goal, ScheduleError
from pagestate.schedule.moves import Known, Moves

MOST_LINES = 24
MOST_STATES = 2000


def failure(
    schedule: Schedule,
    number: int,
    moves: Moves,
    start: tuple[State, Known],
    others: int,
    goal: Goal,
    threads: Sequence[tuple[str, int | None]],
) -> ScheduleError:
    """The error for item ``number``: where the execution stands, what its threads can do.

    ``start`` is the state in which the item is tried first; there are ``others`` like it.
    """
    item = schedule.items[number - 1]
    lines = [f"schedule {schedule.name}: item {number} ({item}) is not possible"]
    before = f"after item {number - 1} ({schedule.items[number - 2]})" if number > 1 else "at first"
    lines.append(f"  {before}: {_state(goal, start[0])}")
    if others:
        lines.append(f"  (the first of {others + 1} such states, which differ elsewhere)")
    for thread, member in threads:
        lines += _possible(moves, start, thread, member, goal, item)
    return ScheduleError("\n".join(lines))


def _unfilled(text: str) -> str:
    """The text of an action without values."""
    text = re.sub(r"\b(\w+) \{[^{}]*\}", r"\1", text)
    return re.sub(r"\{=?([^{}:]*)[^{}]*\}", r"\1", text)


def _state(goal: Goal, state: State) -> str:
    if goal.watch is not None:
        sort = goal.watch.watch.sort
        shown = enumerate(goal.watch(state))
        return "; ".join(f"{sort} {k}: {words}" for k, words in shown) or "nothing is watched"
    return ", ".join(f"{_cell(*cell)}={state[cell]}" for cell, _ in goal.cells) or "no watch"


def _cell(name: str, index: tuple[int, ...]) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def _possible(
    moves: Moves,
    start: tuple[State, Known],
    thread: str,
    member: int | None,
    goal: Goal,
    item: Item,
) -> Iterator[str]:
    """What a thread can do alone, in the order in which it can be done."""
    who = thread if member is None else f"{thread} {member}"
    label = label_of(moves.system.thread(thread), member, start[0])
    seen, level = {tuple(start[0].values())}, [start]
    lines, stops = dict[str, None](), dict[str, None]()
    for _ in range(item.within):
        after = list[tuple[State, Known]]()
        for state, known in level:
            steps = list(moves.steps(thread, member, state, known))
            if not steps:
                waits = moves.waiting(thread, member, state)
                texts = dict.fromkeys(_unfilled(a.info.text or a.name) for a in waits)
                here = label_of(moves.system.thread(thread), member, state)
                why = f"not possible: {'; '.join(texts)}" if texts else "it has ended"
                stops[f"    stands at {here}, {why}"] = None
            for taken in steps:
                text = taken.step.text or taken.step.label
                if not goal.chosen(taken):
                    lines[f"    {text}   <- against the choices of the item"] = None
                    continue
                if goal.reached(moves, thread, member, taken):
                    shown = _state(goal, taken.after)
                    lines[f"    {text}   <- the step, but then: {shown}"] = None
                    continue
                lines[f"    {text}"] = None
                key = tuple(taken.after.values())
                if key not in seen and len(seen) < MOST_STATES:
                    seen.add(key)
                    after.append((taken.after, taken.known))
        level = after
    found = [*lines, *stops]
    found.sort(key=lambda line: "<-" not in line)
    yield f"  {who} is at {label}; alone it can take:" if lines else f"  {who} is at {label}:"
    yield from found[:MOST_LINES]
    if len(found) > MOST_LINES:
        yield f"    ... and {len(found) - MOST_LINES} more"
    if not found:
        yield "    nothing"
