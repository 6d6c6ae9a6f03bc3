"""The view of a trace: everything a renderer shows, computed once.

Renderers (text, terminal, HTML, ...) decide where things stand on the page and nothing else: the
lanes, the rows, the nesting of calls, the differences between states and the wording of the last
line all come from here.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pagestate.core.sorts import IndexSort, Value
from pagestate.core.span import Span
from pagestate.core.system import Action
from pagestate.core.trace import State, Step, Trace, VarInfo
from pagestate.view.background import Background
from pagestate.view.bars import LockBar, Other, Waiting, lock_bars, note_of, others_of
from pagestate.view.broken import Break, breaks
from pagestate.view.explain import Condition, Standings, Who, conditions
from pagestate.view.relevant import Fade, relevance_of
from pagestate.view.tables import Tables, tables_of
from pagestate.view.values import Fact, fact, show_value
from pagestate.view.wellformed import check_trace
from pagestate.view.wording import final, headline

_DEFAULTS = (False, None, "none", "free")


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
    changed, in the order of the variables; ``cells`` are the same by their number in the tables,
    and ``members`` the pages and the like that the step is about.

    With a background there are also ``guard``, why the step could be taken; ``others``, where the
    threads stood before it; ``waits``, the threads that gave way to this step because they are
    blocked; and ``fade``, whether and how the step is faded because the end does not depend on it.
    ``skipped`` is how many steps of the lane are left out before it (``brief``).
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
    cells: tuple[int, ...] = ()
    members: tuple[str, ...] = ()
    guard: tuple[Condition, ...] = ()
    others: tuple[Other, ...] = ()
    waits: tuple[Waiting, ...] = ()
    fade: Fade = ""
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class TraceView:
    """A trace, ready to be drawn.

    ``headline`` says what happened (``X is violated in 4 steps (2 CPUs, 1 page)``), ``final`` what
    the last step did to the property; it is empty where there is nothing to say.  ``initial`` has
    the cells that do not start at zero, false, none or free.  ``back_to`` is the number of the step
    a lasso repeats from, or one more than the number of steps where nothing moves any more.
    ``tables`` has the values of all cells in all states.

    With a background (``explained``): ``locks`` says who has which lock during which steps, ``end``
    where the threads stand after the last step, ``stuck`` which of them the text shows as waiting
    there, ``broken`` which parts of the property the last state decides, for which page, and
    ``sources`` has the lines of the model's files.  ``idle`` has the numbers of the shared cells
    whose values the end does not depend on, None where that is not known
    (``pagestate.view.relevant``).  ``remark`` stands below everything.
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
    tables: Tables
    explained: bool = False
    locks: tuple[LockBar, ...] = ()
    end: tuple[Other, ...] = ()
    stuck: tuple[Waiting, ...] = ()
    broken: tuple[Break, ...] = ()
    sources: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    idle: frozenset[int] | None = None
    remark: str = ""


def view_of(trace: Trace, background: Background | None = None) -> TraceView:
    """The view of ``trace``.  Raises TraceError if its parts do not fit together.

    ``background`` is the system of which it is an execution, made by ``background_of``.

    The line that opens a thread is the outermost call of the step that starts it, if that is a
    call of the thread itself; else it is made from ``args`` of the step, or from its ``picks``
    without the member's own number.  ``trace.meta["violation"]``, if there, replaces the property's
    title in the last line: what is wrong in the last state (``CPU0 waits for a lock of CPU1``).
    """
    check_trace(trace)
    lanes = dict[Who, Lane]()
    for step in trace.steps:
        who = step.thread, step.member
        if who not in lanes:
            title = step.thread if step.member is None else f"{step.thread} {step.member}"
            lanes[who] = Lane(len(lanes), f"CPU{len(lanes)}", title, step.thread, step.member)
    tables, everybody = tables_of(trace), tuple(lanes)
    others = _others(trace, background, everybody)
    rows = tuple(_rows(trace, background, tables, everybody, others))
    relevance = relevance_of(trace, background) if background else None
    idle: frozenset[int] | None = None
    if relevance is not None:
        rows = tuple(replace(r, fade=f) for r, f in zip(rows, relevance.steps, strict=True))
        shared = {v.name for v in trace.variables if v.thread is None}
        cells = enumerate(tables.cells)
        idle = frozenset(n for n, c in cells if c.key[0] in shared and c.key not in relevance.cells)
    broken = breaks(trace, background) if background else ()
    return TraceView(
        model=trace.model,
        property=trace.property,
        verdict=trace.verdict,
        title=trace.title,
        headline=headline(trace, len(lanes)),
        final=final(trace, rows[-1].changes if rows else None, broken),
        lanes=tuple(lanes.values()),
        rows=rows,
        initial=tuple(_initial(trace)),
        back_to=None if trace.loop is None else trace.loop + 1,
        switches=trace.switches,
        sizes=trace.sizes,
        engine=trace.engine,
        meta=trace.meta,
        tables=tables,
        explained=background is not None,
        locks=lock_bars(background, trace.states, everybody) if background else (),
        end=others[-1],
        stuck=tuple(_stuck(trace, background, rows, others[-1])),
        broken=broken,
        sources=background.sources if background else {},
        idle=idle,
    )


