"""``pagestate check``: decide a model's properties."""

import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import click

from pagestate.check.outcome import Exit, exit_code
from pagestate.check.request import Request, make_request
from pagestate.cli import report
from pagestate.cli.failure import UserError, user_errors
from pagestate.core.verdict import Result, Verdict
from pagestate.lang.load import load_model
from pagestate.run.messages import Working
from pagestate.run.portfolio import ENGINES, Options, Outcome, run
from pagestate.view.itf import save_trace


@click.command(
    epilog="""\b
Examples:
  pagestate check rfc_v3 --set hook=false       find the race of 2019
  pagestate check models/rfc_v3.py              a model by its path
  pagestate check rfc_v3 --size page=3 --property offline_never_free
  pagestate check rfc_v3 --size page=any --size getter=any --set revive=false
  pagestate check my_model.py --json results.json --trace-dir traces

\b
Exit codes:
  0  every property met its expectation
  1  a violation, a vacuous property, or an expected violation that did not occur
  2  a wrong option, or an error in the model
  3  inconclusive: unknown, or bounded where a proof was asked for
  4  internal error: engines disagree, a replay or a certificate check failed
  5  nothing selected
  130  interrupted (what was decided is printed)"""
)
@click.argument("model")
@click.option(
    "--property", "names", multiple=True, metavar="NAME", help="Check only this property."
)
@click.option(
    "--set", "settings", multiple=True, metavar="SWITCH=VALUE", help="Set a switch of the model."
)
@click.option(
    "--size", "sizes", multiple=True, metavar="SORT=N|any", help="How many pages, getters, ..."
)
@click.option(
    "--engine", type=click.Choice(ENGINES), default="auto", show_default=True, help="Who decides."
)
@click.option("--depth", type=click.IntRange(min=0), metavar="K", help="At most K steps deep.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    metavar="S",
    help="Stop after S seconds.",
)
@click.option("--json", "json_file", metavar="FILE|-", help="Write the results as JSON.")
@click.option(
    "--trace-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep every trace (ITF JSON, for `pagestate show`) and certificate in DIR.",
)
@click.option("--require-proof", is_flag=True, help="`bounded` is not enough: exit 3.")
@click.option("--values", is_flag=True, help="Show the changed state under each step.")
def check(
    model: str,
    names: Sequence[str],
    settings: Sequence[str],
    sizes: Sequence[str],
    engine: str,
    depth: int | None,
    timeout: float | None,
    json_file: str | None,
    trace_dir: Path | None,
    require_proof: bool,
    values: bool,
) -> None:
    """Check MODEL: the name of a shipped model, or the path of a Python file.

    Every property is decided by exhaustive search of the stated sizes, by bounded model checking,
    or (sizes `any`) proved for every size. A counterexample is replayed before it is shown.
    """
    with user_errors():
        if trace_dir is not None:
            trace_dir.mkdir(parents=True, exist_ok=True)
        declared = load_model(model)
        request = make_request(declared, _pairs(settings, "--set"), _pairs(sizes, "--size"), names)
    if request.unbounded and engine in ("explicit", "bmc"):
        raise UserError(f"engine {engine} searches finite sizes only; use auto or parametric")
    if engine == "parametric" and not request.unbounded:
        raise UserError("engine parametric proves for every size: give --size page=any or the like")
    options = Options(engine, depth, timeout, trace_dir)
    meter = _Meter()
    outcome = run(request, options, meter.show)
    meter.clear()
    _add_idle_threads(request, outcome)
    out = sys.stderr if json_file == "-" else sys.stdout
    for line in _human(request, outcome, values):
        click.echo(line, file=out)
    for error in outcome.errors:
        click.echo(f"pagestate: internal error: {error}", err=True)
    with user_errors():
        _keep_traces(request, outcome, trace_dir)
        _write_json(request, outcome, json_file)
    code = exit_code(
        outcome.results,
        require_proof=require_proof,
        interrupted=outcome.interrupted,
        internal_error=bool(outcome.errors),
    )
    if code == Exit.INTERRUPTED:
        click.echo("interrupted: the above is what was decided", err=True)
    sys.exit(int(code))


def _pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """``NAME=VALUE`` options as a mapping; the last one counts."""
    found = dict[str, str]()
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise UserError(f"{option} {text!r}: write NAME=VALUE")
        found[name] = value
    return found


class _Meter:
    """A line of progress, on a terminal only."""

    def __init__(self) -> None:
        self.shown = sys.stderr.isatty()
        self.latest = 0.0

    def show(self, working: Working) -> None:
        if self.shown and time.monotonic() - self.latest > 0.1:
            self.latest = time.monotonic()
            states = f", {working.states:,} states" if working.states is not None else ""
            note = f", {working.note}" if working.note else ""
            text = f"{working.engine}: depth {working.depth}{states}{note}"[:78]
            click.echo(f"\r{text:<78}", err=True, nl=False)

    def clear(self) -> None:
        if self.latest:
            click.echo(f"\r{'':78}\r", err=True, nl=False)


def _add_idle_threads(request: Request, outcome: Outcome) -> None:
    """A thread that never takes a step makes the model vacuous."""
    if outcome.fired is None:
        return
    for thread in request.compiled.system.threads:
        actions = [a.name for a in request.compiled.system.actions if a.thread == thread.name]
        if not any(outcome.fired.get(name, 0) for name in actions):
            outcome.results.append(
                Result(
                    f"{thread.name}_moves",
                    Verdict.VACUOUS,
                    request.scope,
                    "explicit",
                    None,
                    None,
                    0.0,
                    f"thread {thread.name} never takes a step",
                    None,
                    None,
                    None,
                    request.compiled.system.assumptions,
                )
            )


def _human(request: Request, outcome: Outcome, values: bool) -> "list[str]":
    lines = [report.heading(request), *report.table(outcome.results)]
    shown = report.shown_trace(outcome.results)
    if shown is not None:
        lines += ["", report.diagram(shown, values), ""]
        others = sum(r.verdict == Verdict.VIOLATED for r in outcome.results) - 1
        if others:
            lines.append(
                f"{others} more violated: --property NAME shows one, --trace-dir keeps all"
            )
    if outcome.fired is not None:
        dead = report.dead_steps(request, outcome.fired)
        if dead:
            lines.append("steps that are never taken:")
            lines += [f"  {step}" for step in dead]
    if request.compiled.system.assumptions:
        lines.append("assumptions:")
        lines += [f"  - {a}" for a in request.compiled.system.assumptions]
    lines.append(f"result: {report.summary(outcome.results)}")
    return lines


def _keep_traces(request: Request, outcome: Outcome, folder: Path | None) -> None:
    if folder is None:
        return
    for result in outcome.results:
        if result.trace is not None:
            path = folder / f"{request.compiled.model.name}-{result.name}.itf.json"
            save_trace(result.trace, path)


def _write_json(request: Request, outcome: Outcome, target: str | None) -> None:
    if target is None:
        return
    text = json.dumps(report.as_json(request, outcome), indent=2) + "\n"
    if target == "-":
        click.echo(text, nl=False)
        return
    path = Path(target)
    temporary = path.with_name(path.name + ".tmp")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
