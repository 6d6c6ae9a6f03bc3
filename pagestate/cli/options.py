"""What several commands have in common on their command lines."""

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
