"""A sign of life while a command works."""

import sys
import time
from contextlib import suppress

import click

from pagestate.run.messages import Working


class Meter:
    """A line of progress, on a terminal only."""

    def __init__(self) -> None:
        self.shown = sys.stderr.isatty()
        self.latest = 0.0

    def show(self, working: Working) -> None:
        """Say how far an engine is."""
        if self.shown and time.monotonic() - self.latest > 0.1:
            self.latest = time.monotonic()
            states = f", {working.states:,} states" if working.states is not None else ""
            note = f", {working.note}" if working.note else ""
            text = f"{working.engine}: depth {working.depth}{states}{note}"[:78]
            self._print(f"\r{text:<78}")

    def clear(self) -> None:
        """Leave an empty line for the results."""
        if self.latest:
            self._print(f"\r{'':78}\r")

    def _print(self, text: str) -> None:
        with suppress(OSError):
            click.echo(text, err=True, nl=False)
