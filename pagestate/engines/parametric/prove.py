"""The proof loop: facts, steps that break them, clauses that exclude the states before.

Facts are the properties, the sorts' ranges (no counter is negative), ledger laws and clauses.
Per step and role (page acted on, bystander) one query asks for a step that breaks a fact.  A page
seen before the step that is not in the table of views is generalised to a clause and excluded.
If all pages are known, a broken law is dropped (Houdini, Flanagan and Leino 2001); a broken clause
means that the table lacks the view after the step, which is added; a broken property ends the loop.
The step of the page acted on assumes the facts of that page only, so that one page is claimed too.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pagestate.core.expr import Expr, Param, Read, conj, le, lit, walk
from pagestate.core.pageform import PageForm
from pagestate.core.sorts import CountSort, IndexSort, IntSort, Value
from pagestate.engines.parametric.table import Cube, Table
from pagestate.smt.stepcheck import Break, FactTerms, StepSolver, initial_break
from pagestate.smt.views import Transition, Views

Kind: TypeAlias = Literal["property", "range", "law", "clause"]
REQUIRED = ("property", "range")


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """A candidate part of the invariant, about one page; ``cube`` is what a clause excludes."""

    number: int
    kind: Kind
    name: str
    formula: Expr
    reads: frozenset[str]
    cube: Cube | None = None


@dataclass(frozen=True, slots=True)
class Stuck:
    """A required fact that could not be kept: the step, and the page before and after it."""

    facts: tuple[str, ...]
    step: str
    before: tuple[Mapping[str, Value], ...]
    after: Mapping[str, Value]


def ranges(form: PageForm, subject: Param) -> list[tuple[str, Expr]]:
    """That every number is in its sort: not negative, and (but for threads) within its bounds."""
    found = list[tuple[str, Expr]]()
    for var in form.system.variables:
        read = Read(var.name, (subject,) if var.dims else (), var.sort)
        match var.sort:
            case CountSort():
                found.append((var.name, le(lit(0), read)))
            case IntSort(lo=lo, hi=hi):
                upper = [] if var.name in form.occupancy else [le(read, lit(hi))]
                found.append((var.name, conj(le(lit(lo), read), *upper)))
            case _:
                pass
    return found


class Proof:
    """One attempt to prove properties of a system in page form for every number of pages."""

    def __init__(
        self,
        form: PageForm,
        sort: IndexSort | None,
        subject: Param,
        properties: Sequence[tuple[str, Expr]],
        laws: Sequence[Expr],
        table: Table,
        seed: int = 0,
    ) -> None:
        self.form = form
        self.subject = subject
        self.table = table
        self.views = Views(form.system, sort, form.exclusive, form.holders)
        self.terms = FactTerms(self.views, subject)
        self.steps = transitions(self.views, form, sort)
        self.facts = list[Fact]()
        self.queries = 0
        self.grown = 0
        self._number = 0
        self._rng = random.Random(seed)
        self.solver = StepSolver(self.terms)
        self._kept = dict[int, dict[int, frozenset[int]]]()
        for name, formula in properties:
            self._add("property", name, formula)
        for name, formula in ranges(form, subject):
            self._add("range", name, formula)
        for k, law in enumerate(laws):
            self._add("law", f"law {k + 1}", law)

    def _add(self, kind: Kind, name: str, formula: Expr, cube: Cube | None = None) -> Fact:
        reads = frozenset(t.var for t in walk(formula) if isinstance(t, Read))
        fact = Fact(self._number, kind, name, formula, reads, cube)
        self._number += 1
        self.facts.append(fact)
        return fact

    def _drop(self, facts: Sequence[Fact]) -> None:
        """Forget facts; what was kept with their help is open again."""
        gone = {f.number for f in facts}
        self.facts = [f for f in self.facts if f.number not in gone]
        for proofs in self._kept.values():
            for number in [n for n, core in proofs.items() if n in gone or core & gone]:
                del proofs[number]

    def run(self, tick: Callable[[], bool]) -> Stuck | None:
        """Strengthen until the facts are inductive (None) or a required one cannot be kept.

        ``tick`` is called after each query and returns false to stop: then ValueError is raised.
        Raises ``smt.stepcheck.Undecided`` if the solver gives up.
        """
        stuck = self._initial()
        if stuck is not None:
            return stuck
        changed = True
        while changed:
            changed = False
            for k in range(len(self.steps)):
                while (found := self._check(k)) is not None:
                    changed = True
                    stuck = self._repair(k, found)
                    if stuck is not None:
                        return stuck
                    if not tick():
                        raise ValueError("stopped")
            changed = changed or self._initial_clauses()
        return None

    def _initial(self) -> Stuck | None:
        broken = initial_break(self.terms, [(f.number, f.formula) for f in self.facts])
        bad = [f for f in self.facts if f.number in broken]
        needed = [f.name for f in bad if f.kind in REQUIRED]
        if needed:
            return Stuck(tuple(needed), "the initial states", (), {})
        if bad:
            self._drop(bad)
        return None

    def _initial_clauses(self) -> bool:
        clauses = [f for f in self.facts if f.kind == "clause"]
        broken = initial_break(self.terms, [(f.number, f.formula) for f in clauses])
        self._drop([f for f in clauses if f.number in broken]) if broken else None
        return bool(broken)

    def _check(self, k: int) -> Break | None:
        step = self.steps[k]
        kept = self._kept.setdefault(k, {})
        asked = [f for f in self.facts if f.number not in kept and f.reads & step.changed]
        if not asked:
            return None
        self.queries += 1
        found = self.solver.breaks(
            step,
            [(f.number, f.formula) for f in asked],
            [(f.number, f.formula) for f in self.facts],
        )
        if isinstance(found, Break):
            return found
        kept.update((f.number, found) for f in asked)
        return None

    def _repair(self, k: int, found: Break) -> Stuck | None:
        done = False
        for values in found.before:
            view = self.table.view(values)
            if view in self.table:
                continue
            cube = self.table.generalise(view, self._rng)
            clause = self.table.clause(cube, self.subject)
            self._add("clause", f"clause {self._number}", clause, cube)
            done = True
        if done:
            return None
        broken = [f for f in self.facts if f.number in found.broken]
        required = [f.name for f in broken if f.kind in REQUIRED]
        if required:
            return Stuck(tuple(required), self.steps[k].name, found.before, found.after)
        laws = [f for f in broken if f.kind == "law"]
        if laws:
            self._drop(laws)
            return None
        self._grow(found)
        return None

    def _grow(self, found: Break) -> None:
        view = self.table.view(found.after)
        self.table.grow(view)
        self.grown += 1
        self._drop([f for f in self.facts if f.cube and self.table.inside(view, f.cube)])


def transitions(views: Views, form: PageForm, sort: IndexSort | None) -> tuple[Transition, ...]:
    """Every step in its roles: seen by the page acted on (or any), and by a bystander."""
    found = list[Transition]()
    for action in form.system.actions:
        found.append(views.transition(action, bystander=False))
        if sort is not None and any(p.sort == sort for p in action.params):
            found.append(views.transition(action, bystander=True))
    return tuple(t for t in found if t.changed)
