"""Who waits for whom: cycles of threads and locks, and states in which all is quiet.

Which locks a thread holds is part of where it stands, so a cycle of waiting threads is a property
of control points alone: each of them stands where it can only take a lock that the next one holds.
Such threads never move again, whatever the others do.  Everything about locks says so by name:
``"l"`` is held or wanted for writing (or at all), ``"l(read)"`` for reading, ``"l(queued)"`` by a
writer that keeps new readers out.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from pagestate.core.counting import conjuncts
from pagestate.core.evaluate import CountOverflow, apply, bindings, enabled, evaluate
from pagestate.core.expr import (
    FALSE,
    Expr,
    Lit,
    Param,
    Read,
    conj,
    disj,
    eq,
    exists,
    forall,
    neg,
    walk,
)
from pagestate.core.sorts import DataSort, Sizes
from pagestate.core.system import Action, System, Thread
from pagestate.core.trace import State

FAULT, NO_FAULT = "fault", "none"
"""The variable that a broken built-in rule writes, and its value before."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Control points of a thread that are alike: which lock it waits for, what it holds."""

    thread: Thread
    labels: tuple[str, ...]
    waits: str
    holds: frozenset[str]


@dataclass(frozen=True, slots=True)
class Wait:
    """``who`` waits for a lock that ``holder`` has (``lock``, as it holds it)."""

    who: tuple[str, int | None]
    wants: str
    lock: str
    holder: tuple[str, int | None]


def is_idle(thread: Thread) -> tuple[str, ...]:
    """The labels where a thread is not at work: its start, and its end if it has one."""
    return (thread.start,) if thread.final is None else (thread.start, thread.final)


def is_quiet(thread: Thread) -> tuple[str, ...]:
    """The labels where a thread need not move: ended, or repeating and at its start."""
    final = () if thread.final is None else (thread.final,)
    return (thread.start, *final) if thread.repeat else final


def all_at(thread: Thread, sort: DataSort, labels: Sequence[str]) -> Expr:
    """That every member of ``thread`` stands at one of ``labels``."""
    if thread.index is None:
        return _at(thread, sort, (), labels)
    member = Param(f"every {thread.name}", thread.index)
    return forall(member, _at(thread, sort, (member,), labels))


def _at(thread: Thread, sort: DataSort, who: tuple[Expr, ...], labels: Sequence[str]) -> Expr:
    control = Read(thread.control, who, sort)
    return disj(*(eq(control, Lit(label, sort)) for label in labels))


def waits_at(thread: Thread, actions: Sequence[Action]) -> Mapping[str, str]:
    """The labels of ``thread`` where all it can do is to take one certain lock, with that lock."""
    found = dict[str, set[str]]()
    for action in actions:
        if action.thread == thread.name:
            found.setdefault(action.info.label, set()).add(action.takes)
    return {label: min(locks) for label, locks in found.items() if len(locks) == 1 and min(locks)}


def blockers(wants: str) -> tuple[str, ...]:
    """How others can hold a lock so that it cannot be taken."""
    name = wants.removesuffix("(read)")
    return (name, f"{name}(queued)") if wants != name else (name, f"{name}(read)")


def no_cycle(
    threads: Sequence[Thread], actions: Sequence[Action], sorts: Mapping[str, DataSort]
) -> Expr:
    """That no threads wait for each other's locks, nor one for a lock it holds itself.

    ``sorts`` are the sorts of the control variables.
    """
    found = list[Expr]()
    for cycle in _cycles(_standings(threads, actions)):
        found.append(conj(*(_inhabited(s, sorts) for s in cycle)))
    return neg(disj(*found)) if found else neg(FALSE)


def _standings(threads: Sequence[Thread], actions: Sequence[Action]) -> list[Standing]:
    found = list[Standing]()
    for thread in threads:
        groups = dict[tuple[str, frozenset[str]], list[str]]()
        for label, lock in waits_at(thread, actions).items():
            groups.setdefault((lock, frozenset(thread.holds.get(label, ()))), []).append(label)
        for (lock, holds), labels in groups.items():
            found.append(Standing(thread, tuple(labels), lock, holds))
    return found


def _cycles(standings: list[Standing]) -> Iterator[list[Standing]]:
    """The cycles without chords: a cycle with one contains a shorter cycle."""
    size = range(len(standings))
    after = [{j for j in size if _waits_for(standings[i], standings[j])} for i in size]

    def extend(path: list[int]) -> Iterator[list[Standing]]:
        for j in sorted(after[path[-1]]):
            if j == path[0]:
                yield [standings[k] for k in path]
                continue
            alone = standings[j].thread.index is None
            taken = alone and any(standings[k].thread == standings[j].thread for k in path)
            inner = any(j in after[k] for k in path[:-1]) or after[j] & {*path[1:], j}
            if j > path[0] and j not in path and not taken and not inner:
                yield from extend([*path, j])

    for i in size:
        if i in after[i]:
            yield [standings[i]]
        else:
            yield from extend([i])


