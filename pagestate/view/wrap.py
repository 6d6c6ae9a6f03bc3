"""Breaking one line of text where a kernel developer would break it.

In order of preference: behind a comma or between words, behind an opening parenthesis, between a
noun and its number (``page 0``) or inside ``1 -> 2``, behind an underscore or another joint, and
anywhere at last.  The first two are good places, the others poor ones.
"""

import re

_REPLACEMENTS = str.maketrans(
    {
        "\u2013": "-",
        "\u2014": "-",
        "\u2018": "'",
        "\u2019": "'",
        "\u201c": '"',
        "\u201d": '"',
        "\u2026": "...",
        "\u2192": "->",
        "\u2264": "<=",
        "\u2265": ">=",
        "\u2260": "!=",
    }
)

_COMMA = re.compile(r"[,;] (?!\d)")
_WORD = re.compile(r"[,;] (?!\d)|(?<!,) (?!\d|->|\(|\*\*\*)(?<!-> )(?<!: )(?<!\*\*\* )")
_PAREN = re.compile(r"\((?!\)|ghost\))")
_POOR = (re.compile(r": "), re.compile(r" "), re.compile(r"[_.:/,;=>&|-](?=\w)"))


def plain(text: str) -> str:
    """``text`` in one line of printable ASCII: blanks collapsed, anything else as ``?``."""
    words = " ".join(text.translate(_REPLACEMENTS).split())
    return "".join(c if " " <= c <= "~" else "?" for c in words)


def wrap(text: str, first: int, rest: int, spare: int = 0, prose: bool = True) -> list[str]:
    """The lines of ``text``: the first at most ``first`` wide, the others at most ``rest``.

    A line may use ``spare`` columns more where that keeps a name or a ``page 0`` in one piece.
    Text that is no ``prose`` is broken at commas rather than between any two words.
    """
    good = (_WORD if prose else _COMMA, _PAREN)
    lines = list[str]()
    room = max(first, 1)
    text = text.strip()
    start = 0
    while len(text) - start > room:
        window = text[start : start + room + max(spare, 0) + 2]
        at = _break(window, room, room + max(spare, 0), good)
        lines.append(window[:at].rstrip())
        start += at
        while text[start : start + 1] == " ":
            start += 1
        room = max(rest, 1)
    return [*lines, text[start:]] if start < len(text) or not lines else lines


def _break(window: str, room: int, most: int, good: tuple[re.Pattern[str], ...]) -> int:
    """Where to break a text longer than ``room`` that begins with ``window``."""
    places = [_ends(pattern, window) for pattern in good]
    for ends in places:
        if fits := [e for e in ends if _width(window, e) <= room]:
            return fits[-1]
    piece = min([len(window), *(e for ends in places for e in ends)])
    if _width(window, piece) <= most:
        return piece
    for pattern in _POOR:
        if fits := [e for e in _ends(pattern, window) if _width(window, e) <= room]:
            return fits[-1]
    return room


def _ends(pattern: re.Pattern[str], text: str) -> list[int]:
    return [m.end() for m in pattern.finditer(text, 1) if m.end() < len(text)]


def _width(text: str, end: int) -> int:
    return len(text[:end].rstrip())
