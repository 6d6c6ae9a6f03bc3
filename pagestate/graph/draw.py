"""The picture as SVG: nodes around an ellipse, so that no edge runs through a node.

The order of the nodes is found by exchanging two of them as long as that makes edges shorter and
crossings fewer; it depends on the graph alone.  Edges are numbered, a legend beside the picture
says who moves along them; each thread has a colour and a pattern of dashes.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import combinations
from math import cos, hypot, pi, sin
from typing import TypeAlias

from pagestate.graph.picture import Edge, Picture

Point: TypeAlias = tuple[float, float]

MOST_NODES = 24
_COLOURS = ("#0072b2", "#c04a00", "#00795a", "#a0408a", "#7a6a00", "#3b4fd4", "#7a5230")
_DASHES = ("", "7 3", "2 3", "10 3 2 3", "5 2 1 2", "12 4", "3 6")
_SEVERAL = "#505860"
_CHARACTER, _LINE, _TOP, _MARGIN = 6.9, 15, 58, 16
_LEGEND = 46
_SHOWN = 3
_MARK = 9.5
_NEAR = 2
_STYLE = (
    "text{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:11.5px;"
    "fill:#1b1f24;white-space:pre}.head{font-size:14px;font-weight:700}.start{font-weight:700}"
    ".less{fill:#57606a}.mark{font-size:10px;font-weight:700;fill:#fff;text-anchor:middle}"
    ".name{text-anchor:middle}"
)


@dataclass(frozen=True, slots=True)
class _Box:
    """Where a node is: its middle, half its width and height, its lines, its place of ``count``."""

    x: float
    y: float
    w: float
    h: float
    lines: tuple[str, ...]
    place: int
    count: int

    def towards(self, point: Point) -> Point:
        """Where a line from the middle to ``point`` leaves the box."""
        dx, dy = point[0] - self.x, point[1] - self.y
        if dx == dy == 0:
            return self.x, self.y
        far = min(
            (self.w + 3) / abs(dx) if dx else float("inf"),
            (self.h + 3) / abs(dy) if dy else float("inf"),
        )
        return self.x + dx * far, self.y + dy * far


def render_svg(picture: Picture) -> str:
    """The picture as an SVG document.  Raises ValueError for more nodes than can be told apart."""
    if len(picture.nodes) > MOST_NODES:
        raise ValueError(f"{len(picture.nodes)} nodes; a picture has at most {MOST_NODES}")
    order = _order(len(picture.nodes), picture.edges)
    boxes, width, height = _boxes(picture, order)
    legend = list(_legend(picture))
    height = max(height, _TOP + len(legend) * _LINE + 2 * _MARGIN)
    notes = [line for note in picture.notes for line in _folded(note, 118)]
    total = height + len(notes) * _LINE + (_MARGIN if notes else 0)
    whole = width + _LEGEND * _CHARACTER + 3 * _MARGIN
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole:.0f} {total:.0f}"'
            f' width="{whole:.0f}" height="{total:.0f}" role="img">',
            f"<title>{escape(picture.title)}</title>",
            f"<style>{_STYLE}</style>",
            *_arrows(picture),
            f'<rect width="{whole:.0f}" height="{total:.0f}" fill="#ffffff"/>',
            f'<text class="head" x="{_MARGIN}" y="26">{escape(picture.title)}</text>',
            *_edges(picture, boxes),
            *_nodes(picture, boxes),
            *_legend_lines(picture, legend, width + 2 * _MARGIN),
            *(
                f'<text class="less" x="{_MARGIN}" y="{height + n * _LINE:.0f}">{escape(t)}</text>'
                for n, t in enumerate(notes)
            ),
            "</svg>",
        ]
    )


# ------------------------------------------------------------------------------------ placing


def _order(count: int, edges: Sequence[Edge]) -> list[int]:
    """The nodes around the ellipse; node 0 stays at its top."""
    pairs = sorted({(min(e.source, e.target), max(e.source, e.target)) for e in edges})
    pairs = [(a, b) for a, b in pairs if a != b]
    order = list(range(count))
    best = _cost(order, pairs)
    better = True
    while better:
        better = False
        for i, j in combinations(range(1, count), 2):
            tried = order[:i] + order[i : j + 1][::-1] + order[j + 1 :]
            swapped = list(order)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            for candidate in (tried, swapped):
                cost = _cost(candidate, pairs)
                if cost < best:
                    order, best, better = candidate, cost, True
    return order


def _cost(order: Sequence[int], pairs: Sequence[tuple[int, int]]) -> int:
    place = {node: n for n, node in enumerate(order)}
    count = len(order)
    ends = [sorted((place[a], place[b])) for a, b in pairs]
    length = sum(min(b - a, count - b + a) for a, b in ends)
    crossings = sum(a < c < b < d or c < a < d < b for (a, b), (c, d) in combinations(ends, 2))
    return length + 2 * crossings


def _boxes(picture: Picture, order: Sequence[int]) -> tuple[dict[int, _Box], float, float]:
    lines = {n: tuple(_folded(picture.nodes[n].name, 22)) for n in order}
    half = {n: max(len(t) for t in ls) * _CHARACTER / 2 + 9 for n, ls in lines.items()}
    widest, count = max(half.values()), len(order)
    rx = max(150.0, 44.0 * count * 0.66)
    ry = max(110.0, 44.0 * count * 0.58)
    cx, cy = rx + widest + _MARGIN, ry + 30 + _TOP
    boxes = dict[int, _Box]()
    for place, node in enumerate(order):
        angle = 2 * pi * place / count - pi / 2
        x, y = cx + rx * cos(angle), cy + ry * sin(angle)
        high = len(lines[node]) * _LINE / 2 + 7
        boxes[node] = _Box(x, y, half[node], high, lines[node], place, count)
    return boxes, cx + rx + widest, cy + ry + 30 + _MARGIN


def _folded(text: str, room: int) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        if line and len(line) + 1 + len(word) > room:
            yield line
            line = word
        else:
            line = f"{line} {word}" if line else word
    yield line


# ------------------------------------------------------------------------------------ drawing


def _colour(picture: Picture, edge: Edge) -> int | None:
    """The number of the thread that moves along ``edge``; None: several do."""
    threads = {t for t, _ in edge.moves}
    return picture.threads.index(threads.pop()) if len(threads) == 1 else None


def _arrows(picture: Picture) -> Iterator[str]:
    for name, colour in [*((str(n), c) for n, c in enumerate(_COLOURS)), ("None", _SEVERAL)]:
        yield (
            f'<marker id="a{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8"'
            f' markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">'
            f'<path d="M0,0L8,4L0,8z" fill="{colour}"/></marker>'
        )


def _paint(number: int | None) -> tuple[str, str, str]:
    if number is None:
        return _SEVERAL, "", "None"
    k = number % len(_COLOURS)
    return _COLOURS[k], _DASHES[number % len(_DASHES)], str(k)


def _edges(picture: Picture, boxes: dict[int, _Box]) -> Iterator[str]:
    marks, taken = list[str](), list[Point]()
    xs, ys = [b.x for b in boxes.values()], [b.y for b in boxes.values()]
    centre = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    for number, edge in enumerate(picture.edges, 1):
        one, other = boxes[edge.source], boxes[edge.target]
        middle = _bent(one, other, centre)
        a, b = one.towards(middle), other.towards(middle)
        colour, dashes, arrow = _paint(_colour(picture, edge))
        pattern = f' stroke-dasharray="{dashes}"' if dashes else ""
        if edge.source == edge.target:
            x, y = one.x, one.y - one.h
            path = f"M{x - 9:.1f},{y:.1f}C{x - 22:.1f},{y - 26:.1f} {x + 22:.1f},{y - 26:.1f}"
            path += f" {x + 9:.1f},{y:.1f}"
            spot = (x, y - 20)
        else:
            path = f"M{a[0]:.1f},{a[1]:.1f}Q{middle[0]:.1f},{middle[1]:.1f} {b[0]:.1f},{b[1]:.1f}"
            spot = _spot(a, middle, b, taken)
        taken.append(spot)
        said = escape("; ".join(edge.lines))
        yield (
            f'<path d="{path}" fill="none" stroke="{colour}" stroke-width="1.5"{pattern}'
            f' marker-end="url(#a{arrow})"><title>{said}</title></path>'
        )
        marks.append(_mark(number, spot, colour))
    yield from marks


def _bent(one: _Box, other: _Box, centre: Point) -> Point:
    """The control point: to the right of the way, so that there and back are two curves.

    It is nearer to the centre the more of the ellipse lies between: no node is in the way there.
    """
    dx, dy = other.x - one.x, other.y - one.y
    far = hypot(dx, dy) or 1.0
    bend = min(26.0, far * 0.14)
    apart = abs(one.place - other.place)
    apart = min(apart, one.count - apart)
    pull = 0.0 if apart < _NEAR else max(0.15, 0.85 - 0.2 * apart)
    x = (one.x + other.x) / 2 * (1 - pull) + centre[0] * pull
    y = (one.y + other.y) / 2 * (1 - pull) + centre[1] * pull
    return x - dy / far * bend, y + dx / far * bend


def _spot(a: Point, middle: Point, b: Point, taken: Sequence[Point]) -> Point:
    """Where the number stands: on the curve, away from other numbers."""
    spots = [_at(a, middle, b, t / 100) for t in (50, 42, 58, 34, 66, 28, 72, 22, 78)]

    def room(spot: Point) -> float:
        return min((hypot(spot[0] - x, spot[1] - y) for x, y in taken), default=99.0)

    return next((s for s in spots if room(s) > 2.3 * _MARK), max(spots, key=room))


def _at(a: Point, middle: Point, b: Point, t: float) -> Point:
    x, y = ((1 - t) ** 2 * a[k] + 2 * t * (1 - t) * middle[k] + t**2 * b[k] for k in (0, 1))
    return x, y


def _mark(number: int, spot: Point, colour: str) -> str:
    x, y = spot
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_MARK}" fill="{colour}"/>'
        f'<text class="mark" x="{x:.1f}" y="{y + 3.6:.1f}">{number}</text>'
    )


def _nodes(picture: Picture, boxes: dict[int, _Box]) -> Iterator[str]:
    for number, node in enumerate(picture.nodes):
        box = boxes[number]
        thick = "2.6" if node.initial else "1.2"
        yield (
            f'<rect x="{box.x - box.w:.1f}" y="{box.y - box.h:.1f}" width="{2 * box.w:.1f}"'
            f' height="{2 * box.h:.1f}" rx="7" fill="#f4f6f8" stroke="#30363d"'
            f' stroke-width="{thick}"><title>{node.states} states</title></rect>'
        )
        top = box.y - (len(box.lines) - 1) * _LINE / 2 + 4
        for n, line in enumerate(box.lines):
            kind = "name start" if node.initial else "name"
            y = top + n * _LINE
            yield f'<text class="{kind}" x="{box.x:.1f}" y="{y:.1f}">{escape(line)}</text>'


# ------------------------------------------------------------------------------------- legend


def _legend(picture: Picture) -> Iterator[tuple[int, str]]:
    """The lines of the legend; behind the number of its edge (0: the line goes on)."""
    for number, edge in enumerate(picture.edges, 1):
        first = number
        for line in shortened(edge):
            for part in _folded(line, _LEGEND - 4):
                yield first, part
                first = 0


def shortened(edge: Edge) -> list[str]:
    """The moves of an edge by thread, those that are too many counted."""
    found = list[str]()
    for thread in dict.fromkeys(t for t, _ in edge.moves):
        steps = [s for t, s in edge.moves if t == thread]
        more = f" (+{len(steps) - _SHOWN})" if len(steps) > _SHOWN else ""
        found.append(f"{thread}: {', '.join(steps[:_SHOWN])}{more}")
    return found


def _legend_lines(picture: Picture, legend: Sequence[tuple[int, str]], x: float) -> Iterator[str]:
    for n, (number, text) in enumerate(legend):
        y = _TOP + n * _LINE
        if number:
            colour = _paint(_colour(picture, picture.edges[number - 1]))[0]
            yield (
                f'<text x="{x:.1f}" y="{y}" text-anchor="end" font-weight="700"'
                f' style="fill:{colour}">{number}</text>'
            )
        yield f'<text x="{x + 8:.1f}" y="{y}">{escape(text)}</text>'
