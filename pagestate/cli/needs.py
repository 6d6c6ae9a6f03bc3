"""``pagestate needs``: which locks, switches, tests and atomic blocks a proof needs."""

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from pagestate.check.names import file_stem
from pagestate.check.request import Request, any_sizes, make_request, scenarios_of
from pagestate.cli.failure import UserError, load, user_errors
from pagestate.cli.files import check_folder, check_target, emit, stored, write_whole
from pagestate.cli.meter import Meter
from pagestate.cli.options import check_seconds, pairs
from pagestate.cli.report import width_of
from pagestate.needs.answer import ASKED, Answer, exit_code, idle_values, settings_of
from pagestate.needs.base import prove_base
from pagestate.needs.candidate import KINDS, Kind, candidates
from pagestate.needs.row import Row
from pagestate.needs.run import Limits, Rows, decide_all, processors
from pagestate.needs.text import render
from pagestate.run.interrupt import Interrupt, caught
from pagestate.view.itf import save_trace


@click.command(
    short_help="Say which assumptions a proof needs.",
    epilog="""\b
Examples:
  pagestate needs my_model.py
      every lock, switch, test and atomic block, each left out by itself
  pagestate needs rfc_v3 --scenario getters --trace-dir out
      and the interleaving that each of those that are needed keeps away
  pagestate needs rfc_v3 --scenario getters --only lock --only switch --json -
      locks and switches alone, for programs
  pagestate needs examples/peterson.py --property exclusive
      a model that no proof for every size fits: its finite sizes are searched

\b
Exit codes: 0 every assumption is decided; 1 no property is proved, one is violated;
2 usage or model error; 3 something is not decided; 4 internal error; 5 there is
nothing to prove; 130 interrupted (what was decided is shown).""",
)
@click.argument("model")
@click.option(
    "--property",
    "names",
    multiple=True,
    metavar="NAME",
    help="Ask about the proof of this property; may be repeated.  [default: all of the model]",
)
@click.option(
    "--scenario",
    "scenarios",
    multiple=True,
    metavar="NAME",
    help="In this scenario; may be repeated.  [default: all]",
)
@click.option("--set", "settings", multiple=True, metavar="SWITCH=VALUE", help="Set a switch.")
@click.option(
    "--size",
    "sizes",
    multiple=True,
    metavar="SORT=N|any",
    help="How many there are of SORT.  [default: any number of each]",
)
@click.option(
    "--only",
    "kinds",
    multiple=True,
    type=click.Choice(KINDS),
    help="Leave out assumptions of this kind; may be repeated.  [default: every kind]",
)
@click.option(
    "--timeout", type=float, metavar="S", help="Stop after S seconds: the rest is unknown."
)
@click.option(
    "--each",
    type=float,
    default=60.0,
    show_default=True,
    metavar="S",
    help="Give up on an assumption after S seconds of processor time: unknown.",
)
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Check N variants at a time.  [default: processors]",
)
@click.option(
    "--json", "json_file", metavar="FILE|-", help="Write all answers as JSON to FILE, or to stdout."
)
@click.option(
    "--trace-dir",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the counterexample of each assumption that is needed, for `pagestate show`.",
)
def needs(
    model: str,
    names: Sequence[str],
    scenarios: Sequence[str],
    settings: Sequence[str],
    sizes: Sequence[str],
    kinds: Sequence[Kind],
    timeout: float | None,
    each: float,
    jobs: int | None,
    json_file: str | None,
    trace_dir: Path | None,
) -> None:
    """Say which assumptions the proof of MODEL's safety properties needs.

    The properties are proved, for every size where that can be done. Then each lock, each switch,
    each test and each atomic block is left out by itself, and what is left is checked again: needed
    is what a replayed counterexample shows to be needed, not needed only what was proved again.
    """
    check_seconds("--timeout", timeout)
    check_seconds("--each", each)
    declared = load(model)
    with user_errors():
        switches, asked = pairs(settings, "--set"), pairs(sizes, "--size")
        parts = scenarios_of(declared, scenarios, names, asked)
        wanted = any_sizes(declared, switches, parts) | asked
        requests = [make_request(declared, switches, wanted, names, s) for s in parts or ("",)]
        for request in requests:
            _check_kinds(request, names)
        if json_file not in (None, "-"):
            check_target(Path(str(json_file)))
        if trace_dir is not None:
            check_folder(trace_dir)
    deadline = None if timeout is None else time.monotonic() + timeout
    limits = Limits(jobs or processors(), each, deadline)
    meter, answers, problems = Meter(), list[Answer](), list[str]()
    out = sys.stderr if json_file == "-" else sys.stdout
    with caught() as interrupt:
        for request in requests:
            if interrupt.wanted:
                break
            answer = _examine(request, tuple(kinds) or KINDS, limits, meter, interrupt)
            meter.clear()
            between = "\n" if answers else ""
            text = render(answer, settings_of(request.compiled), width_of(out))
            problems.append(emit(between + text, out))
            answers.append(answer)
            if trace_dir is not None:
                problems += _keep(trace_dir, answer)
    if json_file is not None:
        problems.append(_write(answers, json_file))
    for error in (e for a in answers for e in (*a.base.errors, *a.errors)):
        click.echo(f"pagestate: internal error: {error}", err=True)
    for problem in filter(None, problems):
        click.echo(f"pagestate: {problem}", err=True)
    if any(a.interrupted for a in answers):
        click.echo("pagestate: interrupted; the above is what was decided", err=True)
    sys.exit(int(exit_code(answers, usage_error=any(problems))))


