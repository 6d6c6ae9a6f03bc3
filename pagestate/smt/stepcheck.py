"""Queries about one step over symbolic pages: does it keep facts, and which facts are needed?

Facts are numbered by the caller; terms are built once per fact, page and step.  One query asks for
a step that breaks any of several facts at once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import z3

from pagestate.core.expr import Expr, Param
from pagestate.core.sorts import Value
from pagestate.smt.bulk import Renaming, check, either, negation, state
from pagestate.smt.views import Transition, Views

Values = Mapping[str, Value]


class Undecided(Exception):
    """The solver gave up on a query."""


@dataclass(frozen=True, slots=True)
class Break:
    """A step that breaks facts: what each page sees before, the target after, which facts."""

    before: tuple[Values, ...]
    after: Values
    broken: frozenset[int]


class FactTerms:
    """The Z3 terms of facts about one page, built once per fact and page.

    A fact after a step is the fact before it with the values after in the place of those before;
    where it reads nothing that the step changes it is the same term.
    """

    def __init__(self, views: Views, subject: Param) -> None:
        self.views = views
        self.subject = subject
        self._now = dict[tuple[int, str], z3.BoolRef]()
        self._lost = dict[tuple[int, str], z3.BoolRef]()
        self._renamings = dict[str, Renaming]()

    def now(self, number: int, fact: Expr, page: str) -> z3.BoolRef:
        """The fact at ``page`` before the step."""
        key = number, page
        if key not in self._now:
            self._now[key] = self.views.holds(fact, self.subject, self.views.now, page)
        return self._now[key]

    def lost(self, number: int, fact: Expr, step: Transition) -> z3.BoolRef:
        """That the fact does not hold at the target of ``step`` after it."""
        key = number, step.name
        if key not in self._lost:
            after = self._renaming(step)(self.now(number, fact, step.target))
            self._lost[key] = negation(after)
        return self._lost[key]

    def _renaming(self, step: Transition) -> Renaming:
        if step.name not in self._renamings:
            self._renamings[step.name] = Renaming(_rewritten(self.views, step))
        return self._renamings[step.name]


def _rewritten(views: Views, step: Transition) -> list[tuple[z3.ExprRef, z3.ExprRef]]:
    """What ``step`` changes for its target: terms before it, and those after it."""
    found = list[tuple[z3.ExprRef, z3.ExprRef]]()
    for name in sorted(step.changed):
        cell = step.target if views.variables[name].dims else "", name
        old, new = views.now.values[cell], step.after.values[cell]
        olds = old if isinstance(old, tuple) else (old,)
        news = new if isinstance(new, tuple) else (new,)
        found += zip(olds, news, strict=True)
    return found


class StepSolver:
    """One solver for all steps: facts are assumed by number and page, steps asserted in turn.

    A fact at a page is stated once, under a name; a query names those it assumes.
    """

    def __init__(self, terms: FactTerms) -> None:
        self._terms = terms
        self._solver = z3.Solver(ctx=terms.views.context)
        self._solver.add(*terms.views.domains(("p", "q")))
        self._pages = {"p", "q"}
        self._marks = dict[tuple[int, str], z3.BoolRef]()
        self._numbers = dict[int, int]()

    def _mark(
        self, number: int, fact: Expr, page: str, exists: z3.BoolRef | None = None
    ) -> z3.BoolRef:
        """The name under which the fact is stated of ``page`` before the step (if it exists)."""
        found = self._marks.get((number, page))
        if found is None:
            found = z3.Bool(f"fact {number} {page}", self._terms.views.context)
            stated = self._terms.now(number, fact, page)
            if exists is not None:
                stated = either([negation(exists), stated])
            state(self._solver, either([negation(found), stated]))
            self._marks[number, page] = found
            self._numbers[found.get_id()] = number
        return found

    def _meet(self, page: str, exists: z3.BoolRef) -> None:
        """State what is true of a witness: the page's name goes with its condition."""
        if page in self._pages:
            return
        self._pages.add(page)
        views = self._terms.views
        self._solver.add(*views.domains((page,)))
        for other in ("p", "q"):
            self._solver.add(*[z3.Implies(exists, a) for a in views.apart(page, other)])

    def breaks(
        self,
        step: Transition,
        facts: Sequence[tuple[int, Expr]],
        assumed: Sequence[tuple[int, Expr]],
    ) -> Break | frozenset[int]:
        """A step that breaks one of the facts, or which of those assumed exclude that.

        Raises Undecided.
        """
        for page, exists in step.witnesses:
            self._meet(page, exists)
        marks = [self._mark(n, f, page) for n, f in assumed for page in step.pages]
        marks += [self._mark(n, f, page, x) for page, x in step.witnesses for n, f in assumed]
        terms = [self._terms.lost(n, f, step) for n, f in facts]
        self._solver.push()
        try:
            for term in (*step.given, either(terms)):
                state(self._solver, term)
            found = check(self._solver, marks)
            if found == z3.unsat:
                core = {mark.get_id() for mark in self._solver.unsat_core()}
                return frozenset(self._numbers[k] for k in core)
            if found != z3.sat:
                raise Undecided(f"{step.name}: {self._solver.reason_unknown()}")
            model = self._solver.model()
        finally:
            self._solver.pop()
        return self._read(step, model, facts, terms)

    def _read(
        self,
        step: Transition,
        model: z3.ModelRef,
        facts: Sequence[tuple[int, Expr]],
        terms: Sequence[z3.BoolRef],
    ) -> Break:
        views = self._terms.views
        there = [page for page, c in step.witnesses if z3.is_true(model.eval(c, True))]
        pages = (*step.pages, *there)
        before = tuple(views.read(model, views.now, page) for page in pages)
        after = views.read(model, step.after, step.target)
        broken = frozenset(
            n
            for (n, _), t in zip(facts, terms, strict=True)
            if z3.is_true(model.eval(t, model_completion=True))
        )
        return Break(before, after, broken)


def initial_break(terms: FactTerms, facts: Sequence[tuple[int, Expr]]) -> frozenset[int]:
    """The facts that do not hold of every page of every initial state.  Raises Undecided."""
    views, broken = terms.views, set[int]()
    solver = z3.Solver(ctx=views.context)
    solver.add(*views.domains(("p",)), *views.initial("p"))
    for number, fact in facts:
        found = check(solver, [negation(terms.now(number, fact, "p"))])
        if found == z3.unknown:
            raise Undecided("the initial states")
        if found == z3.sat:
            broken.add(number)
    return frozenset(broken)
