"""The small instances that a proof for every size looks at before and while it is sought.

The explicit engine searches one page and one member of each replicated thread, then two of each.
That decides what a finite execution can decide: a violation ends the matter with its path, a goal
that is met is met at some size.  What the visited states show of one page goes into the table of
views.  A proof that gets stuck may lack views, and asks for a larger instance.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from pagestate.core.property import SAFETY, Property
from pagestate.core.sorts import Sizes
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Report, Task
from pagestate.engines.parametric.table import Table

_FIRST = 2
_MOST = 4
_MOST_STATES = 3_000_000
MOST_COUNTED, MORE_COUNTED = 16, 3
"""A bound of counters that is met is raised by so much, below the first of the two."""
_SEARCH = 1 << 30


@dataclass(frozen=True, slots=True)
class Shown:
    """What an instance showed: answers that executions decide, by property, and its size."""

    sizes: Sizes
    answers: Mapping[str, Answer]
    empty: bool


class Probe:
    """Searches instances of one task, smallest first; ``table`` gathers what they show."""

    def __init__(self, task: Task, table: Table, report: Report, name: str) -> None:
        self.table = table
        self._task = task
        self._report = report
        self._name = name
        threads = {t.index.name for t in task.system.threads if t.index is not None}
        self._threads = threads
        self._order = sorted(task.unbounded, key=lambda n: (n in threads, n))
        self._sizes = self._of(1)

    @property
    def sizes(self) -> Sizes:
        """The instance searched last (or first)."""
        return self._sizes

    def _of(self, number: int, but: str = "", other: int = 0) -> Sizes:
        """``number`` members of each sort that can have any size, ``other`` of the sort ``but``."""
        index = dict(self._task.sizes.index)
        index |= {n: other if n == but else number for n in self._task.unbounded}
        return replace(self._task.sizes, index=index)

    def smallest(self) -> Shown:
        """Search the smallest instance for all that executions decide."""
        return self._search(self._of(1), self._open(()))

    def next(self, decided: Collection[str], learn: bool = True) -> Shown | None:
        """Search the next larger instance for what is open; None: it is large enough.

        What is violated there is searched again at the sizes in between.  Unless ``learn`` is
        asked for, the search ends when all is decided, and the table stays as it is.
        """
        index = dict(self._sizes.index)
        free = [n for n in self._order if index[n] < _MOST]
        if not free:
            return None
        least = min(index[n] for n in free)
        if least == 1:
            self._sizes = self._of(_FIRST)
        else:
            index[next(n for n in free if index[n] == least)] += 1
            self._sizes = replace(self._sizes, index=index)
        shown = self._search(self._sizes, self._open(decided), learn)
        answers = {**shown.answers, **self._smaller(shown)}
        if least == 1 and (learn or self._open({*decided, *answers})):
            answers |= self._wider({*decided, *answers}, learn)
        return replace(shown, answers=answers)

    def _wider(self, decided: Collection[str], learn: bool) -> Mapping[str, Answer]:
        """What an instance with more of the pages alone shows.

        Two pages are too few where two threads work on one each: a third one looks different.
        """
        pages = [n for n in self._order if n not in self._threads]
        if not pages:
            return {}
        index = {n: _FIRST + 1 if n in pages else k for n, k in self._of(1).index.items()}
        return self._search(replace(self._sizes, index=index), self._open(decided), learn).answers

    def _open(self, decided: Collection[str]) -> tuple[Property, ...]:
        return tuple(p for p in self._task.properties if p.kind in SAFETY and p.name not in decided)

    def _search(self, sizes: Sizes, asked: tuple[Property, ...], learn: bool = True) -> Shown:
        """Search one instance and (to ``learn``) add what it shows to the table.

        A counter's bound is raised a few times; a search that is cut short has shown true states.
        """
        while True:
            search = Explicit(
                Task(self._task.system, asked, sizes), self._report, max_states=_MOST_STATES
            )
            search.advance(_SEARCH)
            if search.overflow and sizes.count_bound < MOST_COUNTED:
                sizes = replace(sizes, count_bound=sizes.count_bound + MORE_COUNTED)
                continue
            if learn:
                self.table.add_states(search, sizes)
            return Shown(sizes, self._decided(search), search.states == 0)

    def _decided(self, search: Explicit) -> dict[str, Answer]:
        """What the engine found executions for; a goal that is met is met for good."""
        return {
            a.property: replace(
                a,
                engine=self._name,
                verdict=Verdict.VIOLATED if a.verdict == Verdict.VIOLATED else Verdict.PROVED,
            )
            for a in search.answers()
            if a.path is not None
        }

    def _smaller(self, shown: Shown) -> dict[str, Answer]:
        """The violations that an instance between the smallest and the first shows, too."""
        names = [n for n, a in shown.answers.items() if a.verdict == Verdict.VIOLATED]
        left = tuple(p for p in self._task.properties if p.name in names)
        found = dict[str, Answer]()
        if set(shown.sizes.index.values()) - {_FIRST}:
            return found
        for name in self._order:
            left = tuple(p for p in left if p.name not in found)
            if left and len(self._order) > 1:
                small = replace(self._of(1, name, _FIRST), count_bound=shown.sizes.count_bound)
                search = Explicit(Task(self._task.system, left, small), self._report)
                search.advance(_SEARCH)
                found |= self._decided(search)
        return found
