"""The ``pagestate`` command, and how every way to end it gets its exit code."""

import signal
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

import click

from pagestate import __version__
from pagestate.check.outcome import Exit
from pagestate.cli.bugs import bugs
from pagestate.cli.certify import certify
from pagestate.cli.check import check
from pagestate.cli.export import export
from pagestate.cli.files import steady_streams
from pagestate.cli.gate import baseline, cache, gate, report
from pagestate.cli.graph import graph
from pagestate.cli.matrix import matrix
from pagestate.cli.models import models
from pagestate.cli.needs import needs
from pagestate.cli.prove import prove
from pagestate.cli.replay import replay
from pagestate.cli.show import show


class _Pagestate(click.Group):
    """A group of commands that ends with the documented exit codes, never with a traceback."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Without arguments there is help."""
        return super().parse_args(ctx, args or ["--help"])

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run a command line and leave with its exit code."""
        steady_streams()
        extra["standalone_mode"] = False
        with _terminated():
            code = self._outcome(*args, **extra)
        sys.exit(code)

    def _outcome(self, *args: Any, **extra: Any) -> int:
        try:
            code = super().main(*args, **extra)
        except click.Abort:
            click.echo("interrupted", err=True)
            return int(Exit.INTERRUPTED)
        except click.UsageError as error:
            hint = f" (try '{error.ctx.command_path} --help')" if error.ctx else ""
            click.echo(f"pagestate: {error.format_message()}{hint}", err=True)
            return int(Exit.USAGE)
        except click.ClickException as error:
            error.show()
            return error.exit_code
        except Exception as error:  # whatever gets here is a mistake of this program
            click.echo(f"pagestate: internal error: {type(error).__name__}: {error}", err=True)
            click.echo(traceback.format_exc(), err=True, nl=False)
            return int(Exit.INTERNAL)
        return code if isinstance(code, int) else int(Exit.OK)


@contextmanager
def _terminated() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


@click.group(
    cls=_Pagestate,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 90},
    epilog="""\b
Examples:
  pagestate models                             what is shipped
  pagestate check rfc_v3                       does the protocol hold?
  pagestate check rfc_v3 --scenario getters --set hook=false
                                               which interleaving breaks it?
  pagestate check my_model.py --json out.json  the same for a model of your own
  pagestate show traces/rfc_v3-getters-offline_never_free.itf.json --values

\b
`pagestate COMMAND --help` has the options, exit codes and more examples.""",
)
@click.version_option(__version__, prog_name="pagestate")
def main() -> None:
    """Model checker for page lifecycle protocols of the Linux kernel.

    A protocol (memory offlining, PageOffline, virtio-mem, page references, ...) is written as a
    Python file that reads like the kernel functions it models. Checking it gives the shortest
    interleaving that breaks a property, as the CPU diagram of kernel commit messages, or a proof
    for the sizes that are named or for every size.
    """


main.add_command(baseline)
main.add_command(bugs)
main.add_command(cache)
main.add_command(certify)
main.add_command(check)
main.add_command(gate)
main.add_command(export)
main.add_command(graph)
main.add_command(matrix)
main.add_command(models)
main.add_command(needs)
main.add_command(prove)
main.add_command(replay)
main.add_command(report)
main.add_command(show)
