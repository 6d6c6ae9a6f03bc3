"""A trace as a pytest file that replays it: the schedule by thread and step, in readable form.

Steps are found again by thread, text and choices, so the file survives changes of the model that
do not touch what it is about.
"""

import re
from collections.abc import Iterator, Mapping

from pagestate.core.sorts import Value
from pagestate.core.trace import CellName, Trace
from pagestate.view.background import Background
from pagestate.view.text import render_text
from pagestate.view.traceview import view_of


def render_pytest(trace: Trace, model: str, background: Background | None = None) -> str:
    """The file; ``model`` is the name or path by which it finds the model."""
    return "\n".join(_lines(trace, model, background))


def _lines(trace: Trace, model: str, background: Background | None) -> Iterator[str]:
    view = view_of(trace, background)
    yield '"""Replays a trace that pagestate found: the schedule must still lead where it led."""'
    yield ""
    yield "from pagestate.check.retrace import retrace"
    yield ""
    yield from (f"# {line}".rstrip() for line in render_text(view).split("\n"))
    yield ""
    yield f"MODEL = {model!a}"
    yield from _mapping("SWITCHES", trace.switches)
    yield f"SIZES = {_dict(trace.sizes)}"
    yield from _mapping("INITIAL", _initial(trace, background))
    yield "SCHEDULE = ["
    for step in trace.steps:
        who = step.thread if step.member is None else f"{step.thread} {step.member}"
        yield f"    ({who!a}, {step.text!a}, {_dict(_choices(step.picks))}),"
    yield "]"
    if trace.loop is not None:
        yield f"LOOP = {trace.loop}  # from this state on, for ever"
    yield ""
    yield ""
    yield f"def test_{_identifier(trace.property)}():"
    yield "    trace = retrace("
    yield "        MODEL,"
    yield "        SCHEDULE,"
    yield f"        prop={trace.property!a},"
    yield "        switches=SWITCHES,"
    yield "        sizes=SIZES,"
    yield "        initial=INITIAL,"
    if trace.loop is not None:
        yield "        loop=LOOP,"
    yield "    )"
    yield f"    assert trace.verdict == {trace.verdict!a}"


def _initial(trace: Trace, background: Background | None) -> Mapping[CellName, Value]:
    """The values of the cells that the model leaves open (of an unknown model: all shared ones)."""
    if background is not None:
        names = {v.name for v in background.system.variables if v.free}
    else:
        names = {v.name for v in trace.variables if v.thread is None}
    return {cell: value for cell, value in trace.states[0].items() if cell[0] in names}


def _choices(picks: Mapping[str, Value]) -> Mapping[str, Value]:
    """What a step chose, by names without line numbers where they still differ."""
    short = {name.partition(":")[0]: value for name, value in picks.items()}
    return short if len(short) == len(picks) else picks


def _mapping(name: str, values: Mapping[CellName, Value] | Mapping[str, Value]) -> Iterator[str]:
    if not values:
        yield f"{name} = {{}}"
        return
    yield f"{name} = {{"
    for cell, value in values.items():
        yield f"    {cell!a}: {value!a},"
    yield "}"


def _dict(values: Mapping[str, Value]) -> str:
    return ascii(dict(values))


def _identifier(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_") or "trace"
