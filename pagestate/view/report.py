"""The report form of a trace: what a kernel sanitizer would have printed.

A line for each step that changed the shared state, with the thread, the place in the model and in
the kernel; then what the last step changed, and how to see it again.
"""

import os
from collections.abc import Iterator

from pagestate.core.verdict import Verdict
from pagestate.view.text import MIN_WIDTH
from pagestate.view.traceview import Row, TraceView
from pagestate.view.values import Fact, fact_lines, show_value
from pagestate.view.wording import final_changes
from pagestate.view.wrap import plain, wrap

_RULE = 66
_HANG = 4


def render_report(view: TraceView, width: int = 75, made: str = "", trace: str = "") -> str:
    """The report in lines of at most ``width`` columns, without a final newline.

    ``made`` is the program and ``trace`` the file that the last lines name.  Raises ValueError for
    a width below 40.
    """
    if width < MIN_WIDTH:
        raise ValueError(f"width must be at least {MIN_WIDTH}")
    rule = "=" * min(_RULE, width)
    lines = [line for text in _texts(view, made, trace) for line in _folded(text, width)]
    return "\n".join([rule, *lines, rule])


def _texts(view: TraceView, made: str, trace: str) -> Iterator[str]:
    kind = "BUG" if view.verdict == Verdict.VIOLATED else "INFO"
    who = " / ".join(dict.fromkeys(lane.thread for lane in view.lanes if lane.thread))
    yield f"{kind}: pagestate: {view.property or view.model}{f' in {who}' if who else ''}"
    if view.title:
        yield view.title
    start = fact_lines(f for f in view.initial if f.scope == "shared")
    if start:
        yield ""
        yield "at the start:"
        yield from (f"  {line}" for line in start)
    shown = [r for r in view.rows if _shared(r) or r is view.rows[-1]]
    for row in shown:
        yield ""
        yield f"{_heading(view, row)}:"
        yield f"  {row.text}{f' [{row.note}]' if row.note else ''}"
        yield from (f"  {line}" for line in fact_lines(_shared(row)))
    left = len(view.rows) - len(shown)
    yield ""
    if left:
        yield f"{left} more {'step changes' if left == 1 else 'steps change'} no shared state"
    if view.back_to is not None:
        yield f"the steps from {view.back_to} on are repeated for ever"
    if view.remark:
        yield view.remark
    for part in view.broken:
        values = ", ".join(f"{name} is {value}" for name, value in part.values)
        holds = "true" if part.holds else "false"
        yield f"{part.text} is {holds}{f': {values}' if values else ''}"
    for line in final_changes(view.rows[-1].changes if view.rows else ()):
        yield f"value changed: {line}"
    yield ""
    yield f"Reported by {', '.join(_origin(view, made))}"
    if trace:
        yield f"Show: pagestate show {os.path.basename(trace)} --values"


def _shared(row: Row) -> list[Fact]:
    return [c for c in row.changes if c.scope == "shared"]


def _heading(view: TraceView, row: Row) -> str:
    lane = view.lanes[row.lane]
    who = f" by {lane.title}" if lane.title else ""
    places = [f"{os.path.basename(row.span.file)}:{row.span.line}"] if row.span else []
    where = ", ".join([*places, row.src] if row.src else places)
    return f"step {row.number}{who} on cpu {lane.number}{f' ({where})' if where else ''}"


def _origin(view: TraceView, made: str) -> Iterator[str]:
    yield f"{made or 'pagestate'}{f' ({view.engine})' if view.engine else ''}"
    if view.model:
        values = (
            f"{n}={str(v).lower() if isinstance(v, bool) else show_value(v, '')}"
            for n, v in view.switches.items()
        )
        yield " ".join([f"model {view.model}", *values])


def _folded(text: str, width: int) -> list[str]:
    indent = len(text) - len(text.lstrip())
    room = width - indent
    first, *rest = wrap(plain(text.strip()), room, room - _HANG)
    hang = " " * (indent + _HANG)
    return [(" " * indent + first).rstrip(), *(hang + line for line in rest)]
