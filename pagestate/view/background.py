"""The system behind a trace: what explains its steps.

A trace by itself says what happened.  Why a step could be taken, why another thread could not, and
where the property breaks, only the system says that it is an execution of; so the two are first
compared, step by step.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pagestate.core.evaluate import CountOverflow, OutOfRange, apply, enabled, evaluate
from pagestate.core.property import Property
from pagestate.core.sorts import IndexSort, Sizes
from pagestate.core.system import Action, System
from pagestate.core.trace import State, Trace
from pagestate.view.wellformed import TraceError, check_trace


@dataclass(frozen=True, slots=True)
class Background:
    """A system of which a trace is an execution; ``actions`` are those of the trace's steps.

    ``decides`` is the property that the trace decides, if it is known; ``sources`` has the lines of
    the model's files, by the name of the file in spans.
    """

    system: System
    sizes: Sizes
    actions: tuple[Action, ...]
    decides: Property | None = None
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def owners(self) -> dict[str, str | None]:
        """Whose local each variable is."""
        return {v.name: v.thread for v in self.system.variables}


def background_of(
    trace: Trace,
    system: System,
    properties: Sequence[Property] = (),
    sources: Mapping[str, tuple[str, ...]] | None = None,
) -> Background:
    """The background of ``trace``.

    Raises TraceError, with the first difference, if ``trace`` is no execution of ``system``.
    """
    check_trace(trace)
    sizes = _sizes(trace, system)
    _same_variables(trace, system)
    if not evaluate(system.init, trace.states[0], sizes, {}):
        raise TraceError("the first state is no initial state of the model")
    actions = {a.name: a for a in system.actions}
    found = list[Action]()
    for number, step in enumerate(trace.steps, 1):
        action = actions.get(step.action)
        if action is None or action.thread != step.thread:
            raise TraceError(f"step {number}: the model has no step {step.action!r}")
        found.append(action)
        before, after = trace.states[number - 1], trace.states[number]
        wrong = _not_taken(system, sizes, action, trace, number, before, after)
        if wrong:
            raise TraceError(f"step {number} ({step.text}): {wrong}")
    prop = next((p for p in properties if p.name == trace.property), None)
    return Background(system, sizes, tuple(found), prop, sources or {})


def _sizes(trace: Trace, system: System) -> Sizes:
    for sort in system.sorts:
        if trace.sizes.get(sort.name, 0) < 1:
            raise TraceError(f"the trace does not say how many {sort.name}s there are")
    numbers = [v for s in trace.states for v in s.values() if isinstance(v, int)]
    return Sizes(trace.sizes, max([*numbers, 0]) + 1)


def _same_variables(trace: Trace, system: System) -> None:
    theirs = {v.name: (v.dims, v.sort, v.thread) for v in trace.variables}
    ours = {
        v.name: (tuple(d.name for d in v.dims), str(v.sort), v.thread) for v in system.variables
    }
    for name in sorted({*theirs, *ours}):
        if name not in ours:
            raise TraceError(f"the model has no variable {name}")
        if name not in theirs:
            raise TraceError(f"the trace lacks the variable {name}")
        if theirs[name] != ours[name]:
            raise TraceError(f"the variable {name} is another one in the model")
    for var in system.variables:
        cells = sum(name == var.name for name, _ in trace.states[0])
        count = 1
        for dim in var.dims:
            count *= trace.sizes[dim.name]
        if cells != count:
            raise TraceError(f"{var.name} has {cells} values, and the sizes say {count}")


def _not_taken(
    system: System,
    sizes: Sizes,
    action: Action,
    trace: Trace,
    number: int,
    before: State,
    after: State,
) -> str:
    """Why ``action`` does not lead from ``before`` to ``after`` (empty: it does)."""
    picks = trace.steps[number - 1].picks
    for param in action.params:
        value = picks.get(param.name)
        if param.name not in picks:
            return f"it does not say which {param.name}"
        if isinstance(param.sort, IndexSort) and (
            type(value) is not int or not 0 <= value < sizes.of(param.sort)
        ):
            return f"there is no {param.sort.name} {value}"
    if not enabled(action, before, sizes, picks):
        return "the model cannot take it there"
    try:
        expected = apply(system, action, before, sizes, picks)
    except (CountOverflow, OutOfRange, TypeError) as error:
        return str(error)
    wrong = [c for c in after if expected.get(c) != after[c]]
    if wrong:
        name, index = min(wrong)
        where = f"{name}{list(index)}" if index else name
        return f"{where} is {expected[name, index]!r} in the model, {after[name, index]!r} in it"
    return ""
