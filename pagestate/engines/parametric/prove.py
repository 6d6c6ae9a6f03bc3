"""The proof loop: facts, steps that break them, clauses that exclude the states before.

Facts are the properties, the sorts' ranges (no counter is negative), ledger laws and clauses.
A property of steps is asked of every step like a fact, but is never assumed.
Per step and role (page acted on, bystander) one query asks for a step that breaks a fact.  A page
seen before the step that is not in the table of views is generalised to a clause and excluded.
If all pages are known but one has other numbers than those that were reached, a law is learnt
(`local`).  Otherwise a broken law is dropped (Houdini, Flanagan and Leino 2001); a broken clause
means that the table lacks the view after the step, which is added; a broken property ends the loop.
The step of the page acted on assumes the facts of that page only, so that one page is claimed too.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Literal, TypeAlias

import numpy as np

from pagestate.core.expr import TRUE, Expr, Param, Read, conj, le, lit, walk
from pagestate.core.pageform import PageForm
from pagestate.core.primed import unprimed
from pagestate.core.sorts import CountSort, IndexSort, IntSort, Value
from pagestate.engines.parametric.effects import Bits, Effect, Effects, effect_of
from pagestate.engines.parametric.laws import Law, ledger_counters
from pagestate.engines.parametric.local import LocalLaws
from pagestate.engines.parametric.table import Column, Cube, Table, columns_of
from pagestate.smt.stepcheck import Break, FactTerms, Marks, Numbered, StepSolver, initial_break
from pagestate.smt.views import Transition, Views

Kind: TypeAlias = Literal["property", "step", "range", "law", "clause"]
REQUIRED = ("property", "step", "range")
_MOST_GROWN = 100


@dataclass(frozen=True, slots=True, eq=False)
class Fact:
    """A candidate part of the invariant, about one page.

    ``cube`` is what a clause excludes; of a page outside ``region`` the fact says nothing.
    """

    number: int
    kind: Kind
    name: str
    formula: Expr
    reads: frozenset[str]
    cube: Cube | None = None
    region: Cube | None = None

    @property
    def said(self) -> Numbered:
        """The fact as the solver knows it."""
        return self.number, self.formula


@dataclass(frozen=True, slots=True)
class Stuck:
    """Facts that could not be kept: the step, and the pages before and the page after it."""

    facts: tuple[Fact, ...]
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
    """One attempt to prove properties of a system in page form for every number of pages.

    ``laws`` are guesses with their regions, ``cubes`` what further ones exclude.  ``kept`` says,
    per step, which facts keep a fact.
    """

    def __init__(
        self,
        form: PageForm,
        sort: IndexSort | None,
        subject: Param,
        properties: Sequence[tuple[str, Expr]],
        laws: Sequence[tuple[Expr, Cube | None]],
        table: Table,
        cubes: Sequence[Cube] = (),
        seed: int = 0,
    ) -> None:
        self.form = form
        self.subject = subject
        self.table = table
        self.views = Views(form.system, sort, form.exclusive, form.holders)
        self.terms = FactTerms(self.views, subject)
        of_steps = {p.name for p in form.properties if p.kind == "step"}
        asked = any(name in of_steps for name, _ in properties)
        self.steps = transitions(self.views, form, sort, asked)
        columns = {c.var.name: c for c in (*columns_of(form), *table.columns)}
        effects = [_effect(step, columns, sort) for step in self.steps]
        self._effects = Effects(effects, [s.target == "p" for s in self.steps], columns)
        self.facts = list[Fact]()
        self.queries = 0
        self.grown = 0
        self._number = 0
        self._rng = random.Random(seed)
        self.solver = StepSolver(self.terms)
        self.kept: list[dict[int, frozenset[int]]] = [{} for _ in self.steps]
        self._fresh: list[list[Fact]] = [[] for _ in self.steps]
        self._roles = dict[int, Roles]()
        self._open: list[list[Fact]] = [[] for _ in self.steps]
        self._further = set[int]()
        self._named = dict[tuple[int, bool, bool], Marks]()
        self._assumed: list[dict[int, Marks]] = [{} for _ in self.steps]
        self._local: LocalLaws | None = None
        self.learnt = list[Law]()
        self._rejected = set[Expr]()
        for name, formula in properties:
            self._add("step" if name in of_steps else "property", name, formula)
        for name, formula in ranges(form, subject):
            self._add("range", name, formula)
        for k, (law, region) in enumerate(laws):
            self._add("law", f"law {k + 1}", law, region=region)
        for cube in cubes:
            self._exclude(cube)

    def _add(
        self,
        kind: Kind,
        name: str,
        formula: Expr,
        cube: Cube | None = None,
        region: Cube | None = None,
    ) -> Fact:
        reads = frozenset(t.var for t in walk(formula) if isinstance(t, Read))
        fact = Fact(self._number, kind, name, formula, reads, cube, cube or region)
        self._number += 1
        self.facts.append(fact)
        if kind == "step":
            self.terms.of_steps.add(fact.number)
        self._roles[fact.number] = roles = self._roles_of(fact)
        for k in roles.matters:
            self._fresh[k].append(fact)
        return fact

    def _roles_of(self, fact: Fact) -> "Roles":
        """What the fact has to do with each step."""
        all_ = np.ones(len(self.steps), np.bool_)
        if fact.kind == "step":
            asked = [unprimed(fact.formula, s.changed) != TRUE for s in self.steps]
            return Roles(~all_, ~all_, np.array(asked, np.bool_), ~all_)
        touched = self._effects.changes(fact.reads)
        if fact.region is None:
            return Roles(all_, all_, touched, ~all_)
        silent = self._effects.silence(fact.region)
        kept = silent.stays if fact.cube is not None else ~all_
        open_ = touched & ~silent.after & ~kept
        alone = touched & ~silent.after & kept
        return Roles(~silent.before, ~silent.elsewhere, open_, alone)

    def _exclude(self, cube: Cube) -> None:
        clause = self.table.clause(cube, self.subject)
        self._add("clause", f"clause {self._number}", clause, cube)

    def cubes(self) -> tuple[Cube, ...]:
        """What the clauses exclude."""
        return tuple(f.cube for f in self.facts if f.cube is not None)

    def _drop(self, facts: Sequence[Fact]) -> None:
        """Forget facts; what was kept with their help is open again."""
        gone = {f.number for f in facts}
        self._rejected |= {f.formula for f in facts if f.kind == "law"}
        self.facts = [f for f in self.facts if f.number not in gone]
        left = {f.number: f for f in self.facts}
        for k, proofs in enumerate(self.kept):
            again = [n for n, core in proofs.items() if n in left and core & gone]
            self.kept[k] = {n: c for n, c in proofs.items() if n in left and n not in again}
            still = [f for f in self._open[k] if f.number not in gone]
            self._open[k] = [*still, *(left[n] for n in again)]
            self._assumed[k] = {n: m for n, m in self._assumed[k].items() if n not in gone}
            self._fresh[k] = [f for f in self._fresh[k] if f.number not in gone]

    def _meet(self, k: int) -> None:
        """Sort the facts that are new to a step: what it keeps by itself, what is to be asked."""
        step = self.steps[k]
        for fact in self._fresh[k]:
            roles = self._roles[fact.number]
            here, others = roles.here[k], roles.others[k]
            if here or others:
                marks = self._marks(fact, here, others and len(step.pages) > 1)
                further = others and k in self._further
                more = self.solver.further(step, fact.said) if further else ()
                self._assumed[k][fact.number] = marks + more
            if roles.open[k]:
                self._open[k].append(fact)
            elif roles.alone[k]:
                self.kept[k][fact.number] = frozenset({fact.number})
        self._fresh[k].clear()

    def _marks(self, fact: Fact, here: bool, there: bool) -> Marks:
        """The solver's names of a fact at the page acted on and at the other one in view."""
        found = self._named.get((fact.number, here, there))
        if found is None:
            pages = (("p",) if here else ()) + (("q",) if there else ())
            found = self._named[fact.number, here, there] = self.solver.marks(fact.said, pages)
        return found

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
                self._meet(k)
                while self._open[k]:
                    changed = True
                    stuck = self._settle(k, tick)
                    if stuck is not None:
                        return stuck
                    self._meet(k)
            changed = self._initial_guesses() or changed
        return None

    def _settle(self, k: int, tick: Callable[[], bool]) -> Stuck | None:
        """Make the step keep the facts that are open for it, or drop what it breaks."""
        step, asked = self.steps[k], list(self._open[k])
        with self.solver.taking(step, [f.said for f in asked]) as query:
            while True:
                self.queries += 1
                if not tick():
                    raise ValueError("the time for the proof is over")
                further = k in self._further
                found = query.ask(chain.from_iterable(self._assumed[k].values()), further)
                if not isinstance(found, Break):
                    break
                if not self._learn(found):
                    if further or not step.witnesses:
                        break
                    self._look_further(k)
                self._meet(k)
        if isinstance(found, Break):
            return self._give_up(k, found, asked)
        self.kept[k].update((f.number, found) for f in asked)
        settled = {f.number for f in asked}
        self._open[k] = [f for f in self._open[k] if f.number not in settled]
        return None

    def _look_further(self, k: int) -> None:
        """From now on assume facts of the step's witnesses, too: few steps need that."""
        self._further.add(k)
        for fact in self.facts:
            if fact.number in self._assumed[k] and self._roles[fact.number].others[k]:
                self._assumed[k][fact.number] += self.solver.further(self.steps[k], fact.said)

    def _initial(self) -> Stuck | None:
        of_states = [f.said for f in self.facts if f.kind != "step"]
        broken = initial_break(self.terms, of_states)
        bad = [f for f in self.facts if f.number in broken]
        needed = [f for f in bad if f.kind in REQUIRED]
        if needed:
            return Stuck(tuple(needed), "the initial states", (), {})
        if bad:
            self._drop(bad)
        return None

    def _initial_guesses(self) -> bool:
        """Drop the laws and clauses that an initial state breaks; whether there are any."""
        guesses = [f for f in self.facts if f.kind in ("law", "clause")]
        broken = initial_break(self.terms, [f.said for f in guesses])
        self._drop([f for f in guesses if f.number in broken]) if broken else None
        return bool(broken)

    def _learn(self, found: Break) -> bool:
        """Exclude pages before the step that no small instance shows; whether there are any."""
        done = False
        for values in found.before:
            view = self.table.view(values)
            if view not in self.table:
                self._exclude(self.table.generalise(view, self._rng))
                done = True
        return done or any(self._recount(values) for values in found.before)

    def _recount(self, values: Mapping[str, Value]) -> bool:
        """Exclude a page by an equation that its numbers break; whether one was found."""
        if self._local is None:
            counters = ledger_counters(self.form, self.table)
            self._local = LocalLaws(self.table, self.subject, counters)
        law = self._local.around(values, self._rejected, self._rng)
        if law is None:
            return False
        self._add("law", f"law {self._number}", law.formula, region=law.where)
        self.learnt.append(law)
        return True

    def _give_up(self, k: int, found: Break, asked: Sequence[Fact]) -> Stuck | None:
        """All pages before the step are known: drop what it breaks, unless that is required."""
        numbers = found.broken()
        broken = [f for f in asked if f.number in numbers]
        required = [f for f in broken if f.kind in REQUIRED]
        if required:
            return Stuck(tuple(required), self.steps[k].name, found.before, found.after())
        laws = [f for f in broken if f.kind == "law"]
        if laws:
            self._drop(laws)
            return None
        if self.grown == _MOST_GROWN:
            return Stuck(tuple(broken), self.steps[k].name, found.before, found.after())
        self._grow(found.after())
        return None

    def _grow(self, after: Mapping[str, Value]) -> None:
        view = self.table.view(after)
        self.table.grow(view)
        self.grown += 1
        self._drop([f for f in self.facts if f.cube and self.table.inside(view, f.cube)])


