"""``pagestate show``: stored traces as diagrams, pages and other formats."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import click

from pagestate import __version__
from pagestate.cli.against import Comparison, compare
from pagestate.cli.behind import Models
from pagestate.cli.failure import UserError, user_errors
from pagestate.cli.files import check_target, emit, write_whole
from pagestate.cli.options import pairs
from pagestate.core.trace import Trace
from pagestate.lang.load import is_shipped
from pagestate.view.background import Background
from pagestate.view.brief import brief
from pagestate.view.export.dot import render_dot
from pagestate.view.export.mermaid import render_mermaid
from pagestate.view.export.perfetto import render_perfetto
from pagestate.view.export.pytestfile import render_pytest
from pagestate.view.export.svg import render_svg
from pagestate.view.html.page import render_html
from pagestate.view.itf import dumps, load_trace
from pagestate.view.pages import Report, TracePage
from pagestate.view.report import render_report
from pagestate.view.text import MIN_WIDTH, Values, render_text
from pagestate.view.traceview import TraceView, view_of

MADE = f"pagestate {__version__}"


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A trace, the file it came from, the model given for it and what explains it."""

    file: str
    trace: Trace
    model: str
    background: Background | None

    @property
    def view(self) -> TraceView:
        return view_of(self.trace, self.background)

    def shown(self, short: bool) -> TraceView:
        """The view, ``short`` without what the end does not depend on."""
        view = self.view
        if short and view.idle is None:
            click.echo(f"pagestate: {self.file}: {_WHOLE}", err=True)
        return brief(view) if short else view


_EXPORTS: Mapping[str, Callable[[_Loaded], str]] = {
    "itf": lambda one: dumps(one.trace).rstrip("\n"),
    "perfetto": lambda one: render_perfetto(one.view),
    "pytest": lambda one: render_pytest(one.trace, one.model or one.trace.model, one.background),
}
_PICTURES: Mapping[str, Callable[[TraceView], str]] = {
    "mermaid": render_mermaid,
    "dot": render_dot,
    "svg": render_svg,
}
_WHOLE = "nothing is left out: what its end depends on is not known"


@click.command(
    short_help="Show stored traces: diagram, HTML page, other formats.",
    epilog="""\b
Examples:
  pagestate check rfc_v3 --scenario getters --set hook=false --trace-dir traces
  pagestate show traces/rfc_v3-getters-offline_never_free.itf.json
  pagestate show traces/rfc_v3-getters-offline_never_free.itf.json --values
  pagestate show --html race.html traces/*.itf.json      one page, for a browser
  pagestate show --html race.html --model my_model.py out/my_model-*.itf.json
  pagestate show --tui --model my_model.py out/my_model-*.itf.json   in the terminal
  pagestate show race.itf.json --set hook=true           how the fixed variant stops it
  pagestate show --format svg -o race.svg trace.itf.json
  pagestate show trace.itf.json --width 100 --numbers    also traces of other ITF tools

\b
Formats:
  text      the CPU diagram of kernel commit messages (--style report: as KASAN reports)
  html      one page with everything, for any browser, without a network
  itf       Apalache's trace format, also read by Quint's tools
  mermaid   a sequence diagram, as GitHub draws it
  dot       a graph for Graphviz
  perfetto  trace events for ui.perfetto.dev and chrome://tracing
  pytest    a test that replays the trace in the model
  svg       a picture of the diagram""",
)
@click.argument("traces", metavar="TRACE...", nargs=-1, required=True, type=click.Path())
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "html", *_EXPORTS, *_PICTURES]),
    help="What to make of the trace.  [default: text]",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write to this file, not to stdout."
)
@click.option(
    "--html",
    "page",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Short for --format html --output FILE.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="MODEL",
    help="The model of the trace: it explains guards, locks and blocked threads. A shipped one is "
    "found by its name. May be repeated.",
)
@click.option(
    "--style",
    type=click.Choice(["commit", "report"]),
    default="commit",
    show_default=True,
    help="Of text: two or three CPU columns, or what a kernel sanitizer would print.",
)
@click.option("--values", is_flag=True, help="Show the changed state under each step.")
@click.option("--locals", "with_locals", is_flag=True, help="Show the locals of threads too.")
@click.option("--numbers", is_flag=True, help="Number the steps.")
@click.option(
    "--brief",
    "short",
    is_flag=True,
    help="Leave out the steps that the violation does not depend on (of text and pictures).",
)
@click.option(
    "--width", type=click.IntRange(min=MIN_WIDTH), default=75, show_default=True, help="Columns."
)
@click.option("--no-header", is_flag=True, help="Leave out the first line.")
@click.option(
    "--against",
    metavar="MODEL",
    help="Beside the trace, the same schedule in this model, a fixed variant of it: how far it "
    "goes, where it is stopped and why.  [default with --set: the trace's own]",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="SWITCH=VALUE",
    help="A switch of the variant; the others are as in the trace.",
)
@click.option(
    "--tui",
    is_flag=True,
    help="Look at the traces in the terminal; ? shows the keys. Needs Textual.",
)
def show(
    traces: Sequence[str],
    form: str | None,
    output: Path | None,
    page: Path | None,
    models: Sequence[str],
    style: str,
    values: bool,
    with_locals: bool,
    numbers: bool,
    short: bool,
    width: int,
    no_header: bool,
    against: str | None,
    settings: Sequence[str],
    tui: bool,
) -> None:
    """Show each TRACE, an ITF JSON file, as the CPU diagram of kernel commit messages.

    Traces come from `pagestate check --trace-dir`. Time runs downwards, each CPU has its column,
    callees stand under their caller; the text is plain ASCII and fits a commit message.
    """
    if page is not None:
        if form not in (None, "html") or output is not None:
            raise UserError("--html FILE is a format and an output: leave the others out")
        form, output = "html", page
    form = form or "text"
    if form not in ("text", "html") and len(traces) > 1:
        raise UserError(f"--format {form} takes one trace; text and html take several")
    if output is not None:
        check_target(output)
    if short and form in ("html", *_EXPORTS):
        raise UserError(f"--brief is for text and pictures, not for {form}")
    if tui and (form != "text" or output is not None):
        raise UserError("--tui shows traces in the terminal: leave --format and --output out")
    comparing = against is not None or bool(settings)
    if comparing and (len(traces) > 1 or form not in ("text", "html") or style == "report"):
        raise UserError("--against and --set are about one trace, as text, --html or --tui")
    known, switches = Models(), pairs(settings, "--set")
    loaded = [_loaded(file, models, known) for file in traces]
    other: Comparison | None = None
    if comparing:
        one = loaded[0]
        if not (against or one.model or is_shipped(one.trace.model)):
            raise UserError(f"{one.file}: --set needs its model: say where it is with --model")
        with user_errors():
            variant = against or one.model or one.trace.model
            other = compare(one.trace, one.background, variant, switches, known)
    if tui:
        with user_errors():
            views = [one.view for one in loaded] + ([other.told] if other else [])
        _look(views)
        return
    with user_errors():
        if form == "html":
            every = [(one.trace, one.view) for one in loaded]
            text = render_html(report_of(every, other)).rstrip("\n")
        elif form == "text" and style == "report":
            made = (render_report(one.shown(short), width, MADE, one.file) for one in loaded)
            text = "\n\n".join(made)
        elif form == "text":
            draw = partial(
                render_text,
                width=width,
                values=_level(values, with_locals),
                numbers=numbers,
                header=not no_header,
            )
            shown = [one.shown(short) for one in loaded] + ([other.view] if other else [])
            text = "\n\n".join([*map(draw, shown), *(other.lines(width) if other else ())])
        elif form in _PICTURES:
            text = _PICTURES[form](loaded[0].shown(short))
        else:
            text = _EXPORTS[form](loaded[0])
        if output is not None:
            write_whole(output, text + "\n")
            return
    problem = emit(text, sys.stdout)
    if problem:
        raise UserError(problem)


