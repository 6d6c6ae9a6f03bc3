"""``pagestate matrix``: every model, every scenario, every property."""

import json
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from pagestate.check.outcome import exit_code
from pagestate.check.request import BUILTIN, make_request, scenarios_of
from pagestate.cli.failure import UserError, load, user_errors
from pagestate.cli.files import check_target, emit, stored, write_whole
from pagestate.cli.meter import Meter
from pagestate.cli.options import check_seconds, pairs
from pagestate.cli.report import width_of
from pagestate.lang.declare import Model
from pagestate.lang.diagnostics import near
from pagestate.lang.load import shipped_names
from pagestate.matrix import render
from pagestate.matrix.table import matrix_of
from pagestate.run.part import Part, about_all, part_of
from pagestate.run.portfolio import Options, run
from pagestate.run.scenarios import Refused, Wish, run_scenarios


@click.command(
    short_help="The verdicts of all models side by side.",
    epilog="""\b
Examples:
  pagestate matrix
      all shipped models: takes minutes
  pagestate matrix v5_8 v6_12 skippable --scenario getters --scenario plugging
      which design is safe with any getter
  pagestate matrix --markdown docs/matrix.md --json matrix.json
      the page of the documentation

\b
Exit codes are those of `pagestate check`: 0 if every verdict is as its model expects.""",
)
@click.argument("names", nargs=-1, metavar="[MODEL]...")
@click.option("--scenario", "scenarios", multiple=True, metavar="NAME", help="Only this scenario.")
@click.option("--property", "props", multiple=True, metavar="NAME", help="Only this property.")
@click.option("--size", "sizes", multiple=True, metavar="SORT=N", help="Another size.")
@click.option("--timeout", type=float, metavar="S", help="Seconds for each model.")
@click.option("--json", "json_file", metavar="FILE|-", help="Write all cells as JSON.")
@click.option("--markdown", "page", metavar="FILE", help="Write a page.")
def matrix(
    names: Sequence[str],
    scenarios: Sequence[str],
    props: Sequence[str],
    sizes: Sequence[str],
    timeout: float | None,
    json_file: str | None,
    page: str | None,
) -> None:
    """Check all MODELs (all shipped ones) and show their verdicts in one table.

    Rows are properties, columns models. A cell is about all scenarios of the model that look at the
    property; --markdown and --json have each scenario by itself.
    """
    check_seconds("--timeout", timeout)
    models = [load(name) for name in names or shipped_names()]
    for target in (json_file, page):
        if target not in (None, "-"):
            with user_errors():
                check_target(Path(str(target)))
    _known("scenario", scenarios, {s.name for m in models for s in m.scenarios})
    _known("property", props, {p.name for m in models for p in m.properties} | BUILTIN)
    parts = list[Part]()
    meter = Meter()
    options = Options(timeout=timeout)
    size = pairs(sizes, "--size")
    shown = list[str]()
    for model in models:
        mine = [s for s in scenarios if s in {each.name for each in model.scenarios}]
        known = {p.name for p in model.properties} | (BUILTIN if model.scenarios else set())
        wanted = [p for p in props if p in known]
        if (scenarios and not mine) or (props and not wanted):
            continue
        shown.append(model.name)
        found = _checked(Wish(model, {}, size, wanted), mine, options, meter)
        if found and not (mine or wanted or size):
            found[-1] = replace(found[-1], results=(*found[-1].results, *about_all(found)))
        parts += found
        if any(p.interrupted for p in found):
            break
    meter.clear()
    if not parts:
        raise UserError("no model has what was asked for")
    goals = {p.name for m in models for p in m.properties if p.kind == "reachable"}
    table = matrix_of(parts, goals, shown)
    out = sys.stderr if json_file == "-" else sys.stdout
    problems = [emit(render.text(table, width_of(out)), out)]
    if json_file == "-":
        problems.append(emit(json.dumps(table.to_json(), indent=2), sys.stdout))
    elif json_file is not None:
        listing = json.dumps(table.to_json(), indent=2) + "\n"
        problems.append(stored(Path(json_file), partial(write_whole, text=listing)))
    if page is not None:
        made = render.markdown(table, f"pagestate matrix --markdown {page}")
        problems.append(stored(Path(page), partial(write_whole, text=made)))
    problems = [p for p in problems if p]
    for note in [*problems, *(f for p in parts for f in (*p.errors, *p.failures))]:
        click.echo(f"pagestate: {note}", err=True)
    interrupted = any(p.interrupted for p in parts)
    if interrupted:
        click.echo("pagestate: interrupted; the above is what was decided", err=True)
    code = exit_code(
        [r for p in parts for r in p.results],
        require_proof=False,
        interrupted=interrupted,
        internal_error=any(p.errors for p in parts),
        usage_error=bool(problems),
    )
    sys.exit(int(code))


def _known(what: str, wanted: Sequence[str], names: Collection[str]) -> None:
    """Raises UserError for a name that no model has."""
    for name in wanted:
        if name not in names:
            raise UserError(f"no model here has {what} {name!r}\n  hint: {near(name, names)}")


def _checked(wish: Wish, scenarios: Sequence[str], options: Options, meter: Meter) -> list[Part]:
    model: Model = wish.model
    with user_errors():
        chosen = scenarios_of(model, scenarios, wish.selected)
        try:
            if chosen:
                return [p for p in run_scenarios(wish, chosen, options, meter.show) if p.results]
            request = make_request(model, wish.settings, wish.sizes, wish.selected)
            return [part_of(request, run(request, options, meter.show))]
        except Refused as refused:
            meter.clear()
            raise UserError(str(refused)) from None
