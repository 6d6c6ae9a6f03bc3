"""How errors of the user end: one paragraph on stderr and exit code 2."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import click

from pagestate.check.outcome import Exit
from pagestate.lang.declare import Model
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.load import load_model
from pagestate.view.wellformed import TraceError


class UserError(click.ClickException):
    """A problem with the input or the machine; the message is all there is to say."""

    exit_code = int(Exit.USAGE)

    def show(self, file: object = None) -> None:
        """Print the message to stderr."""
        click.echo(f"pagestate: {self.message}", err=True)


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn errors of models, traces and files into :class:`UserError`."""
    try:
        yield
    except (ModelError, TraceError) as error:
        raise UserError(str(error)) from None
    except OSError as error:
        name = f"{error.filename}: " if error.filename else ""
        raise UserError(f"{name}{error.strerror or error}") from None


def load(name: str) -> Model:
    """The model called ``name``.  Raises UserError.

    Loading runs the file.  What it prints goes to stderr, so that stdout holds results only.
    """
    with user_errors(), redirect_stdout(sys.stderr):
        try:
            return load_model(name)
        except SystemExit:
            raise UserError(f"{name}: the model file called sys.exit()") from None
