"""A trace beside what another variant of the model does about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from pagestate.check.request import Request, make_request
from pagestate.cli.behind import Models
from pagestate.core.trace import Trace
from pagestate.core.verdict import Verdict
from pagestate.lang.declare import Model
from pagestate.lang.load import is_shipped
from pagestate.schedule.variant import Followed, Stop, follow_trace
from pagestate.view.background import Background
from pagestate.view.broken import Break, breaks
from pagestate.view.explain import conditions
from pagestate.view.pages import Alignment
from pagestate.view.traceview import Row, TraceView, view_of
from pagestate.view.values import plural
from pagestate.view.wrap import plain, wrap

_MOST_CONDITIONS = 3
_MOST_NOTES = 4


@dataclass(frozen=True, slots=True)
class Comparison:
    """The variant's side: what tells it from the trace, its view, and how the two correspond.

    ``alignment`` is between page 0, the trace, and page 1.
    """

    difference: str
    trace: Trace
    view: TraceView
    alignment: Alignment

    @property
    def told(self) -> TraceView:
        """The view with what the comparison shows as its remark."""
        return replace(self.view, remark=" ".join(self.alignment.summary))

    def lines(self, width: int) -> Iterator[str]:
        """What the comparison shows, as paragraphs."""
        for text in self.alignment.summary:
            yield "\n".join(f"    {line}" for line in wrap(plain(text), width - 4, width - 4))


def compare(
    trace: Trace,
    background: Background | None,
    model: str,
    settings: Mapping[str, str],
    known: Models,
) -> Comparison:
    """Follow ``trace`` in ``model`` under its own switches and ``settings``.

    Raises ModelError for a model, switch or property that does not exist.
    """
    declared = known.load(model)
    request = _request(trace, declared, settings, known)
    followed = follow_trace(request, trace)
    behind = known.fitting(followed.trace, declared)
    view = view_of(followed.trace, behind)
    difference = _difference(trace, followed.trace)
    if view.verdict != Verdict.VIOLATED:
        view = replace(
            view,
            headline=f"the same schedule with {difference} ({plural('step', len(view.rows))})",
            final=_final(trace, followed),
            broken=_parts(trace, background, followed.trace),
        )
    told = _Told(trace, followed, behind, view)
    notes = {s.step: note for s in followed.stops if (note := _note(told, s))}
    alignment = Alignment(0, 1, _runs(followed.same), notes, tuple(_summary(told)))
    return Comparison(difference, followed.trace, view, alignment)


@dataclass(frozen=True, slots=True)
class _Told:
    """All there is to tell of: the trace, what the variant did, what explains it, its view."""

    trace: Trace
    followed: Followed
    background: Background
    view: TraceView

    def who(self, stop: Stop) -> str:
        """The thread that a step of the trace is of."""
        step = self.trace.steps[stop.step - 1]
        return step.thread if step.member is None else f"{step.thread} {step.member}"


def _request(trace: Trace, declared: Model, settings: Mapping[str, str], known: Models) -> Request:
    """The variant: the trace's scenario, sizes and switches as far as the model has them.

    Of the switches of another model it takes those that were not at their defaults.
    """
    named = trace.meta.get("scenario", "")
    scenario = named if named in {s.name for s in declared.scenarios} else ""
    if not scenario and declared.scenarios:
        scenario = _scenario(trace, declared)
    usual = dict[str, object]()
    if declared.name != trace.model and is_shipped(trace.model):
        origin = known.load(trace.model)
        if named in {s.name for s in origin.scenarios}:
            origin = origin.in_scenario(named)
        usual = {s.name: s.default for s in origin.declared_switches()}
    mine = {s.name for s in declared.declared_switches()}
    switches = {n: _word(v) for n, v in trace.switches.items() if n in mine and usual.get(n) != v}
    switches |= dict(settings)
    bare = make_request(declared, switches, {}, [trace.property], scenario)
    sizes = {n: str(v) for n, v in trace.sizes.items() if n in bare.sizes}
    return make_request(declared, switches, sizes, [trace.property], scenario)


def _scenario(trace: Trace, declared: Model) -> str:
    """The smallest scenario that has the threads that move in the trace, and the property."""
    moving = {s.thread for s in trace.steps}
    found = list[tuple[int, str]]()
    for each in declared.scenarios:
        part = declared.in_scenario(each.name)
        threads = {t.name for t in part.declared_threads()}
        has = any(p.name == trace.property for p in part.properties)
        found.append((len(threads) + 100 * len(moving - threads) + 10 * (not has), each.name))
    return min(found)[1]


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _difference(one: Trace, other: Trace) -> str:
    """What the variant's model and switches are, where they differ."""
    words = [other.model] if other.model != one.model else []
    for name, value in other.switches.items():
        if one.switches.get(name, value) != value:
            words.append(f"{name}={_word(value)}")
    return " ".join(words) or other.model


