"""Where the references of threads are set: a fact about labels that proofs can use.

A thread's reference to a page is a flag in page form, and a flag alone does not say that some page
has it.  Following the thread's steps label by label shows where the reference is set; where that is
no function of the label, or the steps are not of the plain form, nothing is said.
"""

from dataclasses import dataclass

from pagestate.core.counting import conjuncts
from pagestate.core.expr import TRUE, Expr, Lit, Op, Param, Read, disj, eq
from pagestate.core.sorts import EnumSort, RefSort
from pagestate.core.system import Action, StateVar, System


@dataclass(frozen=True, slots=True)
class Holder:
    """Where ``condition`` (on a thread's label) holds, the reference ``name`` is not none."""

    name: str
    condition: Expr


def holders_of(system: System) -> tuple[Holder, ...]:
    """The references of threads that there is one of, and the labels at which they are set."""
    found = list[Holder]()
    controls = {v.name: v for v in system.variables if v.control}
    for thread in system.threads:
        control = controls.get(thread.control)
        if thread.index is not None or control is None:  # counted, or it never moves
            continue
        for var in system.variables:
            if var.thread == thread.name and isinstance(var.sort, RefSort) and not var.dims:
                labels = _labels(system, control, var)
                if labels:
                    at = Read(control.name, (), control.sort)
                    here = disj(*(eq(at, Lit(label, control.sort)) for label in labels))
                    found.append(Holder(var.name, here))
    return tuple(found)


def _labels(system: System, control: StateVar, var: StateVar) -> list[str]:
    """The labels at which ``var`` is set; empty where that is not a matter of the label.

    A label that no step leads to is one of them, too, so that the steps from there (which a proof
    need not know to be impossible) tell nothing against the labels they lead to.
    """
    if var.free or control.free or var.init is not None:
        return []
    steps = [(a, _named(a, control)) for a in system.actions if a.thread == control.thread]
    start = str(control.init)
    known, todo = {start: False}, [start]
    while todo:
        label = todo.pop()
        for action, named in steps:
            if named and label not in named:
                continue
            target, after = _effect(action, control, var, label, known[label])
            if target is None or after is None or known.get(target, after) != after:
                return []
            if target not in known:
                known[target] = after
                todo.append(target)
    assert isinstance(control.sort, EnumSort)
    never = [label for label in control.sort.members if label not in known]
    for label in never:
        for action, named in steps:
            if not named or label in named:
                target, after = _effect(action, control, var, label, True)
                if target is None or after is None or (not after and known.get(target, True)):
                    return []
    held = [label for label, here in known.items() if here]
    writers = {a.thread for a in system.actions if any(w.var == var.name for w in a.writes)}
    return [*held, *never] if held and writers == {var.thread} else []


def _named(action: Action, control: StateVar) -> set[str]:
    """The labels that the guard of a step names; without any it may start at each."""
    return {
        str(test.args[1].value)
        for test in conjuncts(action.guard)
        if isinstance(test, Op)
        and test.op == "eq"
        and isinstance(test.args[0], Read)
        and test.args[0].var == control.name
        and isinstance(test.args[1], Lit)
    }


def _effect(
    action: Action, control: StateVar, var: StateVar, label: str, held: bool
) -> tuple[str | None, bool | None]:
    """The label after a step and whether the reference is set then; None where that is open."""
    target: str | None = label
    after: bool | None = held
    for write in action.writes:
        if write.var == control.name:
            target = str(write.value.value) if isinstance(write.value, Lit) else None
        elif write.var == var.name:
            plain = isinstance(write.value, Param | Lit) and write.where == TRUE
            none = isinstance(write.value, Lit) and write.value.value is None
            after = not none if plain else None
    return target, after
