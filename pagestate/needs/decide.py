"""Deciding whether one assumption is needed: the variant without it is checked again.

A glance comes first: whether the variant makes sense, whether it is another system at all, and the
smallest instance, which shows most violations.  What that leaves open and was proved for every size
is asked of the engine for every size, which searches larger instances and proves only if those show
nothing; what is still left, and what was proved for a finite size only, is searched there.

Leaving something out may also break a built-in rule (a crash, a counter below zero), behind which
no execution goes on: so those rules, unless the model breaks them anyway, count as properties.
Every violation is replayed, every certificate re-checked, as for any answer.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from pagestate.check.request import COUNT_BOUND, Request, size_words
from pagestate.check.verify import Checked, shared, verified
from pagestate.core.property import Property
from pagestate.core.slicing import sliced, unsliced
from pagestate.core.verdict import PROOFS, Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Engine, Progress, Task
from pagestate.lang.diagnostics import ModelError
from pagestate.needs.candidate import Candidate, is_same, variant
from pagestate.needs.row import Row, given_up

Report = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Proved:
    """What the model was proved to satisfy: the properties, for every size or for some.

    ``broken`` are built-in rules that it violates itself, or of which nothing is known.
    """

    request: Request
    any_size: frozenset[str]
    finite: frozenset[str]
    broken: frozenset[str] = frozenset()


def glance(proved: Proved, candidate: Candidate, report: Report) -> Row | None:
    """What a look at the smallest instance decides (None: nothing).

    Raises check.verify.CheckFailed.
    """
    row = _decide(proved, candidate, report, True)
    open_ = row.need == "unknown" and row.violates
    return None if open_ or row.need == "not needed" else row


def decide(proved: Proved, candidate: Candidate, report: Report) -> Row:
    """Check the variant without ``candidate``.  Raises check.verify.CheckFailed."""
    return _decide(proved, candidate, report, False)


def _decide(proved: Proved, candidate: Candidate, report: Report, brief: bool) -> Row:
    began = time.process_time()
    try:
        made = variant(proved.request, candidate)
    except ModelError as error:
        where = f" ({error.span})" if error.span else ""
        reason = f"the variant is outside the language: {error.code} {error.message}{where}"
        return given_up(candidate, reason, time.process_time() - began)
    if is_same(made.compiled, proved.request.compiled):
        return Row(candidate, "same", seconds=time.process_time() - began)
    whole = tuple(f"{p.function}:{p.span.line}" for p in made.compiled.places if p.kind == "kept")
    row = _Decision(proved, made, candidate, report, brief).row()
    return replace(row, whole=whole, seconds=round(time.process_time() - began, 2))


class _Decision:
    """The properties of one variant, as far as they are decided; ``brief``: at a glance."""

    def __init__(
        self, proved: Proved, made: Request, candidate: Candidate, report: Report, brief: bool
    ) -> None:
        self.brief = brief
        self.proved, self.made, self.candidate, self.report = proved, made, candidate, report
        wanted = proved.any_size | proved.finite
        self.asked = tuple(
            p
            for p in made.properties
            if p.name in wanted or (p.builtin and p.name not in proved.broken)
        )
        self.lost = sorted(wanted - {p.name for p in self.asked} - _rules(proved.request))
        self.answers = dict[str, Checked]()
        self.sizes = dict[str, str]()
        self.why = dict[str, str]()

    def row(self) -> Row:
        if self.lost:
            return given_up(self.candidate, f"the variant has no property {self.lost[0]}")
        first = tuple(p for p in self.asked if p.name in self.proved.any_size or p.builtin)
        if self.made.unbounded and self.proved.any_size:
            self.for_every_size(first)
        left = tuple(p for p in self.asked if not self.settled(p))
        if left and not self.violated() and not self.brief:
            self.for_some_size(left)
        return self.conclusion()

    # ------------------------------------------------------------------------- the engines

    def for_every_size(self, properties: tuple[Property, ...]) -> None:
        from pagestate.engines.parametric.engine import Parametric

        request = replace(self.made, properties=properties)
        task = Task(
            request.compiled.system, properties, request.bounds(COUNT_BOUND), request.unbounded
        )
        engine = Parametric(task, self.report, until_violated=True)
        if not engine.advance(0) and not self.brief:
            engine.advance(1)
        self.take(request, task, engine)
        self.why = {n: c.answer.reason for n, c in self.answers.items()}

    def for_some_size(self, properties: tuple[Property, ...]) -> None:
        request = replace(self.made, properties=properties, unbounded=frozenset())
        bound = COUNT_BOUND
        while True:
            task = Task(request.compiled.system, properties, request.bounds(bound))
            part = replace(task, system=sliced(task.system, properties))
            engine = Explicit(part, self.report)
            depth = 0
            while not engine.advance(depth) and not _shows_violation(engine):
                depth += 1
            narrow = any(a.overflow for a in engine.answers()) and not _shows_violation(engine)
            if not narrow or bound > COUNT_BOUND:
                self.take(request, task, engine, cut_down=True)
                return
            bound = 2 * bound + 1

    def take(self, request: Request, task: Task, engine: Engine, cut_down: bool = False) -> None:
        """Check the answers and keep them."""
        known = shared(request)
        violated = _shows_violation(engine)
        for answer in engine.answers():
            if violated and answer.verdict != Verdict.VIOLATED:
                continue
            if cut_down and answer.path is not None:
                answer = replace(answer, path=unsliced(answer.path, task.system, task.sizes))
            if answer.overflow and not answer.reason:
                answer = replace(answer, reason=f"bound of {answer.overflow} too small")
            checked = verified(request, task, answer, None, known)
            self.answers[answer.property] = checked
            self.sizes[answer.property] = size_words(request.sizes, request.unbounded)
            if checked.answer.verdict == Verdict.VIOLATED:
                return

    # ------------------------------------------------------------------------- the answer

    def settled(self, prop: Property) -> bool:
        found = self.answers.get(prop.name)
        return found is not None and found.answer.verdict in PROOFS | {Verdict.VIOLATED}

    def violated(self) -> Checked | None:
        """A violation, if one was found."""
        found = (c for c in self.answers.values() if c.answer.verdict == Verdict.VIOLATED)
        return next(found, None)

    def conclusion(self) -> Row:
        violation = self.violated()
        if violation is not None:
            trace, answer = violation.trace, violation.answer
            assert trace is not None
            scope = size_words(trace.sizes)
            return Row(self.candidate, "needed", answer.property, scope, answer.reason, trace=trace)
        for prop in self.asked:
            if not self.settled(prop):
                found = self.answers.get(prop.name)
                reason = found.answer.reason if found is not None else "nobody answered"
                return Row(self.candidate, "unknown", prop.name, reason=reason)
        finite = [p.name for p in self.asked if not self.is_any(p.name)]
        scope = self.sizes[finite[0] if finite else self.asked[0].name]
        weaker = sorted(self.proved.any_size & set(finite))
        reason = f"for every size: {self.why[weaker[0]]}" if weaker and self.why else ""
        return Row(self.candidate, "not needed", scope=scope, reason=reason, any_size=not finite)

    def is_any(self, name: str) -> bool:
        return self.answers[name].answer.verdict == Verdict.PROVED


def _rules(request: Request) -> set[str]:
    """The built-in rules: a variant that cannot break one does not have it."""
    return {p.name for p in request.compiled.properties if p.builtin}


def _shows_violation(engine: Engine) -> bool:
    return any(a.verdict == Verdict.VIOLATED for a in engine.answers())
