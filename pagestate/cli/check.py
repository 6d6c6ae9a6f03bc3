"""``pagestate check``: decide a model's properties."""

import json
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import click

from pagestate import __version__
from pagestate.check.names import file_stem
from pagestate.check.outcome import Exit, exit_code
from pagestate.check.request import make_request, scenarios_of
from pagestate.cli import report
from pagestate.cli.failure import UserError, load, user_errors
from pagestate.cli.files import check_folder, check_target, emit, stored, write_whole
from pagestate.cli.htmlpages import check_page
from pagestate.cli.jsonresults import results_object
from pagestate.cli.meter import Meter
from pagestate.cli.more import More, more_of
from pagestate.cli.options import check_seconds, pairs
from pagestate.cli.report import counted
from pagestate.core.verdict import Result
from pagestate.lang.compile import valuation_of
from pagestate.lang.declare import Model
from pagestate.run.larger import Larger
from pagestate.run.part import Part, about_all, part_of
from pagestate.run.plan import ENGINES, misfit
from pagestate.run.portfolio import Options, run
from pagestate.run.scenarios import Refused, Wish, run_scenarios, unused
from pagestate.view.itf import save_trace


@click.command(
    short_help="Check a model: counterexamples, or proofs.",
    epilog="""\b
Examples:
  pagestate check rfc_v3 --scenario getters --set hook=false
      find the race of 2019: prints the interleaving, exit 1
  pagestate check my_model.py --property offline_never_free --values
      one property of a model of your own, with the state under each step
  pagestate check rfc_v3 --size page=3 --size getter=1
      another number of pages and of CPUs that take references
  pagestate check my_model.py --size page=any --size getter=any --trace-dir out
      a proof for every number of both, with its certificate in out/
  pagestate check rfc_v3 --require-proof --timeout 600 --json results.json
      for CI

\b
Verdicts:
  proved     holds in every execution, for the sizes named (any: for every size)
  exhausted  every reachable state of the named sizes was visited; holds, or was reached
  bounded    nothing found up to a depth; not a proof
  violated   with an execution that the model's own functions have replayed
  vacuous    a goal that cannot be reached, or a thread that never moves
  unknown    with the reason

\b
Exit codes:
  0    every property met its expectation
  1    a violation, a vacuous property, or an expected violation that did not occur
  2    a wrong option, an error in the model, or a file that cannot be written
  3    inconclusive: unknown, or bounded where a proof was asked for
  4    internal error: engines disagree, a replay or a certificate check failed
  5    nothing selected
  130  interrupted (what was decided is printed)""",
)
@click.argument("model")
@click.option(
    "--property",
    "names",
    multiple=True,
    metavar="NAME",
    help="Check this property; may be repeated.  [default: all of the model]",
)
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="NAME",
    help="Check this scenario; may be repeated.  [default: all that have the properties]",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="SWITCH=VALUE",
    help="Set a switch; `pagestate models` lists those of shipped models.",
)
@click.option(
    "--size",
    "sizes",
    multiple=True,
    metavar="SORT=N|any",
    help="How many there are of SORT (page, getter, ...); `any` asks for a proof for every number.",
)
@click.option(
    "--engine",
    type=click.Choice(ENGINES),
    default="auto",
    show_default=True,
    help="explicit: visit every state; bmc: Z3, step by step deeper; induction, pdr: prove for "
    "these sizes; parametric: prove for every size; liveness: fair cycles; auto: what fits.",
)
@click.option(
    "--any",
    "larger",
    type=click.Choice([m.value for m in Larger]),
    default=Larger.AUTO.value,
    show_default=True,
    help="Without --size, --depth and --engine: prove for every size what holds at the model's "
    "sizes. auto: of one scenario, or where that is quick.",
)
@click.option(
    "--cross-check",
    is_flag=True,
    help="With auto: run every engine that fits to its end; exit 4 if they disagree.",
)
@click.option(
    "--depth", type=click.IntRange(min=0), metavar="K", help="Look at the first K steps only."
)
@click.option("--timeout", type=float, metavar="S", help="Stop after S seconds: unknown.")
@click.option(
    "--json",
    "json_file",
    metavar="FILE|-",
    help="Write the results, traces included, as one JSON object. With - it goes to stdout, and "
    "everything else to stderr.",
)
@click.option(
    "--trace-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep every trace (ITF JSON, for `pagestate show`) and certificate in DIR.",
)
@click.option(
    "--html",
    "html_dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Write a page with every trace and proof to DIR, named after the model.",
)
@click.option("--require-proof", is_flag=True, help="`bounded` is not enough: exit 3.")
@click.option("--values", is_flag=True, help="Show the changed state under each step.")
@click.option(
    "--all",
    "most",
    type=click.IntRange(min=1),
    metavar="N",
    default=1,
    help="Show up to N counterexamples of a property, all of the same length and no two with the "
    "same steps in the same order.",
)
def check(
    model: str,
    names: Sequence[str],
    scenarios: Sequence[str],
    settings: Sequence[str],
    sizes: Sequence[str],
    engine: str,
    larger: str,
    cross_check: bool,
    depth: int | None,
    timeout: float | None,
    json_file: str | None,
    trace_dir: Path | None,
    html_dir: Path | None,
    require_proof: bool,
    values: bool,
    most: int,
) -> None:
    """Check the properties of MODEL: the name of a shipped model, or the path of a Python file.

    Without options every property is decided for the sizes that the model names: by exhaustive
    search, joined by bounded model checking and property directed reachability where that takes
    long. What holds at these sizes is then proved for every size, where that is quick (--any). A
    counterexample is a shortest one, of those one with few switches between CPUs, and is replayed
    through the model's own functions before it is shown.
    """
    check_seconds("--timeout", timeout)
    declared = load(model)
    wish = Wish(declared, pairs(settings, "--set"), pairs(sizes, "--size"), names)
    with user_errors():
        parts = scenarios_of(declared, scenarios, names, wish.sizes)
        request = None if parts else make_request(declared, wish.settings, wish.sizes, names)
        valuation_of(declared, wish.settings)
    problem = "" if request is None else misfit(engine, request)
    if problem:
        raise UserError(problem)
    if cross_check and engine != "auto":
        raise UserError(f"--cross-check: it runs every engine, not {engine} alone")
    target = None if json_file in (None, "-") else Path(str(json_file))
    with user_errors():
        if target is not None:
            check_target(target)
        for folder in (trace_dir, html_dir):
            if folder is not None:
                check_folder(folder)
    meter = Meter()
    mode = Larger.NEVER if sizes else Larger(larger)
    options = Options(
        engine, depth, timeout, trace_dir, cross_check=cross_check, larger=mode,
        alone=request is not None or len(parts) == 1,
    )  # fmt: skip
    with user_errors():
        try:
            if request is None:
                found = run_scenarios(wish, parts, options, meter.show)
            else:
                found = [part_of(request, run(request, options, meter.show))]
        except Refused as refused:
            meter.clear()
            raise UserError(str(refused)) from None
    meter.clear()
    problems = unused(wish, found)
    found = [p for p in found if p.results] or found[:1]
    whole = about_all(found) if not (settings or sizes or names or scenarios) else []
    problems += _deliver(declared, found, whole, json_file, trace_dir, require_proof, values)
    out = sys.stderr if json_file == "-" else sys.stdout
    for more in more_of(declared, found, wish.settings, most):
        problem = emit("\n" + more.text(values, report.width_of(out)), out)
        problems += [problem] if problem else []
        if trace_dir is not None:
            problems += _keep_more(trace_dir, more, declared.name)
    if html_dir is not None:
        page = check_page(declared, found, f"pagestate {__version__}")
        path = html_dir / f"{file_stem(declared.name, '')}.html"
        problem = stored(path, partial(write_whole, text=page))
        problems += [problem] if problem else []
    for part in found:
        for note in part.failures:
            click.echo(f"pagestate: {note}", err=True)
        for error in part.errors:
            click.echo(f"pagestate: internal error: {error}", err=True)
    for problem in problems:
        click.echo(f"pagestate: {problem}", err=True)
    interrupted = any(p.interrupted for p in found)
    if interrupted:
        click.echo("pagestate: interrupted; the above is what was decided", err=True)
    code = exit_code(
        [*(r for p in found for r in p.results), *whole],
        require_proof=require_proof,
        interrupted=interrupted,
        internal_error=any(p.errors for p in found),
        usage_error=bool(problems),
    )
    if code == Exit.NOTHING:
        click.echo("pagestate: there is no property to check", err=True)
    sys.exit(int(code))