def _check_kinds(request: Request, names: Sequence[str]) -> None:
    """Raises UserError for a property whose proof assumptions are not asked about."""
    for prop in request.properties:
        if prop.name in names and prop.kind not in ASKED:
            kinds = " and ".join(f"@{k}" for k in ASKED)
            raise UserError(f"{prop.name} is a {prop.kind} property; this is about {kinds}")


def _examine(
    request: Request, kinds: tuple[Kind, ...], limits: Limits, meter: Meter, interrupt: Interrupt
) -> Answer:
    """Prove one model or scenario, and then without each assumption."""
    left = None if limits.deadline is None else max(0.01, limits.deadline - time.monotonic())
    base = prove_base(request, meter.show, interrupt, left)
    found = Rows(interrupted=interrupt.wanted)
    if base.proved is not None and not base.errors:
        wanted = candidates(request, kinds)
        found = decide_all(base.proved, wanted, limits, meter.show, interrupt)
    compiled = request.compiled
    proved = replace(request, properties=tuple(p for p in request.properties if p.kind in ASKED))
    return Answer(
        compiled.model.name,
        request.scenario,
        dict(compiled.valuation),
        base,
        found.rows,
        idle_values(compiled) if "switch" in kinds else 0,
        proved.assumptions,
        tuple(found.errors),
        found.interrupted,
    )


def _write(answers: Sequence[Answer], json_file: str) -> str:
    """Write all answers as JSON; what went wrong, or nothing."""
    body = {"model": answers[0].model if answers else "", "answers": [a.to_json() for a in answers]}
    listing = json.dumps(body, indent=2)
    if json_file == "-":
        return emit(listing, sys.stdout)
    return stored(Path(json_file), partial(write_whole, text=listing + "\n"))


def _keep(folder: Path, answer: Answer) -> list[str]:
    """Store the counterexamples; what could not be written."""
    problems, kept = list[str](), 0
    for number, row in enumerate(answer.rows, 1):
        if row.trace is not None:
            path = (
                folder / f"{file_stem(answer.model, _stem(row, number), answer.scenario)}.itf.json"
            )
            problem = stored(path, partial(save_trace, row.trace))
            problems.append(problem)
            kept += not problem
    click.echo(f"pagestate: kept {kept} traces in {folder}", err=True)
    return [p for p in problems if p]


def _stem(row: Row, number: int) -> str:
    what = row.candidate
    name = what.name.partition("=")[0] if what.kind == "switch" else what.function or what.name
    return f"without-{number:03}-{what.kind}-{name}"