class Roles:
    """What a fact has to do with each step.

    It may say something before the step ``here`` (of the page acted on) and of ``others``; it is
    ``open`` whether the step keeps it, or it is kept with no help (``alone``).
    """

    def __init__(self, here: Bits, others: Bits, open_: Bits, alone: Bits) -> None:
        matters = here | others | open_ | alone
        self.matters: list[int] = np.flatnonzero(matters).tolist()
        self.here: list[bool] = here.tolist()
        self.others: list[bool] = others.tolist()
        self.open: list[bool] = open_.tolist()
        self.alone: list[bool] = alone.tolist()


def _effect(step: Transition, columns: Mapping[str, Column], sort: IndexSort | None) -> Effect:
    actor = next((p for p in step.action.params if sort is not None and p.sort == sort), None)
    acted_on = actor is None or step.target == "p"
    return effect_of(step.action, columns, actor, acted_on, step.changed)


def transitions(
    views: Views, form: PageForm, sort: IndexSort | None, everything: bool = False
) -> tuple[Transition, ...]:
    """Every step in its roles: seen by the page acted on (or any), and by a bystander.

    Those that change nothing the page sees are left out, unless ``everything`` is asked for.
    """
    found = list[Transition]()
    for action in form.system.actions:
        found.append(views.transition(action, bystander=False))
        if sort is not None and any(p.sort == sort for p in action.params):
            found.append(views.transition(action, bystander=True))
    return tuple(t for t in found if everything or t.changed)
