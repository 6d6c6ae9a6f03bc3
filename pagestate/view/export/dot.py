"""A trace as a Graphviz graph: a column of steps for each thread, and what each step changed.

Edges lead from step to step; a thick one is a switch to another thread, a dashed one is where a
lasso returns to.
"""

from collections.abc import Iterator

from pagestate.core.verdict import Verdict
from pagestate.view.traceview import Row, TraceView, last_of
from pagestate.view.values import fact_lines
from pagestate.view.wrap import plain


def render_dot(view: TraceView) -> str:
    """The graph in the DOT language."""
    return "\n".join(_lines(view))


def _lines(view: TraceView) -> Iterator[str]:
    yield "digraph trace {"
    yield f"  label={_quoted(view.headline)}; labelloc=t;"
    yield '  node [shape=box, fontname="monospace", fontsize=10];'
    yield '  start [shape=circle, label=""];'
    for lane in view.lanes:
        yield f"  subgraph cluster_{lane.number} {{"
        yield f"    label={_quoted(f'{lane.cpu}: {lane.title}')};"
        for row in view.rows:
            if row.lane == lane.number:
                yield f"    {_node(view, row)}"
        yield "  }"
    before = "start"
    for number, row in enumerate(view.rows):
        switch = number > 0 and view.rows[number - 1].lane != row.lane
        yield f"  {before} -> s{row.number}{' [penwidth=2]' if switch else ''};"
        before = f"s{row.number}"
    if view.back_to is not None and view.back_to <= len(view.rows):
        yield f'  {before} -> s{view.back_to} [style=dashed, label="for ever"];'
    if view.final:
        colour = "red" if view.verdict == Verdict.VIOLATED else "darkgreen"
        yield f"  final [shape=note, color={colour}, label={_quoted(view.final)}];"
        yield f"  {before} -> final [style=dotted];"
    yield "}"


def _node(view: TraceView, row: Row) -> str:
    changes = fact_lines(c for c in row.changes if c.scope == "shared")
    note = f" [{row.note}]" if row.note else ""
    lines = (f"{row.number}. {row.text}{note}", *changes)
    last = row.number == last_of(view) and view.verdict == Verdict.VIOLATED
    colour = ", color=red, penwidth=2" if last and view.back_to is None else ""
    return f"s{row.number} [label={_quoted(*lines)}{colour}];"


def _quoted(*lines: str) -> str:
    r"""A quoted label; lines end with \l, so that they stand at the left."""
    safe = [plain(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return f'"{safe[0]}"' if len(safe) == 1 else '"' + "".join(f"{line}\\l" for line in safe) + '"'
