"""Members that nothing tells apart: one case of a proof then stands for all its renamings.

The checker's own argument, for certificates of one size.  Members of an index sort can be exchanged
where no term names or orders one, and no write of several values to one cell lets a last member
win.  An execution that breaks the invariant by a step about some members is then one that breaks it
by the same step about the first members, after a renaming: only the latter is asked for.
"""

from collections.abc import Iterable, Iterator

from pagestate.core.evaluate import Binding, bindings
from pagestate.core.expr import Expr, Lit, Op, walk
from pagestate.core.sorts import IndexSort, RefSort, Sizes, Sort
from pagestate.core.system import Action, System, terms_of


def alike(system: System, facts: Iterable[Expr]) -> frozenset[IndexSort]:
    """The sorts whose members neither the system nor ``facts`` tell apart."""
    apart = {sort for sort in system.sorts if sort.ordered}
    for var in system.variables:
        if not var.free and var.init is not None:
            apart |= _about(var.sort)
    for term in (system.init, *facts, *(t for a in system.actions for t in terms_of(a))):
        for part in walk(term):
            if isinstance(part, Lit) and part.value is not None:
                apart |= _about(part.sort)
            elif isinstance(part, Op) and part.op in ("lt", "le", "add", "sub"):
                for arg in part.args:
                    apart |= _about(arg.sort)
    for action in system.actions:
        for write in action.writes:
            for binder in write.binders:
                if binder not in write.index:
                    apart |= _about(binder.sort)
    return frozenset(system.sorts) - apart


def _about(sort: Sort) -> set[IndexSort]:
    if isinstance(sort, IndexSort):
        return {sort}
    return {sort.index} if isinstance(sort, RefSort) else set()


def first_bindings(action: Action, sizes: Sizes, sorts: frozenset[IndexSort]) -> Iterator[Binding]:
    """The values of the parameters, of those that renaming members of ``sorts`` maps to each other
    only the first: each new member is the one after those named before."""
    for binding in bindings(action, sizes):
        named = dict.fromkeys(sorts, 0)
        for param in action.params:
            (sort,) = _about(param.sort) or (None,)
            member = binding[param.name]
            if sort not in named or not isinstance(member, int):
                continue
            if member > named[sort]:
                break
            named[sort] = max(named[sort], member + 1)
        else:
            yield binding
