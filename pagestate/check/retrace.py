"""A schedule in readable form, retraced in a model: what exported pytest files call.

A step is named by its thread, its text and the values it chose; where it stands in the file does
not matter.  What is retraced is then replayed by the model's own functions as every
counterexample is.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pagestate.check.replay import replay
from pagestate.check.request import make_request, scenarios_of
from pagestate.core.evaluate import CountOverflow, apply, enabled, initial_state
from pagestate.core.execute import trace_of
from pagestate.core.property import Property
from pagestate.core.sorts import IndexSort, Sizes, Value
from pagestate.core.system import Action, System
from pagestate.core.trace import CellName, State, Trace
from pagestate.core.verdict import Move, Verdict
from pagestate.core.verdict import Path as Moves
from pagestate.lang.compile import Compiled
from pagestate.lang.load import load_model

_COUNT_BOUND = 1 << 20


class NotRetraced(Exception):
    """A step of the schedule that the model does not have there; the message says which."""


def retrace(
    model: str | Path,
    schedule: Sequence[tuple[str, str, Mapping[str, Value]]],
    *,
    prop: str,
    switches: Mapping[str, Value] | None = None,
    sizes: Mapping[str, int] | None = None,
    initial: Mapping[CellName, Value] | None = None,
    loop: int | None = None,
) -> Trace:
    """The trace of ``schedule`` in ``model``, replayed; it decides the property ``prop``.

    A step is ``(thread, text, choices)``, the thread with its number if it is replicated
    (``"getter 1"``).  ``initial`` has the values that the model leaves open, ``loop`` the number of
    the state that a lasso returns to.  Raises NotRetraced where the model cannot take a step,
    core.execute.NotAPath and check.replay.ReplayMismatch where the end is another one, and
    ModelError for a model, switch, size or property that does not exist.
    """
    declared = load_model(str(model))
    settings = {n: _setting(v) for n, v in (switches or {}).items()}
    numbers = {n: str(v) for n, v in (sizes or {}).items()}
    problem: NotRetraced | None = None
    for scenario in scenarios_of(declared, (), (prop,)) or ("",):
        request = make_request(declared, settings, numbers, [prop], scenario)
        try:
            return _retraced(
                request.compiled,
                request.properties[0],
                Sizes(request.sizes, _COUNT_BOUND),
                schedule,
                initial or {},
                loop,
            )
        except NotRetraced as error:
            problem = error
    assert problem is not None
    raise problem


def _retraced(
    compiled: Compiled,
    prop: Property,
    sizes: Sizes,
    schedule: Sequence[tuple[str, str, Mapping[str, Value]]],
    initial: Mapping[CellName, Value],
    loop: int | None,
) -> Trace:
    system = compiled.system
    free = {v.name for v in system.variables if v.free}
    open_cells = {cell: value for cell, value in initial.items() if cell[0] in free}
    try:
        state: State = initial_state(system, sizes, open_cells)
    except KeyError as error:
        raise NotRetraced(f"the initial value of {error} is not given") from None
    moves = list[Move]()
    for number, (who, text, choices) in enumerate(schedule, 1):
        action, picks = _found(system, sizes, state, who, text, choices, number)
        moves.append(Move(action, tuple(picks.items())))
        try:
            state = apply(system, action, state, sizes, picks)
        except CountOverflow as error:
            raise NotRetraced(f"step {number} ({text}): {error}") from None
    verdict = Verdict.EXHAUSTED if prop.kind == "reachable" else Verdict.VIOLATED
    path = Moves(tuple(open_cells.items()), tuple(moves), loop)
    trace = trace_of(system, sizes, path, prop, verdict.value, "schedule", compiled.valuation)
    replay(compiled, prop, trace)
    return trace


def _found(
    system: System,
    sizes: Sizes,
    state: State,
    who: str,
    text: str,
    choices: Mapping[str, Value],
    number: int,
) -> tuple[Action, dict[str, Value]]:
    """The step that ``text`` names: enabled, with the choices it was given."""
    there = list[tuple[Action, dict[str, Value]]]()
    for action in system.actions:
        picks = _picks(action, choices)
        if picks is None or _mover(action, picks) != who:
            continue
        for param in action.params:
            if isinstance(param.sort, IndexSort):
                _member(picks[param.name], param.sort, sizes, number)
        if enabled(action, state, sizes, picks):
            there.append((action, picks))
    same = [each for each in there if _head(each[0].info.text) == _head(text)]
    if not same:
        others = ", ".join(sorted({a.info.text for a, _ in there}))
        instead = f"it could do: {others}" if others else "it can do nothing of the kind"
        raise NotRetraced(f"step {number}: {who} cannot do {text} there; {instead}")
    return same[0]


def _member(value: Value, sort: IndexSort, sizes: Sizes, number: int) -> None:
    if type(value) is not int or not 0 <= value < sizes.of(sort):
        raise NotRetraced(f"step {number}: there is no {sort.name} {value}")


def _picks(action: Action, choices: Mapping[str, Value]) -> dict[str, Value] | None:
    """The values of the parameters of ``action``, if ``choices`` are about them.

    The name of a choice may leave out the line it stands in (``either`` for ``either:12``).
    """
    picks = dict[str, Value]()
    for param in action.params:
        name = param.name if param.name in choices else param.name.partition(":")[0]
        if name not in choices:
            return None
        picks[param.name] = choices[name]
    return picks if len(picks) == len(choices) else None


def _mover(action: Action, picks: Mapping[str, Value]) -> str:
    if action.thread_param is None:
        return action.thread
    return f"{action.thread} {picks[action.thread_param.name]}"


def _setting(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _head(text: str) -> str:
    """The name at the beginning of a step's text, which no value changes."""
    return text.partition("(")[0].partition("[")[0].partition(" ")[0]
