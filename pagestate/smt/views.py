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
from itertools import count
from typing import assert_never

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
    EnumSort,
    IndexSort,
    Sort,
    Value,
)
from pagestate.core.system import Action, System, Write, terms_of
from pagestate.smt.terms import Builder, NoView, Term, members


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
        self.build = Builder(self.context)
        self._values = dict[tuple[str, str], Term]()
        for var in system.variables:
            if not var.dims:
                self._values["", var.name] = self.build.fresh(var.name, var.sort)
        self.now = Scene(self._values)
        for page in ("p", "q"):
            self.add_page(page)

    def add_page(self, page: str) -> None:
        """Give the scene one more page, if it is new."""
        for var in self.system.variables:
            if var.dims and (page, var.name) not in self._values:
                self._values[page, var.name] = self.build.fresh(f"{var.name}.{page}", var.sort)

    def domains(self, pages: tuple[str, ...]) -> tuple[z3.BoolRef, ...]:
        """What the encoding itself excludes: codes without a member, two pages with one flag."""
        found = list[z3.BoolRef]()
        for var in self.system.variables:
            if isinstance(var.sort, EnumSort):
                for page in pages if var.dims else ("",):
                    found += self.build.codes(self.now.values[page, var.name], var.sort)
        for i, page in enumerate(pages):
            for other in pages[i + 1 :]:
                found += self.apart(page, other)
        return tuple(found)

    def apart(self, page: str, other: str) -> list[z3.BoolRef]:
        """Two pages do not share a flag that was a reference."""
        values = self.now.values
        return [z3.Not(z3.And(values[page, name], values[other, name])) for name in self.exclusive]

    def holds(
        self, formula: Expr, subject: Param, scene: Scene, page: str, after: Scene | None = None
    ) -> z3.BoolRef:
        """``formula`` about the page ``subject``, said of ``page`` in ``scene``.

        Primed values are those in ``after``.
        """
        reader = _Reader(self, scene, (page,), {subject: page}, after=after)
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
                term = self.build.fresh(f"pick {param.name}", param.sort)
                binding[param] = term
                side += self.build.within(term, param.sort)
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
        values[where, write.var] = self.build.choose(condition, new, old)
        changed.add(write.var)

    def initial(self, page: str) -> tuple[z3.BoolRef, ...]:
        """The initial values of the globals and of ``page``, and the initial condition there."""
        found = list[z3.BoolRef]()
        for var in self.system.variables:
            value = self.now.values[page if var.dims else "", var.name]
            if var.free:
                found += self.build.within(value, var.sort)
            else:
                found.append(self.build.is_value(value, var.init, var.sort))
        reader = _Reader(self, self.now, (page,), {})
        found.append(reader.bool(self.system.init))
        return (*found, *reader.side)

    def read(self, model: z3.ModelRef, scene: Scene, page: str) -> dict[str, Value]:
        """The values of globals and ``page`` in a model."""
        where = {v.name: page if v.dims else "" for v in self.system.variables}
        return {
            name: self.build.value(model, scene.values[at, name], self.variables[name].sort)
            for name, at in where.items()
        }


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
        after: Scene | None = None,
    ) -> None:
        self.after = after
        self.views = views
        self.build = views.build
        self.scene = scene
        self.pages = pages
        self.binding = binding
        self.outer = outer
        self.side: list[z3.BoolRef] = [] if outer is None else outer.side
        self.numbers: Iterator[int] = count() if outer is None else outer.numbers
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
            made = self.build.as_number(made)
        assert isinstance(made, z3.ArithRef)
        return made

    def term(self, e: Expr, sort: Sort) -> Term:
        """``e`` as a value of ``sort``."""
        match e:
            case Lit(value=value):
                kind = e.sort if isinstance(e.sort, EnumSort) else sort
                return self.build.literal(value, kind)
            case Param():
                found = self.binding[e]
                if isinstance(found, str):
                    raise NoView("a page used as a value")
                return found
            case Read(var=var, index=index, primed=primed):
                if primed and self.after is None:
                    raise NoView("a value after the step")
                scene = self.after if primed and self.after is not None else self.scene
                return scene.values[self._page(index), var]
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
        args, build = e.args, self.build
        match e.op:
            case "not":
                return build.no(self.bool(args[0]))
            case "and":
                return build.all([self.bool(a) for a in args])
            case "or":
                return build.any([self.bool(a) for a in args])
            case "ite":
                return build.choose(
                    self.bool(args[0]), self.term(args[1], sort), self.term(args[2], sort)
                )
            case "eq":
                return self._eq(*args)
            case "lt":
                return self.number(args[0]) < self.number(args[1])
            case "le":
                return self.number(args[0]) <= self.number(args[1])
            case "add":
                return build.sum([self.number(a) for a in args])
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
                return self.build.true if x == y else self.build.false
        kind = b.sort if isinstance(a, Lit) else a.sort
        if isinstance(b, Lit) and isinstance(kind, EnumSort):
            return self.build.is_value(self.term(a, kind), b.value, kind)
        return self.build.equal(self.term(a, kind), self.term(b, kind))

    def _quant(self, e: Quant) -> Term:
        if e.binder.sort != self.views.sort:
            return self._data_quant(e)
        pages = tuple((p, v) for p, v in self.binding.items() if isinstance(v, str))
        key = (e, pages)
        if key not in self.opaque:
            name = f"quantifier {next(self.numbers)}"
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
            for v in members(e.binder.sort)
        ]
        if e.kind == "count":
            one, zero = (z3.IntVal(n, self.views.context) for n in (1, 0))
            return z3.Sum([z3.If(b, one, zero) for b in bodies])
        return self.build.all(bodies) if e.kind == "all" else self.build.any(bodies)

    def _size(self, index: IndexSort) -> z3.ArithRef:
        if index != self.views.sort:
            raise NoView(f"the number of {index}s")
        number = z3.Int(f"size of {index}", self.views.context)
        self.side.append(number >= len(self.pages))
        return number
