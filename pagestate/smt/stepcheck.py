"""Queries about one step over symbolic pages: does it keep facts, and which facts are needed?

Facts are numbered by the caller; terms are built once per fact, page and step.  One query asks for
a step that breaks any of several facts at once; it can be asked again with more facts assumed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TypeAlias

import z3

from pagestate.core.expr import Expr, Param
from pagestate.core.sorts import Value
from pagestate.smt.bulk import Renaming, both, check, check_marks, either, negation, state
from pagestate.smt.views import Transition, Views

Values: TypeAlias = Mapping[str, Value]
Numbered: TypeAlias = tuple[int, Expr]
"""A fact with the number it is known by."""
Marks: TypeAlias = tuple[int, ...]
"""Names under which a fact is stated of pages, as Z3 knows them."""


class Undecided(Exception):
    """The solver gave up on a query."""


class Break:
    """A step that breaks facts: what each page sees before; the rest is worked out when asked."""

    def __init__(
        self,
        before: tuple[Values, ...],
        after: Callable[[], Values],
        broken: Callable[[], frozenset[int]],
    ) -> None:
        self.before = before
        self.after = after
        self.broken = broken


class FactTerms:
    """The Z3 terms of facts about one page, built once per fact and page.

    ``of_steps`` are the numbers of facts that are about a step, not about the states it joins.
    A fact after a step is the fact before it with the values after in the place of those before;
    where it reads nothing that the step changes it is the same term.
    """

    def __init__(self, views: Views, subject: Param) -> None:
        self.views = views
        self.subject = subject
        self._now = dict[tuple[int, str], z3.BoolRef]()
        self._lost = dict[tuple[int, str], z3.BoolRef]()
        self.of_steps = set[int]()
        self._renamings = dict[str, Renaming]()

    def now(self, number: int, fact: Expr, page: str) -> z3.BoolRef:
        """The fact at ``page`` before the step."""
        key = number, page
        if key not in self._now:
            self._now[key] = self.views.holds(fact, self.subject, self.views.now, page)
        return self._now[key]

    def lost(self, number: int, fact: Expr, step: Transition) -> z3.BoolRef:
        """That the fact does not hold at the target of ``step`` after it.

        One about steps is false of the step.
        """
        key = number, step.name
        if key not in self._lost:
            if number in self.of_steps:
                views = self.views
                after = views.holds(fact, self.subject, views.now, step.target, step.after)
            else:
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
        self._solver = z3.SolverFor("QF_LIA", ctx=terms.views.context)
        self._solver.set("smt.arith.solver", 2)  # with the line below a fifth less time
        self._solver.set("smt.relevancy", 0)
        self._solver.add(*terms.views.domains(("p", "q")))
        self._pages = {"p", "q"}
        self._marks = dict[tuple[int, str], z3.BoolRef]()
        self._given = dict[str, z3.BoolRef]()
        self._numbers = dict[int, int]()
        self._inside = False
        self._later = list[z3.BoolRef]()

    def _mark(
        self, number: int, fact: Expr, page: str, exists: z3.BoolRef | None = None
    ) -> z3.BoolRef:
        """The name under which the fact is stated of ``page`` before the step (if it exists)."""
        found = self._marks.get((number, page))
        if found is None:
            if exists is not None:
                self._meet(page, exists)
            found = z3.Bool(f"fact {number} {page}", self._terms.views.context)
            stated = self._terms.now(number, fact, page)
            if exists is not None:
                stated = either([negation(exists), stated])
            self._keep(either([negation(found), stated]))
            self._marks[number, page] = found
            self._numbers[found.get_id()] = number
        return found

    def _meet(self, page: str, exists: z3.BoolRef) -> None:
        """State what is true of a witness: the page's name goes with its condition."""
        if page in self._pages:
            return
        self._pages.add(page)
        views = self._terms.views
        for known in views.domains((page,)):
            self._keep(known)
        for other in ("p", "q"):
            for apart in views.apart(page, other):
                self._keep(either([negation(exists), apart]))

    def _keep(self, term: z3.BoolRef) -> None:
        """State something for good, also while a step is set up."""
        state(self._solver, term)
        if self._inside:
            self._later.append(term)

    @contextmanager
    def taking(self, step: Transition, facts: Sequence[Numbered]) -> Iterator["Query"]:
        """Ask for this step, where it breaks one of the facts."""
        lost = [self._terms.lost(n, f, step) for n, f in facts]
        self._solver.push()
        self._inside = True
        try:
            if step.name not in self._given:
                self._given[step.name] = both(step.given)
            state(self._solver, self._given[step.name])
            state(self._solver, either(lost))
            yield Query(self, self._terms.views, step, facts, lost)
        finally:
            self._inside = False
            self._solver.pop()
            for named in self._later:
                state(self._solver, named)
            self._later.clear()

    def marks(self, fact: Numbered, pages: tuple[str, ...]) -> Marks:
        """The names of a fact before a step at some of the pages ``p`` and ``q``."""
        return tuple(self._mark(*fact, page).as_ast().value for page in pages)

    def further(self, step: Transition, fact: Numbered) -> Marks:
        """The names of a fact before ``step`` at its witnesses."""
        pages = step.witnesses
        return tuple(self._mark(*fact, page, exists).as_ast().value for page, exists in pages)

    def check(self, name: str, marks: Iterable[int]) -> z3.ModelRef | frozenset[int]:
        """A model, or which of the facts assumed exclude one.  Raises Undecided."""
        found = check_marks(self._solver, marks)
        if found == z3.unsat:
            core = {mark.get_id() for mark in self._solver.unsat_core()}
            return frozenset(self._numbers[k] for k in core)
        if found != z3.sat:
            raise Undecided(f"{name}: {self._solver.reason_unknown()}")
        return self._solver.model()


