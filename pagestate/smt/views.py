"""Systems in page form over symbolic pages: steps and facts as Z3 terms for any number of pages.

A scene gives the globals and a few symbolic pages: ``p``, the page acted on, ``q``, another page,
and witnesses.  An enumeration is a tuple of Bools (its code in binary), a number an unbounded Int,
a reference or flag a Bool.  A quantifier over pages has no finite meaning here: it becomes a fresh
Bool (a count: a fresh Int) of which only what holds at the pages of the scene is known.  That
weakens every step in which it occurs, whatever its polarity, so a proof stays a proof.  Where some
page must have (or lack) a property it is one of those in view or a witness, a page apart from them
that exists only in that case; the page that a thread's reference names is such a witness, too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias, assert_never

import z3

from pagestate.core.expr import (
    Cell,
    Expr,
    Lit,
    Op,
    Param,
    Quant,
    Read,
    Size,
    substitute,
    walk,
)
from pagestate.core.references import Holder
from pagestate.core.sorts import (
    BoolSort,
    CountSort,
    EnumSort,
    IndexSort,
    IntSort,
    RefSort,
    Sort,
    Value,
)
from pagestate.core.system import Action, System, Write, terms_of

Term: TypeAlias = z3.BoolRef | z3.ArithRef | tuple[z3.BoolRef, ...]


class NoView(Exception):
    """A term has no meaning over symbolic pages; the message names it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The values of globals and pages in one state: ``values[page, var]``, page "" for globals."""

    values: Mapping[tuple[str, str], Term]


@dataclass(frozen=True, slots=True)
class Transition:
    """A step seen from one page: ``pages`` are those the invariant may be assumed at.

    ``actor`` is the page that the step's parameter stands for, ``target`` the page looked at
    afterwards.  ``given`` must hold before; ``after`` are the values after; ``changed`` names the
    variables of the target and globals that may change.  ``witnesses`` are further pages that
    exist, and satisfy the invariant, only where their condition holds.
    """

    action: Action
    pages: tuple[str, ...]
    actor: str | None
    target: str
    given: tuple[z3.BoolRef, ...]
    after: Scene
    changed: frozenset[str]
    witnesses: tuple[tuple[str, z3.BoolRef], ...] = ()

    @property
    def name(self) -> str:
        """The step and whose page is looked at."""
        return f"{self.action.name}@{'bystander' if self.target != 'p' else 'actor'}"


class Views:
    """The terms of one system in page form over one sort of pages."""

    def __init__(
        self,
        system: System,
        sort: IndexSort | None,
        exclusive: tuple[str, ...],
        holders: tuple[Holder, ...] = (),
    ) -> None:
        self.context = z3.Context()
        self.system = system
        self.sort = sort
        self.exclusive = exclusive
        self.holders = holders
        self.variables = {v.name: v for v in system.variables}
        self.true = z3.BoolVal(True, self.context)
        self.false = z3.BoolVal(False, self.context)
        self._one, self._zero = z3.IntVal(1, self.context), z3.IntVal(0, self.context)
        self._equal = dict[tuple[int, int], tuple[Term, z3.BoolRef]]()
        self._values = dict[tuple[str, str], Term]()
        for var in system.variables:
            if not var.dims:
                self._values["", var.name] = self._fresh(var.name, var.sort)
        self.now = Scene(self._values)
        for page in ("p", "q"):
            self.add_page(page)

    def add_page(self, page: str) -> None:
        """Give the scene one more page, if it is new."""
        for var in self.system.variables:
            if var.dims and (page, var.name) not in self._values:
                self._values[page, var.name] = self._fresh(f"{var.name}.{page}", var.sort)

    def _fresh(self, name: str, sort: Sort) -> Term:
        match sort:
            case BoolSort():
                return z3.Bool(name, self.context)
            case EnumSort(members=members):
                width = max(1, (len(members) - 1).bit_length())
                return tuple(z3.Bool(f"{name}:{k}", self.context) for k in range(width))
            case IntSort() | CountSort():
                return z3.Int(name, self.context)
            case RefSort() | IndexSort():
                raise NoView(f"a value of sort {sort}")
            case _:
                assert_never(sort)

    def domains(self, pages: tuple[str, ...]) -> tuple[z3.BoolRef, ...]:
        """What the encoding itself excludes: codes without a member, two pages with one flag."""
        found = list[z3.BoolRef]()
        for var in self.system.variables:
            if isinstance(var.sort, EnumSort):
                for page in pages if var.dims else ("",):
                    found += self._codes(self.now.values[page, var.name], var.sort)
        for i, page in enumerate(pages):
            for other in pages[i + 1 :]:
                found += self.apart(page, other)
        return tuple(found)

    def apart(self, page: str, other: str) -> list[z3.BoolRef]:
        """Two pages do not share a flag that was a reference."""
        values = self.now.values
        return [z3.Not(z3.And(values[page, name], values[other, name])) for name in self.exclusive]

    def _codes(self, bits: Term, sort: EnumSort) -> list[z3.BoolRef]:
        assert isinstance(bits, tuple)
        last = 1 << len(bits)
        return [z3.Not(self._code(bits, k)) for k in range(len(sort.members), last)]

    def _code(self, bits: tuple[z3.BoolRef, ...], code: int) -> z3.BoolRef:
        return z3.And([b if code >> k & 1 else z3.Not(b) for k, b in enumerate(bits)])

    def holds(self, formula: Expr, subject: Param, scene: Scene, page: str) -> z3.BoolRef:
        """``formula`` about the page ``subject``, said of ``page`` in ``scene``."""
        reader = _Reader(self, scene, (page,), {subject: page})
        term = reader.bool(formula)
        if reader.side:
            raise NoView("a quantifier inside a fact about one page")
        return term

    def transition(self, action: Action, bystander: bool) -> Transition:
        """``action`` seen from the page acted on (or any page, if none is), or from another."""
        actor_param = next((x for x in action.params if x.sort == self.sort), None)
        pages = ("p", "q") if bystander else ("p",)
        target = "q" if bystander else "p"
        binding: dict[Param, str | Term] = {}
        side = list[z3.BoolRef]()
        for param in action.params:
            if param == actor_param:
                binding[param] = "p"
            else:
                term = self._fresh(f"pick {param.name}", param.sort)
                binding[param] = term
                side += self._range(term, param.sort)
        reader = _Reader(self, self.now, pages, binding)
        if any(self._quantifies(t) for t in terms_of(action)):
            for number, holder in enumerate(self.holders, 1):
                reader.hold(f"h{number}", holder)
        guard = reader.bool(action.guard)
        values = dict(self.now.values)
        changed = set[str]()
        for write in action.writes:
            self._apply(write, reader, values, target, changed)
        actor = None if actor_param is None else "p"
        given = (*side, guard, *reader.side)
        after, names = Scene(values), frozenset(changed)
        found = tuple(reader.witnesses)
        return Transition(action, pages, actor, target, given, after, names, found)

    def rewritten(self, step: Transition) -> list[tuple[z3.ExprRef, z3.ExprRef]]:
        """What ``step`` changes for its target: terms before it, and those after it."""
        found = list[tuple[z3.ExprRef, z3.ExprRef]]()
        for name in sorted(step.changed):
            cell = step.target if self.variables[name].dims else "", name
            old, new = self.now.values[cell], step.after.values[cell]
            olds = old if isinstance(old, tuple) else (old,)
            news = new if isinstance(new, tuple) else (new,)
            found += zip(olds, news, strict=True)
        return found

    def _quantifies(self, term: Expr) -> bool:
        return any(isinstance(t, Quant) and t.binder.sort == self.sort for t in walk(term))

    def _apply(
        self,
        write: Write,
        reader: "_Reader",
        values: dict[tuple[str, str], Term],
        target: str,
        changed: set[str],
    ) -> None:
        var = self.variables[write.var]
        inner, where = reader, ""
        if var.dims:
            (index,) = write.index
            if not isinstance(index, Param):
                raise NoView(f"{write.var} is written at a computed index")
            if index in write.binders:
                inner, where = reader.bound(index, target), target
            else:
                at = reader.binding[index]
                assert isinstance(at, str)
                where = at
        if len(write.binders) > (1 if inner is not reader else 0):
            raise NoView(f"{write.var} is written for several binders")
        if var.dims and where != target:
            return
        condition = inner.bool(write.where)
        new = inner.term(write.value, var.sort)
        old = values[where, write.var]
        values[where, write.var] = self.choose(condition, new, old)
        changed.add(write.var)

    def _range(self, term: Term, sort: Sort) -> list[z3.BoolRef]:
        match sort, term:
            case IntSort(lo=lo, hi=hi), z3.ArithRef():
                return [term >= lo, term <= hi]
            case EnumSort(), _:
                return self._codes(term, sort)
            case CountSort(), z3.ArithRef():
                return [term >= 0]
            case _:
                return []

    def literal(self, value: Value, sort: Sort) -> Term:
        """A constant."""
        match sort, value:
            case BoolSort(), _:
                return self.true if value else self.false
            case EnumSort(members=members), _:
                code = members.index(str(value))
                width = max(1, (len(members) - 1).bit_length())
                return tuple(self.true if code >> k & 1 else self.false for k in range(width))
            case ((IntSort() | CountSort()), int()):
                return z3.IntVal(value, self.context)
            case _:
                raise NoView(f"the constant {value}")

    def is_value(self, term: Term, value: Value, sort: Sort) -> z3.BoolRef:
        """The term has a constant value; built once per term of an enumeration."""
        if not isinstance(term, tuple) or not isinstance(sort, EnumSort):
            return self.equal(term, self.literal(value, sort))
        key = id(term), sort.members.index(str(value))
        if key not in self._equal:
            self._equal[key] = term, self.equal(term, self.literal(value, sort))
        return self._equal[key][1]

    def equal(self, a: Term, b: Term) -> z3.BoolRef:
        """Two terms of one sort are equal."""
        if isinstance(a, tuple):
            assert isinstance(b, tuple) and len(a) == len(b)
            return self.all([self._iff(x, y) for x, y in zip(a, b, strict=True)])
        assert not isinstance(b, tuple)
        return self._iff(a, b)

    def _iff(self, a: z3.ExprRef, b: z3.ExprRef) -> z3.BoolRef:
        if a is b:
            return self.true
        for x, y in ((a, b), (b, a)):
            if isinstance(x, z3.BoolRef) and y is self.true:
                return x
            if isinstance(x, z3.BoolRef) and y is self.false:
                return self.no(x)
        made = a == b
        assert isinstance(made, z3.BoolRef)
        return made

    def no(self, a: z3.BoolRef) -> z3.BoolRef:
        """The negation; constants stay constants (here and below)."""
        if a is self.true or a is self.false:
            return self.false if a is self.true else self.true
        return z3.Not(a)

    def all(self, parts: list[z3.BoolRef]) -> z3.BoolRef:
        """The conjunction."""
        rest = [p for p in parts if p is not self.true]
        if any(p is self.false for p in rest) or not rest:
            return self.false if rest else self.true
        return rest[0] if len(rest) == 1 else z3.And(rest)

    def any(self, parts: list[z3.BoolRef]) -> z3.BoolRef:
        """The disjunction."""
        rest = [p for p in parts if p is not self.false]
        if any(p is self.true for p in rest) or not rest:
            return self.true if rest else self.false
        return rest[0] if len(rest) == 1 else z3.Or(rest)

    def as_number(self, a: z3.BoolRef) -> z3.ArithRef:
        """1 if ``a`` holds, else 0."""
        if a is self.true or a is self.false:
            return self._one if a is self.true else self._zero
        return self.choose_number(a, self._one, self._zero)

    def choose_number(self, test: z3.BoolRef, a: z3.ArithRef, b: z3.ArithRef) -> z3.ArithRef:
        """``a`` where ``test`` holds, else ``b``."""
        made = z3.If(test, a, b)
        assert isinstance(made, z3.ArithRef)
        return made

    def sum(self, parts: list[z3.ArithRef]) -> z3.ArithRef:
        """The sum."""
        rest = [p for p in parts if p is not self._zero]
        if not rest:
            return self._zero
        return rest[0] if len(rest) == 1 else z3.Sum(rest)

    def choose(self, test: z3.BoolRef, a: Term, b: Term) -> Term:
        """``a`` where ``test`` holds, else ``b``."""
        if test is self.true or test is self.false or a is b:
            return b if test is self.false else a
        if isinstance(a, tuple):
            assert isinstance(b, tuple)
            return tuple(self._choose_bool(test, x, y) for x, y in zip(a, b, strict=True))
        if isinstance(a, z3.BoolRef):
            assert isinstance(b, z3.BoolRef)
            return self._choose_bool(test, a, b)
        assert isinstance(b, z3.ArithRef)
        if a is self._one and b is self._zero:
            return self.as_number(test)
        return self.choose_number(test, a, b)

    def _choose_bool(self, test: z3.BoolRef, a: z3.BoolRef, b: z3.BoolRef) -> z3.BoolRef:
        if a is b:
            return a
        made = z3.If(test, a, b)
        assert isinstance(made, z3.BoolRef)
        return made

    def initial(self, page: str) -> tuple[z3.BoolRef, ...]:
        """The initial values of the globals and of ``page``, and the initial condition there."""
        found = list[z3.BoolRef]()
        for var in self.system.variables:
            value = self.now.values[page if var.dims else "", var.name]
            if var.free:
                found += self._range(value, var.sort)
            else:
                found.append(self.is_value(value, var.init, var.sort))
        reader = _Reader(self, self.now, (page,), {})
        found.append(reader.bool(self.system.init))
        return (*found, *reader.side)

    def read(self, model: z3.ModelRef, scene: Scene, page: str) -> dict[str, Value]:
        """The values of globals and ``page`` in a model."""
        found = dict[str, Value]()
        for var in self.system.variables:
            term = scene.values[page if var.dims else "", var.name]
            if isinstance(term, tuple) and isinstance(var.sort, EnumSort):
                bits = [z3.is_true(model.eval(b, True)) for b in term]
                code = sum(1 << k for k, b in enumerate(bits) if b)
                found[var.name] = var.sort.members[min(code, len(var.sort.members) - 1)]
            elif isinstance(term, z3.ArithRef):
                number = model.eval(term, True)
                assert isinstance(number, z3.IntNumRef)
                found[var.name] = number.as_long()
            elif isinstance(term, z3.BoolRef):
                found[var.name] = z3.is_true(model.eval(term, True))
        return found


class _Reader:
    """Core terms in a scene, with parameters bound to pages (by name) or to terms.

    ``side`` collects what is known of the stand-ins for quantifiers.
    """

    def __init__(
        self,
        views: Views,
        scene: Scene,
        pages: tuple[str, ...],
        binding: Mapping[Param, str | Term],
        outer: "_Reader | None" = None,
    ) -> None:
        self.views = views
        self.scene = scene
        self.pages = pages
        self.binding = binding
        self.outer = outer
        self.side: list[z3.BoolRef] = [] if outer is None else outer.side
        self.opaque: dict[tuple[Expr, tuple[tuple[Param, str], ...]], Term] = (
            {} if outer is None else outer.opaque
        )
        self.witnesses: list[tuple[str, z3.BoolRef]] = [] if outer is None else outer.witnesses

    def hold(self, page: str, holder: Holder) -> None:
        """Where a reference is set, the page it names is in view, or it is ``page``."""
        views, name = self.views, holder.name
        views.add_page(page)
        other = z3.Bool(f"{page} holds {name}", views.context)
        here = [self.scene.values[p, name] for p in self.pages]
        self.side.append(z3.Or([z3.Not(self.bool(holder.condition)), *here, other]))
        self.side.append(z3.Implies(other, self.scene.values[page, name]))
        self.witnesses.append((page, other))

    def bound(self, param: Param, page: str) -> "_Reader":
        """The same reader with one more parameter bound to a page."""
        binding = {**self.binding, param: page}
        return _Reader(self.views, self.scene, self.pages, binding, self)

    def bool(self, e: Expr) -> z3.BoolRef:
        """A term of sort bool."""
        made = self.term(e, BoolSort())
        assert isinstance(made, z3.BoolRef)
        return made

    def number(self, e: Expr) -> z3.ArithRef:
        """A term that is a number (a bool counts as 0 or 1)."""
        made = self.term(e, e.sort)
        if isinstance(made, z3.BoolRef):
            made = self.views.as_number(made)
        assert isinstance(made, z3.ArithRef)
        return made

    def term(self, e: Expr, sort: Sort) -> Term:
        """``e`` as a value of ``sort``."""
        match e:
            case Lit(value=value):
                kind = e.sort if isinstance(e.sort, EnumSort) else sort
                return self.views.literal(value, kind)
            case Param():
                found = self.binding[e]
                if isinstance(found, str):
                    raise NoView("a page used as a value")
                return found
            case Read(var=var, index=index):
                return self.scene.values[self._page(index), var]
            case Op():
                return self._op(e, sort)
            case Quant():
                return self._quant(e)
            case Size(index=index):
                return self._size(index)
            case Cell():
                raise NoView("a cell of a finite instance")
            case _:
                assert_never(e)

    def _page(self, index: tuple[Expr, ...]) -> str:
        if not index:
            return ""
        if len(index) == 1 and isinstance(index[0], Param):
            found = self.binding[index[0]]
            if isinstance(found, str):
                return found
        raise NoView("a computed index")

    def _op(self, e: Op, sort: Sort) -> Term:
        args, views = e.args, self.views
        match e.op:
            case "not":
                return views.no(self.bool(args[0]))
            case "and":
                return views.all([self.bool(a) for a in args])
            case "or":
                return views.any([self.bool(a) for a in args])
            case "ite":
                return views.choose(
                    self.bool(args[0]), self.term(args[1], sort), self.term(args[2], sort)
                )
            case "eq":
                return self._eq(*args)
            case "lt":
                return self.number(args[0]) < self.number(args[1])
            case "le":
                return self.number(args[0]) <= self.number(args[1])
            case "add":
                return views.sum([self.number(a) for a in args])
            case "sub":
                return self.number(args[0]) - self.number(args[1])
            case _:
                assert_never(e.op)

    def _eq(self, a: Expr, b: Expr) -> z3.BoolRef:
        if isinstance(a, Param) and isinstance(b, Param):
            x, y = self.binding[a], self.binding[b]
            if isinstance(x, str) and isinstance(y, str):
                if x != y and not {x, y} & set(self.pages):
                    raise NoView("two further pages are compared")
                return self.views.true if x == y else self.views.false
        kind = b.sort if isinstance(a, Lit) else a.sort
        if isinstance(b, Lit) and isinstance(kind, EnumSort):
            return self.views.is_value(self.term(a, kind), b.value, kind)
        return self.views.equal(self.term(a, kind), self.term(b, kind))

    def _quant(self, e: Quant) -> Term:
        if e.binder.sort != self.views.sort:
            return self._data_quant(e)
        pages = tuple((p, v) for p, v in self.binding.items() if isinstance(v, str))
        key = (e, pages)
        if key not in self.opaque:
            name = f"quantifier {len(self.opaque)}"
            instances = [self.bound(e.binder, page).bool(e.body) for page in self.pages]
            holding = tuple(self.witnesses)
            self.opaque[key] = flag = self._stand_in(e, name, instances)
            for page, other in holding if e.kind != "count" else ():
                assert isinstance(flag, z3.BoolRef)
                body = self.bound(e.binder, page).bool(e.body)
                holds = z3.Implies(body, flag) if e.kind == "any" else z3.Implies(flag, body)
                self.side.append(z3.Implies(other, holds))
        return self.opaque[key]

    def _stand_in(self, e: Quant, name: str, instances: list[z3.BoolRef]) -> Term:
        if e.kind == "count":
            number = z3.Int(name, self.views.context)
            one, zero = (z3.IntVal(n, self.views.context) for n in (1, 0))
            self.side.append(number >= z3.Sum([z3.If(i, one, zero) for i in instances]))
            return number
        flag = z3.Bool(name, self.views.context)
        holds = e.kind == "any"
        for i in instances:
            self.side.append(z3.Implies(i, flag) if holds else z3.Implies(flag, i))
        if self.outer is None:
            self._witness(e, flag, instances)
        return flag

    def _witness(self, e: Quant, flag: z3.BoolRef, instances: list[z3.BoolRef]) -> None:
        """Where some page has (or lacks) the body, it is a page in view or one more page."""
        number = len(self.witnesses) + 1
        page, other = f"w{number}", z3.Bool(f"witness {number}", self.views.context)
        self.views.add_page(page)
        body = self.bound(e.binder, page).bool(e.body)
        if e.kind == "any":
            self.side.append(z3.Implies(flag, z3.Or([*instances, other])))
            self.side.append(z3.Implies(other, body))
        else:
            self.side.append(z3.Or([flag, *(z3.Not(i) for i in instances), other]))
            self.side.append(z3.Implies(other, z3.Not(body)))
        self.witnesses.append((page, other))

    def _data_quant(self, e: Quant) -> Term:
        bodies = [
            self.bool(substitute(e.body, {e.binder: Lit(v, e.binder.sort)}))
            for v in _members(e.binder.sort)
        ]
        if e.kind == "count":
            one, zero = (z3.IntVal(n, self.views.context) for n in (1, 0))
            return z3.Sum([z3.If(b, one, zero) for b in bodies])
        return self.views.all(bodies) if e.kind == "all" else self.views.any(bodies)

    def _size(self, index: IndexSort) -> z3.ArithRef:
        if index != self.views.sort:
            raise NoView(f"the number of {index}s")
        number = z3.Int(f"size of {index}", self.views.context)
        self.side.append(number >= len(self.pages))
        return number


def _members(sort: Sort) -> Iterator[Value]:
    match sort:
        case BoolSort():
            yield from (False, True)
        case EnumSort(members=members):
            yield from members
        case IntSort(lo=lo, hi=hi):
            yield from range(lo, hi + 1)
        case _:
            raise NoView(f"a quantifier over {sort}")
