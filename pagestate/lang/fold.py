"""Constants folded: variables that no step of a valuation writes disappear."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pagestate.core.expr import FALSE, Expr, Lit, Read, transform
from pagestate.core.property import Property
from pagestate.core.system import (
    Action,
    System,
)


def fold_constants(
    system: System, properties: Sequence[Property]
) -> tuple[System, list[Property], tuple[str, ...]]:
    """Replace variables that no step writes by their initial value; drop impossible steps.

    Returns the system, the properties, and the names of the dropped steps.
    """
    dropped = list[str]()
    props = list(properties)
    while True:
        written = {w.var for a in system.actions for w in a.writes}
        constant = {
            v.name: Lit(v.init, v.sort)
            for v in system.variables
            if v.name not in written and not v.free
        }
        if not constant:
            return system, props, tuple(dropped)

        def visit(e: Expr, constant: Mapping[str, Lit] = constant) -> Expr | None:
            return constant.get(e.var) if isinstance(e, Read) else None

        def fold(e: Expr) -> Expr:
            return transform(e, visit)

        actions = list[Action]()
        for action in system.actions:
            guard = fold(action.guard)
            if guard == FALSE:
                dropped.append(action.name)
                continue
            writes = tuple(
                replace(w, value=fold(w.value), where=fold(w.where)) for w in action.writes
            )
            actions.append(replace(action, guard=guard, writes=writes))
        props = [p.mapped(fold) for p in props]
        system = replace(
            system,
            variables=tuple(v for v in system.variables if v.name not in constant),
            actions=tuple(actions),
            init=fold(system.init),
        )
