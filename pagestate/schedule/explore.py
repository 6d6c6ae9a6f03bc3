"""The shortest violation that begins with a schedule.

The state in which the schedule ends is where the search starts (``core.started``); the schedule
and what was found after it are one execution of the model, replayed as a whole.
"""

import time
from dataclasses import dataclass, replace

from pagestate.check.replay import replay
from pagestate.check.request import COUNT_BOUND, Request
from pagestate.core.evaluate import evaluate
from pagestate.core.execute import states_of, trace_of
from pagestate.core.property import LIVENESS, Property
from pagestate.core.sorts import Sizes
from pagestate.core.started import started_in
from pagestate.core.trace import State, Trace
from pagestate.core.verdict import Answer, Path, Verdict
from pagestate.engines.explicit import Explicit
from pagestate.engines.interface import Engine, Task
from pagestate.engines.liveness import Liveness
from pagestate.lang.diagnostics import ModelError, near
from pagestate.schedule.follow import Followed, follow
from pagestate.schedule.items import Schedule
from pagestate.schedule.matching import ScheduleError
from pagestate.schedule.watch import Watch, bind, count_changes

MAX_STATES = 5_000_000
"""States searched after a setup; then the answer is unknown."""


@dataclass(frozen=True, slots=True)
class Explored:
    """What was found from a setup on.

    ``answer`` is the engine's, about executions that begin with the setup; ``trace`` the whole
    execution, of which the first ``setup`` steps are the schedule's.  ``changing`` counts the steps
    after it that change what is watched (None: there is no trace, or nothing is watched).
    """

    answer: Answer
    trace: Trace | None
    setup: int
    changing: int | None
    seconds: float


def explore_from(
    request: Request,
    schedule: Schedule,
    prop: str,
    watch: Watch | None = None,
    *,
    seconds: float | None = None,
    max_states: int = MAX_STATES,
) -> Explored:
    """Look for a violation of ``prop`` (of a goal: a witness) after ``schedule``.

    ``watch``, else that of the schedule, says which steps count as changing.  The bound of counters
    is raised once where it is too small.  Raises ScheduleError, ModelError PS306; NotAPath or
    ReplayMismatch are mistakes of this program.
    """
    began = time.monotonic()
    asked = _property(request, prop)
    for bound in (COUNT_BOUND, 2 * COUNT_BOUND):
        setup = follow(request, schedule, bound)
        sizes = request.bounds(bound)
        _check_setup(request, sizes, schedule, setup, asked)
        answer = _search(request, sizes, setup.end, asked, seconds, max_states)
        if not answer.overflow:
            break
    length = len(setup.path.moves)
    if answer.path is None:
        return Explored(answer, None, length, None, time.monotonic() - began)
    loop = answer.path.loop
    whole = Path(
        setup.path.initial,
        (*setup.path.moves, *answer.path.moves),
        None if loop is None else loop + length,
    )
    answer = replace(answer, path=whole)
    trace = _replayed(request, sizes, asked, answer)
    watch = watch or schedule.watch
    changing = None
    if watch is not None:
        seen = bind(watch, request.compiled, sizes)
        changing = count_changes(seen, trace.states[length:])
    return Explored(answer, trace, length, changing, time.monotonic() - began)


def _property(request: Request, name: str) -> Property:
    known = {p.name: p for p in request.compiled.properties}
    if name not in known:
        model = request.compiled.model.name
        text = f"model {model} has no property {name!r}"
        raise ModelError("PS306", text, hint=near(name, list(known)))
    return known[name]


def _check_setup(
    request: Request, sizes: Sizes, schedule: Schedule, setup: Followed, prop: Property
) -> None:
    """The property must not be violated before the setup is done.  Raises ScheduleError."""
    if prop.kind not in ("always", "step"):
        return
    states = states_of(request.compiled.system, sizes, setup.path)
    for number, (before, after) in enumerate(zip([states[0], *states], states, strict=False)):
        if prop.kind == "step" and number == 0:
            continue
        earlier = before if prop.kind == "step" else after
        if not evaluate(prop.formula, earlier, sizes, {}, after):
            done = sum(mark < number for mark in setup.marks)
            item = schedule.items[min(done, len(schedule.items) - 1)]
            text = f"schedule {schedule.name}: {prop.name} is violated by the setup, at {item}"
            raise ScheduleError(text)


def _search(
    request: Request,
    sizes: Sizes,
    start: State,
    prop: Property,
    seconds: float | None,
    max_states: int,
) -> Answer:
    system = started_in(request.compiled.system, sizes, start)
    task = Task(system, (prop,), sizes)
    engine: Engine
    if prop.kind in LIVENESS:
        engine = Liveness(task, lambda progress: None, max_states=max_states)
    else:
        engine = Explicit(task, lambda progress: None, symmetry=False, max_states=max_states)
    depth, began = 0, time.monotonic()
    while not engine.advance(depth):
        depth += 1
        if seconds is not None and time.monotonic() - began > seconds:
            answer = engine.answers()[0]
            return replace(answer, verdict=Verdict.UNKNOWN, reason=f"timeout after {seconds:g} s")
    return engine.answers()[0]


def _replayed(request: Request, sizes: Sizes, prop: Property, answer: Answer) -> Trace:
    assert answer.path is not None
    compiled = request.compiled
    verdict, engine = answer.verdict.value, answer.engine
    trace = trace_of(compiled.system, sizes, answer.path, prop, verdict, engine, compiled.valuation)
    replay(compiled, prop, trace)
    return trace
