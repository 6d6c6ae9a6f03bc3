"""A trace as a Mermaid sequence diagram, as GitHub and GitLab draw it.

The threads are participants, and so is the memory: a step that changes shared state is a message to
it with what changed as a note, any other step one of the thread to itself.
"""

from collections.abc import Iterator

from pagestate.view.bars import Waiting
from pagestate.view.traceview import Row, TraceView
from pagestate.view.values import fact_lines
from pagestate.view.wrap import plain

MOST_STEPS = 60
_MARKS = {"#": "#35;", ";": "#59;", "<": "#lt;", ">": "#gt;", "&": "#amp;", '"': "#quot;"}


def render_mermaid(view: TraceView) -> str:
    """The diagram; of a long trace the last sixty steps."""
    return "\n".join(_lines(view))


def _lines(view: TraceView) -> Iterator[str]:
    yield "sequenceDiagram"
    yield f"    title {_text(view.headline)}"
    for lane in view.lanes:
        yield f"    participant {lane.cpu} as {_text(f'{lane.cpu}: {lane.title}')}"
    yield "    participant M as memory"
    rows = view.rows[-MOST_STEPS:]
    left = len(view.rows) - len(rows)
    if left:
        yield f"    Note over M: the first {left} steps are left out"
    for row in rows:
        if row.number == view.back_to:
            yield "    loop for ever"
        yield from _step(view, row)
    yield from _waiting(view, view.stuck)
    if any(row.number == view.back_to for row in rows):
        yield "    end"
    if view.final:
        yield f"    Note over M: {_text(view.final)}"


def _step(view: TraceView, row: Row) -> Iterator[str]:
    cpu = view.lanes[row.lane].cpu
    if row.starts:
        yield f"    Note over {cpu}: {_text(row.starts)}"
    yield from _waiting(view, row.waits)
    changes = fact_lines(c for c in row.changes if c.scope == "shared")
    note = f" [{row.note}]" if row.note else ""
    yield f"    {cpu}->>{'M' if changes else cpu}: {_text(f'{row.number}. {row.text}{note}')}"
    if changes:
        yield f"    Note right of M: {_text('; '.join(changes))}"


def _waiting(view: TraceView, waits: tuple[Waiting, ...]) -> Iterator[str]:
    for wait in waits:
        blocked = view.lanes[wait.lane].cpu
        yield f"    Note over {blocked}: {_text(f'{wait.text} [{wait.note}]')}"


def _text(text: str) -> str:
    """Text that Mermaid shows as it is: its own marks as entities, one line."""
    return "".join(_MARKS.get(c, c) for c in plain(text)) or "?"
