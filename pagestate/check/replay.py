"""Replay: a counterexample is shown only after the model's own functions have executed it.

The trace comes from the symbolic meaning of the model; here the same schedule runs through the
concrete one, and the shared state is compared after every step.  Disagreement is an error of the
compiler or of an engine (exit code 4), never a verdict.
"""

from collections.abc import Mapping

from pagestate.core.evaluate import bindings
from pagestate.core.property import LIVENESS, Property
from pagestate.core.sorts import Sizes, Value
from pagestate.core.trace import CellName, State, Trace
from pagestate.core.waiting import label_of, wait_cycle
from pagestate.lang.compile import Compiled
from pagestate.lang.concrete import Machine, Program
from pagestate.lang.functions import PropertyDecl
from pagestate.lang.runtime import Blocked, Fault


class ReplayMismatch(Exception):
    """The concrete execution differs from the trace; the message says where."""


def rerun(program: Program, trace: Trace) -> None:
    """Execute ``trace`` concretely, whatever it shows.  Raises ReplayMismatch."""
    machine = Machine(program, trace.sizes, trace.states[0])
    _compare(machine, trace, 0)
    for number in range(1, len(trace.steps) + 1):
        take_step(program, machine, trace, number)


def replay(
    program: Program, prop: Property, trace: Trace, machine: Machine | None = None
) -> Machine:
    """Execute ``trace`` concretely; a loop twice.  Raises ReplayMismatch.

    The machine that did can be given for the next trace: its functions are compiled already.
    """
    if machine is None or machine.program is not program or machine.sizes != dict(trace.sizes):
        library = None if machine is None else machine.library
        machine = Machine(program, trace.sizes, trace.states[0], library)
    else:
        machine.restart(trace.states[0])
    _compare(machine, trace, 0)
    truths = [_truth(machine, program, prop)]
    for number in range(1, len(trace.steps) + 1):
        take_step(program, machine, trace, number)
        truths.append(_truth(machine, program, prop))
        last = number == len(trace.steps)
        if not last and prop.kind == "always" and not _holds(machine, program, prop, {}):
            raise ReplayMismatch(f"{prop.name} is violated already after step {number}")
    if prop.kind in LIVENESS:
        _loop(program, machine, trace, prop, truths)
    elif prop.kind == "deadlock_free":
        if not isinstance(program, Compiled):
            raise ReplayMismatch("a deadlock takes the compiled model to be looked at")
        stuck(program, trace)
    else:
        before = dict(trace.states[-2]) if trace.steps else {}
        if _holds(machine, program, prop, before) != (prop.kind == "reachable"):
            raise ReplayMismatch(f"the end of the execution does not decide {prop.name}")
    return machine


def take_step(program: Program, machine: Machine, trace: Trace, number: int) -> None:
    """Take step ``number`` of ``trace`` and compare the states.  Raises ReplayMismatch."""
    step = trace.steps[number - 1]
    try:
        machine.step(step.thread, step.member, step.picks)
    except Blocked as blocked:
        raise ReplayMismatch(f"step {number} ({step.text}): blocked: {blocked}") from None
    except Fault:
        pass
    _compare(machine, trace, number)
    _compare_control(program, machine, trace, number)


def _truth(machine: Machine, program: Program, prop: Property) -> tuple[bool, bool]:
    """Of a liveness property: its antecedent (where it has none, true) and its goal."""
    if prop.kind not in LIVENESS:
        return True, True
    fn = _decl(program, prop).fn
    if prop.kind == "eventually":
        return True, machine.evaluate(fn)
    return machine.evaluate_pair(fn)


def _loop(
    program: Program,
    machine: Machine,
    trace: Trace,
    prop: Property,
    truths: list[tuple[bool, bool]],
) -> None:
    """Go round once more; the goal must be missed, for ever, once it is asked for."""
    if trace.loop is None:
        raise ReplayMismatch(f"{prop.name} is about infinite executions, and this is none")
    for number in range(trace.loop + 1, len(trace.steps) + 1):
        take_step(program, machine, trace, number)
        truths.append(_truth(machine, program, prop))
    met = [k for k, (_, goal) in enumerate(truths) if goal]
    since = met[-1] + 1 if met else 0
    asked = [a for a, _ in truths[since:]]
    if not any(asked) or since > trace.loop or (prop.kind == "eventually" and since):
        raise ReplayMismatch(f"the execution does not violate {prop.name}")


def stuck(compiled: Compiled, trace: Trace) -> None:
    """The threads in a cycle of waiting, or if there is none all of them, cannot take a step.

    Each possible step is tried after the whole execution.  Raises ReplayMismatch.
    """
    system, sizes = compiled.system, Sizes(trace.sizes)
    last = trace.states[-1]
    caught = {wait.who for wait in wait_cycle(system, sizes, last)}
    for action in system.actions:
        thread = system.thread(action.thread)
        for picks in bindings(action, sizes):
            mover = action.thread_param
            member = None if mover is None else picks[mover.name]
            assert member is None or isinstance(member, int)
            if label_of(thread, member, last) != action.info.label:
                continue
            if not caught or (thread.name, member) in caught:
                _refused(compiled, trace, thread.name, member, picks)


def _refused(
    compiled: Compiled, trace: Trace, thread: str, member: int | None, picks: Mapping[str, Value]
) -> None:
    machine = Machine(compiled, trace.sizes, trace.states[0])
    for step in trace.steps:
        machine.step(step.thread, step.member, step.picks)
    before = machine.shared()
    try:
        machine.step(thread, member, picks)
    except Blocked:
        return
    except Fault:
        pass
    if machine.shared() != before:
        raise ReplayMismatch(f"{thread} is said to be stuck and can move")


def _compare(machine: Machine, trace: Trace, number: int) -> None:
    local = {v.name for v in trace.variables if v.thread is not None}
    concrete: Mapping[CellName, Value] = machine.shared()
    for cell, value in trace.states[number].items():
        if cell[0] not in local and concrete[cell] != value:
            raise ReplayMismatch(
                f"after step {number}: {cell[0]}{list(cell[1])} is {concrete[cell]!r} in the "
                f"concrete execution, {value!r} in the trace"
            )


def _compare_control(program: Program, machine: Machine, trace: Trace, number: int) -> None:
    step = trace.steps[number - 1]
    control, start, final = program.ends(step.thread)
    where = () if step.member is None else (step.member,)
    label = trace.states[number].get((control, where), start)
    faulty = trace.states[number].get(("fault", ()), "none") != "none"
    if not faulty and machine.at_start(step.thread, step.member) != (label in (start, final)):
        raise ReplayMismatch(f"after step {number}: {step.thread} is not at {label}")


def _holds(machine: Machine, program: Program, prop: Property, before: State) -> bool:
    if prop.builtin:
        return machine.fault == "none"
    decl = _decl(program, prop)
    if prop.kind == "step":
        if not before:
            return True
        earlier, later = machine.snapshot(before), machine.snapshot(machine.shared())
        return machine.evaluate(decl.fn, earlier, later)
    return machine.evaluate(decl.fn)


def _decl(program: Program, prop: Property) -> PropertyDecl:
    return next(d for d in program.model.properties if d.name == prop.name)
