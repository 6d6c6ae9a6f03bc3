"""The HTML file: styles, scripts and data in one page that loads nothing.

The content security policy allows exactly the style sheet and the script of this package, by their
hashes, and no connection of any kind; the data are a JSON block in which ``<``, ``>`` and ``&`` are
escaped, and the scripts put them into the page as text only.
"""

import base64
import hashlib
import html
import json
from importlib.resources import files

from pagestate.view.html.data import report_data, visible
from pagestate.view.pages import Report

STYLES = ("viewer.css",)
SCRIPTS = (
    "dom.js",
    "model.js",
    "lanes.js",
    "tables.js",
    "detail.js",
    "find.js",
    "compare.js",
    "index.js",
    "app.js",
)

_TEMPLATE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<noscript><p>This page draws a trace with its script; without scripts, see its text:</p>
<pre>{plain}</pre></noscript>
<div id="app"></div>
<script type="application/json" id="data">{data}</script>
<script>{script}</script>
</body>
</html>
"""


def render_html(report: Report) -> str:
    """The whole page."""
    style, script = _joined(STYLES), f'"use strict";\n(() => {{\n{_joined(SCRIPTS)}}})();\n'
    data = report_data(report)
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src '{_hash(style)}'; script-src '{_hash(script)}'"
    )
    plain = "\n\n".join(p.get("text") or f"{p['property']}: {p['verdict']}" for p in data["pages"])
    return _TEMPLATE.format(
        policy=policy,
        title=html.escape(visible(report.title)),
        style=style,
        plain=html.escape(plain),
        data=embedded(data),
        script=script,
    )


def embedded(data: object) -> str:
    """``data`` as JSON that can stand inside a script element."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _joined(names: tuple[str, ...]) -> str:
    folder = files("pagestate.view.html")
    return "".join(folder.joinpath(name).read_text(encoding="utf-8") for name in names)


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return f"sha256-{base64.b64encode(digest).decode('ascii')}"
