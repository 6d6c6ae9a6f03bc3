"""The HTML report of a check: a page for every result, with its trace or the laws of its proof."""

from collections.abc import Sequence
from pathlib import Path

from pagestate.check.certificate import LAWS
from pagestate.cli.behind import Models
from pagestate.core.trace import Trace
from pagestate.core.verdict import Result
from pagestate.lang.declare import Model
from pagestate.lang.diagnostics import ModelError
from pagestate.run.part import Part
from pagestate.view.html.page import render_html
from pagestate.view.pages import Report, ResultPage, TracePage
from pagestate.view.traceview import TraceView, view_of
from pagestate.view.wellformed import TraceError


def check_page(declared: Model, parts: Sequence[Part], made: str) -> str:
    """The page with all results of a check of ``declared``."""
    known = Models()
    pages = tuple(_page(declared, part, r, known) for part in parts for r in part.results)
    return render_html(Report(f"{declared.name}: {_sum(parts)}", pages, made))


def _sum(parts: Sequence[Part]) -> str:
    results = [r for p in parts for r in p.results]
    counts = dict[str, int]()
    for result in results:
        counts[result.verdict.value] = counts.get(result.verdict.value, 0) + 1
    return ", ".join(f"{n} {verdict}" for verdict, n in counts.items()) or "nothing checked"


def _page(declared: Model, part: Part, result: Result, known: Models) -> TracePage | ResultPage:
    name = part.scenario or declared.name
    if result.trace is not None:
        return TracePage(name, _view(declared, result.trace, known))
    return ResultPage(
        name=name,
        model=declared.name,
        property=result.name,
        verdict=result.verdict.value,
        title=result.title,
        scope=result.scope,
        engine=result.engine,
        reason=_reason(result),
        laws=_laws(result.certificate),
        assumptions=result.assumptions,
        certificate=result.certificate or "",
        switches=part.switches,
    )


def _view(declared: Model, trace: Trace, known: Models) -> TraceView:
    """The view of a trace; one that the model cannot explain is shown without it."""
    try:
        return view_of(trace, known.fitting(trace, declared))
    except (TraceError, ModelError):
        return view_of(trace)


def _reason(result: Result) -> str:
    states = f"{result.states:,} states were visited" if result.states is not None else ""
    depth = f"depth {result.depth}" if result.depth is not None else ""
    return "; ".join(text for text in (result.reason, states, depth) if text)


def _laws(certificate: str | None) -> tuple[str, ...]:
    """The laws of a proof, from its certificate if that was kept."""
    if certificate is None:
        return ()
    file = Path(certificate) / LAWS
    if not file.is_file():
        return ()
    lines = file.read_text(encoding="utf-8").splitlines()
    return tuple(line.rstrip() for line in lines if line.strip())
