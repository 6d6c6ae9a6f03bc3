"""The picture for other tools: DOT, GraphML, a page for a browser."""

from collections.abc import Iterator
from html import escape

import networkx as nx

from pagestate.graph.draw import MOST_NODES, render_svg, shortened
from pagestate.graph.picture import Picture, networkx_graph

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
_PAGE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:1.5rem auto;max-width:80rem;padding:0 1rem;"
    "color:#1b1f24;background:#fff}table{border-collapse:collapse}th,td{text-align:left;"
    "vertical-align:top;padding:.25rem .8rem .25rem 0;border-bottom:1px solid #d9dde3}"
    "code{font-family:ui-monospace,monospace;font-size:13px;white-space:pre-wrap}"
    "svg{max-width:100%;height:auto}:target{background:#fff3bf}"
    "@media(prefers-color-scheme:dark){body{background:#14171b;color:#e6e9ec}a{color:#7db8ff}"
    "th,td{border-color:#343a41}:target{background:#4d4416}}"
)


def render_dot(picture: Picture) -> str:
    """The graph in Graphviz' language."""
    return "\n".join(_dot(picture)) + "\n"


def _dot(picture: Picture) -> Iterator[str]:
    yield "digraph states {"
    yield f"  label={_quoted(picture.title)}; labelloc=t;"
    yield '  node [shape=box, style=rounded, fontname="monospace", fontsize=10];'
    yield '  edge [fontname="monospace", fontsize=9];'
    for number, node in enumerate(picture.nodes):
        thick = ", penwidth=2" if node.initial else ""
        yield f"  n{number} [label={_quoted(node.name, *node.details)}{thick}];"
    for edge in picture.edges:
        yield f"  n{edge.source} -> n{edge.target} [label={_quoted(*edge.lines)}];"
    yield "}"


def _quoted(*lines: str) -> str:
    safe = [line.replace("\\", "\\\\").replace('"', '\\"') for line in lines]
    return f'"{safe[0]}"' if len(safe) == 1 else '"' + "".join(f"{line}\\l" for line in safe) + '"'


def render_graphml(picture: Picture) -> str:
    """The graph in GraphML."""
    return "\n".join(nx.generate_graphml(networkx_graph(picture))) + "\n"


def render_html(picture: Picture) -> str:
    """One page without scripts: the picture (of a graph that is not too large), and its tables."""
    drawn = len(picture.nodes) <= MOST_NODES
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            '<meta name="viewport" content="width=device-width">',
            f"<title>{escape(picture.title)}</title><style>{_PAGE}</style></head><body>",
            f"<h1>{escape(picture.title)}</h1>",
            *(f"<p>{escape(note)}</p>" for note in picture.notes),
            render_svg(picture) if drawn else "",
            *_table(picture),
            "</body></html>",
        ]
    )


def _table(picture: Picture) -> Iterator[str]:
    yield "<table><thead><tr><th>state<th>leads to<th>by</tr></thead><tbody>"
    for number, node in enumerate(picture.nodes):
        leaving = [e for e in picture.edges if e.source == number]
        details = "".join(f"<br><code>{escape(line)}</code>" for line in node.details)
        start = " (initial)" if node.initial else ""
        name = f"<b>{escape(node.name)}</b>{start}{details}"
        yield f'<tr id="n{number}"><td rowspan="{max(1, len(leaving))}">{name}</td>'
        for k, edge in enumerate(leaving):
            target = f'<a href="#n{edge.target}">{escape(picture.nodes[edge.target].name)}</a>'
            steps = "<br>".join(escape(line) for line in shortened(edge))
            yield f"{'<tr>' if k else ''}<td>{target}</td><td><code>{steps}</code></td></tr>"
        if not leaving:
            yield "<td>nothing</td><td></td></tr>"
    yield "</tbody></table>"
