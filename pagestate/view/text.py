"""The text form of a trace: the CPU diagram of kernel commit messages.

Up to three threads stand in columns, more in a log with the CPU before each line, and so do three
whose calls are nested too deeply for columns that narrow.  Every line is plain ASCII, without
trailing blanks, and fits the width whatever the names are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pagestate.view.bars import Waiting
from pagestate.view.traceview import Row, TraceView, last_of
from pagestate.view.values import Fact, fact_lines
from pagestate.view.wrap import plain, wrap

Values: TypeAlias = bool | Literal["shared", "all"]
"""What to show of the state: nothing, the shared state (also ``True``), or locals as well."""

MIN_WIDTH = 40
_MARGIN = 4
_NORMAL_WIDTH = 75
_COLUMNS = {1: (4,), 2: (4, 36), 3: (4, 28, 52)}
_GAP = 2
_MIN_ROOM = 16
_HANG = 4
_MOST_BROKEN = 0.5
"""Of the lines of columns: the share that may be broken off others before a log reads better."""

Shape: TypeAlias = Literal["auto", "columns", "log"]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of one lane (``across``: of none) before it is placed; ``number``: it is a step."""

    lane: int
    indent: int
    text: str
    number: int | None = None
    fact: bool = False
    across: bool = False


def render_text(
    view: TraceView,
    width: int = 75,
    values: Values = False,
    numbers: bool = False,
    header: bool = True,
    shape: Shape = "auto",
) -> str:
    """The diagram of ``view`` in lines of at most ``width`` columns, without a final newline.

    ``values`` adds the start state and, under each step, what it changed: the shared state, or
    with ``"all"`` also locals and control points.  ``numbers`` puts the numbers of the steps into
    the margin (a lasso always has them: its last line names one).  Without ``header`` the line
    that names the property is left out.  ``shape`` asks for columns (where there are no more
    threads than fit) or the log.  Raises ValueError for a width below 40.
    """
    if width < MIN_WIDTH:
        raise ValueError(f"width must be at least {MIN_WIDTH}")
    numbers = numbers or view.back_to is not None
    margin = max(_MARGIN, len(str(last_of(view))) + 1) if numbers else _MARGIN
    out = list[str]()
    if header:
        out += [*_paragraph(f"{view.headline}:", margin, width), ""]
    if values or not view.rows:
        start = fact_lines(f for f in view.initial if _wanted(f, values or "shared"))
        if start:
            out += [*_paragraph(f"start: {'; '.join(start)}", margin, width, prose=False), ""]
    lines = [line for row in view.rows for line in _lines(row, values, view.back_to)]
    lines += _waiting(view.stuck)
    columns = () if shape == "log" else _columns(len(view.lanes), width, margin)
    if columns and (shape == "columns" or not _cramped(lines, columns, width)):
        out += _table(view, lines, columns, margin, width, numbers)
    else:
        out += _log(view, lines, margin, width, numbers)
    if view.back_to is not None:
        more = view.back_to <= len(view.rows)
        text = f"<- back to step {view.back_to}" if more else "<- nothing moves any more"
        out += _paragraph(text, margin, width)
    if view.final:
        out += _paragraph(f"*** {view.final} ***", margin, width)
    if view.remark:
        out += ["", *_paragraph(f"({view.remark})", margin, width)]
    while out and not out[-1]:
        out.pop()
    return "\n".join(line.rstrip() for line in out)


def _wanted(each: Fact, values: Values) -> bool:
    return values == "all" or (bool(values) and each.scope == "shared")


def _paragraph(text: str, margin: int, width: int, prose: bool = True) -> list[str]:
    room = width - margin
    first, *rest = wrap(plain(text), room, room - _HANG, prose=prose)
    return [" " * margin + first, *(" " * (margin + _HANG) + line for line in rest)]


def _lines(row: Row, values: Values, back_to: int | None) -> Iterator[_Line]:
    if row.number == back_to:
        yield _Line(row.lane, 0, "-> the loop starts here", across=True)
    yield from _waiting(row.waits)
    if row.starts:
        yield _Line(row.lane, 0, row.starts)
    if row.skipped:
        yield _Line(row.lane, 2 + 2 * row.open, "...")
    for depth in range(row.open, len(row.calls)):
        yield _Line(row.lane, 2 + 2 * depth, row.calls[depth])
    indent = 2 + 2 * len(row.calls)
    note = f" [{row.note}]" if row.note else ""
    yield _Line(row.lane, indent, row.text + note, row.number)
    for line in fact_lines(c for c in row.changes if _wanted(c, values)):
        yield _Line(row.lane, indent + 4, line, fact=True)


