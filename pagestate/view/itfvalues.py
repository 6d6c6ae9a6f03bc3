"""Values in the Informal Trace Format, and type checks for JSON that comes from outside."""

import re
from collections.abc import Mapping

from pagestate.core.sorts import Value
from pagestate.view.values import is_reference
from pagestate.view.wellformed import TraceError

_INTEGER = re.compile(r"-?[0-9]+", re.ASCII)
_NONE = "None"
_SOME = "Some"


def itf_value(value: Value, sort: str = "") -> object:
    """A value in ITF: integers as big integers, a reference (or none) as an option."""
    if value is None:
        return {"tag": _NONE, "value": {"#tup": []}}
    plain: object = value
    if isinstance(value, int) and not isinstance(value, bool):
        plain = {"#bigint": _digits(value)}
    return {"tag": _SOME, "value": plain} if is_reference(sort) else plain


def _digits(value: int) -> str:
    try:
        return str(value)
    except ValueError as error:
        raise TraceError("a number is too large to be written") from error


def core_value(obj: object, where: str) -> Value:
    """The value that ITF writes as ``obj``.  Raises TraceError for one that is no core value."""
    match obj:
        case bool() | str():
            return obj
        case {"#bigint": _}:
            return integer(obj, where)
        case {"tag": "None"}:
            return None
        case {"tag": "Some", "value": inner} if not _is_option(inner):
            return core_value(inner, where)
        case _:
            return integer(obj, where, "a boolean, an integer, a name or an option")


def scalar(obj: object, where: str) -> Value:
    """A value in plain JSON: true, 3, a name or null."""
    if obj is None or isinstance(obj, bool | str):
        return obj
    return integer(obj, where, "a boolean, an integer, a name or null")


def integer(obj: object, where: str, expected: str = "an integer") -> int:
    """An integer, in plain JSON or as ITF's ``{"#bigint": "3"}``."""
    match obj:
        case int() if not isinstance(obj, bool):
            return obj
        case {"#bigint": str(digits)} if _INTEGER.fullmatch(digits):
            try:
                return int(digits)
            except ValueError as error:
                raise TraceError(f"{where}: a number with {len(digits)} digits") from error
        case _:
            raise TraceError(f"{where}: expected {expected}, found {found(obj)}")


def record(obj: object, where: str) -> Mapping[str, object]:
    """A JSON object."""
    if not isinstance(obj, dict):
        raise TraceError(f"{where}: expected an object, found {found(obj)}")
    return obj


def items(obj: object, where: str) -> list[object]:
    """A JSON list."""
    if not isinstance(obj, list):
        raise TraceError(f"{where}: expected a list, found {found(obj)}")
    return obj


def string(obj: object, where: str) -> str:
    """A JSON string."""
    if not isinstance(obj, str):
        raise TraceError(f"{where}: expected a string, found {found(obj)}")
    return obj


def boolean(obj: object, where: str) -> bool:
    """A JSON boolean."""
    if not isinstance(obj, bool):
        raise TraceError(f"{where}: expected true or false, found {found(obj)}")
    return obj


def field(obj: Mapping[str, object], name: str, where: str) -> object:
    """The field ``name`` of a JSON object."""
    if name not in obj:
        raise TraceError(f"{where}: {name} is missing")
    return obj[name]


def found(obj: object) -> str:
    """What ``obj`` is, for a message."""
    match obj:
        case None:
            return "null"
        case bool():
            return "true" if obj else "false"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case {"tag": _}:
            return "a variant"
        case dict():
            tags = [k for k in obj if isinstance(k, str) and k.startswith("#")]
            return f"a {tags[0][:20]}" if tags else "an object"
        case _:
            return type(obj).__name__


def _is_option(obj: object) -> bool:
    return isinstance(obj, dict) and "tag" in obj
