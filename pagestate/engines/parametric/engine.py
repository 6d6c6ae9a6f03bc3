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
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from pagestate.core.evaluate import OutOfRange
from pagestate.core.expr import Expr, Param
from pagestate.core.pageform import NotInForm, page_form
from pagestate.core.property import Property
from pagestate.core.sorts import IndexSort, Sizes
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.interface import Progress, Report, Task
from pagestate.engines.parametric.closure import Closure
from pagestate.engines.parametric.elsewhere import NotInPairs
from pagestate.engines.parametric.invariant import Invariant
from pagestate.engines.parametric.laws import Law, mine
from pagestate.engines.parametric.minimise import minimise, uses
from pagestate.engines.parametric.owners import Owners, owners
from pagestate.engines.parametric.printing import print_invariant, show_view, why
from pagestate.engines.parametric.probe import Probe
from pagestate.engines.parametric.prove import Proof, Stuck
from pagestate.engines.parametric.shape import about_one_page, page_sort
from pagestate.engines.parametric.table import Cube, Table, columns_of
from pagestate.smt.stepcheck import Undecided
from pagestate.smt.terms import NoView

PROVABLE = ("always", "step")
"""The kinds of properties that an invariant can prove."""
_SUBJECT = "page"
_THREADS = 3
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
        violated = any(a.verdict == Verdict.VIOLATED for a in self._found.values())
        return self._until_violated and violated

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
        closed = self._close(probe, threads, lost)
        cubes, stuck = tuple[Cube, ...](), None
        while (goals := self._open(lost)) and not self._enough():
            cubes = tuple(c for c in cubes if not probe.table.meets(c))
            stuck, cubes = self._attempt(probe, goals, cubes, end)
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
            lost |= dict.fromkeys(names or goals, self._reason)
        while self._open(()) and not self._enough() and time.process_time() < end:
            if not self._enlarge(probe, self._open(()), learn=False):
                break
        self._found |= {n: _unknown(n, lost[n]) for n in self._open(()) if n in lost}
        return True

    def _open(self, lost: Collection[str]) -> dict[str, Expr]:
        """The properties that are neither decided nor ``lost``."""
        return {n: g for n, g in self._goals.items() if n not in self._found and n not in lost}

    def _close(self, probe: Probe, threads: int, lost: dict[str, str]) -> bool:
        """Add the views that any number of pages lead to; whether they could be worked out.

        Properties that they break are looked for in an instance, and are ``lost`` if none shows it.
        """
        with self._phase("explore"):
            closure = self._closure(threads)
            if closure is not None:
                columns = [(c.var.name, bool(c.var.dims)) for c in probe.table.columns]
                rows = closure.exact(columns)
                probe.table.add(rows, all_of_them=not self._form.occupancy)
        doubtful = set(self._goals if closure is None else closure.broken) - {*self._found, *lost}
        if doubtful:
            self._enlarge(probe, doubtful, learn=closure is None)
        if closure is not None:
            shown = {n: probe.table.values(rows[closure.broken[n]]) for n in doubtful}
            names = {c.var.name: c for c in probe.table.columns}
            lost |= {n: _LEADS_TO + show_view(v, names) for n, v in shown.items()}
        return closure is not None

    def _closure(self, threads: int) -> Closure | None:
        """The views that any number of pages lead to; None: they could not be worked out."""
        kinds = {p.name: p.kind for p in self._task.properties}
        states = {n: g for n, g in self._open(()).items() if kinds[n] == "always"}
        if self._sort is None:
            return None
        try:
            closure = Closure(
                self._form, self._sort, self._task.sizes, states, self._subject, threads
            )
        except NotInPairs:
            return None
        return closure if closure.complete else None

    def _enlarge(self, probe: Probe, asked: Collection[str], learn: bool) -> bool:
        """Search the next larger instance for violations; whether there was one."""
        others = [n for n in self._goals if n not in asked or n in self._found]
        with self._phase("explore"):
            shown = probe.next({*self._found, *others}, learn)
        self._found |= {} if shown is None else shown.answers
        return shown is not None

    def _attempt(
        self, probe: Probe, goals: Mapping[str, Expr], cubes: tuple[Cube, ...], end: float
    ) -> tuple[Stuck | None, tuple[Cube, ...]]:
        """Try to prove ``goals``: what could not be kept if not, and what clauses exclude."""
        with self._phase("laws"):
            laws = mine(self._form, probe.table, self._subject)
            sums = owners(self._form, probe.table, self._subject)
        self._say(f"{probe.table.size} views, {len(laws)} ledger laws")
        guesses = [(law.formula, law.where) for law in laws]
        guesses += [(own.formula, None) for own in sums]
        with self._phase("loop"):
            proof = Proof(
                self._form, self._sort, self._subject, tuple(goals.items()), guesses,
                probe.table, cubes,
            )  # fmt: skip
            try:
                stuck = proof.run(_Clock(self, proof, end))
            finally:
                self.queries += proof.queries
        if stuck is None:
            self._found |= self._proved(proof, goals, laws, sums)
        else:
            self._reason = why(stuck, probe.table)
        return stuck, proof.cubes()

    def _proved(
        self,
        proof: Proof,
        goals: Mapping[str, Expr],
        laws: Sequence[Law],
        sums: Sequence[Owners],
    ) -> dict[str, Answer]:
        minimise(proof)
        laws_left = tuple(f.formula for f in proof.facts if f.kind == "law")
        clauses = tuple(f.formula for f in proof.facts if f.kind == "clause")
        text = print_invariant(proof, laws, sums)
        proved = Invariant(proof.subject, tuple(goals), laws_left, clauses, text, uses(proof))
        size = f"{_count(len(laws_left), 'law')}, {_count(len(clauses), 'clause')}"
        self._say(f"{size}, {_count(proof.queries, 'query')}")
        reason = f"inductive invariant: {size}"
        return {
            n: Answer(n, Verdict.PROVED, self.name, reason=reason, certificate=proved)
            for n in goals
        }

    def _say(self, note: str) -> None:
        self._report(Progress(self.name, 0, None, note))


class _Clock:
    """Reports from time to time, and says when the time is over."""

    def __init__(self, engine: Parametric, proof: Proof, end: float) -> None:
        self._engine, self._proof, self._end = engine, proof, end

    def __call__(self) -> bool:
        if self._proof.queries % _LOOK_EVERY:
            return True
        self._engine._say(f"{self._proof.queries} queries, {len(self._proof.facts)} facts")
        return time.process_time() < self._end


def _count(number: int, noun: str) -> str:
    many = noun[:-1] + "ies" if noun.endswith("y") else noun + "s"
    return f"{number} {noun if number == 1 else many}"


def _unknown(name: str, reason: str) -> Answer:
    return Answer(name, Verdict.UNKNOWN, "parametric", reason=reason)


def _words(sizes: Sizes) -> str:
    return ", ".join(f"{name}={size}" for name, size in sizes.index.items()) or "one instance"
