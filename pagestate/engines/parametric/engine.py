"""Proof for every size: views of one page, mined ledger laws, and clauses from failed inductions.

The system is brought into page form (threads counted, references as flags), where a state is the
globals and, for each page, a fixed record; a step acts on the globals, on at most one page, and on
all pages alike.  The invariant sought is about one page and the globals.  The table of all views
that any number of pages lead to (with few threads each) is worked out, ledger laws are mined in it,
and steps that break the candidate invariant are excluded by clauses generalised against the table
until it is inductive.  What counters have no say in is proved without them, if it must be.
After the invisible invariants of Pnueli, Ruah and Zuck (2001) and the view abstraction of Abdulla,
Haziza and Holik (2013); the clauses are found as in property-directed reachability, the laws as in
Houdini.  Incomplete: the invariant may need two pages at once or a sum over pages; then the answer
is `unknown` with the step that breaks the proof.  Violations are looked for in instances.
"""

import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from pagestate.core.evaluate import OutOfRange
from pagestate.core.expr import Expr, Param
from pagestate.core.pageform import NotInForm, PageForm, page_form
from pagestate.core.property import Property
from pagestate.core.sorts import IndexSort, Sizes
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.interface import Progress, Report, Task
from pagestate.engines.parametric.attempt import Aim, attempt
from pagestate.engines.parametric.closure import Closure
from pagestate.engines.parametric.elsewhere import NotInPairs
from pagestate.engines.parametric.forget import NotForgotten, forgetting, numbers_of, reads
from pagestate.engines.parametric.printing import show_view, why
from pagestate.engines.parametric.probe import MORE_COUNTED, MOST_COUNTED, Probe
from pagestate.engines.parametric.prove import Proof, Stuck
from pagestate.engines.parametric.shape import about_one_page, page_sort
from pagestate.engines.parametric.table import Cube, Table, columns_of
from pagestate.smt.stepcheck import Undecided
from pagestate.smt.terms import NoView

PROVABLE = ("always", "step")
"""The kinds of properties that an invariant can prove."""
_SUBJECT = "page"
_THREADS = 2
_MOST_THREADS = 4
"""Replicated threads per page in the views of any number of pages, at first and at most."""
_LEADS_TO = "as far as one page and the globals tell, steps lead to "
_LOOK_EVERY = 20
"""Queries between two looks at the clock, which take as long as a query on some machines."""