def _parts(trace: Trace, background: Background | None, other: Trace) -> tuple[Break, ...]:
    """What broke in the trace, as it is at the end of the variant's."""
    if background is None or set(trace.states[-1]) - set(other.states[-1]):
        return ()
    return breaks(trace, background, (other.states[-2:][0], other.states[-1]))


def _final(trace: Trace, followed: Followed) -> str:
    if followed.unlike:
        return f"{trace.property} is not violated in this way: {followed.unlike}"
    return f"{trace.property} holds in every state of this execution"


def _runs(same: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int, int], ...]:
    """Steps that correspond, in runs; those that were taken in another order are left out."""
    found = list[tuple[int, int, int]]()
    for left, right in sorted(same):
        if found:
            a, b, length = found[-1]
            if right < b + length:
                continue
            if (left, right) == (a + length, b + length):
                found[-1] = a, b, length + 1
                continue
        found.append((left, right, 1))
    return tuple(found)


def _note(told: _Told, stop: Stop) -> str:
    """Why a step of the trace has no step of the variant beside it."""
    title = told.who(stop)
    match stop.why:
        case "absent":
            return "not there in this variant"
        case "result" if stop.then is not None:
            row = told.view.rows[stop.then - 1]
            return f"here {row.text}{_because(row)}"
        case "waits":
            later = f"; it goes on with step {stop.then}" if stop.then else ""
            return f"{title} {_why(told, stop)}{later}"
        case "elsewhere" if stop.then is not None:
            row = told.view.rows[stop.then - 1]
            return f"not taken: {title} goes on with {row.text}{_because(row)}"
        case _:
            rows = told.view.rows[: stop.after]
            own = [r for r in rows if told.view.lanes[r.lane].title == title]
            return f"not taken: {title} has ended with {own[-1].text}" if own else "not taken"


def _why(told: _Told, stop: Stop) -> str:
    """Why a thread waits, or does not start."""
    view, title = told.view, told.who(stop)
    lanes = [lane.number for lane in view.lanes if lane.title == title]
    others = view.rows[stop.after].others if stop.after < len(view.rows) else view.end
    waits = next((o.why for o in others if o.lane in lanes and o.status == "blocked"), "")
    if waits:
        return waits
    step, state = told.trace.steps[stop.step - 1], told.followed.trace.states[stop.after]
    for action in told.background.system.actions:
        start = told.background.system.thread(action.thread).start
        at_start = action.thread == step.thread and action.info.label == start
        if at_start and all(p.name in step.picks for p in action.params):
            guard = conditions(told.background, action, step.picks, state)
            unmet = [c for c in guard if not c.holds and c.kind == "shared"]
            if unmet:
                return f"cannot start: {' and '.join(c.text for c in unmet)} does not hold"
    return "cannot go on"


def _because(row: Row) -> str:
    """What of the shared state decided it."""
    mine = [c for c in row.guard if c.kind == "shared" and c.values]
    texts = [c.text for c in mine][:_MOST_CONDITIONS]
    return f", because {' and '.join(texts)}" if texts else ""


def _summary(told: _Told) -> Iterator[str]:
    trace, followed, view = told.trace, told.followed, told.view
    steps, same = len(trace.steps), len(followed.same)
    if view.verdict == Verdict.VIOLATED:
        yield f"The variant takes {same} of the {steps} steps of the trace."
        yield f"{trace.property} is violated too: {view.final}."
        return
    yield f"The variant takes {same} of the {steps} steps of the trace."
    reasons = [s for n, s in enumerate(followed.stops) if not n or s.then or s.why == "waits"]
    for stop in reasons[:_MOST_NOTES]:
        text = trace.steps[stop.step - 1].text
        yield f"Step {stop.step}, {text} by {told.who(stop)}: {_note(told, stop)}."
    told_of = {s.step for s in reasons[:_MOST_NOTES]}
    rest = sum(s.why != "result" and s.step not in told_of for s in followed.stops)
    if rest:
        yield f"{plural('more step', rest)} of the trace {'is' if rest == 1 else 'are'} not taken."
    more = len(view.rows) - same
    if more:
        yield f"It takes {plural('step', more)} that the trace does not have."
    for part in view.broken:
        where = f"For {', '.join(part.members)} " if part.members else ""
        values = ", ".join(f"{name} = {value}" for name, value in part.values)
        truth = "true" if part.holds else "false"
        yield f"{where}{part.text} is {truth} in the end{f' ({values})' if values else ''}."
    yield f"{view.final}. This says nothing about other executions: that is for pagestate check."
