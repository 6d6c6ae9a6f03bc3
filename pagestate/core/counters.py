"""Counters in place of counted threads: variables, steps, and what others ask about members."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from pagestate.core.counting import (
    Case,
    Crowd,
    Situation,
    conjuncts,
    fold_pages,
    put_in,
    situation_names,
)
from pagestate.core.expr import (
    FALSE,
    TRUE,
    Expr,
    Op,
    Param,
    Quant,
    Read,
    Size,
    add,
    conj,
    disj,
    eq,
    exists,
    forall,
    ite,
    le,
    lit,
    neg,
    rebuild,
    span_of,
    sub,
    substitute,
    walk,
)
from pagestate.core.shape import not_in_form
from pagestate.core.sorts import COUNT, CountSort, IndexSort, IntSort, Sizes
from pagestate.core.system import Action, StateVar, Write


@dataclass(frozen=True, slots=True)
class Counters:
    """The counters of all crowds; ``supply`` lists the crowds without a number of members."""

    crowds: tuple[Crowd, ...]
    names: Mapping[tuple[str, Situation], str]
    sizes: Sizes
    unbounded: frozenset[str]

    def endless(self, crowd: Crowd, situation: Situation) -> bool:
        """Whether ``situation`` is the start of a crowd of any size: it has no counter."""
        return crowd.index.name in self.unbounded and situation == crowd.start

    def sort(self, crowd: Crowd) -> IntSort | CountSort:
        """The sort of the counters of ``crowd``."""
        if crowd.index.name in self.unbounded:
            return COUNT
        return IntSort(0, self.sizes.of(crowd.index))

    def number(self, crowd: Crowd, situation: Situation, page: Expr | None) -> Read:
        """How many members stand in ``situation`` (at ``page``)."""
        name = self.names[crowd.thread.name, situation]
        return Read(name, () if page is None else (page,), self.sort(crowd))

    def variables(self) -> tuple[StateVar, ...]:
        """The counters as state variables."""
        made = list[StateVar]()
        for crowd in self.crowds:
            for s in crowd.situations:
                if self.endless(crowd, s):
                    continue
                page = crowd.page_sort(s)
                first = self.sizes.of(crowd.index) if s == crowd.start else 0
                label = crowd.label(s)
                made.append(
                    StateVar(
                        self.names[crowd.thread.name, s],
                        () if page is None else (page,),
                        self.sort(crowd),
                        first,
                        doc=f"threads {crowd.thread.name} at {label}",
                    )
                )
        return tuple(made)

    def action(self, crowd: Crowd, case: Case, name: str) -> Action:
        """A step of a crowd as a step of its counters."""
        guard, writes = self.term(case.guard), list[Write]()
        still = case.source == case.target and case.source_page == case.target_page
        if not self.endless(crowd, case.source):
            here = self.number(crowd, case.source, case.source_page)
            guard = conj(le(lit(1), here), guard)
            if not still:
                writes.append(Write(here.var, here.index, sub(here, lit(1))))
        if not still and not self.endless(crowd, case.target):
            there = self.number(crowd, case.target, case.target_page)
            more: Expr = add(there, lit(1))
            one, two = case.source_page, case.target_page
            if case.source == case.target and one is not None and two is not None:
                more = ite(eq(one, two), there, more)
            writes.append(Write(there.var, there.index, more))
        writes += [self.write(w) for w in case.writes]
        return replace(
            case.action,
            name=name,
            guard=guard,
            writes=tuple(writes),
            params=case.params,
            thread_param=None,
        )

    def write(self, write: Write) -> Write:
        """A write with its terms rewritten."""
        return replace(
            write,
            index=tuple(self.term(i) for i in write.index),
            value=self.term(write.value),
            where=self.term(write.where),
        )

    def term(self, term: Expr) -> Expr:
        """``term`` with questions about members asked of the counters; raises NotInForm."""
        match term:
            case Quant(binder=Param(sort=IndexSort() as sort)) if self._over(sort):
                return self._members(replace(term, body=self.term(term.body)))
            case Size(index=index) if self._over(index):
                if index.name in self.unbounded:
                    raise not_in_form("PS506", f"the number of {index.name}s", term.span)
                return lit(self.sizes.of(index))
            case _:
                return rebuild(term, self.term)

    def _over(self, sort: IndexSort) -> tuple[Crowd, ...]:
        return tuple(c for c in self.crowds if c.index == sort)

    def _members(self, quant: Quant) -> Expr:
        read = {t.var for t in walk(quant.body) if isinstance(t, Read) and quant.binder in t.index}
        crowds = [c for c in self.crowds if read & c.local_names]
        if len(crowds) > 1 or not crowds:
            raise not_in_form(
                "PS504", f"a quantifier over {quant.binder.sort} about one thread", quant.span
            )
        primes = {
            t.primed for t in walk(quant.body) if isinstance(t, Read) and quant.binder in t.index
        }
        if len(primes) > 1:
            raise not_in_form("PS510", "members before and after a step at once", quant.span)
        crowd, primed = crowds[0], primes == {True}
        parts = [self._part(crowd, s, quant, primed) for s in crowd.situations]
        if quant.kind == "count":
            return add(*parts)
        return conj(*parts) if quant.kind == "all" else disj(*parts)

    def _part(self, crowd: Crowd, s: Situation, quant: Quant, primed: bool) -> Expr:
        """What the members in situation ``s`` contribute to ``quant``."""
        assert isinstance(quant.binder.sort, IndexSort)
        sort = crowd.page_sort(s)
        page = None if sort is None else Param(f"{quant.binder.name}'", sort)
        body = _same_time(quant.body, quant.binder) if primed else quant.body
        body = put_in(crowd, s, quant.binder, page, body)
        if any(t == quant.binder for t in walk(body)):
            raise not_in_form("PS504", f"one {quant.binder.sort} by name", span_of(quant))
        if quant.kind == "all":
            body = negated(body)
        if body == FALSE:
            return {"all": TRUE, "any": FALSE, "count": lit(0)}[quant.kind]
        if self.endless(crowd, s):
            raise not_in_form("PS506", f"members of {crowd.thread.name} at their start", quant.span)
        if quant.kind == "count":
            return self._how_many(crowd, s, body, page, primed, quant)
        found = self._some(crowd, s, body, page, primed)
        return negated(found) if quant.kind == "all" else found

    def _some(
        self, crowd: Crowd, s: Situation, body: Expr, page: Param | None, primed: bool
    ) -> Expr:
        def here(page: Expr | None) -> Expr:
            return le(lit(1), replace(self.number(crowd, s, page), primed=primed))

        if page is None:
            return conj(body, here(None))
        fixed = anchored(body, page)
        if fixed is not None:
            rest, place = fixed
            return conj(rest, here(place))
        return exists(page, conj(body, here(page)))

    def _how_many(
        self,
        crowd: Crowd,
        s: Situation,
        body: Expr,
        page: Param | None,
        primed: bool,
        quant: Quant,
    ) -> Expr:
        place: Expr | None = None
        if page is not None:
            fixed = anchored(body, page)
            if fixed is None:
                raise not_in_form("PS505", f"a count over every {page.sort}", quant.span)
            body, place = fixed
        return ite(body, replace(self.number(crowd, s, place), primed=primed), lit(0))


def _same_time(body: Expr, member: Param) -> Expr:
    """``body`` with what it reads of ``member`` read before the step (the counters get the prime).

    What it reads of anything else, a page for one, is read when it was.
    """
    match body:
        case Read(index=index):
            return replace(body, primed=False) if member in index else body
        case _:
            return rebuild(body, lambda part: _same_time(part, member))


def anchored(body: Expr, page: Param) -> tuple[Expr, Param] | None:
    """``body`` as "page is P, and the rest": the rest with P put in, and P (a parameter)."""
    parts = conjuncts(body)
    for part in parts:
        match part:
            case Op(op="eq", args=(Param() as a, Param() as b)) if page in (a, b):
                other = b if a == page else a
                rest = conj(*(p for p in parts if p is not part))
                return fold_pages(substitute(rest, {page: other})), other
            case _:
                pass
    return None


def negated(term: Expr) -> Expr:
    """The negation with ``not`` pushed inwards through and, or and quantifiers."""
    match term:
        case Op(op="and", args=args):
            return disj(*(negated(a) for a in args))
        case Op(op="or", args=args):
            return conj(*(negated(a) for a in args))
        case Quant(kind="all", binder=binder, body=body):
            return exists(binder, negated(body))
        case Quant(kind="any", binder=binder, body=body):
            return forall(binder, negated(body))
        case _:
            return neg(term)


def counters_of(crowds: tuple[Crowd, ...], sizes: Sizes, unbounded: frozenset[str]) -> Counters:
    """Names and sorts of the counters of ``crowds``."""
    names = {(c.thread.name, s): n for c in crowds for s, n in situation_names(c).items()}
    return Counters(crowds, names, sizes, unbounded)
