"""Steps of two pages that know of pages elsewhere: what "some page" and "all pages" may mean there.

A system with any number of pages is looked at through two of them, the one that a step acts on and
one that looks on.  A quantifier over pages in a step says something of the two and of pages
elsewhere.  That no page elsewhere matters is always possible (there may be none); that some page
elsewhere does is possible where such a page can be, which a flag per condition says.  A step whose
quantifier can go either way becomes two steps.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product

from pagestate.core.expr import (
    Expr,
    Op,
    Param,
    Quant,
    Read,
    Size,
    conj,
    disj,
    neg,
    substitute,
    transform,
    walk,
)
from pagestate.core.sorts import BOOL, IndexSort
from pagestate.core.system import Action, StateVar, System, terms_of

_MOST_VARIANTS = 8


class NotInPairs(Exception):
    """A step asks something of all pages that two pages and flags do not answer."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A condition on a page: ``flag`` is the global variable that says that a page may meet it."""

    flag: str
    binder: Param
    condition: Expr


def with_flags(system: System, sort: IndexSort) -> tuple[System, tuple[Elsewhere, ...]]:
    """The system with steps that know of pages elsewhere, and what they ask.  Raises NotInPairs."""
    asked = dict[Expr, Elsewhere]()
    actions = [made for a in system.actions for made in _variants(a, sort, asked)]
    flags = tuple(StateVar(e.flag, (), BOOL, False) for e in asked.values())
    made = replace(system, variables=(*system.variables, *flags), actions=tuple(actions))
    return made, tuple(asked.values())


def _variants(action: Action, sort: IndexSort, asked: dict[Expr, Elsewhere]) -> Iterator[Action]:
    """The step, once for each answer that pages elsewhere may give to its quantifiers."""
    found = list(dict.fromkeys(_quantifiers(action, sort)))
    choices = [_answers(q, _ways(action, q), asked) for q in found]
    if len(list(product(*choices))) > _MOST_VARIANTS:
        raise NotInPairs(f"step {action.name} has too many quantifiers")
    for chosen in product(*choices):
        yield _replaced(action, dict(zip(found, chosen, strict=True)))


def _quantifiers(action: Action, sort: IndexSort) -> Iterator[Quant]:
    for term in terms_of(action):
        for part in walk(term):
            if isinstance(part, Size) and part.index == sort:
                raise NotInPairs(f"step {action.name} takes the number of {sort.name}s")
            if not isinstance(part, Quant) or part.binder.sort != sort:
                continue
            if part.kind not in ("all", "any"):
                raise NotInPairs(f"step {action.name} counts {sort.name}s")
            others = {t for t in walk(part.body) if isinstance(t, Param | Quant)}
            if others - {part.binder}:
                raise NotInPairs(f"step {action.name} compares {sort.name}s")
            yield part


def _ways(action: Action, quant: Quant) -> frozenset[bool]:
    """Whether it can matter that the quantifier holds (true), or that it does not."""
    ways = set(_polarities(action.guard, quant, True))
    for write in action.writes:
        if any(part == quant for t in (write.value, write.where) for part in walk(t)):
            ways |= {True, False}
    return frozenset(ways)


def _polarities(e: Expr, quant: Quant, positive: bool) -> Iterator[bool]:
    if e == quant:
        yield positive
        return
    match e:
        case Op(op="and" | "or", args=args):
            for arg in args:
                yield from _polarities(arg, quant, positive)
        case Op(op="not", args=(arg,)):
            yield from _polarities(arg, quant, not positive)
        case _:
            if any(part == quant for part in walk(e)):
                yield from (True, False)


def _answers(quant: Quant, ways: frozenset[bool], asked: dict[Expr, Elsewhere]) -> tuple[Expr, ...]:
    """The quantifier over the two pages with what pages elsewhere may add to it."""
    some = quant.kind == "any"
    if some not in ways:
        return (quant,)
    condition = quant.body if some else neg(quant.body)
    key = substitute(condition, {quant.binder: Param("page elsewhere", quant.binder.sort)})
    known = asked.setdefault(key, Elsewhere(f"elsewhere {len(asked)}", quant.binder, condition))
    flag = Read(known.flag, (), BOOL)
    there = disj(quant, flag) if some else conj(quant, neg(flag))
    return (there,) if len(ways) == 1 else (quant, there)


def _replaced(action: Action, answers: Mapping[Expr, Expr]) -> Action:
    def said(e: Expr) -> Expr:
        return transform(e, answers.get)

    writes = tuple(replace(w, value=said(w.value), where=said(w.where)) for w in action.writes)
    return replace(action, guard=said(action.guard), writes=writes)
