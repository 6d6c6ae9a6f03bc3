"""``pagestate replay``: a stored trace runs through the model's own functions."""

import bdb
import sys

import click

from pagestate.check.outcome import Exit
from pagestate.check.replay import ReplayMismatch
from pagestate.check.stepping import executed, step_through
from pagestate.cli.behind import Models
from pagestate.cli.failure import UserError, user_errors
from pagestate.cli.files import emit
from pagestate.view.itf import load_trace
from pagestate.view.wellformed import TraceError


@click.command(
    short_help="Replay a stored trace in the model; stop in it with pdb.",
    epilog="""\b
Examples:
  pagestate replay traces/rfc_v3-getters-offline_never_free.itf.json
  pagestate replay out/my_model-no_leak.itf.json --model my_model.py
  pagestate replay out/my_model-no_leak.itf.json --model my_model.py --pdb --at 7

\b
Exit codes:
  0  it is an execution of the model, and shows what it is said to show
  1  it is not: the model has changed
  2  a wrong option, no trace, no model""",
)
@click.argument("trace", type=click.Path())
@click.option(
    "--model",
    default="",
    metavar="MODEL",
    help="The model; a shipped one is found by the trace's own word.",
)
@click.option("--pdb", "debug", is_flag=True, help="Stop in the model's function at step --at.")
@click.option(
    "--at",
    type=click.IntRange(min=1),
    metavar="N",
    help="The step to stop in.  [default: the last one]",
)
def replay(trace: str, model: str, debug: bool, at: int | None) -> None:
    """Run TRACE, an ITF JSON file, through the functions of its model, step by step.

    With --pdb Python's debugger stops in the model's file at the statement of one step, before it
    runs: variables have the values of the execution, and n, s, c, p and the like work as ever.
    """
    if at is not None and not debug:
        raise UserError("--at is about --pdb")
    with user_errors():
        found = load_trace(trace)
        models = Models()
        compiled = models.compiled_for(found, model)
    if at is not None and at > len(found.steps):
        raise UserError(f"--at {at}: the trace has {len(found.steps)} steps")
    try:
        models.background(found, model or found.model)
        said = executed(compiled, found)
        if debug and found.steps:
            step_through(compiled, found, at or len(found.steps))
    except (ReplayMismatch, TraceError) as error:
        click.echo(f"pagestate: {trace} does not replay: {error}", err=True)
        sys.exit(int(Exit.FAILED))
    except bdb.BdbQuit:
        return
    problem = emit(f"{trace}: {said} in {len(found.steps)} steps", sys.stdout)
    if problem:
        raise UserError(problem)
