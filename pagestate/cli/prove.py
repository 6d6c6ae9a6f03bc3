"""``pagestate prove``: a proof for every size, with the invariant and a certificate."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from pagestate.check.certificate import LAWS
from pagestate.check.outcome import exit_code
from pagestate.check.request import any_sizes, make_request, scenarios_of
from pagestate.cli import report
from pagestate.cli.failure import UserError, load, user_errors
from pagestate.cli.files import check_folder, emit
from pagestate.cli.meter import Meter
from pagestate.cli.options import check_seconds, pairs
from pagestate.run.part import Part, part_of
from pagestate.run.plan import misfit
from pagestate.run.portfolio import Options, run
from pagestate.run.scenarios import Refused, Wish, run_scenarios


@click.command(
    short_help="Prove a model's properties for every size.",
    epilog="""\b
Examples:
  pagestate prove my_model.py --show-invariant
      the laws that make it safe, in the model's own words
  pagestate prove rfc_v3 --set revive=false --set unload=false --certificate out
      and the proof obligations for other solvers: pagestate certify out
  pagestate prove my_model.py --property offline_never_free --size getter=2
      two getters, any number of pages

\b
Exit codes: those of `pagestate check`; 3 where something is not proved.""",
)
@click.argument("model")
@click.option(
    "--property",
    "names",
    multiple=True,
    metavar="NAME",
    help="Prove this property; may be repeated.  [default: all of the model]",
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
@click.option("--timeout", type=float, metavar="S", help="Stop after S seconds: unknown.")
@click.option("--show-invariant", is_flag=True, help="Print the laws that the proof rests on.")
@click.option(
    "--certificate",
    "certificates",
    type=click.Path(file_okay=False, path_type=Path),
    metavar="DIR",
    help="Keep the proof obligations in DIR, for `pagestate certify`.",
)
def prove(
    model: str,
    names: Sequence[str],
    scenarios: Sequence[str],
    settings: Sequence[str],
    sizes: Sequence[str],
    timeout: float | None,
    show_invariant: bool,
    certificates: Path | None,
) -> None:
    """Prove the properties of MODEL for every number of pages and threads.

    What small instances decide is decided there: a violation comes with its interleaving, a goal
    that is reached with its length. The rest is proved by an invariant, or is unknown with the law
    that could not be kept.
    """
    check_seconds("--timeout", timeout)
    declared = load(model)
    with user_errors():
        switches, asked = pairs(settings, "--set"), pairs(sizes, "--size")
        parts = scenarios_of(declared, scenarios, names, asked)
        wanted = any_sizes(declared, switches, parts) | asked
        wish = Wish(declared, switches, wanted, names)
    with TemporaryDirectory(prefix="pagestate-") as scratch:
        folder = certificates or Path(scratch)
        with user_errors():
            check_folder(folder)
        found = _run(wish, parts, Options("parametric", timeout=timeout, certificates=folder))
        text = report.text(declared, found, True, False, report.width_of(sys.stdout))
        laws = "\n".join(_invariants(found)) if show_invariant else ""
    problems = [emit(text + (f"\n\n{laws.rstrip()}" if laws else ""), sys.stdout)]
    problems += [p for part in found for p in (*part.problems, *part.failures)]
    for problem in filter(None, problems):
        click.echo(f"pagestate: {problem}", err=True)
    for error in (e for part in found for e in part.errors):
        click.echo(f"pagestate: internal error: {error}", err=True)
    code = exit_code(
        [r for part in found for r in part.results],
        require_proof=True,
        interrupted=any(part.interrupted for part in found),
        internal_error=any(part.errors for part in found),
        usage_error=any(part.problems for part in found),
    )
    sys.exit(int(code))


def _run(wish: Wish, parts: Sequence[str], options: Options) -> list[Part]:
    """Prove the model, or each of its scenarios.  Raises UserError."""
    meter = Meter()
    with user_errors():
        try:
            if parts:
                return run_scenarios(wish, parts, options, meter.show)
            request = make_request(wish.model, wish.settings, wish.sizes, wish.selected)
            problem = misfit("parametric", request)
            if problem:
                raise UserError(problem)
            return [part_of(request, run(request, options, meter.show))]
        except Refused as refused:
            raise UserError(str(refused)) from None
        finally:
            meter.clear()


def _invariants(parts: Sequence[Part]) -> Iterator[str]:
    """The invariants that were found, each once, with the scenario that it is of."""
    for part in parts:
        folders = dict.fromkeys(r.certificate for r in part.results if r.certificate is not None)
        for folder in folders:
            if part.scenario:
                yield f"scenario {part.scenario}"
            yield (Path(folder) / LAWS).read_text(encoding="utf-8")
