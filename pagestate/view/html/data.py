"""A report as plain JSON values, in the form that the scripts of the page read.

Characters that would not be seen, or would change how the text around them is seen, are written as
escapes here, so that the page shows names as they are.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pagestate.core.span import Span
from pagestate.view.bars import Other, Waiting
from pagestate.view.brief import brief
from pagestate.view.explain import Condition
from pagestate.view.pages import (
    Alignment,
    Report,
    ResultPage,
    TracePage,
    alignments,
    commit_text,
)
from pagestate.view.sources import short_names
from pagestate.view.tables import Cell, Table
from pagestate.view.traceview import Row, TraceView
from pagestate.view.values import show_value

_AROUND = 5
_HIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)


def visible(text: str) -> str:
    """``text`` with control and direction characters written as escapes."""
    return _HIDDEN.sub(lambda found: _escaped(found[0]), text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def report_data(report: Report) -> dict[str, Any]:
    """The data of the page."""
    views = [p.view for p in report.pages if isinstance(p, TracePage)]
    files = short_names(file for view in views for file in view.sources)
    return {
        "title": visible(report.title),
        "made": visible(report.made),
        "pages": [
            _trace_page(page, files) if isinstance(page, TracePage) else _result_page(page)
            for page in report.pages
        ],
        "sources": _sources(views, files),
        "alignments": [_alignment(a) for a in alignments(report)],
        "opening": [[a.left, a.right] for a in report.compared[:1]],
    }


def _alignment(one: Alignment) -> dict[str, Any]:
    return {
        "left": one.left,
        "right": one.right,
        "runs": one.runs,
        "notes": {str(step): visible(text) for step, text in one.notes.items()},
        "summary": [visible(text) for text in one.summary],
    }


def _result_page(page: ResultPage) -> dict[str, Any]:
    return {
        "kind": "result",
        "name": visible(page.name),
        "model": visible(page.model),
        "property": visible(page.property),
        "verdict": visible(page.verdict),
        "title": visible(page.title),
        "scope": visible(page.scope),
        "engine": visible(page.engine),
        "reason": visible(page.reason),
        "laws": [visible(law) for law in page.laws],
        "assumptions": [visible(text) for text in page.assumptions],
        "certificate": visible(page.certificate),
        "switches": _pairs(page.switches or {}),
        "sizes": [],
    }


def _trace_page(page: TracePage, files: Mapping[str, str]) -> dict[str, Any]:
    view = page.view
    return {
        "kind": "trace",
        "name": visible(page.name),
        "model": visible(view.model),
        "property": visible(view.property),
        "verdict": visible(view.verdict),
        "title": visible(view.title),
        "headline": visible(view.headline),
        "final": visible(view.final),
        "engine": visible(view.engine),
        "switches": _pairs(view.switches),
        "sizes": _pairs(view.sizes),
        "explained": view.explained,
        "lanes": [{"cpu": lane.cpu, "title": visible(lane.title)} for lane in view.lanes],
        "rows": [_row(row, files) for row in view.rows],
        "end": [_other(o) for o in view.end],
        "stuck": [_waiting(w) for w in view.stuck],
        "backTo": view.back_to,
        "broken": [
            {
                "members": [visible(m) for m in b.members],
                "text": visible(b.text),
                "holds": b.holds,
                "values": _texts(b.values),
            }
            for b in view.broken
        ],
        "cells": [_cell(c) for c in view.tables.cells],
        "idle": None if view.idle is None else sorted(view.idle),
        "tables": [_table(t) for t in view.tables.tables],
        "locks": [
            {
                "lane": bar.lane,
                "lock": visible(bar.lock),
                "mode": bar.mode,
                "first": bar.first,
                "last": bar.last,
            }
            for bar in view.locks
        ],
        "text": commit_text(view),
        "brief": commit_text(brief(view)) if any(r.fade for r in view.rows) else "",
    }


def _pairs(values: Mapping[str, Any]) -> list[list[str]]:
    shown = (
        (k, str(v).lower() if isinstance(v, bool) else show_value(v, "")) for k, v in values.items()
    )
    return _texts(shown)


def _texts(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    return [[visible(name), visible(value)] for name, value in pairs]


def _row(row: Row, files: Mapping[str, str]) -> dict[str, Any]:
    return {
        "lane": row.lane,
        "text": visible(row.text),
        "calls": [visible(c) for c in row.calls],
        "open": row.open,
        "starts": visible(row.starts),
        "note": visible(row.note),
        "action": visible(row.action),
        "src": visible(row.src),
        "span": _span(row.span, files),
        "cells": row.cells,
        "members": [visible(m) for m in row.members],
        "guard": [_condition(c) for c in row.guard],
        "others": [_other(o) for o in row.others],
        "waits": [_waiting(w) for w in row.waits],
        "fade": row.fade,
    }


def _span(span: Span | None, files: Mapping[str, str]) -> list[Any] | None:
    if span is None:
        return None
    file = files.get(span.file, span.file.replace("\\", "/").rpartition("/")[2])
    return [visible(file), span.line, span.column, span.end_line, span.end_column]


def _condition(condition: Condition) -> dict[str, Any]:
    return {
        "text": visible(condition.text),
        "holds": condition.holds,
        "kind": condition.kind,
        "values": _texts(condition.values),
    }


def _other(other: Other) -> dict[str, Any]:
    return {
        "lane": other.lane,
        "status": other.status,
        "text": visible(other.text),
        "why": visible(other.why),
        "lock": visible(other.lock),
    }


def _waiting(waiting: Waiting) -> dict[str, Any]:
    return {
        "lane": waiting.lane,
        "text": visible(waiting.text),
        "depth": waiting.depth,
        "note": visible(waiting.note),
    }


def _cell(cell: Cell) -> dict[str, Any]:
    return {
        "name": visible(cell.name),
        "field": visible(cell.field),
        "member": visible(cell.member),
        "history": [[s.state, visible(s.value)] for s in cell.history],
    }


def _table(table: Table) -> dict[str, Any]:
    return {
        "title": visible(table.title),
        "scope": table.scope,
        "columns": [visible(c) for c in table.columns],
        "rows": [{"name": visible(r.name), "ghost": r.ghost, "cells": r.cells} for r in table.rows],
    }


def _sources(views: Iterable[TraceView], files: Mapping[str, str]) -> dict[str, Any]:
    """The source lines around the steps, by file: pairs of a line's number and its text."""
    wanted = dict[str, set[int]]()
    lines = dict[str, tuple[str, ...]]()
    for view in views:
        lines.update(view.sources)
        for row in view.rows:
            if row.span is not None and row.span.file in view.sources:
                near = range(row.span.line - _AROUND, row.span.end_line + _AROUND + 1)
                wanted.setdefault(row.span.file, set()).update(near)
    return {
        visible(files[file]): [
            [n, visible(lines[file][n - 1].expandtabs(8))]
            for n in sorted(numbers)
            if 1 <= n <= len(lines[file])
        ]
        for file, numbers in wanted.items()
    }
