"""The meaning of the core, on concrete states: evaluation, enabledness, one step.

This is the reference the engines are tested against; it is slow and plain on purpose.
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import product
from typing import assert_never

from pagestate.core.expr import Cell, Expr, Lit, Op, Param, Quant, Read, Size
from pagestate.core.sorts import CountSort, IntSort, Sizes, Sort, Value, decode, domain_size
from pagestate.core.system import Action, System
from pagestate.core.trace import CellName, State

Binding = Mapping[str, Value]


class CountOverflow(Exception):
    """A counter left the bound of the instance; the message names the variable."""


class OutOfRange(Exception):
    """A variable was given a value outside its sort: an error of the model or the compiler."""


def values(sort: Sort, sizes: Sizes) -> Iterator[Value]:
    """Every value of ``sort`` in the instance."""
    return (decode(sort, code) for code in range(domain_size(sort, sizes)))


def evaluate(
    expr: Expr, state: State, sizes: Sizes, binding: Binding, after: State | None = None
) -> Value:
    """The value of ``expr``; ``after`` is where primed reads look.  Raises KeyError if unbound."""

    def ev(e: Expr, binding: Binding) -> Value:
        match e:
            case Lit(value=value):
                return value
            case Param(name=name):
                return binding[name]
            case Read(var=var, index=index, primed=primed):
                where = tuple(_index(ev(i, binding)) for i in index)
                source = after if primed else state
                assert source is not None
                return source[var, where]
            case Cell():
                raise TypeError("cells belong to a ground system")
            case Op(op=op, args=args):
                return _apply(op, args, lambda a: ev(a, binding))
            case Quant(kind=kind, binder=binder, body=body):
                hits = (
                    bool(ev(body, {**binding, binder.name: v})) for v in values(binder.sort, sizes)
                )
                return all(hits) if kind == "all" else any(hits) if kind == "any" else sum(hits)
            case Size(index=index):
                return sizes.of(index)
            case _:
                assert_never(e)

    return ev(expr, binding)


def _index(value: Value) -> int:
    if not isinstance(value, int):
        raise OutOfRange("none used as an index")
    return value


def _number(value: Value) -> int:
    assert isinstance(value, int)
    return value


def _apply(op: str, args: tuple[Expr, ...], ev: Callable[[Expr], Value]) -> Value:
    match op:
        case "not":
            return not ev(args[0])
        case "and":
            return all(ev(a) for a in args)
        case "or":
            return any(ev(a) for a in args)
        case "ite":
            return ev(args[1]) if ev(args[0]) else ev(args[2])
        case "eq":
            return ev(args[0]) == ev(args[1])
        case "lt":
            return _number(ev(args[0])) < _number(ev(args[1]))
        case "le":
            return _number(ev(args[0])) <= _number(ev(args[1]))
        case "add":
            return sum(_number(ev(a)) for a in args)
        case "sub":
            return _number(ev(args[0])) - _number(ev(args[1]))
        case _:
            raise AssertionError(op)


def cells(system: System, sizes: Sizes) -> Iterator[CellName]:
    """The names of all cells of the instance, in the order of the variables."""
    for var in system.variables:
        for index in product(*(range(sizes.of(d)) for d in var.dims)):
            yield var.name, index


def initial_state(
    system: System, sizes: Sizes, free: Mapping[CellName, Value]
) -> dict[CellName, Value]:
    """The initial state with the given values of the free cells."""
    variables = {v.name: v for v in system.variables}
    return {
        cell: free[cell] if variables[cell[0]].free else variables[cell[0]].init
        for cell in cells(system, sizes)
    }


def initial_states(system: System, sizes: Sizes) -> Iterator[dict[CellName, Value]]:
    """Every initial state of the instance."""
    variables = {v.name: v for v in system.variables}
    free = [cell for cell in cells(system, sizes) if variables[cell[0]].free]
    for choice in product(*(list(values(variables[c[0]].sort, sizes)) for c in free)):
        state = initial_state(system, sizes, dict(zip(free, choice, strict=True)))
        if evaluate(system.init, state, sizes, {}):
            yield state


def bindings(action: Action, sizes: Sizes) -> Iterator[dict[str, Value]]:
    """Every choice of values for the parameters of ``action``."""
    for choice in product(*(list(values(p.sort, sizes)) for p in action.params)):
        yield {p.name: v for p, v in zip(action.params, choice, strict=True)}


def enabled(action: Action, state: State, sizes: Sizes, binding: Binding) -> bool:
    """Whether the guard holds."""
    return bool(evaluate(action.guard, state, sizes, binding))


def apply(
    system: System, action: Action, state: State, sizes: Sizes, binding: Binding
) -> dict[CellName, Value]:
    """The state after ``action``.  Raises CountOverflow, OutOfRange."""
    variables = {v.name: v for v in system.variables}
    after = dict(state)
    for write in action.writes:
        sort = variables[write.var].sort
        for choice in product(*(list(values(b.sort, sizes)) for b in write.binders)):
            inner = {**binding, **{b.name: v for b, v in zip(write.binders, choice, strict=True)}}
            if not evaluate(write.where, state, sizes, inner):
                continue
            index = tuple(_index(evaluate(i, state, sizes, inner)) for i in write.index)
            value = evaluate(write.value, state, sizes, inner)
            if isinstance(sort, CountSort) and _number(value) > sizes.count_bound:
                raise CountOverflow(write.var)
            if isinstance(sort, CountSort | IntSort):
                low, high = (
                    (0, sizes.count_bound) if isinstance(sort, CountSort) else (sort.lo, sort.hi)
                )
                if not low <= _number(value) <= high:
                    raise OutOfRange(f"{write.var} := {value}")
            after[write.var, index] = value
    return after


def successors(
    system: System, state: State, sizes: Sizes
) -> Iterator[tuple[Action, dict[str, Value], dict[CellName, Value]]]:
    """Every step from ``state``."""
    for action in system.actions:
        for binding in bindings(action, sizes):
            if enabled(action, state, sizes, binding):
                yield action, binding, apply(system, action, state, sizes, binding)
