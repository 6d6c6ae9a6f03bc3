"""Finite instances: a system with every parameter and quantifier expanded over given sizes.

A ground state is a row of codes, one per cell (see :func:`pagestate.core.sorts.encode`); ground
terms read :class:`~pagestate.core.expr.Cell` nodes only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from pagestate.core.evaluate import Binding, bindings, values
from pagestate.core.expr import (
    FALSE,
    Cell,
    Expr,
    Lit,
    Param,
    Quant,
    Read,
    Size,
    add,
    conj,
    disj,
    ite,
    le,
    lit,
    neg,
    rebuild,
    substitute,
)
from pagestate.core.sorts import (
    CountSort,
    DataSort,
    IndexSort,
    RefSort,
    Sizes,
    Sort,
    Value,
    decode,
    domain_size,
    encode,
)
from pagestate.core.system import Action, System
from pagestate.core.trace import CellName


@dataclass(frozen=True, slots=True)
class GroundCell:
    """One cell: its variable and index, its sort, the size of its domain, its initial code.

    ``init`` is None where the initial value is free.
    """

    number: int
    name: CellName
    sort: DataSort
    size: int
    init: int | None


@dataclass(frozen=True, slots=True)
class GroundAction:
    """An action with values for its parameters.

    ``updates`` gives the new value of each written cell; ``overflow`` holds where the step would
    push a counter over the bound of the instance (then the search is incomplete).
    """

    number: int
    action: Action
    binding: Mapping[str, Value]
    guard: Expr
    updates: tuple[tuple[int, Expr], ...]
    overflow: Expr


@dataclass(frozen=True, slots=True)
class GroundSystem:
    """A finite transition system over cells."""

    system: System
    sizes: Sizes
    cells: tuple[GroundCell, ...]
    actions: tuple[GroundAction, ...]
    init: Expr
    number: Mapping[CellName, int]

    def expr(self, term: Expr) -> Expr:
        """A closed core term (a property) as a ground term."""
        return ground_expr(term, self.number, self.sizes)

    def codes(self, state: Mapping[CellName, Value]) -> list[int]:
        """A concrete state as a row of codes."""
        return [encode(c.sort, state[c.name]) for c in self.cells]

    def state(self, codes: "list[int]") -> dict[CellName, Value]:
        """A row of codes as a concrete state."""
        return {c.name: decode(c.sort, int(k)) for c, k in zip(self.cells, codes, strict=True)}


def ground_expr(term: Expr, number: Mapping[CellName, int], sizes: Sizes) -> Expr:
    """``term`` with quantifiers expanded and reads resolved to cells.

    Raises ValueError if an index is not fixed by the parameters.
    """

    def go(e: Expr) -> Expr:
        match e:
            case Read(var=var, index=index, sort=sort, primed=primed):
                where = tuple(_member(i) for i in index)
                return Cell(number[var, where], sort, primed)
            case Size(index=sort):
                return lit(sizes.of(sort))
            case Quant(kind=kind, binder=binder, body=body):
                bodies = [
                    go(substitute(body, {binder: member(v, binder.sort)}))
                    for v in values(binder.sort, sizes)
                ]
                if kind == "all":
                    return conj(*bodies)
                if kind == "any":
                    return disj(*bodies)
                return add(*(ite(b, lit(1), lit(0)) for b in bodies))
            case _:
                return rebuild(e, go)

    return go(term)


def member(value: Value, sort: Sort) -> Lit:
    """The literal for a parameter's value; members of index sorts are encoded as references."""
    return Lit(value, RefSort(sort) if isinstance(sort, IndexSort) else sort)


def _member(index: Expr) -> int:
    if isinstance(index, Lit) and isinstance(index.value, int):
        return index.value
    raise ValueError(f"index not fixed by the parameters of the action: {index}")


def ground(system: System, sizes: Sizes) -> GroundSystem:
    """The finite instance of ``system``.  Raises KeyError for a sort without a size."""
    cells = list[GroundCell]()
    number = dict[CellName, int]()
    sorts = dict[int, DataSort]()
    for var in system.variables:
        for index in product(*(range(sizes.of(d)) for d in var.dims)):
            n = len(cells)
            start = None if var.free else encode(var.sort, var.init)
            cells.append(
                GroundCell(n, (var.name, index), var.sort, domain_size(var.sort, sizes), start)
            )
            number[var.name, index] = n
            sorts[n] = var.sort
    actions = list[GroundAction]()
    for action in system.actions:
        for binding in bindings(action, sizes):
            made = _ground_action(len(actions), action, binding, number, sorts, sizes)
            if made is not None:
                actions.append(made)
    init = ground_expr(system.init, number, sizes)
    return GroundSystem(system, sizes, tuple(cells), tuple(actions), init, number)


def _ground_action(
    n: int,
    action: Action,
    binding: Binding,
    number: Mapping[CellName, int],
    sorts: Mapping[int, DataSort],
    sizes: Sizes,
) -> GroundAction | None:
    fixed: dict[Param, Expr] = {p: member(binding[p.name], p.sort) for p in action.params}

    def term(e: Expr, extra: dict[Param, Expr]) -> Expr:
        return ground_expr(substitute(e, fixed | extra), number, sizes)

    guard = term(action.guard, {})
    if guard == FALSE:
        return None
    updates = dict[int, Expr]()
    for write in action.writes:
        for choice in product(*(list(values(b.sort, sizes)) for b in write.binders)):
            extra: dict[Param, Expr] = {
                b: member(v, b.sort) for b, v in zip(write.binders, choice, strict=True)
            }
            where = term(write.where, extra)
            if where == FALSE:
                continue
            index = tuple(_member(term(i, extra)) for i in write.index)
            cell = number[write.var, index]
            old = updates.get(cell, Cell(cell, sorts[cell]))
            updates[cell] = ite(where, term(write.value, extra), old)
    overflow = disj(
        *(
            neg(le(value, lit(sizes.count_bound)))
            for cell, value in updates.items()
            if isinstance(sorts[cell], CountSort) and _may_grow(value)
        )
    )
    kept = tuple((c, v) for c, v in updates.items() if v != Cell(c, sorts[c]))
    return GroundAction(n, action, binding, guard, kept, overflow)


def _may_grow(value: Expr) -> bool:
    """Whether a counter's new value can exceed the old bound: not for copies and decrements."""
    match value:
        case Lit(value=number):
            return isinstance(number, int)
        case Cell(sort=CountSort()):
            return False
        case _:
            return True