class Parametric:
    """The engine for every size at work on one task (an ``engines.interface.Engine``).

    ``seconds`` bounds the proof search (processor time, after the search of the smallest instance;
    the search of a larger one that has begun is ended).
    ``spent`` says where processor time went, ``queries`` how often the solver was asked.
    ``until_violated``: the first violation is all that is asked for.
    """

    def __init__(
        self,
        task: Task,
        report: Report,
        *,
        seconds: float = 120.0,
        until_violated: bool = False,
    ) -> None:
        self._task = task
        self._report = report
        self._seconds = seconds
        self._until_violated = until_violated
        self._found = dict[str, Answer]()
        self._reason = "not started"
        self._goals = dict[str, Expr]()
        self._probe: Probe | None = None
        self._done = False
        self.spent = {"explore": 0.0, "laws": 0.0, "loop": 0.0}
        self.queries = 0

    @property
    def name(self) -> str:
        """The engine's name on the command line."""
        return "parametric"

    @property
    def views(self) -> int:
        """How many views the instances searched so far have shown."""
        return 0 if self._probe is None else self._probe.table.size

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        """Count the processor time of a phase, for ``spent``."""
        began = time.process_time()
        try:
            yield
        finally:
            self.spent[name] += time.process_time() - began

    def advance(self, bound: int) -> bool:
        """Search the smallest instance; for a bound above 0, do the whole proof and say true."""
        if not self._done:
            try:
                self._done = self._probe is None and self._start()
                if bound > 0 and not self._done and self._probe is not None:
                    self._done = self._prove(self._probe)
            except NotInForm as error:
                self._reason, self._done = str(error), True
            except (Undecided, NoView, OutOfRange, ValueError) as error:
                self._found = {n: _unknown(n, str(error)) for n in self._goals} | self._found
                self._done = True
        return self._done

    def answers(self) -> tuple[Answer, ...]:
        """One answer per property of the task."""
        return tuple(self._found.get(p.name) or self._undecided(p) for p in self._task.properties)

    def _enough(self) -> bool:
        """Whether a violation was found, and more is not asked for."""
        return self._until_violated and self._violated()

    def _violated(self) -> bool:
        return any(a.verdict == Verdict.VIOLATED for a in self._found.values())

    def _undecided(self, prop: Property) -> Answer:
        if prop.kind == "reachable" and self._probe is not None:
            return _unknown(prop.name, f"not reached with {_words(self._probe.sizes)}")
        if prop.kind not in (*PROVABLE, "reachable"):
            return _unknown(prop.name, f"`{prop.kind}` properties are decided at finite sizes")
        return _unknown(prop.name, self._reason)

    def _start(self) -> bool:
        """Bring the system into form and search its smallest instance; whether that is all."""
        task = self._task
        asked = tuple(p for p in task.properties if p.kind in PROVABLE)
        form = page_form(task.system, asked, task.sizes, task.unbounded)
        sort = page_sort(form)
        subject = Param(_SUBJECT, sort or IndexSort(_SUBJECT))
        self._form, self._sort, self._subject = form, sort, subject
        self._probe = Probe(task, Table(columns_of(form)), self._report, self.name)
        for prop in form.properties:
            try:
                self._goals[prop.name] = about_one_page(prop, sort, subject)
            except NotInForm as error:
                self._found[prop.name] = _unknown(prop.name, str(error))
        with self._phase("explore"):
            shown = self._probe.smallest()
            if shown.empty:
                shown = self._probe.next(()) or shown
        if shown.empty:
            reason = f"there is no initial state with {_words(shown.sizes)}"
            self._found = {
                p.name: Answer(p.name, Verdict.VACUOUS, self.name, reason=reason)
                for p in task.properties
            }
            return True
        self._found |= shown.answers
        return self._enough() or all(p.name in self._found for p in task.properties)

    def _prove(self, probe: Probe) -> bool:
        """Prove what one page's view carries, and look for executions that break the rest.

        A property that is not kept is given up, and the others are tried without it.
        """
        end = time.process_time() + self._seconds
        threads, lost = _THREADS, dict[str, str]()
        if self._form.occupancy and self._violated():
            self._forget(self._open(()), end, all_or_none=True)
        closed = not self._open(()) or self._close(probe, threads, lost)
        cubes = tuple[Cube, ...]()
        while (goals := self._open(lost)) and not self._enough():
            cubes = tuple(c for c in cubes if not probe.table.meets(c))
            stuck, cubes = self._attempt(probe.table, goals, cubes, end)
            if stuck is None:
                break
            if time.process_time() < end:
                if closed and self._form.occupancy and threads < _MOST_THREADS:
                    threads += 1
                    closed = self._close(probe, threads, lost)
                    continue
                if not closed and self._enlarge(probe, goals, learn=True):
                    continue
            names = {f.name for f in stuck.facts if f.kind in ("property", "step")} & goals.keys()
            lost |= dict.fromkeys(names or goals, why(stuck, probe.table))
        if not self._enough():
            if not probe.table.whole:
                self._forget(self._open(()), end)
            self._search(probe, end)
        self._found |= {n: _unknown(n, lost[n]) for n in self._open(()) if n in lost}
        return True

    def _open(self, lost: Collection[str]) -> dict[str, Expr]:
        """The properties that are neither decided nor ``lost``."""
        return {n: g for n, g in self._goals.items() if n not in self._found and n not in lost}

    def _close(self, probe: Probe, threads: int, lost: dict[str, str]) -> bool:
        """Add the views that any number of pages lead to; whether they could be worked out.

        Properties that they break are looked for in an instance, and are ``lost`` if none shows it.
        """
        table = probe.table
        with self._phase("explore"):
            closure = self._closure(self._form, self._open(()), threads)
            if closure is None:
                rows = table.exact
            else:
                rows = closure.exact(table.columns)
                table.add(rows) if self._form.occupancy else table.take_all(rows)
        doubtful = set(self._goals if closure is None else closure.broken) - {*self._found, *lost}
        if doubtful:
            self._enlarge(probe, doubtful, learn=closure is None)
        if closure is not None:
            shown = {n: table.values(rows[closure.broken[n]]) for n in doubtful - {*self._found}}
            lost |= {n: _LEADS_TO + show_view(v, table.columns) for n, v in shown.items()}
        return closure is not None

    def _closure(self, form: PageForm, goals: Mapping[str, Expr], threads: int) -> Closure | None:
        """The views that any number of pages lead to; None: they could not be worked out."""
        kinds = {p.name: p.kind for p in self._task.properties}
        states = {n: g for n, g in goals.items() if kinds[n] == "always"}
        if self._sort is None:
            return None
        sizes = self._task.sizes
        while True:
            try:
                closure = Closure(form, self._sort, sizes, states, self._subject, threads)
            except NotInPairs:
                return None
            if not closure.overflow or sizes.count_bound >= MOST_COUNTED:
                return closure if closure.complete else None
            sizes = replace(sizes, count_bound=sizes.count_bound + MORE_COUNTED)

    def _forget(self, goals: Mapping[str, Expr], end: float, all_or_none: bool = False) -> None:
        """Prove those of the goals that hold whatever counters say; ``all_or_none``: or nothing."""
        hidden = numbers_of(self._form)
        states = {p.name for p in self._task.properties if p.kind == "always"}
        kept = {n: g for n, g in goals.items() if n in states and not reads(g, hidden)}
        if not kept or not hidden or (all_or_none and len(kept) < len(goals)):
            return
        with self._phase("explore"):
            try:
                form = forgetting(self._form, hidden)
            except NotForgotten:
                return
            closure = self._closure(form, kept, 0)
            if closure is None or (all_or_none and closure.broken):
                return
            table = Table(columns_of(form))
            table.take_all(closure.exact(table.columns))
        kept = {n: g for n, g in kept.items() if n not in closure.broken}
        if kept:
            self._attempt(table, kept, (), end)

    def _search(self, probe: Probe, end: float) -> None:
        """Look for executions of larger instances that decide what is open."""
        goals = {p.name for p in self._task.properties if p.kind == "reachable"}
        if goals - self._found.keys() and max(probe.sizes.index.values(), default=0) == 1:
            self._enlarge(probe, (), learn=False)
        while (left := self._open(())) and not self._enough() and time.process_time() < end:
            if not self._enlarge(probe, left, learn=False):
                break

    def _enlarge(self, probe: Probe, asked: Collection[str], learn: bool) -> bool:
        """Search the next larger instance for violations; whether there was one."""
        others = [n for n in self._goals if n not in asked or n in self._found]
        with self._phase("explore"):
            shown = probe.next({*self._found, *others}, learn)
        self._found |= {} if shown is None else shown.answers
        return shown is not None

    def _attempt(
        self, table: Table, goals: Mapping[str, Expr], cubes: tuple[Cube, ...], end: float
    ) -> tuple[Stuck | None, tuple[Cube, ...]]:
        """Try to prove ``goals``: what could not be kept if not, and what clauses exclude."""
        self._say(f"{table.size} views")
        aim = Aim(self._form, self._sort, self._subject)
        clock = _Clock(self, end)
        try:
            done = attempt(aim, table, goals, cubes, self._phase, clock)
        finally:
            self.queries += clock.queries
        if done.invariant is not None:
            laws, clauses = len(done.invariant.laws), len(done.invariant.clauses)
            size = f"{_count(laws, 'law')}, {_count(clauses, 'clause')}"
            self._say(f"{size}, {_count(clock.queries, 'query')}")
            for name in goals:
                self._found[name] = Answer(
                    name,
                    Verdict.PROVED,
                    self.name,
                    reason=f"inductive invariant: {size}",
                    certificate=done.invariant,
                )
        return done.stuck, done.cubes

    def _say(self, note: str) -> None:
        self._report(Progress(self.name, 0, None, note))


class _Clock:
    """Counts queries, reports from time to time, and says when the time is over."""

    def __init__(self, engine: Parametric, end: float) -> None:
        self._engine, self._end = engine, end
        self.queries = 0

    def __call__(self, proof: Proof) -> bool:
        self.queries = proof.queries
        if self.queries % _LOOK_EVERY:
            return True
        self._engine._say(f"{self.queries} queries, {len(proof.facts)} facts")
        return time.process_time() < self._end


def _count(number: int, noun: str) -> str:
    many = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number} {noun if number == 1 else many}"


def _unknown(name: str, reason: str) -> Answer:
    return Answer(name, Verdict.UNKNOWN, "parametric", reason=reason)


def _words(sizes: Sizes) -> str:
    return ", ".join(f"{name}={size}" for name, size in sizes.index.items()) or "one instance"
