"""An index sort given an order: pfns count upwards, and scans can follow them.

Members of an ordered sort are not interchangeable: no engine reduces by symmetry over it, and it
cannot have any size.
"""

from dataclasses import replace

from pagestate.core.expr import Expr, Lit, Param, Quant, Read, Size, rebuild
from pagestate.core.property import Property
from pagestate.core.sorts import IndexSort, RefSort, Sort
from pagestate.core.system import Action, StateVar, System, Write


def _sort(sort: Sort) -> Sort:
    match sort:
        case IndexSort(name=name):
            return IndexSort(name, ordered=True)
        case RefSort(index=index):
            return RefSort(IndexSort(index.name, ordered=True))
        case _:
            return sort


def _param(param: Param) -> Param:
    return replace(param, sort=_sort(param.sort))


def _term(e: Expr) -> Expr:
    match e:
        case Lit() | Param():
            return replace(e, sort=_sort(e.sort))
        case Read(index=index):
            sort = _sort(e.sort)
            assert not isinstance(sort, IndexSort)
            return replace(e, index=tuple(_term(i) for i in index), sort=sort)
        case Size(index=sort):
            return replace(e, index=IndexSort(sort.name, ordered=True))
        case Quant(binder=binder, body=body):
            return replace(e, binder=_param(binder), body=_term(body))
        case _:
            return rebuild(e, _term)


def _var(var: StateVar) -> StateVar:
    sort = _sort(var.sort)
    assert not isinstance(sort, IndexSort)
    return replace(var, dims=tuple(IndexSort(d.name, ordered=True) for d in var.dims), sort=sort)


def _write(write: Write) -> Write:
    return Write(
        write.var,
        tuple(_term(i) for i in write.index),
        _term(write.value),
        tuple(_param(b) for b in write.binders),
        _term(write.where),
    )


def _action(action: Action) -> Action:
    me = action.thread_param
    return replace(
        action,
        guard=_term(action.guard),
        writes=tuple(_write(w) for w in action.writes),
        params=tuple(_param(p) for p in action.params),
        thread_param=None if me is None else _param(me),
    )


def ordered(
    system: System, properties: tuple[Property, ...]
) -> tuple[System, tuple[Property, ...]]:
    """The same system and properties with an order on every index sort."""
    return (
        replace(
            system,
            sorts=tuple(IndexSort(s.name, ordered=True) for s in system.sorts),
            variables=tuple(_var(v) for v in system.variables),
            actions=tuple(_action(a) for a in system.actions),
            threads=tuple(
                replace(t, index=IndexSort(t.index.name, ordered=True)) if t.index else t
                for t in system.threads
            ),
            init=_term(system.init),
        ),
        tuple(p.mapped(_term) for p in properties),
    )
