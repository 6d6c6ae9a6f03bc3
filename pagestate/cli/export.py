"""``pagestate export``: a finite instance of a model for another model checker."""

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from pagestate.check.request import COUNT_BOUND, Request, make_request
from pagestate.cli.failure import UserError, load, user_errors
from pagestate.cli.files import check_target, emit, write_whole
from pagestate.cli.options import pairs
from pagestate.interchange.aiger import circuit
from pagestate.interchange.instance import Instance, NotExportable, instance
from pagestate.interchange.promela import promela

EXPORTED = ("always", "reachable")


@click.command(
    short_help="Write a model for another model checker.",
    epilog="""\b
Examples:
  pagestate export rfc_v3 --format promela -o rfc_v3.pml --size page=1
      for SPIN: spin -a rfc_v3.pml; gcc -DSAFETY -DNOREDUCE -o pan pan.c; ./pan
  pagestate export examples/german.py --format aiger -o german.aig
      for ABC: berkeley-abc -c "read german.aig; pdr"
  pagestate export examples/german.py --format aiger -o german.aag
      the same circuit as text""",
)
@click.argument("model")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["promela", "aiger"]),
    required=True,
    help="promela: a model for SPIN; aiger: a circuit, as text where FILE ends in .aag.",
)
@click.option("-o", "--output", required=True, metavar="FILE|-", help="Where to write it.")
@click.option(
    "--property",
    "names",
    multiple=True,
    metavar="NAME",
    help="Export this property; may be repeated.  [default: all properties of states]",
)
@click.option("--set", "settings", multiple=True, metavar="SWITCH=VALUE", help="Set a switch.")
@click.option(
    "--size", "sizes", multiple=True, metavar="SORT=N", help="How many there are of SORT."
)
@click.option(
    "--count-bound",
    type=click.IntRange(min=1, max=10**6),
    default=COUNT_BOUND,
    show_default=True,
    metavar="N",
    help="The highest value of counters; what would exceed it is an error there too.",
)
def export(
    model: str,
    kind: str,
    output: str,
    names: Sequence[str],
    settings: Sequence[str],
    sizes: Sequence[str],
    count_bound: int,
) -> None:
    """Write a finite instance of MODEL for SPIN (Promela) or for tools that read AIGER circuits.

    What is looked for are the violations of @always properties and the states that @reachable
    goals are about: a goal is met where the other tool reports an error. In Promela as many states
    are stored as there are without symmetry.
    """
    declared = load(model)
    with user_errors():
        request = make_request(declared, pairs(settings, "--set"), pairs(sizes, "--size"), names)
    if request.unbounded:
        raise UserError("what is exported has finite sizes: give numbers")
    made = _instance(request, bool(names), count_bound)
    to_stdout = output == "-"
    if not to_stdout:
        with user_errors():
            check_target(Path(output))
    try:
        if kind == "aiger" and not to_stdout and not output.endswith(".aag"):
            text: str | bytes = circuit(made).binary(_comment(made))
        else:
            text = promela(made) if kind == "promela" else circuit(made).ascii(_comment(made))
    except NotExportable as error:
        raise UserError(str(error)) from None
    if isinstance(text, str) and to_stdout:
        problem = emit(text.rstrip("\n"), sys.stdout)
        if problem:
            raise UserError(problem)
        return
    with user_errors():
        write_whole(Path(output), text)


def _instance(request: Request, selected: bool, count_bound: int) -> Instance:
    """The instance to write.  Raises UserError where a selected property cannot be exported."""
    asked = [p for p in request.properties if selected or p.kind in EXPORTED]
    left = [p.name for p in request.properties if p not in asked]
    if left:
        click.echo(f"pagestate: left out, not about states: {', '.join(left)}", err=True)
    try:
        return instance(request.compiled.system, asked, request.bounds(count_bound))
    except NotExportable as error:
        raise UserError(str(error)) from None


def _comment(made: Instance) -> str:
    """A line about the circuit."""
    sizes = ", ".join(f"{k}={v}" for k, v in made.ground.sizes.index.items())
    bound = made.ground.sizes.count_bound
    return f"{made.ground.system.name}: {sizes or 'one instance'}; counters end at {bound}"
