"""When an item of a schedule is done: its step was taken, and the state is as it says."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pagestate.core.evaluate import cells
from pagestate.core.sorts import IndexSort, Sizes, Value
from pagestate.core.system import System
from pagestate.core.trace import CellName, State
from pagestate.lang.diagnostics import near
from pagestate.schedule.items import Item
from pagestate.schedule.moves import (
    Moves,
    Taken,
    called,
    head_of,
    kernel_functions,
    mentioned,
    spellings,
)
from pagestate.schedule.watch import Bound

Kind: TypeAlias = Literal["step", "call", "src"]
"""What an item names: a step, an inline function it is to leave, or a kernel function."""
_CELL = re.compile(r"([\w.]+)(?:\[([\d, ]+)\])?")


class ScheduleError(Exception):
    """A schedule that cannot be followed; the message is for people."""


@dataclass(frozen=True, slots=True)
class Goal:
    """An item of a schedule, resolved for an instance."""

    item: Item
    kind: Kind
    sorts: Mapping[str, IndexSort]
    watch: Bound | None
    words: tuple[tuple[int, frozenset[str]], ...]
    cells: tuple[tuple[CellName, Value], ...]

    def chosen(self, taken: Taken) -> bool:
        """Whether a step makes the choices that the item asks for."""
        mover = taken.move.action.thread_param
        for name, value in taken.move.picks:
            if mover is not None and name == mover.name:
                continue
            if self.item.choose.get(name.partition(":")[0], value) != value:
                return False
        return True

    def reached(self, moves: Moves, thread: str, member: int | None, taken: Taken) -> bool:
        """Whether a step is the one that the item waits for."""
        step, pattern = taken.step, self.item.step
        if self.kind == "call":
            call = called(step, pattern)
            return (
                call is not None
                and self._about(step.calls[: step.calls.index(call) + 1])
                and not moves.inside(thread, member, taken.after, head_of(call))
            )
        if self.kind == "src":
            named = pattern.removesuffix("()") in kernel_functions(step.src)
            return named and self._about((*step.calls, step.text))
        names = spellings(step, self.sorts)
        return (pattern in names or pattern.removesuffix("()") in names) and all(
            mentioned(step, sort) in (None, number) for sort, number in self.item.members.items()
        )

    def _about(self, texts: tuple[str, ...]) -> bool:
        """Whether the last text that mentions a member mentions the right one."""
        for sort, number in self.item.members.items():
            found = [m[1] for t in texts for m in re.finditer(rf"\b{re.escape(sort)} (\d+)\b", t)]
            if found and int(found[-1]) != number:
                return False
        return True

    def shown(self, state: State) -> bool:
        """Whether the state is as the item says."""
        if any(state[cell] != value for cell, value in self.cells):
            return False
        return self.watch is None or all(
            words <= set(self.watch.words(member, state).split()) for member, words in self.words
        )


def goal_of(item: Item, system: System, sizes: Sizes, watch: Bound | None, where: str) -> Goal:
    """What ``item`` means in an instance.

    Raises ScheduleError for names that mean nothing; ``where`` is the place, for messages.
    """
    sorts = {s.name: s for s in system.sorts}
    for sort, number in item.members.items():
        if sort not in sorts:
            raise ScheduleError(f"{where}: no index sort {sort!r}; {near(sort, list(sorts))}")
        if not 0 <= number < sizes.of(sorts[sort]):
            raise ScheduleError(f"{where}: there is no {sort} {number} at this size")
    for name, member in item.actors:
        threads = {t.name: t for t in system.threads}
        if name not in threads:
            raise ScheduleError(f"{where}: no thread {name!r}; {near(name, list(threads))}")
        index = threads[name].index
        if member is not None and (index is None or not 0 <= member < sizes.of(index)):
            raise ScheduleError(f"{where}: there is no {name} {member} at this size")
    kind: Kind = _kind(item, system, where) if item.actors else "step"
    return Goal(
        item,
        kind,
        sorts,
        watch,
        _words(item, watch, where),
        tuple(_cell(name, value, system, sizes, where) for name, value in item.then.items()),
    )


def _kind(item: Item, system: System, where: str) -> Kind:
    head = head_of(item.step)
    mine = [a for a in system.actions if a.thread in {name for name, _ in item.actors}]
    steps = {head_of(a.info.text) for a in mine if a.info.text}
    calls = {head_of(c) for a in mine for c in a.info.calls}
    sources = {f for a in mine for f in kernel_functions(a.info.src)}
    labels = {a.info.label for a in mine}
    if head in steps or item.step in labels:
        return "step"
    if head in calls:
        return "call"
    if item.step.removesuffix("()") in sources:
        return "src"
    names = steps | calls | sources
    raise ScheduleError(f"{where}: no step is called {item.step!r}; {near(head, sorted(names))}")


def _words(item: Item, watch: Bound | None, where: str) -> tuple[tuple[int, frozenset[str]], ...]:
    if not item.shows:
        return ()
    if watch is None:
        raise ScheduleError(f"{where}: the schedule has no watch to give {item.shows!r} a meaning")
    if not isinstance(item.shows, str):
        found = {k: frozenset(text.split()) for k, text in item.shows.items()}
    else:
        sort, many = watch.watch.sort, len(watch.cells)
        if sort not in item.members and many != 1:
            raise ScheduleError(f"{where}: say which {sort} shows {item.shows!r}")
        found = {item.members.get(sort, 0): frozenset(item.shows.split())}
    for member in found:
        if not 0 <= member < len(watch.cells):
            raise ScheduleError(f"{where}: there is no {watch.watch.sort} {member} at this size")
    return tuple(found.items())


def _cell(
    text: str, value: Value, system: System, sizes: Sizes, where: str
) -> tuple[CellName, Value]:
    match = _CELL.fullmatch(text)
    if match is None:
        raise ScheduleError(f"{where}: {text!r} is no cell; write it as refcount[0]")
    index = tuple(int(k) for k in match[2].split(",")) if match[2] else ()
    cell = match[1], index
    if cell not in set(cells(system, sizes)):
        names = sorted({v.name for v in system.variables if v.thread is None})
        raise ScheduleError(f"{where}: no cell {text!r} in this instance; {near(match[1], names)}")
    return cell, value
