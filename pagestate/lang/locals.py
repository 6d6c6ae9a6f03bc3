"""The locals of a thread: their sorts, and where they are still needed."""

from collections.abc import Collection, Sequence
from typing import Any

from pagestate.core.expr import Expr, Read, walk
from pagestate.core.sorts import COUNT, CountSort, DataSort, EnumSort, IndexSort, IntSort, RefSort
from pagestate.lang.control import Control, Transition

NONE_SORT = RefSort(IndexSort("none"))
"""The sort of ``None`` where nothing says which members it stands for."""
WORD = "str"
"""The name of the sorts of written-out words: constants, one sort for each word."""


def sort_of_local(old: Any, value: Expr) -> DataSort:
    """The sort of a local that held ``old`` (None: nothing yet) and now also ``value``."""
    sort = value.sort
    if isinstance(sort, IndexSort):
        sort = RefSort(sort)
    if old is None or old in (sort, NONE_SORT):
        return sort
    if sort == NONE_SORT and isinstance(old, RefSort):
        return old
    if any(isinstance(s, IntSort) and s.lo < 0 for s in (old, sort)) and COUNT in (old, sort):
        raise TypeError(f"{old} and {sort}: a number that may be negative, and one without bound")
    if isinstance(old, IntSort) and isinstance(sort, IntSort):
        return IntSort(min(old.lo, sort.lo), max(old.hi, sort.hi))
    numbers = CountSort | IntSort
    if isinstance(old, numbers) and isinstance(sort, numbers):
        return COUNT
    if isinstance(old, EnumSort) and isinstance(sort, EnumSort) and old.name == sort.name:
        if old.name == WORD:
            raise TypeError(f"{old.members[0]!r} and {sort.members[0]!r}: use an Enum for words")
        raise TypeError(f"values of two enumerations, both called {old}")
    raise TypeError(f"{old} and {sort}")


def liveness(
    transitions: Sequence[Transition], start: Control, thread: str, scans: Collection[str]
) -> dict[Control, set[str]]:
    """For every control state the locals whose values are used later.

    ``scans`` are the names of the visited sets, which are handled by the loops themselves.
    """
    prefix = f"{thread}."
    visited = {prefix + name for name in scans}

    def locals_in(term: Expr) -> set[str]:
        return {
            t.var[len(prefix) :]
            for t in walk(term)
            if isinstance(t, Read) and t.var.startswith(prefix) and t.var not in visited
        }

    uses = dict[int, set[str]]()
    values = dict[int, dict[str, set[str]]]()
    for n, transition in enumerate(transitions):
        step = transition.step
        found = set[str]()
        for term in step.cond:
            found |= locals_in(term)
        for write in step.writes:
            for term in (*write.index, write.value, write.where):
                found |= locals_in(term)
        uses[n] = found
        values[n] = {name: locals_in(value) for name, value in step.env.items()}
    live: dict[Control, set[str]] = {t.source: set() for t in transitions}
    live.setdefault(start, set())
    changed = True
    while changed:
        changed = False
        for n, transition in enumerate(transitions):
            needed = set(uses[n])
            if transition.target is not None:
                for name in live.get(transition.target, ()):
                    needed |= values[n].get(name, {name})
            if not needed <= live[transition.source]:
                live[transition.source] |= needed
                changed = True
    return live
