"""What an engine's process tells its parent: JSON, one object on each line."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, TypeAlias

from pagestate.core.trace import Trace
from pagestate.core.verdict import Verdict
from pagestate.view.itf import from_itf, to_itf
from pagestate.view.wellformed import TraceError


class Garbled(Exception):
    """A line that is no message."""


@dataclass(frozen=True, slots=True)
class Working:
    """A sign of life of an engine."""

    engine: str
    depth: int
    states: int | None
    note: str


@dataclass(frozen=True, slots=True)
class Decided:
    """A checked answer about one property."""

    property: str
    verdict: Verdict
    engine: str
    depth: int | None
    states: int | None
    reason: str
    trace: Trace | None
    certificate: str | None


@dataclass(frozen=True, slots=True)
class Covered:
    """How often each step was taken, after a complete search."""

    fired: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Exhausted:
    """The engine ran out of memory; what it has not decided stays unknown."""

    engine: str
    what: str


@dataclass(frozen=True, slots=True)
class Unwritable:
    """A certificate could not be stored."""

    engine: str
    what: str


@dataclass(frozen=True, slots=True)
class Broken:
    """An internal error: an answer that failed its check, or a crash."""

    engine: str
    what: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The engine has nothing more to say."""

    engine: str
    notes: tuple[str, ...] = field(default=())


Message: TypeAlias = Working | Decided | Covered | Exhausted | Unwritable | Broken | Finished
_KINDS: dict[str, type[Any]] = {
    cls.__name__: cls
    for cls in (Working, Decided, Covered, Exhausted, Unwritable, Broken, Finished)
}


def dump(message: Message) -> bytes:
    """A message as a line of bytes, with its newline."""
    if isinstance(message, Decided):
        trace = None if message.trace is None else to_itf(message.trace)
        names = ("property", "verdict", "engine", "depth", "states", "reason", "certificate")
        body = {n: getattr(message, n) for n in names} | {"trace": trace}
    else:
        body = asdict(message)
    return json.dumps({"kind": type(message).__name__, **body}).encode() + b"\n"


def load(line: bytes) -> Message:
    """The message that :func:`dump` wrote.  Raises Garbled."""
    try:
        body = json.loads(line)
        cls = _KINDS[body.pop("kind")]
        if cls is Decided:
            body["trace"] = None if body["trace"] is None else from_itf(body["trace"])
            body["verdict"] = Verdict(body["verdict"])
        if cls is Finished:
            body["notes"] = tuple(body["notes"])
        message: Message = cls(**body)
    except (ValueError, KeyError, TypeError, AttributeError, TraceError, RecursionError):
        raise Garbled(repr(line[:60])) from None
    return message
