"""What the terminal viewer shows: the same panes as the HTML page, as lines and cells."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pagestate.core.verdict import Verdict
from pagestate.view.bars import Other
from pagestate.view.explain import Condition
from pagestate.view.sources import short_names
from pagestate.view.tables import Table
from pagestate.view.traceview import Row, TraceView

_FADES = {
    "apart": "dim: the same happens in the end when steps like this one are not taken",
    "passing": "dim: its thread takes it to get on; the end does not depend on what it changes",
}
Kind: TypeAlias = Literal["plain", "head", "good", "bad", "less", "here"]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a pane and how it is meant."""

    text: str
    kind: Kind = "plain"


@dataclass(frozen=True, slots=True)
class Shown:
    """A cell of the state table: its number, its value now, the one before if it has changed.

    ``idle``: the end does not depend on it.
    """

    cell: int | None
    value: str
    old: str | None = None
    idle: bool = False


@dataclass(frozen=True, slots=True)
class TableLine:
    """A row of the state table; a heading (``cells`` are column names) or a field."""

    name: str
    cells: tuple[Shown, ...]
    heading: bool = False


def clean(text: str) -> str:
    """``text`` in one line that moves no cursor: what cannot be printed is ``?``."""
    return "".join(c if c.isprintable() else "?" for c in text.expandtabs())


def step_line(view: TraceView, row: Row, fading: bool = True, member: str = "") -> Line:
    """A step in its lane: ``*`` moves, ``#`` has a lock, ``|`` waits or has none.

    With ``fading`` a step that the end does not depend on is less than the others; with ``member``
    so is one that is about other members.
    """
    note = f" [{row.note}]" if row.note else ""
    last = row.number == len(view.rows) and view.verdict == Verdict.VIOLATED
    bad = " !" if last else ""
    back = " <- repeats from here" if view.back_to == row.number else ""
    indent = "  " * (1 + len(row.calls))
    text = f"{row.number:>4} {_marks(view, row, True)} {indent}{row.text}{note}{bad}{back}"
    out = (fading and row.fade) or (member and member not in row.members)
    usual: Kind = "less" if out else "plain"
    return Line(clean(text), "bad" if last else usual)


def head_lines(view: TraceView, row: Row) -> Iterator[Line]:
    """What stands above a step: the thread's start, and the helpers that the step enters."""
    marks = " " * 5 + _marks(view, row, False)
    if row.starts:
        yield Line(clean(f"{marks} {row.starts}"), "head")
    for depth in range(row.open, len(row.calls)):
        yield Line(clean(f"{marks} {'  ' * (1 + depth)}{row.calls[depth]}"), "less")


def _marks(view: TraceView, row: Row, moves: bool) -> str:
    """The lanes during a step, without the mark of the mover above its line."""
    marks = list[str]()
    for lane in view.lanes:
        held = any(
            b.lane == lane.number and b.first <= row.number <= b.last and b.mode != "queued"
            for b in view.locks
        )
        mover = moves and lane.number == row.lane
        marks.append("*" if mover else "#" if held else "|")
    return " ".join(marks)


def start_line(view: TraceView) -> Line:
    """The initial state, above the steps."""
    lanes = ", ".join(f"{lane.cpu} {lane.title}" for lane in view.lanes)
    return Line(clean(f"   0 start ({lanes})"), "less")


def state_lines(view: TraceView, step: int, member: str, everything: bool) -> Iterator[TableLine]:
    """The state after ``step``: cells of ``member`` only (empty: all), those that ever change."""
    for table in view.tables.tables:
        lines = list(_fields(view, table, step, member, everything))
        if lines:
            heads = tuple(Shown(None, clean(c)) for c in table.columns)
            yield TableLine(clean(table.title), heads, heading=True)
            yield from lines


def _fields(
    view: TraceView, table: Table, step: int, member: str, everything: bool
) -> Iterator[TableLine]:
    changed = set(view.tables.changed[step - 1]) if step else set[int]()
    idle = view.idle or frozenset[int]()
    for row in table.rows:
        cells = [None if n is None else view.tables.cells[n] for n in row.cells]
        if not everything and not any(c is not None and len(c.history) > 1 for c in cells):
            continue
        shown = list[Shown]()
        for number, cell in zip(row.cells, cells, strict=True):
            if number is None or cell is None or (member and cell.member not in ("", member)):
                shown.append(Shown(None, ""))
                continue
            old = clean(cell.at(step - 1)) if number in changed else None
            shown.append(Shown(number, clean(cell.at(step)), old, number in idle))
        if any(s.cell is not None for s in shown):
            ghost = " (ghost)" if row.ghost else ""
            yield TableLine(clean(row.name + ghost), tuple(shown))


