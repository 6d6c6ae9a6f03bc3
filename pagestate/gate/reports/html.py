"""HTML: an index of all answers that needs nothing but itself, and a page for each trace.

The pages of traces are the viewer's; the index has the diagrams as text.
"""

import html
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from pagestate import __version__
from pagestate.core.trace import Trace
from pagestate.gate.policy import Judged, Status
from pagestate.gate.report import Report, diagram, origin, sentence, trace_of
from pagestate.gate.reports.summary import summary
from pagestate.view import pages
from pagestate.view.html.page import render_html
from pagestate.view.traceview import view_of

TracePage: TypeAlias = Callable[[Trace], str]
"""What draws a trace as a page of HTML."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
:root { color-scheme: light dark; font: 15px/1.45 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 75rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .25rem .6rem;
  border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent); }
pre { overflow-x: auto; padding: .8rem;
  background: color-mix(in srgb, currentColor 7%, transparent); }
.FAILED { font-weight: 700; color: light-dark(#b00020, #ff8a80); }
.open { font-weight: 700; color: light-dark(#8a5300, #ffcc80); }
"""


def viewer_page(trace: Trace) -> str:
    """The viewer's page of one trace."""
    name = f"{trace.model}: {trace.property}"
    made = f"pagestate {__version__}"
    return render_html(pages.Report(name, (pages.TracePage(name, view_of(trace)),), made))


def write(report: Report, folder: Path, page: TracePage | None = viewer_page) -> None:
    """Write ``index.html`` and the traces' pages into ``folder``.  Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    links = dict[int, str]()
    if page is not None:
        for number, item in enumerate(report.judgement.items):
            trace = trace_of(item)
            if trace is not None:
                links[number] = f"trace-{number}.html"
                (folder / links[number]).write_text(page(trace), encoding="utf-8")
    text = document(report, links)
    (folder / "index.html").write_text(text, encoding="utf-8", errors="replace")


def document(report: Report, links: "dict[int, str] | None" = None) -> str:
    """The index; ``links`` are the pages of traces, by the place of their answer."""
    return "\n".join(_lines(report, links or {})) + "\n"


def _lines(report: Report, links: dict[int, str]) -> Iterator[str]:
    judged = report.judgement
    last = summary(report)[-1]
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
    yield '<meta name="viewport" content="width=device-width">'
    yield f"<title>{_text(last)}</title><style>{_STYLE}</style></head><body>"
    yield f"<h1>{_text(last)}</h1>"
    for problem in (*judged.problems, *judged.errors, *judged.gone):
        yield f"<pre>{_text(problem)}</pre>"
    yield "<table><thead><tr><th></th><th>job</th><th>property</th><th>answer</th><th>scope</th>"
    yield "<th>engine</th></tr></thead><tbody>"
    order = list(enumerate(judged.items))
    order.sort(key=lambda pair: _RANK[pair[1].status])
    for number, item in order:
        yield from _row(number, item, links)
    yield "</tbody></table>"
    for number, item in order:
        picture = diagram(item)
        if picture:
            yield f'<h2 id="t{number}">{_text(item.job.label)}: {_text(item.finding.name)}</h2>'
            yield f"<p>{_text(item.finding.title)}</p>"
            if number in links:
                yield f'<p><a href="{links[number]}">step through it</a></p>'
            yield f"<pre>{_text(picture)}</pre>"
    notes = sorted({a for item in judged.items for a in item.finding.assumptions})
    if notes:
        yield "<h2>Assumptions</h2><ul>"
        yield from (f"<li>{_text(note)}</li>" for note in notes)
        yield "</ul>"
    yield "</body></html>"


_RANK = {
    Status.FAILED: 0,
    Status.OPEN: 1,
    Status.KNOWN: 2,
    Status.EXPECTED: 3,
    Status.OK: 4,
    Status.SKIPPED: 5,
}


def _row(number: int, item: Judged, links: dict[int, str]) -> Iterator[str]:
    finding, status = item.finding, item.status.value
    name = _text(finding.name)
    if finding.trace is not None:
        name = f'<a href="{links.get(number, f"#t{number}")}">{name}</a>'
    cells = (_text(item.job.label), name, _text(sentence(item)), _text(finding.scope))
    yield f'<tr><td class="{_text(status)}">{_text(status)}</td>'
    yield "".join(f"<td>{cell}</td>" for cell in (*cells, _text(origin(item)))) + "</tr>"


def _text(text: str) -> str:
    return html.escape(text, quote=True)