def _waiting(waits: tuple[Waiting, ...]) -> Iterator[_Line]:
    for wait in waits:
        yield _Line(wait.lane, 2 + 2 * wait.depth, f"{wait.text} [{wait.note}]")


def _columns(lanes: int, width: int, margin: int) -> tuple[int, ...]:
    """Where the lanes stand, or nothing if there are too many of them for the width."""
    if lanes not in _COLUMNS:
        return ()
    extra = max(0, width - _NORMAL_WIDTH) // lanes
    columns = tuple(c + n * extra + margin - _MARGIN for n, c in enumerate(_COLUMNS[lanes]))
    return columns if width - columns[-1] >= _MIN_ROOM else ()


def _cramped(lines: list[_Line], columns: tuple[int, ...], width: int) -> bool:
    """Whether calls are nested so deeply that three columns break too many lines to be read."""
    squeeze, rooms = _squeeze(lines, columns, width), _rooms(columns, width)
    own = [line for line in lines if not line.across and not line.fact]
    deep = any(line.indent // 2 > squeeze[line.lane] for line in own)
    if len(columns) < 3 or not deep:
        return False
    made = sum(len(_placed(line, rooms[line.lane], squeeze[line.lane])) for line in own)
    return made - len(own) > _MOST_BROKEN * len(own)


def _rooms(columns: tuple[int, ...], width: int) -> list[int]:
    """How wide each column is."""
    ends = [*(c - _GAP for c in columns[1:]), width]
    return [end - start for start, end in zip(columns, ends, strict=True)]


def _squeeze(lines: list[_Line], columns: tuple[int, ...], width: int) -> list[int]:
    """For each column, how many of its levels can be indented by two, the others by one."""
    found = list[int]()
    for lane, room in enumerate(_rooms(columns, width)):
        own = (line.indent // 2 for line in lines if line.lane == lane and not line.fact)
        deepest = max(own, default=0)
        found.append(max(1, room - _MIN_ROOM - deepest))
    return found


def _placed(line: _Line, room: int, wide: int, spare: int = 0) -> list[str]:
    """The line in a column of ``room``, indented; deep nesting gives way to legible text."""
    text = plain(line.text) or "?"
    level = line.indent // 2
    indent = min(level + min(level, wide), max(0, room - _MIN_ROOM))
    hang = min(indent + _HANG, max(0, room - _MIN_ROOM // 2))
    if line.fact:
        longest = max(len(part) + 1 for part in text.split(", "))
        indent = min(indent, max(0, room + spare - longest))
        hang = min(hang, max(0, room + spare - longest))
    first, *rest = wrap(text, room - indent, room - hang, spare, not line.fact)
    return [" " * indent + first, *(" " * hang + more for more in rest)]


def _table(
    view: TraceView,
    lines: list[_Line],
    columns: tuple[int, ...],
    margin: int,
    width: int,
    numbers: bool,
) -> Iterator[str]:
    rooms, squeeze = _rooms(columns, width), _squeeze(lines, columns, width)
    ends = [start + room for start, room in zip(columns, rooms, strict=True)]
    for title in ([lane.cpu for lane in view.lanes], ["----"] * len(view.lanes)):
        cells = (t.ljust(e - c + _GAP) for t, c, e in zip(title, columns, ends, strict=True))
        yield " " * columns[0] + "".join(cells)
    for line in lines:
        if line.across:
            yield from _paragraph(line.text, margin, width)
            continue
        lane, start = line.lane, columns[line.lane]
        placed = _placed(line, rooms[lane], squeeze[lane], width - ends[lane])
        for n, text in enumerate(placed):
            yield (
                _numbered(line if n == 0 else None, margin, numbers) + " " * (start - margin) + text
            )


def _log(
    view: TraceView, lines: list[_Line], margin: int, width: int, numbers: bool
) -> Iterator[str]:
    names = [f"{lane.cpu}: " for lane in view.lanes]
    widest = max((len(n) for n in names), default=0)
    for line in lines:
        if line.across:
            yield from _paragraph(line.text, margin, width)
            continue
        for n, text in enumerate(_placed(line, width - margin - widest, line.indent)):
            name = names[line.lane] if n == 0 else ""
            yield _numbered(line if n == 0 else None, margin, numbers) + name.ljust(widest) + text


def _numbered(line: _Line | None, margin: int, numbers: bool) -> str:
    if line is None or line.number is None or not numbers:
        return " " * margin
    return str(line.number).rjust(margin - 1) + " "
