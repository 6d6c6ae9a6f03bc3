"""Interchangeable members: which renamings of a finite instance leave it unchanged.

Sorts are only ever compared by ==, so swapping two members of an index sort maps executions to
executions.  What could tell members apart is looked for and switches a sort off: an ordered sort, a
literal naming a member in a term or an initial value, arithmetic on members, and a bulk write whose
binder does not select the cell (there the last member would win).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pagestate.core.expr import Expr, Lit, Op, walk
from pagestate.core.ground import GroundSystem
from pagestate.core.sorts import IndexSort, RefSort, Sort, Value
from pagestate.core.system import Action, System, terms_of


@dataclass(frozen=True, slots=True)
class Swap:
    """Two members of a sort exchanged: the image of each ground action."""

    sort: IndexSort
    members: tuple[int, int]
    actions: tuple[int, ...]


def _belongs(sort: Sort, index: IndexSort) -> bool:
    return sort == index or (isinstance(sort, RefSort) and sort.index == index)


def _tells_apart(term: Expr, index: IndexSort) -> bool:
    match term:
        case Lit(value=value, sort=sort):
            return value is not None and _belongs(sort, index)
        case Op(op="lt" | "le" | "add" | "sub", args=args):
            return any(_belongs(a.sort, index) for a in args)
        case _:
            return False


def interchangeable(system: System, formulas: Iterable[Expr]) -> tuple[IndexSort, ...]:
    """The sorts whose members neither the system nor the formulas can tell apart."""
    terms = [system.init, *formulas]
    for action in system.actions:
        terms.extend(terms_of(action))
    parts = {part for term in terms for part in walk(term)}

    def symmetric(index: IndexSort) -> bool:
        named = any(
            _belongs(var.sort, index) and not var.free and var.init is not None
            for var in system.variables
        )
        last_wins = any(
            _belongs(binder.sort, index) and binder not in write.index
            for action in system.actions
            for write in action.writes
            for binder in write.binders
        )
        apart = any(_tells_apart(part, index) for part in parts)
        return not (index.ordered or named or last_wins or apart)

    return tuple(sort for sort in system.sorts if symmetric(sort))


def swaps(ground: GroundSystem, sorts: Sequence[IndexSort]) -> tuple[Swap, ...]:
    """The exchanges of neighbouring members of ``sorts``: they generate all renamings."""
    number = {_key(g.action, g.binding): g.number for g in ground.actions}
    if len(number) != len(ground.actions):
        return ()
    found = list[Swap]()
    for sort in sorts:
        for low in range(ground.sizes.of(sort) - 1):
            swap = {low: low + 1, low + 1: low}
            images = [number.get(_key(g.action, g.binding, sort, swap)) for g in ground.actions]
            actions = tuple(i for i in images if i is not None)
            if len(actions) == len(images):
                found.append(Swap(sort, (low, low + 1), actions))
    return tuple(found)


def _key(
    action: Action,
    binding: Mapping[str, Value],
    sort: IndexSort | None = None,
    swap: Mapping[int, int] = MappingProxyType({}),
) -> tuple[str, tuple[Value, ...]]:
    def image(value: Value, of: Sort) -> Value:
        if sort is None or not _belongs(of, sort) or not isinstance(value, int):
            return value
        return swap.get(value, value)

    return action.name, tuple(image(binding[p.name], p.sort) for p in action.params)
