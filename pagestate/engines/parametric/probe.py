"""The small instances that a proof for every size looks at before and while it is sought.

The explicit engine searches two pages and two members of each replicated thread.  That decides what
a finite execution can decide: a violation ends the matter with its path, a goal that is met is met
at some size.  What the visited states show of one page goes into the table of views.  A proof that
gets stuck may lack views, and asks for a larger instance.
"""

from collections.abc import Mapping
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
_COUNT_BOUND = 8
_SEARCH = 1 << 30


@dataclass(frozen=True, slots=True)
class Shown:
    """What an instance showed: answers that executions decide, by property, and its size."""

    sizes: Sizes
    answers: Mapping[str, Answer]
    complete: bool
    empty: bool


class Probe:
    """Searches instances of one task, smallest first; ``table`` gathers what they show."""

    def __init__(self, task: Task, table: Table, report: Report, name: str) -> None:
        self.table = table
        self._task = task
        self._report = report
        self._name = name
        self._sizes = self._of(_FIRST)
        threads = {t.index.name for t in task.system.threads if t.index is not None}
        self._order = sorted(task.unbounded, key=lambda n: (n in threads, n))

    @property
    def sizes(self) -> Sizes:
        """The instance searched last (or first)."""
        return self._sizes

    def _of(self, number: int) -> Sizes:
        index = {
            name: number if name in self._task.unbounded else size
            for name, size in self._task.sizes.index.items()
        }
        return replace(self._task.sizes, index=index)

    def first(self) -> Shown:
        """Search two of everything; violations are searched again at smaller sizes."""
        asked = tuple(p for p in self._task.properties if p.kind in SAFETY)
        shown = self._search(self._sizes, asked)
        return replace(shown, answers={**shown.answers, **self._smaller(shown, asked)})

    def larger(self) -> Shown | None:
        """Search the next larger instance, if there is one to be searched."""
        index = dict(self._sizes.index)
        free = [n for n in self._order if index[n] < _MOST]
        if not free:
            return None
        least = min(index[n] for n in free)
        grown = next(n for n in free if index[n] == least)
        index[grown] += 1
        self._sizes = replace(self._sizes, index=index)
        asked = tuple(p for p in self._task.properties if p.kind == "always")
        return self._search(self._sizes, asked)

    def _search(self, sizes: Sizes, asked: tuple[Property, ...]) -> Shown:
        """Search one instance and add what it shows to the table.

        A counter's bound is raised a few times; a search that is cut short has shown true states.
        """
        while True:
            search = Explicit(
                Task(self._task.system, asked, sizes), self._report, max_states=_MOST_STATES
            )
            search.advance(_SEARCH)
            if search.overflow and sizes.count_bound < 2 * _COUNT_BOUND:
                sizes = replace(sizes, count_bound=sizes.count_bound + 3)
                continue
            self.table.add_states(search, sizes)
            found = {
                a.property: replace(a, engine=self._name)
                for a in search.answers()
                if a.path is not None
            }
            return Shown(sizes, found, search.complete, search.states == 0)

    def _smaller(self, shown: Shown, asked: tuple[Property, ...]) -> dict[str, Answer]:
        """The violations as the smallest instance shows them."""
        open_ = {n for n, a in shown.answers.items() if a.verdict == Verdict.VIOLATED}
        found = dict[str, Answer]()
        bound = replace(self._of(1), count_bound=shown.sizes.count_bound)
        sizes = [bound] + [
            replace(bound, index={**bound.index, name: _FIRST}) for name in self._order
        ]
        for small in sizes:
            left = tuple(p for p in asked if p.name in open_ - set(found))
            if left:
                search = Explicit(Task(self._task.system, left, small), self._report)
                search.advance(_SEARCH)
                found |= {
                    a.property: replace(a, engine=self._name)
                    for a in search.answers()
                    if a.verdict == Verdict.VIOLATED
                }
        return found
