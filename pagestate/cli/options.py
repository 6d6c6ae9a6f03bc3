"""What several commands have in common on their command lines."""

import math
from collections.abc import Sequence

from pagestate.cli.failure import UserError


def pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    """``NAME=VALUE`` options as a mapping.  Raises UserError."""
    found = dict[str, str]()
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name or not value:
            raise UserError(f"{option} {text}: write it as {option} NAME=VALUE")
        if name in found:
            raise UserError(f"{option} {text}: {name} is given twice")
        found[name] = value
    return found


def check_seconds(option: str, seconds: float | None) -> None:
    """Raises UserError for what is no amount of time (None: no limit)."""
    if seconds is not None and not (math.isfinite(seconds) and seconds > 0):
        raise UserError(f"{option} {seconds:g}: a positive number of seconds")
