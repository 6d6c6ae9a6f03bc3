"""The diagram of a trace as a picture for slides: a lane for each thread, locks as bars."""

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from pagestate.core.verdict import Verdict
from pagestate.view.traceview import TraceView, last_of
from pagestate.view.wrap import plain, wrap

_CHARACTER, _LINE, _TOP, _LEFT = 7.3, 17, 96, 44
_INDENT = 2
_LANE_LETTERS = 44
_BAR = 7
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#a64d8a", "#8f7a00", "#3b6fd4", "#7a5230")
_STYLE = (
    "text{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:12px;"
    "fill:#1b1f24;white-space:pre}.head{font-weight:700}.call{fill:#656d78}.start{font-weight:700}"
    ".number{fill:#656d78;font-size:10px}.bad{fill:#b3261e;font-weight:700}"
    ".wait{fill:#656d78;font-style:italic}.good{fill:#18713a;font-weight:700}"
)


@dataclass(frozen=True, slots=True)
class _Text:
    """A line of a lane: ``row`` is the step it belongs to."""

    lane: int
    indent: int
    text: str
    kind: str
    row: int
    numbered: bool


def render_svg(view: TraceView) -> str:
    """The picture, as an SVG document."""
    texts = list(_texts(view))
    slots = max((len(_locks(view, lane.number)) for lane in view.lanes), default=0)
    lane_width = _LANE_LETTERS * _CHARACTER + slots * _BAR + 24
    lanes = max(len(view.lanes), 1)
    width = _LEFT + lanes * lane_width + 10
    letters = int((width - 60) / _CHARACTER)
    final = wrap(plain(view.final), letters, letters) if view.final else []
    height = _TOP + (len(texts) + 1) * _LINE + len(final) * _LINE + 24
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}"'
            f' width="{width:.0f}" height="{height:.0f}" role="img">',
            f"<title>{_safe(view.headline)}</title>",
            f"<style>{_STYLE}</style>",
            f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
            f'<text class="head" x="14" y="26">{_safe(view.headline)}</text>',
            *_heads(view, lane_width, height - len(final) * _LINE - 24),
            *_bars(view, texts, lane_width),
            *_lines(view, texts, lane_width, slots),
            *_final(view, final, height),
            "</svg>",
        ]
    )


def _texts(view: TraceView) -> Iterator[_Text]:
    for row in view.rows:
        for wait in row.waits:
            text = f"{wait.text} [{wait.note}]"
            yield from _folded(wait.lane, wait.depth + 1, text, "wait", row.number, False)
        if row.starts:
            yield from _folded(row.lane, 0, row.starts, "start", row.number, False)
        if row.skipped:
            yield from _folded(row.lane, row.open + 1, "...", "call", row.number, False)
        for depth in range(row.open, len(row.calls)):
            yield from _folded(row.lane, depth + 1, row.calls[depth], "call", row.number, False)
        last = row.number == last_of(view) and view.back_to is None
        kind = "bad" if last and view.verdict == Verdict.VIOLATED else "step"
        text = row.text + (f" [{row.note}]" if row.note else "")
        yield from _folded(row.lane, len(row.calls) + 1, text, kind, row.number, True)

    for wait in view.stuck:
        text = f"{wait.text} [{wait.note}]"
        yield from _folded(wait.lane, wait.depth + 1, text, "wait", last_of(view), False)


def _folded(
    lane: int, depth: int, text: str, kind: str, row: int, numbered: bool
) -> Iterator[_Text]:
    indent = min(depth * _INDENT, _LANE_LETTERS // 2)
    room = _LANE_LETTERS - indent
    for n, part in enumerate(wrap(plain(text) or "?", room, room - 4, prose=False)):
        yield _Text(lane, indent + (4 if n else 0), part, kind, row, numbered and n == 0)


def _locks(view: TraceView, lane: int) -> list[str]:
    return list(dict.fromkeys(bar.lock for bar in view.locks if bar.lane == lane))


def _x(lane: int, lane_width: float) -> float:
    return _LEFT + lane * lane_width


def _heads(view: TraceView, lane_width: float, bottom: float) -> Iterator[str]:
    for lane in view.lanes:
        x = _x(lane.number, lane_width)
        yield (
            f'<line x1="{x:.1f}" y1="78" x2="{x:.1f}" y2="{bottom:.1f}" stroke="#d9dde3"/>'
            f'<text class="head" x="{x + 8:.1f}" y="54">{_safe(f"{lane.cpu} {lane.title}")}</text>'
        )


def _bars(view: TraceView, texts: list[_Text], lane_width: float) -> Iterator[str]:
    names = list(dict.fromkeys(bar.lock for bar in view.locks))
    for bar in view.locks:
        lines = [n for n, t in enumerate(texts) if bar.first <= t.row <= bar.last]
        while lines and texts[lines[0]].row == bar.first and not texts[lines[0]].numbered:
            lines.pop(0)
        if not lines:
            continue
        x = _x(bar.lane, lane_width) + 6 + _locks(view, bar.lane).index(bar.lock) * _BAR
        top = _TOP + lines[0] * _LINE - _LINE / 2 - 4
        height = (lines[-1] - lines[0] + 1) * _LINE - 4
        colour = _COLOURS[names.index(bar.lock) % len(_COLOURS)]
        dashed = ' fill-opacity="0.45"' if bar.mode != "held" else ""
        yield (
            f'<rect x="{x:.1f}" y="{top:.1f}" width="{_BAR - 2}" height="{height:.1f}" rx="2"'
            f' fill="{colour}"{dashed}><title>{_safe(bar.lock)}</title></rect>'
        )
    x = 14.0
    for n, name in enumerate(names):
        yield (
            f'<rect x="{x:.1f}" y="62" width="5" height="9" fill="{_COLOURS[n % len(_COLOURS)]}"/>'
            f'<text class="number" x="{x + 9:.1f}" y="70">{_safe(name)}</text>'
        )
        x += 20 + len(plain(name)) * 6.2


def _lines(view: TraceView, texts: list[_Text], lane_width: float, slots: int) -> Iterator[str]:
    for n, text in enumerate(texts):
        x = _x(text.lane, lane_width) + 12 + slots * _BAR + text.indent * _CHARACTER
        y = _TOP + n * _LINE
        if text.numbered:
            end = f'x="{_LEFT - 8}" y="{y}" text-anchor="end"'
            yield f'<text class="number" {end}>{text.row}</text>'
        yield f'<text class="{text.kind}" x="{x:.1f}" y="{y}">{_safe(text.text)}</text>'
    if view.back_to is not None:
        more = view.back_to <= len(view.rows)
        said = f"back to step {view.back_to}, for ever" if more else "nothing moves any more"
        yield f'<text class="wait" x="{_LEFT + 8}" y="{_TOP + len(texts) * _LINE}">{said}</text>'


def _final(view: TraceView, final: list[str], height: float) -> Iterator[str]:
    kind = "bad" if view.verdict == Verdict.VIOLATED else "good"
    for n, line in enumerate(final):
        y = height - 14 - (len(final) - 1 - n) * _LINE
        yield f'<text class="{kind}" x="14" y="{y:.1f}">{_safe(line)}</text>'


def _safe(text: str) -> str:
    return escape(plain(text), quote=True)
