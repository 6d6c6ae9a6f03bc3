"""The view of a trace: everything a renderer shows, computed once.

Renderers (text, terminal, HTML, ...) decide where things stand on the page and nothing else: the
lanes, the rows, the nesting of calls, the differences between states and the wording of the last
line all come from here.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pagestate.core.sorts import Value
from pagestate.core.span import Span
from pagestate.core.trace import State, Step, Trace, VarInfo
from pagestate.core.verdict import PROOFS, Verdict
from pagestate.view.values import Fact, fact, fact_lines, plural, show_value
from pagestate.view.wellformed import check_trace

_SHOWN_SUBJECTS = 4
_DEFAULTS = (False, None)


@dataclass(frozen=True, slots=True)
class Lane:
    """A thread instance that moves: ``CPU0``, running ``getter 1``."""

    number: int
    cpu: str
    title: str
    thread: str
    member: int | None


@dataclass(frozen=True, slots=True)
class Row:
    """One step.

    ``starts`` is the line that opens the thread (``getter(page 0)``) where this step starts it,
    else empty.  ``calls`` are the enclosing helper calls, outermost first; the first ``open`` of
    them are already on the page from the lane's step before.  ``changes`` has every cell the step
    changed, in the order of the variables.
    """

    number: int
    lane: int
    text: str
    calls: tuple[str, ...]
    open: int
    starts: str
    note: str
    changes: tuple[Fact, ...]
    action: str
    label: str
    target: str
    span: Span | None
    src: str


@dataclass(frozen=True, slots=True)
class TraceView:
    """A trace, ready to be drawn.

    ``headline`` says what happened (``X is violated in 4 steps (2 CPUs, 1 page)``), ``final`` what
    the last step did to the property; it is empty where there is nothing to say.  ``initial`` has
    the cells that do not start at zero, false or none.  ``back_to`` is the number of the step a
    lasso repeats from, or one more than the number of steps where nothing moves any more.
    """

    model: str
    property: str
    verdict: str
    title: str
    headline: str
    final: str
    lanes: tuple[Lane, ...]
    rows: tuple[Row, ...]
    initial: tuple[Fact, ...]
    back_to: int | None
    switches: Mapping[str, Value]
    sizes: Mapping[str, int]
    engine: str
    meta: Mapping[str, str]


def view_of(trace: Trace) -> TraceView:
    """The view of ``trace``.  Raises TraceError if its parts do not fit together.

    The line that opens a thread is the outermost call of the step that starts it, if that is a
    call of the thread itself; else it is made from ``args`` of the step, or from its ``picks``
    without the member's own number.  ``trace.meta["violation"]``, if there, replaces the property's
    title in the last line: what is wrong in the last state (``CPU0 waits for a lock of CPU1``).
    """
    check_trace(trace)
    lanes = dict[tuple[str, int | None], Lane]()
    calls = dict[tuple[str, int | None], tuple[str, ...]]()
    rows = list[Row]()
    for n, step in enumerate(trace.steps):
        who = step.thread, step.member
        first = who not in lanes
        if first:
            title = step.thread if step.member is None else f"{step.thread} {step.member}"
            lanes[who] = Lane(len(lanes), f"CPU{len(lanes)}", title, step.thread, step.member)
        opening, inside = _opening(step, trace)
        starts = first or bool(step.args) or _at_start(trace, step, trace.states[n])
        rows.append(
            Row(
                number=n + 1,
                lane=lanes[who].number,
                text=step.text or step.label or step.action or "step",
                calls=inside,
                open=0 if starts else _common(calls[who], inside),
                starts=opening if starts else "",
                note=step.note,
                changes=tuple(_changes(trace, n)),
                action=step.action,
                label=step.label,
                target=step.target,
                span=step.span,
                src=step.src,
            )
        )
        calls[who] = inside
    return TraceView(
        model=trace.model,
        property=trace.property,
        verdict=trace.verdict,
        title=trace.title,
        headline=_headline(trace, len(lanes)),
        final=_final(trace, rows),
        lanes=tuple(lanes.values()),
        rows=tuple(rows),
        initial=tuple(_initial(trace)),
        back_to=None if trace.loop is None else trace.loop + 1,
        switches=trace.switches,
        sizes=trace.sizes,
        engine=trace.engine,
        meta=trace.meta,
    )


def _at_start(trace: Trace, step: Step, state: State) -> bool:
    """Whether the thread that moves is where, and as, it was in the initial state."""
    own = [v for v in trace.variables if v.thread == step.thread]
    if not any(v.control for v in own):
        return False
    names = {v.name for v in own}
    return all(
        value == trace.states[0][cell]
        for cell, value in state.items()
        if cell[0] in names and (step.member is None or cell[1][:1] == (step.member,))
    )


def _common(before: tuple[str, ...], after: tuple[str, ...]) -> int:
    count = 0
    for a, b in zip(before, after, strict=False):
        if a != b:
            break
        count += 1
    return count


def _opening(step: Step, trace: Trace) -> tuple[str, tuple[str, ...]]:
    """The line that opens the thread of ``step``, and the helper calls around the step."""
    if step.calls and step.calls[0].partition("(")[0] == step.thread:
        return step.calls[0], step.calls[1:]
    if not step.thread:
        return "", step.calls
    args = dict(step.args)
    if not args:
        own = {step.thread, *(d for v in trace.variables if v.control for d in v.dims)}
        args = {k: v for k, v in step.picks.items() if k not in own or v != step.member}
    shown = ", ".join(_argument(name, value, trace) for name, value in args.items())
    return f"{step.thread}({shown})", step.calls


def _argument(name: str, value: Value, trace: Trace) -> str:
    if name in trace.sizes and isinstance(value, int):
        return f"{name} {value}"
    return f"{name}={show_value(value, '')}"


def _changes(trace: Trace, step: int) -> Iterator[Fact]:
    before, after = trace.states[step], trace.states[step + 1]
    variables = {v.name: v for v in trace.variables}
    order = {v.name: n for n, v in enumerate(trace.variables)}
    changed = [c for c in after if not _same(before[c], after[c])]
    for name, index in sorted(changed, key=lambda c: (order[c[0]], c[1])):
        var = variables[name]
        old = show_value(before[name, index], var.sort)
        yield fact(var, index, after[name, index], old)


def _same(a: Value, b: Value) -> bool:
    return type(a) is type(b) and a == b


def _initial(trace: Trace) -> Iterator[Fact]:
    order: dict[str, tuple[int, VarInfo]] = {v.name: (n, v) for n, v in enumerate(trace.variables)}
    for name, index in sorted(trace.states[0], key=lambda c: (order[c[0]][0], c[1])):
        value = trace.states[0][name, index]
        if value not in _DEFAULTS:
            yield fact(order[name][1], index, value)


def _reached(trace: Trace) -> bool:
    """Whether the trace is the witness of a ``reachable`` goal."""
    return trace.verdict in PROOFS or trace.verdict in ("reachable", "reached", "witness")


def for_ever(trace: Trace) -> str:
    """What of a lasso is repeated, as the end of "in 7 steps" (nothing for other traces)."""
    if trace.loop is None:
        return ""
    around = len(trace.steps) - trace.loop
    if not around:
        return ", then nothing moves"
    return f", the last {around} for ever" if trace.loop else ", again and again"


def _headline(trace: Trace, lanes: int) -> str:
    of_pages = dict.fromkeys(d for v in trace.variables if v.thread is None for d in v.dims)
    sizes = [plural(d, trace.sizes[d]) for d in of_pages if d in trace.sizes]
    scope = ", ".join(([plural("CPU", lanes)] if lanes else []) + sizes)
    steps = len(trace.steps)
    when = f"in {plural('step', steps)}" if steps else "in the initial state"
    if trace.verdict == Verdict.VIOLATED:
        what = f"{trace.property} is violated {when}"
    elif _reached(trace):
        what = f"{trace.property} is reached {when}"
    else:
        about = ", ".join(filter(None, (trace.property or trace.model, trace.verdict)))
        what = f"{about or 'trace'}: {plural('step', steps)}"
    return f"{what} ({scope})" if scope else what


def _final(trace: Trace, rows: list[Row]) -> str:
    if trace.verdict == Verdict.VIOLATED:
        passive, active = "is violated", "violates"
    elif _reached(trace):
        passive, active = "is reached", "reaches"
    else:
        return ""
    changes = [c for c in rows[-1].changes if c.scope == "shared"] if rows else []
    lines = fact_lines([c for c in changes if not c.ghost] or changes)
    why = trace.meta.get("violation") or trace.title
    because = f": {why}" if why else ""
    if trace.loop is not None or (rows and not lines):
        return f"{trace.property} {passive}{because}"
    if not rows:
        return f"the initial state {active} {trace.property}{because}"
    shown = "; ".join(lines[:_SHOWN_SUBJECTS])
    more = len(lines) - _SHOWN_SUBJECTS
    return f"{shown}{f'; and {more} more' if more > 0 else ''} {active} {trace.property}{because}"
