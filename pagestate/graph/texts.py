"""The texts of steps without the members they are about."""

import re

_ARGUMENT = re.compile(r"\((?:[\w ]*\{[^{}]*\},? ?)+\)")
_INDEX = re.compile(r"\[[\w ]*\{[^{}]*\}\]")
_RESULT = re.compile(r" -> (?:\{[^{}]*\}|\w+)$")
_OTHER = re.compile(r"\{=?([^{}]*)\}")


def bare_text(text: str) -> str:
    """A step's text as in ``StepInfo`` with names in place of values: ``put_page()``."""
    bare = _RESULT.sub("", _INDEX.sub("", _ARGUMENT.sub("()", text)))
    return _OTHER.sub(lambda found: found[1].rpartition(".")[2], bare)