def _look(views: Sequence[TraceView]) -> None:
    """The viewer in the terminal.  Raises UserError where there is none, or no Textual."""
    try:
        from pagestate.view.tui.app import run
    except ImportError:
        raise UserError("--tui needs Textual: pip install 'pagestate[tui]'") from None
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UserError("--tui needs a terminal")
    run(views)


def _level(values: bool, with_locals: bool) -> Values:
    return "all" if with_locals else values


def report_of(traces: Sequence[tuple[Trace, TraceView]], other: Comparison | None = None) -> Report:
    """The report with these traces; their names say what tells them apart.

    With ``other`` it opens with the one trace and its variant side by side.
    """
    if other is not None:
        traces = [*traces, (other.trace, other.view)]
    settings = [{**trace.sizes, **trace.switches} for trace, _ in traces]
    groups = [(trace.model, trace.meta.get("scenario", "")) for trace, _ in traces]
    pages = list[TracePage]()
    for (_, view), mine, group in zip(traces, settings, groups, strict=True):
        others = [s for s, g in zip(settings, groups, strict=True) if g == group]
        differing = (n for n, v in mine.items() if any(o.get(n, v) != v for o in others))
        words = [f"{name}={_word(mine[name])}" for name in differing]
        pages.append(TracePage(" ".join([*filter(None, group), *words]), view))
    models = ", ".join(dict.fromkeys(trace.model for trace, _ in traces))
    single = traces[0][0].property if len(traces) == 1 else ""
    compared = () if other is None else (other.alignment,)
    return Report(f"{single or 'Traces'}: {models}", tuple(pages), MADE, compared)


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _loaded(file: str, models: Sequence[str], known: Models) -> _Loaded:
    """The trace in ``file`` with its model.  Raises UserError."""
    with user_errors():
        trace = load_trace(file)
        model = models[0] if len(models) == 1 else _named(trace, models)
        found, remark = known.background(trace, model)
    if remark:
        click.echo(f"pagestate: {file}: {remark}; shown without its model", err=True)
    return _Loaded(file, trace, model, found)


def _named(trace: Trace, models: Sequence[str]) -> str:
    """Of several models given, the one with the trace's name (in its file's name, or itself)."""
    fitting = [m for m in models if Path(m).stem == trace.model]
    return fitting[0] if fitting else ""
