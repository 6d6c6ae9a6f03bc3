"""Systems that forget numbers: what a page may look like whatever its counters say.

Where references are lost, a counter has no law, and what holds of a page holds whatever the counter
says.  The system without its counters takes every step that the system takes (what a guard asks of
a number may be so, what a value takes from it may be this or that), so what it never shows cannot
happen; and it is small, since numbers are what makes views many.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from itertools import product

from pagestate.core.expr import (
    FALSE,
    TRUE,
    Expr,
    Op,
    Quant,
    Read,
    conj,
    disj,
    exists,
    forall,
    lit,
    neg,
    transform,
    walk,
)
from pagestate.core.pageform import PageForm
from pagestate.core.sorts import BoolSort, CountSort
from pagestate.core.system import Action, Write

_MOST_VARIANTS = 16


class NotForgotten(Exception):
    """A step does something with numbers that cannot be left open."""


def numbers_of(form: PageForm) -> frozenset[str]:
    """The counters of a system, and what is computed from them."""
    found = {v.name for v in form.system.variables if isinstance(v.sort, CountSort)}
    booleans = {v.name for v in form.system.variables if isinstance(v.sort, BoolSort)}
    while True:
        writes = (w for a in form.system.actions for w in a.writes if w.var not in booleans)
        more = {w.var for w in writes if _numeric(w.value, found)} - found
        if not more:
            return frozenset(found)
        found |= more


def _numeric(value: Expr, hidden: Collection[str]) -> bool:
    """Whether a value is computed from hidden ones, other than by a choice."""
    match value:
        case Op(op="ite", args=(_, a, b)):
            return _numeric(a, hidden) or _numeric(b, hidden)
        case _:
            return reads(value, hidden)


def reads(e: Expr, hidden: Collection[str]) -> bool:
    """Whether a term reads one of these variables."""
    return any(isinstance(t, Read) and t.var in hidden for t in walk(e))


def forgetting(form: PageForm, hidden: Collection[str]) -> PageForm:
    """The system without the variables ``hidden``, and no properties.  Raises NotForgotten."""
    system = replace(
        form.system,
        variables=tuple(v for v in form.system.variables if v.name not in hidden),
        actions=tuple(made for a in form.system.actions for made in _variants(a, hidden)),
        init=_allowed(form.system.init, hidden, True),
    )
    return replace(form, system=system, properties=(), occupancy=())


def _variants(action: Action, hidden: Collection[str]) -> Iterator[Action]:
    writes = tuple(w for w in action.writes if w.var not in hidden)
    guard = _allowed(action.guard, hidden, True)
    open_ = dict[Expr, None]()
    for write in writes:
        for term in (write.value, write.where):
            found = list(_atoms(term, hidden))
            if found and write.binders:
                raise NotForgotten(f"step {action.name} sets {write.var} by a number")
            open_ |= dict.fromkeys(found)
    if 1 << len(open_) > _MOST_VARIANTS:
        raise NotForgotten(f"step {action.name} takes too much from numbers")
    for chosen in product((TRUE, FALSE), repeat=len(open_)):
        known: Mapping[Expr, Expr] = dict(zip(open_, chosen, strict=True))
        yield replace(action, guard=guard, writes=tuple(_with(w, known) for w in writes))


def _with(write: Write, known: Mapping[Expr, Expr]) -> Write:
    value, where = (transform(t, known.get) for t in (write.value, write.where))
    return replace(write, value=value, where=where)


def _atoms(e: Expr, hidden: Collection[str]) -> Iterator[Expr]:
    """The smallest tests in ``e`` that depend on hidden variables."""
    match e:
        case Op(op="and" | "or" | "not" | "ite", args=args):
            for arg in args:
                yield from _atoms(arg, hidden)
        case _:
            if reads(e, hidden):
                if not isinstance(e.sort, BoolSort):
                    raise NotForgotten("a number is a value")
                yield e


def _allowed(e: Expr, hidden: Collection[str], positive: bool) -> Expr:
    """A weaker condition (a stronger one, if not ``positive``) that does not read hidden ones."""
    if not reads(e, hidden):
        return e
    match e:
        case Op(op="and" | "or", args=args):
            parts = tuple(_allowed(a, hidden, positive) for a in args)
            return conj(*parts) if e.op == "and" else disj(*parts)
        case Op(op="not", args=(arg,)):
            return neg(_allowed(arg, hidden, not positive))
        case Quant(body=body) if e.kind in ("all", "any"):
            inner = _allowed(body, hidden, positive)
            return forall(e.binder, inner) if e.kind == "all" else exists(e.binder, inner)
        case _:
            return lit(positive)