def _waits_for(one: Standing, other: Standing) -> bool:
    return any(lock in other.holds for lock in blockers(one.waits))


def _inhabited(standing: Standing, sorts: Mapping[str, DataSort]) -> Expr:
    thread, sort = standing.thread, sorts[standing.thread.control]
    if thread.index is None:
        return _at(thread, sort, (), standing.labels)
    member = Param(f"some {thread.name}", thread.index)
    return exists(member, _at(thread, sort, (member,), standing.labels))


def members(thread: Thread, sizes: Sizes) -> list[int | None]:
    """The members of a thread in an instance (of one that is not replicated: None)."""
    return [None] if thread.index is None else [*range(sizes.of(thread.index))]


def label_of(thread: Thread, member: int | None, state: State) -> str:
    """Where a member of ``thread`` stands."""
    return str(state.get((thread.control, () if member is None else (member,)), thread.start))


def wait_cycle(system: System, sizes: Sizes, state: State) -> tuple[Wait, ...]:
    """A cycle of threads in ``state`` that wait for each other's locks (empty: there is none)."""
    holding = list[tuple[tuple[str, int | None], tuple[str, ...]]]()
    waiting = dict[tuple[str, int | None], str]()
    for thread in system.threads:
        waits = waits_at(thread, system.actions)
        for member in members(thread, sizes):
            label = label_of(thread, member, state)
            holding.append(((thread.name, member), thread.holds.get(label, ())))
            if label in waits:
                waiting[thread.name, member] = waits[label]
    edges = {
        who: [
            Wait(who, wants, lock, holder)
            for lock, (holder, held) in product(blockers(wants), holding)
            if lock in held and holder in waiting
        ]
        for who, wants in waiting.items()
    }
    for start in edges:
        todo: list[tuple[tuple[str, int | None], tuple[Wait, ...]]] = [(start, ())]
        seen = set[tuple[str, int | None]]()
        for who, path in todo:
            for wait in edges[who]:
                if wait.holder == start:
                    return (*path, wait)
                if wait.holder not in seen:
                    seen.add(wait.holder)
                    todo.append((wait.holder, (*path, wait)))
    return ()


def can_move(system: System, sizes: Sizes, state: State) -> bool:
    """Whether some step changes ``state``."""
    for action in system.actions:
        for binding in bindings(action, sizes):
            if enabled(action, state, sizes, binding):
                try:
                    if apply(system, action, state, sizes, binding) != state:
                        return True
                except CountOverflow:
                    return True
    return False


def deadlock(system: System, sizes: Sizes, state: State) -> str:
    """The deadlock that ``state`` is, in words (empty: it is none)."""
    cycle = wait_cycle(system, sizes, state)
    if cycle:
        return "; ".join(_words(wait) for wait in cycle)
    if state.get((FAULT, ()), NO_FAULT) != NO_FAULT:
        return ""
    stuck = [
        (t, m)
        for t in system.threads
        for m in members(t, sizes)
        if label_of(t, m, state) not in is_quiet(t)
    ]
    if not stuck or can_move(system, sizes, state):
        return ""
    return "; ".join(_stuck(system, sizes, state, *who) for who in stuck)


def _stuck(system: System, sizes: Sizes, state: State, thread: Thread, member: int | None) -> str:
    """Why a member cannot go on: who has the lock that it waits for, or else where it stands."""
    who = thread.name, member
    wanted = _wanted(system, sizes, state, thread, member)
    for wants, other in product(wanted, system.threads):
        for number, lock in product(members(other, sizes), blockers(wants)):
            if lock in other.holds.get(label_of(other, number, state), ()):
                return _words(Wait(who, wants, lock, (other.name, number)))
    return f"{_name(who)} cannot go on from {label_of(thread, member, state)}"


def _wanted(
    system: System, sizes: Sizes, state: State, thread: Thread, member: int | None
) -> Iterator[str]:
    """The locks that a member would take next, as far as its own locals have a say."""
    own = {v.name for v in system.variables if v.thread == thread.name}
    for action in system.actions:
        if action.thread != thread.name or not action.takes:
            continue
        settled = [p for p in conjuncts(action.guard) if _reads(p) <= own]
        for binding in bindings(action, sizes):
            mine = action.thread_param is None or binding[action.thread_param.name] == member
            if mine and all(evaluate(p, state, sizes, binding) for p in settled):
                yield action.takes
                break


def _reads(term: Expr) -> set[str]:
    return {t.var for t in walk(term) if isinstance(t, Read)}


def _name(who: tuple[str, int | None]) -> str:
    return who[0] if who[1] is None else f"{who[0]} {who[1]}"


def _words(wait: Wait) -> str:
    who, holder = _name(wait.who), _name(wait.holder)
    name = wait.lock.partition("(")[0]
    if wait.who == wait.holder:
        return f"{who} waits for {name}, which it holds itself"
    if wait.lock.endswith("(queued)"):
        return f"{who} waits for {name}, for which {holder} is queued"
    reading = " for reading" if wait.lock.endswith("(read)") else ""
    return f"{who} waits for {name}, held{reading} by {holder}"
