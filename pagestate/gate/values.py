"""The values of settings as people write them: durations, sizes of memory, what is enough."""

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from pagestate.run.plan import ENGINES

Parse: TypeAlias = Callable[[object], Any]
"""From a TOML value (or the text of an option) to the value.  Raises ValueError with what is
wrong, to stand behind the name of the setting."""

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "": 1.0}
_BYTES = {"": 1, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}
_BYTES |= {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12}
_QUANTITY = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)\s*")


def duration(value: object) -> float:
    """Seconds: a number, or ``90s``, ``10m``, ``1.5h``."""
    number, unit = _quantity(value, "a duration such as 90s, 10m or 1h")
    if unit not in _SECONDS:
        raise ValueError(f"no unit of time {unit!r}: ms, s, m or h")
    seconds = number * _SECONDS[unit]
    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError("must be more than no time")
    return seconds


def memory(value: object) -> int:
    """Bytes: a number, or ``512MiB``, ``4GiB``."""
    number, unit = _quantity(value, "an amount of memory such as 512MiB or 4GiB")
    if unit.lower() not in _BYTES:
        raise ValueError(f"no unit of memory {unit!r}: KiB, MiB, GiB")
    return int(number * _BYTES[unit.lower()])


def _quantity(value: object, what: str) -> tuple[float, str]:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"must be {what}")
    found = _QUANTITY.fullmatch(str(value))
    if found is None:
        raise ValueError(f"{value!r} is not {what}")
    return float(found[1]), found[2]


def count(value: object) -> int:
    """A number from 0 up."""
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"{value!r} is not a number from 0 up")
    return value


def slots(value: object) -> int:
    """How many jobs at once; 0 stands for ``auto``."""
    if value == "auto":
        return 0
    number = count(value)
    if number == 0:
        raise ValueError("must be at least 1, or auto")
    return number


def engine(value: object) -> str:
    """The name of an engine."""
    if value not in ENGINES:
        raise ValueError(f"no engine {value!r}: one of {', '.join(ENGINES)}")
    return str(value)


def enough(value: object) -> str:
    """What a property needs to pass: ``proof``, or ``bounded:K``."""
    if value == "proof" or (isinstance(value, str) and re.fullmatch(r"bounded:[0-9]{1,6}", value)):
        return str(value)
    raise ValueError(f"{value!r} is neither proof nor bounded:K")


def enough_depth(text: str) -> int | None:
    """The depth that is enough, or None where it takes a proof."""
    return None if text == "proof" else int(text.removeprefix("bounded:"))


def text(value: object) -> str:
    """A string that is not empty."""
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is not a text")
    return value


def directory(value: object) -> str:
    """A path; empty for ``false``."""
    return "" if value is False or value in ("", "false") else text(value)


def texts(value: object) -> tuple[str, ...]:
    """A list of strings, or one (in an environment variable: separated by commas)."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
        raise ValueError("must be a list of texts")
    return tuple(value)


def word(value: object) -> str:
    """A switch's value or a size as it is written on the command line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | str) and value != "":
        return str(value)
    raise ValueError(f"{value!r} is no value: a text, a number, true or false")


def words(value: object) -> dict[str, str]:
    """A table of such values."""
    if not isinstance(value, dict):
        raise ValueError("must be a table, such as { hook = false }")
    return {str(name): word(v) for name, v in value.items()}


def combinations(value: object) -> tuple[Mapping[str, str], ...]:
    """A table, or a list of tables; a list in place of a value stands for each of its members."""
    tables = value if isinstance(value, list) else [value]
    found = list[Mapping[str, str]]()
    for table in tables:
        if not isinstance(table, dict):
            raise ValueError("must be a table such as { hook = false }, or a list of tables")
        rows: list[dict[str, str]] = [{}]
        for name, choices in table.items():
            listed = choices if isinstance(choices, list) else [choices]
            if not listed:
                raise ValueError(f"{name} has no value")
            rows = [{**row, str(name): word(c)} for row in rows for c in listed]
        found += [row for row in rows if row not in found]
    if not found:
        raise ValueError("an empty list selects nothing")
    return tuple(found)


def groups(value: object) -> tuple[tuple[str, ...], ...] | str:
    """``together``, ``apart``, or a list of properties and lists of properties."""
    if value in ("together", "apart"):
        return str(value)
    if not isinstance(value, list) or not value:
        raise ValueError("must be together, apart, or a list of properties and lists of them")
    if all(isinstance(v, str) for v in value):
        return (texts(value),)
    return tuple(texts(v) for v in value)
