"""A trace in the trace event format of Chrome, which ui.perfetto.dev opens.

A step lasts a microsecond.  A thread has a track with its calls and steps, and below it one for
each lock it takes and one for the time it is blocked; shared numbers and flags are counters.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from pagestate.view.tables import Cell
from pagestate.view.traceview import Row, TraceView
from pagestate.view.values import fact_lines

Event: TypeAlias = dict[str, Any]

_STEPS, _STATE = 1, 2
_TRACKS = 100


def render_perfetto(view: TraceView) -> str:
    """The events as a JSON object."""
    parts = (_names, _calls, _locks, _blocked, _cells)
    document = {
        "displayTimeUnit": "ns",
        "otherData": {
            "property": view.property,
            "model": view.model,
            "headline": view.headline,
        },
        "traceEvents": [event for part in parts for event in part(view)],
    }
    return json.dumps(document, indent=1, ensure_ascii=True)


def _names(view: TraceView) -> Iterator[Event]:
    yield _meta("process_name", _STEPS, 0, view.property or view.model or "trace")
    yield _meta("process_name", _STATE, 0, "state")
    for lane in view.lanes:
        yield _meta("thread_name", _STEPS, _track(lane.number), f"{lane.cpu}: {lane.title}")
        names = _lock_names(view, lane.number)
        for place, name in enumerate(names, 1):
            yield _meta(
                "thread_name", _STEPS, _track(lane.number, place), f"{lane.cpu} holds {name}"
            )
        yield _meta("thread_name", _STEPS, _track(lane.number, _TRACKS - 1), f"{lane.cpu} blocked")


def _meta(name: str, process: int, track: int, value: str) -> Event:
    return {"ph": "M", "name": name, "pid": process, "tid": track, "args": {"name": value}}


def _track(lane: int, place: int = 0) -> int:
    return lane * _TRACKS + place + 1


def _lock_names(view: TraceView, lane: int) -> list[str]:
    return list(dict.fromkeys(bar.lock for bar in view.locks if bar.lane == lane))


def _slice(name: str, track: int, first: int, last: int, **more: object) -> Event:
    """A slice over the steps ``first`` to ``last``."""
    return {
        "ph": "X",
        "name": name,
        "pid": _STEPS,
        "tid": track,
        "ts": first - 1,
        "dur": last - first + 1,
        "args": more,
    }


def _calls(view: TraceView) -> Iterator[Event]:
    """Per thread, its start, the helpers around its steps, and the steps, each inside the other."""
    for lane in view.lanes:
        own = [r for r in view.rows if r.lane == lane.number]
        rounds = list[list[Row]]()
        for row in own:
            if row.starts or not rounds:
                rounds.append([])
            rounds[-1].append(row)
        for rows in rounds:
            name = rows[0].starts or lane.title or lane.cpu
            yield _slice(name, _track(lane.number), rows[0].number, rows[-1].number)
            yield from _nested(rows, 0, _track(lane.number))


def _nested(rows: Sequence[Row], depth: int, track: int) -> Iterator[Event]:
    at = 0
    while at < len(rows):
        row = rows[at]
        if len(row.calls) <= depth:
            changes = fact_lines(row.changes)
            yield _slice(
                row.text,
                track,
                row.number,
                row.number,
                step=row.number,
                changes="; ".join(changes),
                kernel=row.src,
                note=row.note,
            )
            at += 1
            continue
        end = at + 1
        while end < len(rows) and len(rows[end].calls) > depth and rows[end].open > depth:
            end += 1
        yield _slice(row.calls[depth], track, row.number, rows[end - 1].number)
        yield from _nested(rows[at:end], depth + 1, track)
        at = end


def _locks(view: TraceView) -> Iterator[Event]:
    for bar in view.locks:
        place = _lock_names(view, bar.lane).index(bar.lock) + 1
        name = bar.lock if bar.mode == "held" else f"{bar.lock} ({bar.mode})"
        yield _slice(name, _track(bar.lane, place), max(bar.first, 1), max(bar.last, 1))


def _blocked(view: TraceView) -> Iterator[Event]:
    for row in view.rows:
        for other in row.others:
            if other.status == "blocked":
                track = _track(other.lane, _TRACKS - 1)
                yield _slice(other.text or "blocked", track, row.number, row.number, why=other.why)


def _cells(view: TraceView) -> Iterator[Event]:
    """The shared cells that change and are numbers, as counters."""
    for table in view.tables.tables:
        for row in table.rows if table.scope != "thread" else ():
            for number in row.cells:
                if number is not None:
                    yield from _counter(view.tables.cells[number])


def _counter(cell: Cell) -> Iterator[Event]:
    if len(cell.history) < 2 or not all(s.value.lstrip("-").isdecimal() for s in cell.history):
        return
    for stretch in cell.history:
        yield {
            "ph": "C",
            "name": cell.name,
            "pid": _STATE,
            "ts": stretch.state,
            "args": {"value": int(stretch.value)},
        }
