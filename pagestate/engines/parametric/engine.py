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
from collections.abc import Mapping, Sequence

from pagestate.core.evaluate import OutOfRange
from pagestate.core.expr import Expr, Param
from pagestate.core.pageform import NotInForm, PageForm, page_form
from pagestate.core.property import Property
from pagestate.core.sorts import IndexSort, Sizes, Value
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.interface import Progress, Report, Task
from pagestate.engines.parametric.invariant import Invariant
from pagestate.engines.parametric.laws import Law, mine
from pagestate.engines.parametric.minimise import minimise
from pagestate.engines.parametric.owners import Owners, owners
from pagestate.engines.parametric.printing import print_invariant
from pagestate.engines.parametric.probe import Probe
from pagestate.engines.parametric.prove import Proof, Stuck
from pagestate.engines.parametric.shape import about_one_page, page_sort
from pagestate.engines.parametric.table import Cube, Table, columns_of
from pagestate.smt.stepcheck import Undecided
from pagestate.smt.terms import NoView

_SUBJECT = "page"


class Parametric:
    """The engine for every size at work on one task (an ``engines.interface.Engine``).

    ``seconds`` bounds the proof search (processor time, after the search of the small instance).
    """

    def __init__(self, task: Task, report: Report, *, seconds: float = 120.0) -> None:
        self._task = task
        self._report = report
        self._seconds = seconds
        self._answers = tuple(_unknown(p.name, "not started") for p in task.properties)
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
            probe = Probe(task, Table(columns_of(form)), self._report, self.name)
        except NotInForm as error:
            return tuple(self._undecided(p, str(error)) for p in task.properties)
        subject = Param(_SUBJECT, sort or IndexSort(_SUBJECT))
        goals, found = dict[str, Expr](), dict[str, Answer]()
        for prop in form.properties:
            try:
                goals[prop.name] = about_one_page(prop, sort, subject)
            except NotInForm as error:
                found[prop.name] = _unknown(prop.name, str(error))
        try:
            found |= self._search(form, sort, subject, goals, probe)
        except (Undecided, NoView, OutOfRange, ValueError) as error:
            found = {n: _unknown(n, str(error)) for n in goals} | found
        where = _words(probe.sizes)
        return tuple(found.get(p.name) or self._undecided(p, where) for p in task.properties)

    def _undecided(self, prop: Property, reason: str) -> Answer:
        match prop.kind:
            case "always":
                return _unknown(prop.name, reason)
            case "reachable":
                return _unknown(prop.name, f"not reached with {reason}")
            case _:
                return _unknown(prop.name, f"`{prop.kind}` properties are decided at finite sizes")

    def _search(
        self,
        form: PageForm,
        sort: IndexSort | None,
        subject: Param,
        goals: Mapping[str, Expr],
        probe: Probe,
    ) -> dict[str, Answer]:
        """Decide by executions of small instances what they decide, and prove the rest."""
        shown = probe.first()
        if shown.empty:
            reason = f"there is no initial state with {_words(shown.sizes)}"
            return {p.name: self._vacuous(p, reason) for p in self._task.properties}
        found, cubes = dict(shown.answers), tuple[Cube, ...]()
        while goals := {n: g for n, g in goals.items() if n not in found}:
            laws, sums = mine(form, probe.table, subject), owners(form, probe.table, subject)
            self._say(f"{len(probe.table.views)} views, {len(laws)} ledger laws")
            guesses = [(law.formula, law.where) for law in laws]
            guesses += [(own.formula, None) for own in sums]
            proof = Proof(form, sort, subject, tuple(goals.items()), guesses, probe.table, cubes)
            stuck = proof.run(self._clock(proof))
            if stuck is None:
                return found | self._proved(proof, goals, laws, sums)
            larger = probe.larger()
            if larger is None:
                return {n: _unknown(n, _why(stuck)) for n in goals} | found
            found |= {n: a for n, a in larger.answers.items() if n not in found}
            cubes = tuple(c for c in proof.cubes() if not probe.table.meets(c))
        return found

    def _vacuous(self, prop: Property, reason: str) -> Answer:
        return Answer(prop.name, Verdict.VACUOUS, self.name, reason=reason)

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
        proved = Invariant(proof.subject, tuple(goals), laws_left, clauses, text)
        size = f"{_count(len(laws_left), 'law')}, {_count(len(clauses), 'clause')}"
        self._say(f"{size}, {_count(proof.queries, 'query')}")
        reason = f"inductive invariant: {size}"
        return {
            n: Answer(n, Verdict.PROVED, self.name, reason=reason, certificate=proved)
            for n in goals
        }

    def _clock(self, proof: Proof) -> "_Clock":
        return _Clock(self, proof, time.process_time() + self._seconds)

    def _say(self, note: str) -> None:
        self._report(Progress(self.name, 0, None, note))


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


def _unknown(name: str, reason: str) -> Answer:
    return Answer(name, Verdict.UNKNOWN, "parametric", reason=reason)


def _words(sizes: Sizes) -> str:
    return ", ".join(f"{name}={size}" for name, size in sizes.index.items()) or "one instance"


def _why(stuck: Stuck) -> str:
    def show(values: Mapping[str, Value]) -> str:
        return ", ".join(f"{n}={str(v).lower()}" for n, v in values.items() if v)

    facts = ", ".join(stuck.facts)
    pages = "; ".join(show(v) for v in stuck.before)
    return f"{facts} broken by {stuck.step} from a page that small instances show: {pages}"
