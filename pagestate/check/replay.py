"""Replay: a counterexample is shown only after the model's own functions have executed it.

The trace comes from the symbolic meaning of the model; here the same schedule runs through the
concrete one, and the shared state is compared after every step.  Disagreement is an error of the
compiler or of an engine (exit code 4), never a verdict.
"""

from collections.abc import Mapping

from pagestate.core.property import Property
from pagestate.core.sorts import Value
from pagestate.core.trace import CellName, State, Trace
from pagestate.lang.compile import Compiled
from pagestate.lang.concrete import Machine
from pagestate.lang.functions import PropertyDecl
from pagestate.lang.runtime import Blocked, Fault


class ReplayMismatch(Exception):
    """The concrete execution differs from the trace; the message says where."""


def replay(compiled: Compiled, prop: Property, trace: Trace) -> None:
    """Execute ``trace`` concretely.  Raises ReplayMismatch."""
    machine = Machine(compiled, trace.sizes, trace.states[0])
    _compare(machine, trace, 0)
    for number, step in enumerate(trace.steps, 1):
        before = machine.shared()
        try:
            machine.step(step.thread, step.member, step.picks)
        except Blocked as blocked:
            raise ReplayMismatch(f"step {number} ({step.text}): blocked: {blocked}") from None
        except Fault:
            pass
        _compare(machine, trace, number)
        _compare_control(compiled, machine, trace, number)
        last = number == len(trace.steps)
        if not last and prop.kind == "always" and not _holds(machine, compiled, prop, before):
            raise ReplayMismatch(f"{prop.name} is violated already after step {number}")
    before = dict(trace.states[-2]) if trace.steps else {}
    if _holds(machine, compiled, prop, before) != (prop.kind == "reachable"):
        raise ReplayMismatch(f"the end of the execution does not decide {prop.name}")


def _compare(machine: Machine, trace: Trace, number: int) -> None:
    local = {v.name for v in trace.variables if v.thread is not None}
    concrete: Mapping[CellName, Value] = machine.shared()
    for cell, value in trace.states[number].items():
        if cell[0] not in local and concrete[cell] != value:
            raise ReplayMismatch(
                f"after step {number}: {cell[0]}{list(cell[1])} is {concrete[cell]!r} in the "
                f"concrete execution, {value!r} in the trace"
            )


def _compare_control(compiled: Compiled, machine: Machine, trace: Trace, number: int) -> None:
    step = trace.steps[number - 1]
    thread = compiled.system.thread(step.thread)
    where = () if step.member is None else (step.member,)
    label = trace.states[number].get((thread.control, where), thread.start)
    faulty = trace.states[number].get(("fault", ()), "none") != "none"
    if not faulty and machine.at_start(step.thread, step.member) != (
        label in (thread.start, thread.final)
    ):
        raise ReplayMismatch(f"after step {number}: {step.thread} is not at {label}")


def _holds(machine: Machine, compiled: Compiled, prop: Property, before: State) -> bool:
    if prop.builtin:
        return machine.fault == "none"
    decl = next(d for d in compiled.model.properties if d.name == prop.name)
    assert isinstance(decl, PropertyDecl)
    if prop.kind == "step":
        if not before:
            return True
        earlier, later = machine.snapshot(before), machine.snapshot(machine.shared())
        return machine.evaluate(decl.fn, earlier, later)
    return machine.evaluate(decl.fn)
