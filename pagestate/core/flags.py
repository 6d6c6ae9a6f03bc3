"""Flags: a reference to a page becomes a flag per page, which at most one page has.

"Reference equals p" is the flag of p, "reference is none" says that no page has it.  Assigning a
reference clears the flag of the page named before (if the guard says which) and sets the new one;
where the old page is not known, the flags of all pages are written at once.
"""

from dataclasses import replace
from typing import TypeAlias

from pagestate.core.counting import conjuncts
from pagestate.core.expr import (
    FALSE,
    TRUE,
    Expr,
    Lit,
    Op,
    Param,
    Read,
    conj,
    eq,
    forall,
    implies,
    ite,
    neg,
    rebuild,
    walk,
)
from pagestate.core.shape import not_in_form
from pagestate.core.sorts import BOOL, IndexSort, RefSort
from pagestate.core.system import Action, StateVar, System, Write

Flags: TypeAlias = dict[str, IndexSort]


def flags_of(system: System) -> Flags:
    """The references to unordered sorts, with the sort; raises NotInForm for one per index."""
    found = dict[str, IndexSort]()
    for var in system.variables:
        if isinstance(var.sort, RefSort) and not var.sort.index.ordered:
            if var.dims:
                raise not_in_form(
                    "PS507", f"{var.name} refers to a {var.sort.index} per {var.dims[0]}", var.span
                )
            if not var.free and var.init is not None:
                raise not_in_form("PS509", f"{var.name} starts at a named member", var.span)
            found[var.name] = var.sort.index
    return found


def flag_variable(var: StateVar, flags: Flags) -> StateVar:
    """The flag that replaces ``var`` (other variables stay)."""
    if var.name not in flags:
        return var
    return replace(var, dims=(flags[var.name],), sort=BOOL, init=None if var.free else False)


def flag_init(system: System, flags: Flags) -> Expr:
    """The initial condition, with at most one page per flag whose initial value is free."""
    parts = [flag_term(system.init, flags)]
    for var in system.variables:
        if var.name in flags and var.free:
            a, b = Param("any page", flags[var.name]), Param("any other page", flags[var.name])
            only = forall(b, implies(_flag(var.name, b), eq(a, b)))
            parts.append(forall(a, implies(_flag(var.name, a), only)))
    return conj(*parts)


def _flag(name: str, page: Expr, primed: bool = False) -> Read:
    return Read(name, (page,), BOOL, primed)


def flag_term(term: Expr, flags: Flags) -> Expr:
    """``term`` with comparisons of references as tests of flags; raises NotInForm."""
    match term:
        case Op(op="eq", args=(a, b)) if _is_ref(a, flags) or _is_ref(b, flags):
            return _equal(a, b, flags)
        case Read(var=var) if var in flags:
            raise not_in_form("PS509", f"reference {var} is used as a value", term.span)
        case _:
            return rebuild(term, lambda t: flag_term(t, flags))


def _is_ref(term: Expr, flags: Flags) -> bool:
    match term:
        case Read(var=var):
            return var in flags
        case Op(op="ite", args=(_, a, b)):
            return _is_ref(a, flags) or _is_ref(b, flags)
        case _:
            return False


def _equal(a: Expr, b: Expr, flags: Flags) -> Expr:
    match a, b:
        case Op(op="ite", args=(test, x, y)), _:
            return ite(flag_term(test, flags), _equal(x, b, flags), _equal(y, b, flags))
        case _, Op(op="ite", args=(test, x, y)):
            return ite(flag_term(test, flags), _equal(a, x, flags), _equal(a, y, flags))
        case Read(var=x, primed=one), Read(var=y, primed=two) if x in flags and y in flags:
            page = Param("any page", flags[x])
            return forall(page, eq(_flag(x, page, one), _flag(y, page, two)))
        case (Read(var=x, primed=one), Lit(value=None)) | (
            Lit(value=None),
            Read(var=x, primed=one),
        ) if x in flags:
            page = Param("any page", flags[x])
            return forall(page, neg(_flag(x, page, one)))
        case (Read(var=x, primed=one), Param() as page) | (
            Param() as page,
            Read(var=x, primed=one),
        ) if x in flags:
            return _flag(x, page, one)
        case _ if not _is_ref(a, flags) and not _is_ref(b, flags):
            return eq(a, b)
        case _:
            raise not_in_form(
                "PS509", "a reference is compared with this", getattr(a, "span", None)
            )


def flag_action(action: Action, flags: Flags) -> Action:
    """``action`` with its reads and writes of references as flags; raises NotInForm."""
    writes, news = list[Write](), dict[str, Expr]()
    for write in action.writes:
        if write.var in flags:
            if write.binders:
                raise not_in_form("PS509", f"{write.var} is written in bulk", action.info.span)
            old = news.get(write.var, Read(write.var, (), RefSort(flags[write.var])))
            news[write.var] = ite(write.where, write.value, old)
            continue
        writes.append(
            replace(write, value=flag_term(write.value, flags), where=flag_term(write.where, flags))
        )
    for name, new in news.items():
        writes += _flag_writes(action, name, new, flags)
    return replace(action, guard=flag_term(action.guard, flags), writes=tuple(writes))


def _flag_writes(action: Action, name: str, new: Expr, flags: Flags) -> list[Write]:
    sort = flags[name]
    old = Read(name, (), RefSort(sort))
    known, places = _old_page(action, name)
    for term in walk(new):
        if isinstance(term, Param) and term in action.params and term.sort == sort:
            places += [] if term in places else [term]
    if known and all(isinstance(t, Lit | Param) or t == old for t in _leaves(new)):
        return [Write(name, (page,), _flag_value(new, page, action, flags)) for page in places]
    every = Param("any page", sort)
    return [Write(name, (every,), _flag_value(new, every, action, flags), (every,))]


def _leaves(value: Expr) -> tuple[Expr, ...]:
    match value:
        case Op(op="ite", args=(_, a, b)):
            return (*_leaves(a), *_leaves(b))
        case _:
            return (value,)


def _old_page(action: Action, name: str) -> tuple[bool, list[Param]]:
    """Whether the guard says what the reference is before the step, and the page it then names."""
    for part in conjuncts(action.guard):
        match part:
            case Op(op="eq", args=(Read(var=var), Lit(value=None))) if var == name:
                return True, []
            case (
                Op(op="eq", args=(Read(var=var), Param() as page))
                | Op(op="eq", args=(Param() as page, Read(var=var)))
            ) if var == name and page in action.params:
                return True, [page]
            case _:
                pass
    return False, []


def _flag_value(value: Expr, page: Param, action: Action, flags: Flags) -> Expr:
    """Whether ``value`` names ``page``."""
    match value:
        case Op(op="ite", args=(test, a, b)):
            yes, no = (_flag_value(x, page, action, flags) for x in (a, b))
            return ite(flag_term(test, flags), yes, no)
        case Lit(value=None):
            return FALSE
        case Param():
            return TRUE if value == page else eq(page, value)
        case Read(var=var, primed=primed) if var in flags:
            return _flag(var, page, primed)
        case _:
            raise not_in_form("PS509", "a reference gets a computed value", action.info.span)
