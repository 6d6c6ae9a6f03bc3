"""Proof for every size: views of one page, mined ledger laws, and clauses from failed inductions.

The system is brought into page form (threads counted, references as flags), where a state is the
globals and, for each page, a fixed record; a step acts on the globals, on at most one page, and on
all pages alike.  The invariant sought is about one page and the globals.  An explicit search of a
small instance gives the table of all views, in which ledger laws are mined; steps that break the
candidate invariant are excluded by clauses generalised against the table until it is inductive.
After the invisible invariants of Pnueli, Ruah and Zuck (2001) and the view abstraction of Abdulla,
Haziza and Holik (2013); the clauses are found as in property-directed reachability, the laws as in
Houdini.  Incomplete: the invariant may need two pages at once or a sum over pages; then the answer
is `unknown` with the step that breaks the proof.  A violation found on the way is reported.
"""

import time
from collections.abc import Mapping
from dataclasses import replace

from pagestate.core.evaluate import OutOfRange
from pagestate.core.expr import Expr, Param
from pagestate.core.pageform import NotInForm, PageForm, page_form
from pagestate.core.property import Property
from pagestate.core.sorts import IndexSort, Sizes, Value
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Progress, Report, Task
from pagestate.engines.parametric.invariant import Invariant
from pagestate.engines.parametric.laws import mine
from pagestate.engines.parametric.minimise import minimise
from pagestate.engines.parametric.owners import owners
from pagestate.engines.parametric.printing import print_invariant
from pagestate.engines.parametric.prove import Proof, Stuck
from pagestate.engines.parametric.shape import about_one_page, page_sort
from pagestate.engines.parametric.table import Table, columns_of
from pagestate.smt.stepcheck import Undecided
from pagestate.smt.terms import NoView

_SUBJECT = "page"
_MOST_MEMBERS = 5
_THREADS = 2
_PAGES = 3
_SEARCH = 1 << 30


