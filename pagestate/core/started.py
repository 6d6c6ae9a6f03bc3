"""A system whose only initial state is a given one."""

from dataclasses import replace
from itertools import product

from pagestate.core.expr import Expr, Lit, Read, conj, eq
from pagestate.core.sorts import Sizes
from pagestate.core.system import StateVar, System
from pagestate.core.trace import State


def started_in(system: System, sizes: Sizes, state: State) -> System:
    """``system`` as it is when ``state`` is where it starts, for instances of these sizes only.

    Variables that differ from their initial value become free ones that ``init`` fixes, cell by
    cell, so members of their sorts are told apart.  A path of the result becomes one of ``system``
    when a way to ``state`` is put before its moves.
    """
    variables, fixed = list[StateVar](), list[Expr]()
    for var in system.variables:
        cells = [(i, state[var.name, i]) for i in product(*(range(sizes.of(d)) for d in var.dims))]
        if not var.free and all(value == var.init for _, value in cells):
            variables.append(var)
            continue
        variables.append(replace(var, free=True))
        for index, value in cells:
            where = tuple(Lit(i, d) for i, d in zip(index, var.dims, strict=True))
            fixed.append(eq(Read(var.name, where, var.sort), Lit(value, var.sort)))
    return replace(system, variables=tuple(variables), init=conj(*fixed))
