"""Constants folded: variables that never change in a valuation disappear.

Which those are is found from the top, by induction over executions: suppose that all variables keep
their initial values, and give up on those that a step would change as long as the others keep
theirs.  What is left at the end no step changes that can be taken at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pagestate.core.expr import FALSE, Expr, Lit, Read, transform, walk
from pagestate.core.property import Property
from pagestate.core.system import Action, System, terms_of


def fold_constants(
    system: System, properties: Sequence[Property]
) -> tuple[System, list[Property], tuple[Action, ...]]:
    """Replace variables that never change by their initial value; drop impossible steps.

    Returns the system, the properties, and the dropped steps.
    """
    constant = {v.name: Lit(v.init, v.sort) for v in system.variables if not v.free}
    reads = [
        {e.var for t in terms_of(a) for e in walk(t) if isinstance(e, Read)} for a in system.actions
    ]
    actions = [_folded(a, constant) for a in system.actions]
    while True:
        changed = {
            w.var
            for a in actions
            if a.guard != FALSE
            for w in a.writes
            if w.var in constant and w.where != FALSE and w.value != constant[w.var]
        }
        if not changed:
            break
        constant = {name: value for name, value in constant.items() if name not in changed}
        actions = [
            _folded(before, constant) if changed & names else after
            for before, after, names in zip(system.actions, actions, reads, strict=True)
        ]
    folded = replace(
        system,
        variables=tuple(v for v in system.variables if v.name not in constant),
        actions=tuple(
            replace(a, writes=tuple(w for w in a.writes if w.var not in constant))
            for a in actions
            if a.guard != FALSE
        ),
        init=fold(system.init, constant),
    )
    props = [p.mapped(lambda e: fold(e, constant)) for p in properties]
    return folded, props, tuple(a for a in actions if a.guard == FALSE)


def _folded(action: Action, constant: Mapping[str, Lit]) -> Action:
    writes = tuple(
        replace(w, value=fold(w.value, constant), where=fold(w.where, constant))
        for w in action.writes
    )
    return replace(action, guard=fold(action.guard, constant), writes=writes)


def fold(term: Expr, constant: Mapping[str, Lit]) -> Expr:
    """A term with the variables that never change replaced by their values."""
    return transform(term, lambda e: constant.get(e.var) if isinstance(e, Read) else None)
