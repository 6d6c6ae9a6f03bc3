"""The obligations of an invariant of a finite instance, written straight from the core.

The certificate's own road for finite sizes: every cell is an integer (or a Boolean) for each moment
of a short execution, parameters and quantifiers are spelled out over the members, and values are
not bounded at all: that every value stays in its sort, and every counter below the bound of the
invariant, is itself claimed after each step.  Of steps that differ by a renaming of members that
nothing tells apart one is asked for (:mod:`pagestate.check.alike`).  The scripts must all be
unsatisfiable:

* initiation: a fact fails after fewer than ``depth`` steps from an initial state, the facts holding
  before;
* consecution, one script for each action: the facts hold in ``depth`` states in a row (where the
  invariant says so, no two of them equal) and one fails after one more step, by that action.

With distinct states this is sound because a shortest execution to a state, or by a step, where a
fact fails repeats no state before that step.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import assert_never

from pagestate.check.alike import alike, first_bindings
from pagestate.check.obligation import Obligation, numbered, obligation
from pagestate.check.obligations import obligations
from pagestate.check.smtlib import NoText, Script, symbol
from pagestate.core.evaluate import Binding, bindings, cells, values
from pagestate.core.expr import Cell, Expr, Lit, Op, Param, Quant, Read, Size, neg, walk
from pagestate.core.invariant import AnyInvariant, FiniteInvariant
from pagestate.core.property import SAFETY, Property
from pagestate.core.sorts import BoolSort, CountSort, EnumSort, IntSort, RefSort, Sizes, Sort, Value
from pagestate.core.system import Action, StateVar, System, terms_of
from pagestate.core.trace import CellName
from pagestate.engines.interface import Task

_WORDS = {"lt": "<", "le": "<=", "add": "+", "sub": "-"}


def obligations_of(task: Task, invariant: AnyInvariant) -> tuple[Obligation, ...]:
    """Everything that must be refuted for an invariant of either kind to prove its properties.

    Raises core.shape.NotInForm, smtlib.NoText and ValueError where the system or the invariant is
    outside the language of certificates.
    """
    if isinstance(invariant, FiniteInvariant):
        return _obligations(task, invariant)
    return obligations(task, invariant)


def _obligations(task: Task, invariant: FiniteInvariant) -> tuple[Obligation, ...]:
    chosen = tuple(p for p in task.properties if p.name in invariant.properties)
    if len(chosen) != len(invariant.properties) or any(p.kind not in SAFETY for p in chosen):
        raise ValueError("the certificate is about other properties")
    if task.unbounded or invariant.depth < 1 or invariant.count_bound < 0:
        raise ValueError("a certificate of one size says nothing about others")
    maker = _Maker(task.system, task.sizes, invariant, chosen)
    return numbered([*maker.initiation(), *(maker.consecution(a) for a in task.system.actions)])


def _fact(prop: Property) -> Expr:
    return neg(prop.formula) if prop.kind == "reachable" else prop.formula


class _Maker:
    def __init__(
        self, system: System, sizes: Sizes, invariant: FiniteInvariant, chosen: Sequence[Property]
    ) -> None:
        self.system, self.invariant = system, invariant
        for action in system.actions:
            _spelled_out(action)
        self.sizes = replace(sizes, count_bound=invariant.count_bound)
        self.variables = {v.name: v for v in system.variables}
        self.cells = tuple(cells(system, self.sizes))
        self.known = frozenset(self.cells)
        self.of_states = [_fact(p) for p in chosen if p.kind != "step"] + list(invariant.laws)
        self.of_steps = [p.formula for p in chosen if p.kind == "step"]
        self.said = dict[int, tuple[str, ...]]()
        self.alike = alike(system, [*self.of_states, *self.of_steps])
        for fact in self.of_states:
            if any(isinstance(t, Read) and t.primed for t in walk(fact)):
                raise NoText("a value after the step in a fact about states")

    def initiation(self) -> Iterator[Obligation]:
        """No fact fails within the first steps."""
        for steps in range(self.invariant.depth):
            script = self.execution()
            for var in self.system.variables:
                for name in self.cells:
                    if name[0] != var.name:
                        continue
                    here = self.at(0).cell(name)
                    if not var.free:
                        script.claim(f"(= {here} {_constant(var.init, var.sort)})")
                    elif isinstance(var.sort, CountSort):
                        script.claim(f"(<= 0 {here})")
                    else:
                        for bound in self.range(name, 0):
                            script.claim(bound)
            script.claim(self.at(0).truth(self.system.init, {}))
            for moment in range(steps):
                self.suppose(script, moment)
                self.any_step(script, moment)
            self.fails(script, steps)
            after = "" if self.invariant.depth == 1 else f" after {steps} steps"
            yield obligation(f"initiation{after}", script)

    def consecution(self, action: Action) -> Obligation:
        """``action`` keeps the facts."""
        depth = self.invariant.depth
        script = self.execution()
        for moment in range(depth):
            self.suppose(script, moment)
            if moment < depth - 1:
                self.any_step(script, moment)
        if self.invariant.distinct:
            for one, other in combinations(range(depth), 2):
                here, there = self.at(one), self.at(other)
                same = (f"(= {here.cell(c)} {there.cell(c)})" for c in self.cells)
                script.claim(f"(not (and true {' '.join(same)}))")
        first = [(action, b) for b in first_bindings(action, self.sizes, self.alike)]
        self.one_step(script, depth - 1, first)
        self.fails(script, depth)
        return obligation(f"consecution of {action.name}", script)

    def at(self, moment: int) -> "_Teller":
        return _Teller(self.variables, self.known, self.sizes, moment)

    def execution(self) -> Script:
        """The cells at the first moment."""
        script = Script()
        for name in self.cells:
            script.lines.append(f"(declare-const {self.at(0).cell(name)} {self.kind(name)})")
        return script

    def kind(self, name: CellName) -> str:
        """The sort of a cell in a script."""
        return "Bool" if isinstance(self.variables[name[0]].sort, BoolSort) else "Int"

    def range(self, name: CellName, moment: int) -> list[str]:
        """That a cell has a value of its sort."""
        sort, cell = self.variables[name[0]].sort, self.at(moment).cell(name)
        match sort:
            case BoolSort():
                return []
            case EnumSort(members=members):
                low, high = 0, len(members) - 1
            case IntSort(lo=lo, hi=hi):
                low, high = lo, hi
            case CountSort():
                low, high = 0, self.invariant.count_bound
            case RefSort(index=index):
                low, high = -1, self.sizes.of(index) - 1
            case _:
                assert_never(sort)
        return [f"(<= {_number(low)} {cell})", f"(<= {cell} {_number(high)})"]

    def facts(self, moment: int) -> tuple[str, ...]:
        """The invariant at a moment, with what it says of the step to it."""
        if moment not in self.said:
            here = [bound for name in self.cells for bound in self.range(name, moment)]
            here += [self.at(moment).truth(fact, {}) for fact in self.of_states]
            if moment:
                here += [self.at(moment - 1).truth(fact, {}) for fact in self.of_steps]
            self.said[moment] = tuple(here)
        return self.said[moment]

    def suppose(self, script: Script, moment: int) -> None:
        for fact in self.facts(moment):
            script.claim(fact)

    def fails(self, script: Script, moment: int) -> None:
        lost = " ".join(f"(not {fact})" for fact in self.facts(moment))
        script.claim(f"(or false {lost})")

    def any_step(self, script: Script, moment: int) -> None:
        every = [(a, b) for a in self.system.actions for b in bindings(a, self.sizes)]
        self.one_step(script, moment, every)

    def one_step(
        self, script: Script, moment: int, steps: Iterable[tuple[Action, Binding]]
    ) -> None:
        """The step from ``moment`` on is one of ``steps``: actions with their parameters."""
        teller, after = self.at(moment), self.at(moment + 1)
        new = {name: teller.cell(name) for name in self.cells}
        taken, number = symbol(f"step {moment}"), 0
        script.lines.append(f"(declare-const {taken} Int)")
        for action, picks in steps:
            this, number = f"(= {taken} {number})", number + 1
            script.claim(f"(=> {this} {teller.truth(action.guard, picks)})")
            for name, value in self.written(teller, action, picks).items():
                new[name] = f"(ite {this} {value} {new[name]})"
        script.claim(f"(and (<= 0 {taken}) (< {taken} {number}))")
        for name, value in new.items():
            script.lines.append(f"(define-fun {after.cell(name)} () {self.kind(name)} {value})")

    def written(self, teller: "_Teller", action: Action, picks: Binding) -> dict[CellName, str]:
        """The values that an action with these parameters gives to cells."""
        found = dict[CellName, str]()
        for write in action.writes:
            sort = self.variables[write.var].sort
            for choice in product(*(list(values(b.sort, self.sizes)) for b in write.binders)):
                more = {b.name: v for b, v in zip(write.binders, choice, strict=True)}
                inner = {**picks, **more}
                name = teller.place(write.var, write.index, inner)
                value = teller.say(write.value, inner)
                if isinstance(sort, BoolSort) != isinstance(write.value.sort, BoolSort):
                    raise NoText(f"{write.var} is given a value of another kind")
                where = teller.truth(write.where, inner)
                old = found.get(name, teller.cell(name))
                found[name] = value if where == "true" else f"(ite {where} {value} {old})"
        return found


def _spelled_out(action: Action) -> None:
    """Counters are bounded by no size, so their values cannot be listed.  Raises NoText."""
    listed = [*action.params, *(b for w in action.writes for b in w.binders)]
    listed += [t.binder for e in terms_of(action) for t in walk(e) if isinstance(t, Quant)]
    if any(isinstance(param.sort, CountSort) for param in listed):
        raise NoText(f"step {action.name} picks any number")


@dataclass(frozen=True, slots=True)
class _Teller:
    """Says terms at one moment; parameters have values."""

    variables: Mapping[str, StateVar]
    known: frozenset[CellName]
    sizes: Sizes
    moment: int

    def cell(self, name: CellName) -> str:
        """The name of a cell at this moment."""
        return symbol(f"{' '.join([name[0], *map(str, name[1])])} @{self.moment}")

    def place(self, var: str, index: Sequence[Expr], env: Binding) -> CellName:
        """The cell that a term names."""
        where = list[int]()
        for term in index:
            value = env.get(term.name) if isinstance(term, Param) else None
            if isinstance(term, Lit):
                value = term.value
            if not isinstance(value, int):
                raise NoText(f"an index of {var} that no parameter gives")
            where.append(value)
        name = var, tuple(where)
        if name not in self.known:
            raise NoText(f"{var}{where}, which the instance does not have")
        return name

    def truth(self, e: Expr, env: Binding) -> str:
        """A condition."""
        if not isinstance(e.sort, BoolSort):
            raise NoText(f"a value of sort {e.sort} as a condition")
        return self.say(e, env)

    def number(self, e: Expr, env: Binding) -> str:
        """Anything else; a condition counts 1 or 0."""
        said = self.say(e, env)
        return f"(ite {said} 1 0)" if isinstance(e.sort, BoolSort) else said

    def say(self, e: Expr, env: Binding) -> str:
        """Any term."""
        match e:
            case Lit(value=value, sort=sort):
                return _constant(value, sort)
            case Param(name=name, sort=sort):
                if name not in env:
                    raise NoText(f"parameter {name} without a value")
                return _constant(env[name], sort)
            case Read(var=var, index=index, primed=primed, sort=sort):
                place = self.place(var, index, env)
                if isinstance(sort, BoolSort) != isinstance(self.variables[var].sort, BoolSort):
                    raise NoText(f"{var} read as a value of another sort")
                return (replace(self, moment=self.moment + 1) if primed else self).cell(place)
            case Op(op="eq", args=(a, b)) if isinstance(a.sort, BoolSort):
                return f"(= {self.truth(a, env)} {self.truth(b, env)})"
            case Op(op="eq", args=(Param() as a, Param() as b)) if {a.name, b.name} <= env.keys():
                return "true" if env[a.name] == env[b.name] else "false"
            case Op(op="eq", args=(a, b)):
                return f"(= {self.number(a, env)} {self.number(b, env)})"
            case Op(op="ite", args=(test, a, b)):
                return f"(ite {self.truth(test, env)} {self.say(a, env)} {self.say(b, env)})"
            case Op(op="and" | "or", args=args):
                return _joined(e.op, (self.truth(a, env) for a in args))
            case Op(op="not", args=(a,)):
                return f"(not {self.truth(a, env)})"
            case Op(args=args):
                return f"({_WORDS[e.op]} {' '.join(self.number(a, env) for a in args)})"
            case Quant():
                return self._listed(e, env)
            case Size(index=sort_of):
                return str(self.sizes.of(sort_of))
            case Cell():
                raise NoText("a cell of a finite instance")
            case _:
                assert_never(e)

    def _listed(self, e: Quant, env: Binding) -> str:
        if isinstance(e.binder.sort, CountSort):
            raise NoText("a quantifier over all numbers")
        said = (
            self.truth(e.body, {**env, e.binder.name: v}) for v in values(e.binder.sort, self.sizes)
        )
        if e.kind == "count":
            return f"(+ 0 {' '.join(f'(ite {b} 1 0)' for b in said)})"
        return _joined("and" if e.kind == "all" else "or", said)


def _joined(op: str, said: Iterable[str]) -> str:
    """The conjunction or disjunction; it is said no further once the constants decide it.

    Laws about members that differ are spelled out over all members: most of it is decided so.
    """
    unit, zero = ("true", "false") if op == "and" else ("false", "true")
    parts = list[str]()
    for part in said:
        if part == zero:
            return zero
        if part != unit:
            parts.append(part)
    if len(parts) < 2:
        return parts[0] if parts else unit
    return f"({op} {' '.join(parts)})"


def _constant(value: Value, sort: Sort) -> str:
    """A value as text; a member is its number, none is -1."""
    match sort:
        case BoolSort():
            return "true" if value else "false"
        case EnumSort(members=members):
            return str(members.index(str(value)))
        case _ if value is None:
            return _number(-1)
        case _:
            if not isinstance(value, int):
                raise NoText(f"the constant {value}")
            return _number(int(value))


def _number(value: int) -> str:
    return str(value) if value >= 0 else f"(- {-value})"