def last_of(view: TraceView) -> int:
    """The number of the last step that is shown (0: there is none)."""
    return view.rows[-1].number if view.rows else 0


def _others(
    trace: Trace, background: Background | None, lanes: tuple[Who, ...]
) -> list[tuple[Other, ...]]:
    """Where everybody stands, state by state; nothing without a background."""
    if background is None:
        return [()] * len(trace.states)
    standings = Standings(background, lanes)
    return [others_of(background, standings.in_state(s), lanes) for s in trace.states]


def _rows(
    trace: Trace,
    background: Background | None,
    tables: Tables,
    lanes: tuple[Who, ...],
    others: Sequence[tuple[Other, ...]],
) -> Iterator[Row]:
    calls = dict[int, tuple[str, ...]]()
    before: int | None = None
    for n, step in enumerate(trace.steps):
        lane = lanes.index((step.thread, step.member))
        opening, inside = _opening(step, trace)
        starts = lane not in calls or bool(step.args) or _at_start(trace, step, trace.states[n])
        changes = tuple(_changes(trace, n))
        action = background.actions[n] if background else None
        waits = [o for o in others[n] if o.lane == before != lane and o.status == "blocked"]
        yield Row(
            number=n + 1,
            lane=lane,
            text=step.text or step.label or step.action or "step",
            calls=inside,
            open=0 if starts else common(calls[lane], inside),
            starts=opening if starts else "",
            note=step.note,
            changes=changes,
            action=step.action,
            label=step.label,
            target=step.target,
            span=action.info.span if action else step.span,
            src=step.src,
            cells=tables.changed[n],
            members=tuple(_members(trace, step, changes, action)),
            guard=conditions(background, action, step.picks, trace.states[n])
            if background and action
            else (),
            others=tuple(o for o in others[n] if o.lane != lane),
            waits=tuple(Waiting(o.lane, o.text, len(calls[o.lane]), note_of(o)) for o in waits),
        )
        calls[lane], before = inside, lane


def _stuck(
    trace: Trace, background: Background | None, rows: Sequence[Row], end: Sequence[Other]
) -> Iterator[Waiting]:
    """The threads that wait at the end: of a deadlock all, else none; each is shown once."""
    prop = background.decides if background else None
    if prop is None or prop.kind != "deadlock_free":
        return
    for other in end:
        own = [r for r in rows if r.lane == other.lane]
        later = [
            w for r in rows for w in r.waits if w.lane == other.lane and r.number > own[-1].number
        ]
        if other.status == "blocked" and not later:
            yield Waiting(other.lane, other.text, len(own[-1].calls), note_of(other))


def _members(
    trace: Trace, step: Step, changes: Sequence[Fact], action: Action | None
) -> Iterator[str]:
    """The pages and the like that a step picks, or changes the shared state of; each once."""
    mover = action.thread_param if action else None
    found = dict[str, None]()
    for name, value in step.picks.items():
        sort = name if name in trace.sizes else ""
        for param in action.params if action else ():
            if param.name == name:
                sort = param.sort.name if isinstance(param.sort, IndexSort) else ""
        own = name == mover.name if mover is not None else name == step.thread
        if sort and not own and isinstance(value, int):
            found[f"{sort} {value}"] = None
    found |= {c.subject: None for c in changes if c.scope == "shared" and c.kind}
    yield from found


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


def common(before: tuple[str, ...], after: tuple[str, ...]) -> int:
    """How many of the calls around a step are those around the one before."""
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


def for_ever(trace: Trace) -> str:
    """What of a lasso is repeated, as the end of "in 7 steps" (nothing for other traces)."""
    if trace.loop is None:
        return ""
    around = len(trace.steps) - trace.loop
    if not around:
        return ", then nothing moves"
    return f", the last {around} for ever" if trace.loop else ", again and again"