def _deliver(
    model: Model,
    parts: Sequence[Part],
    whole: Sequence[Result],
    json_file: str | None,
    trace_dir: Path | None,
    require_proof: bool,
    values: bool,
) -> list[str]:
    """Print and store the results; what could not be written.

    One place that is full does not keep the results from the others.
    """
    problems = [text for p in parts for text in p.problems]
    out = sys.stderr if json_file == "-" else sys.stdout
    text = report.text(model, parts, require_proof, values, report.width_of(out), whole)
    problems.append(emit(text, out))
    if json_file is not None:
        listing = json.dumps(results_object(parts, whole), indent=2)
        if json_file == "-":
            problems.append(emit(listing, sys.stdout))
        else:
            problems.append(stored(Path(json_file), partial(write_whole, text=listing + "\n")))
    if trace_dir is not None:
        problems += _keep(trace_dir, [r for p in parts for r in p.results], model.name)
    return [p for p in problems if p]


def _keep_more(folder: Path, more: More, name: str) -> list[str]:
    """Store other counterexamples of a result beside its first; what could not be written."""
    stem = file_stem(name, more.result.name, more.result.scenario)
    paths = (folder / f"{stem}.{n}.itf.json" for n in range(2, len(more.traces) + 2))
    kept = [
        stored(path, partial(save_trace, trace))
        for path, trace in zip(paths, more.traces, strict=True)
    ]
    return [problem for problem in kept if problem]


def _keep(folder: Path, results: Sequence[Result], name: str) -> list[str]:
    """Store the traces and say what is kept; what could not be written."""
    problems, kept = list[str](), list[Path]()
    for result in results:
        if result.trace is not None:
            path = folder / f"{file_stem(name, result.name, result.scenario)}.itf.json"
            problem = stored(path, partial(save_trace, result.trace))
            problems.append(problem)
            kept += [] if problem else [path]
    certificates = sum(r.certificate is not None for r in results)
    parts = [f"{counted(len(kept), 'trace')}"] if kept else []
    parts += [counted(certificates, "certificate")] if certificates else []
    shown = f"; pagestate show {kept[0]} draws the first" if kept else ""
    what = " and ".join(parts) or "no trace and no certificate"
    click.echo(f"pagestate: kept {what} in {folder}{shown}", err=True)
    return problems