class Query:
    """A step that shall break one of some facts, while its solver is set up for it."""

    def __init__(
        self,
        solver: StepSolver,
        views: Views,
        step: Transition,
        facts: Sequence[Numbered],
        lost: Sequence[z3.BoolRef],
    ) -> None:
        self._solver, self._views, self._step = solver, views, step
        self._facts, self._lost = facts, lost

    def ask(self, marks: Iterable[int], further: bool) -> Break | frozenset[int]:
        """Such a step, or which of the facts assumed exclude it.  Raises Undecided.

        ``further``: also witnesses are what the facts say.
        """
        step, views = self._step, self._views
        model = self._solver.check(step.name, marks)
        if isinstance(model, frozenset):
            return model
        witnesses = step.witnesses if further else ()
        there = [page for page, c in witnesses if z3.is_true(model.eval(c, True))]
        before = tuple(views.read(model, views.now, page) for page in (*step.pages, *there))
        after = partial(views.read, model, step.after, step.target)
        return Break(before, after, partial(self._broken, model))

    def _broken(self, model: z3.ModelRef) -> frozenset[int]:
        pairs = zip(self._facts, self._lost, strict=True)
        return frozenset(n for (n, _), t in pairs if z3.is_true(model.eval(t, True)))


def initial_break(terms: FactTerms, facts: Sequence[Numbered]) -> frozenset[int]:
    """The facts that do not hold of every page of every initial state.  Raises Undecided."""
    views, broken = terms.views, set[int]()
    solver = z3.Solver(ctx=views.context)
    solver.add(*views.domains(("p",)), *views.initial("p"))
    lost = {number: negation(terms.now(number, fact, "p")) for number, fact in facts}
    while lost:
        some = z3.Bool(f"lost {len(lost)}", views.context)
        state(solver, either([negation(some), either(list(lost.values()))]))
        found = check(solver, [some])
        if found == z3.unsat:
            break
        if found != z3.sat:
            raise Undecided("the initial states")
        model = solver.model()
        broken |= {n for n, t in lost.items() if z3.is_true(model.eval(t, True))}
        lost = {n: t for n, t in lost.items() if n not in broken}
    return frozenset(broken)