class Parametric:
    """The engine for every size at work on one task (an ``engines.interface.Engine``).

    ``seconds`` bounds the proof search (processor time, after the search of the small instance).
    """

    def __init__(self, task: Task, report: Report, *, seconds: float = 120.0) -> None:
        self._task = task
        self._report = report
        self._seconds = seconds
        self._answers = tuple(_unknown(p, "not started") for p in task.properties)
        self._done = False

    @property
    def name(self) -> str:
        """The engine's name on the command line."""
        return "parametric"

    def advance(self, bound: int) -> bool:
        """Do the whole proof (``bound`` plays no part); always true."""
        if not self._done:
            self._answers = self._solve()
            self._done = True
        return True

    def answers(self) -> tuple[Answer, ...]:
        """One answer per property of the task."""
        return self._answers

    def _solve(self) -> tuple[Answer, ...]:
        task = self._task
        asked = tuple(p for p in task.properties if p.kind == "always")
        try:
            form = page_form(task.system, asked, task.sizes, task.unbounded)
            sort = page_sort(form)
        except NotInForm as error:
            return self._all(asked, str(error))
        subject = Param(_SUBJECT, sort or IndexSort(_SUBJECT))
        goals, refused = dict[str, Expr](), dict[str, Answer]()
        for prop in form.properties:
            try:
                goals[prop.name] = about_one_page(prop, sort, subject)
            except NotInForm as error:
                refused[prop.name] = _unknown(prop, str(error))
        try:
            found = self._prove(form, sort, subject, goals, asked)
        except (Undecided, NoView, OutOfRange, ValueError) as error:
            found = {n: _unknown_name(n, str(error)) for n in goals}
        return tuple(
            refused.get(p.name) or found.get(p.name) or _unknown(p, "only `always` is proved")
            for p in task.properties
        )

    def _all(self, asked: tuple[Property, ...], reason: str) -> tuple[Answer, ...]:
        return tuple(
            _unknown(p, reason if p in asked else "only `always` is proved")
            for p in self._task.properties
        )

    def _prove(
        self,
        form: PageForm,
        sort: IndexSort | None,
        subject: Param,
        goals: Mapping[str, Expr],
        asked: tuple[Property, ...],
    ) -> dict[str, Answer]:
        table = Table(columns_of(form))
        sizes = self._first_sizes()
        found = self._explore(table, sizes, asked)
        if found:
            return {n: found.get(n) or _unknown_name(n, "another property fails") for n in goals}
        laws, sums = mine(form, table, subject), owners(form, table, subject)
        self._say(f"{len(table.views)} views, {len(laws)} ledger laws")
        while True:
            guesses = [*(law.formula for law in laws), *(own.formula for own in sums)]
            proof = Proof(form, sort, subject, tuple(goals.items()), guesses, table)
            stuck = proof.run(self._clock(proof))
            if stuck is None:
                break
            larger = self._larger(sizes, stuck)
            if larger is None:
                return {n: _unknown_name(n, _why(stuck)) for n in goals}
            sizes = larger
            found = self._explore(table, sizes, asked)
            if found:
                return {n: found.get(n) or _unknown_name(n, "another fails") for n in goals}
            laws, sums = mine(form, table, subject), owners(form, table, subject)
        minimise(proof)
        laws_left = tuple(f.formula for f in proof.facts if f.kind == "law")
        clauses = tuple(f.formula for f in proof.facts if f.kind == "clause")
        text = print_invariant(proof, laws, sums)
        proved = Invariant(subject, tuple(goals), laws_left, clauses, text)
        size = f"{_count(len(laws_left), 'law')}, {_count(len(clauses), 'clause')}"
        self._say(f"{size}, {_count(proof.queries, 'query')}")
        reason = f"inductive invariant: {size}"
        return {
            n: Answer(n, Verdict.PROVED, self.name, reason=reason, certificate=proved)
            for n in goals
        }

    def _first_sizes(self) -> Sizes:
        """The instance searched first: two of each sort, one more than the members in counters."""
        index = {
            name: self._members(name) if name in self._task.unbounded else number
            for name, number in self._task.sizes.index.items()
        }
        return replace(self._task.sizes, index=index)

    def _members(self, name: str) -> int:
        """Three pages, so that two threads work on one each and another looks on."""
        return _PAGES if name in self._pages() else _THREADS

    def _explore(
        self, table: Table, sizes: Sizes, asked: tuple[Property, ...]
    ) -> dict[str, Answer]:
        """Add the views of an instance to the table; the answers if a property fails there."""
        while True:
            search = Explicit(Task(self._task.system, asked, sizes), self._report)
            search.advance(_SEARCH)
            answers = {a.property: a for a in search.answers()}
            bad = {n: a for n, a in answers.items() if a.verdict == Verdict.VIOLATED}
            if bad:
                return {n: replace(a, engine=self.name) for n, a in bad.items()}
            if search.overflow and sizes.count_bound < 2 * _SEARCH_BOUND:
                sizes = replace(sizes, count_bound=sizes.count_bound + 3)
                continue
            if not search.complete:
                raise ValueError("the small instance could not be searched")
            table.add_states(search, sizes)
            return {}

    def _larger(self, sizes: Sizes, stuck: Stuck) -> Sizes | None:
        """A larger instance that may show the views that were missing, or None."""
        index = dict(sizes.index)
        for name in self._task.unbounded:
            if index[name] < _MOST_MEMBERS and name not in self._pages():
                index[name] += 1
                return replace(sizes, index=index)
        return None

    def _pages(self) -> frozenset[str]:
        threads = {t.index.name for t in self._task.system.threads if t.index is not None}
        return frozenset(self._task.sizes.index) - threads

    def _clock(self, proof: Proof) -> "_Clock":
        return _Clock(self, proof, time.process_time() + self._seconds)

    def _say(self, note: str) -> None:
        self._report(Progress(self.name, 0, None, note))


_SEARCH_BOUND = 8


class _Clock:
    """Reports from time to time, and says when the time is over."""

    def __init__(self, engine: Parametric, proof: Proof, end: float) -> None:
        self._engine, self._proof, self._end = engine, proof, end

    def __call__(self) -> bool:
        if self._proof.queries % 50 == 0:
            self._engine._say(f"{self._proof.queries} queries, {len(self._proof.facts)} facts")
        return time.process_time() < self._end


def _count(number: int, noun: str) -> str:
    many = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number} {noun if number == 1 else many}"


def _unknown(prop: Property, reason: str) -> Answer:
    return _unknown_name(prop.name, reason)


def _unknown_name(name: str, reason: str) -> Answer:
    return Answer(name, Verdict.UNKNOWN, "parametric", reason=reason)


def _why(stuck: Stuck) -> str:
    def show(values: Mapping[str, Value]) -> str:
        return ", ".join(f"{n}={str(v).lower()}" for n, v in values.items() if v)

    facts = ", ".join(stuck.facts)
    pages = "; ".join(show(v) for v in stuck.before)
    return f"{facts} broken by {stuck.step} from a page that small instances show: {pages}"
