"""``pagestate show``: a stored trace as a diagram."""

import sys

import click

from pagestate.cli.failure import UserError, user_errors
from pagestate.cli.files import emit
from pagestate.view.itf import load_trace
from pagestate.view.text import MIN_WIDTH, Values, render_text
from pagestate.view.traceview import view_of


@click.command(
    short_help="Print a stored trace as a CPU diagram.",
    epilog="""\b
Examples:
  pagestate check rfc_v3 --set hook=false --trace-dir traces
  pagestate show traces/rfc_v3-offline_never_free.itf.json
  pagestate show traces/rfc_v3-offline_never_free.itf.json --values
  pagestate show trace.itf.json --width 100 --numbers    also traces of other ITF tools""",
)
@click.argument("trace", type=click.Path(dir_okay=False))
@click.option("--values", is_flag=True, help="Show the changed state under each step.")
@click.option("--locals", "with_locals", is_flag=True, help="Show the locals of threads too.")
@click.option("--numbers", is_flag=True, help="Number the steps.")
@click.option(
    "--width", type=click.IntRange(min=MIN_WIDTH), default=75, show_default=True, help="Columns."
)
@click.option("--no-header", is_flag=True, help="Leave out the first line.")
def show(
    trace: str, values: bool, with_locals: bool, numbers: bool, width: int, no_header: bool
) -> None:
    """Print TRACE, an ITF JSON file, as the CPU diagram of kernel commit messages.

    Traces come from `pagestate check --trace-dir`. Time runs downwards, each CPU has its column,
    callees stand under their caller; the text is plain ASCII and fits a commit message.
    """
    with user_errors():
        view = view_of(load_trace(trace))
    level: Values = "all" if with_locals else values
    text = render_text(view, width=width, values=level, numbers=numbers, header=not no_header)
    problem = emit(text, sys.stdout)
    if problem:
        raise UserError(problem)