def members_of(view: TraceView) -> list[str]:
    """Every page and the like that a column or a step names."""
    columns = (c for t in view.tables.tables if t.scope != "thread" for c in t.columns if c)
    steps = (m for row in view.rows for m in row.members)
    return list(dict.fromkeys((*columns, *steps)))


def detail_lines(view: TraceView, step: int) -> Iterator[Line]:
    """One step: where it stands, why it could be taken, what the others could do."""
    if not step:
        yield Line("Initial state", "head")
        yield Line(clean(view.headline))
        faded = sum(bool(row.fade) for row in view.rows)
        if faded:
            text = f"{faded} steps are dim: the end does not depend on what they do (f)"
            yield Line(text, "less")
    else:
        yield from _step(view, view.rows[step - 1])
    if step == len(view.rows):
        if view.final:
            yield Line(clean(view.final), "bad" if view.verdict == Verdict.VIOLATED else "good")
        for part in view.broken:
            where = f"{', '.join(part.members)}: " if part.members else ""
            values = ", ".join(f"{n} = {v}" for n, v in part.values)
            truth = "true" if part.holds else "false"
            yield Line(clean(f"  {where}{part.text} is {truth} ({values})"))
        if view.remark:
            yield Line(clean(view.remark))
    others: Sequence[Other] = view.end
    if 0 < step < len(view.rows):
        others = view.rows[step - 1].others
    if step and others:
        yield Line("Other threads" if step < len(view.rows) else "In the end", "head")
        for other in others:
            lane = view.lanes[other.lane]
            text = f"  {lane.cpu} {lane.title} {other.why}" + (
                f": {other.text}" if other.text else ""
            )
            yield Line(clean(text), "bad" if other.status == "blocked" else "less")


def _step(view: TraceView, row: Row) -> Iterator[Line]:
    lane = view.lanes[row.lane]
    yield Line(clean(f"Step {row.number}  {lane.cpu} {lane.title}: {row.text}"), "head")
    if row.fade:
        yield Line(_FADES[row.fade], "less")
    if row.calls:
        yield Line(clean("in " + " > ".join(row.calls)), "less")
    if row.src:
        yield Line(clean(f"kernel: {row.src}"), "less")
    if row.span is not None:
        name = short_names(view.sources).get(row.span.file, row.span.file)
        yield Line(clean(f"model: {name}:{row.span.line}"), "less")
        lines = view.sources.get(row.span.file, ())
        for number in range(max(1, row.span.line - 2), min(len(lines), row.span.end_line + 2) + 1):
            here = row.span.line <= number <= row.span.end_line
            mark = ">" if here else " "
            text = clean(f"{mark}{number:>5} {lines[number - 1]}")
            yield Line(text, "here" if here else "less")
    conditions = [c for c in row.guard if c.kind != "control"]
    if conditions:
        yield Line("Could be taken because", "head")
        yield from (_condition(c) for c in conditions)


def _condition(condition: Condition) -> Line:
    values = ", ".join(f"{n} = {v}" for n, v in condition.values)
    mark = "+" if condition.holds else "-"
    text = f"  {mark} {condition.text}" + (f"   ({values})" if values else "")
    return Line(clean(text), "good" if condition.holds else "bad")


def matches(view: TraceView, query: str) -> list[int]:
    """The steps that a search finds; ``a .. b``: a step with a, then one with b."""
    words = [w.strip() for w in query.lower().split("..") if w.strip()]
    texts = [_haystack(view, row) for row in view.rows]
    if len(words) < 2:
        return [n for n, text in enumerate(texts, 1) if words and words[0] in text]
    found, begin = list[int](), 0
    for word in words:
        hit = next((n for n in range(begin, len(texts)) if word in texts[n]), None)
        if hit is None:
            return []
        found.append(hit + 1)
        begin = hit + 1
    return found


def _haystack(view: TraceView, row: Row) -> str:
    lane = view.lanes[row.lane]
    changes = (f"{c.subject} {c.text()}" for c in row.changes)
    parts = (lane.cpu, lane.title, row.starts, *row.calls, row.text, row.note, row.src, *changes)
    return "\n".join(parts).lower()
