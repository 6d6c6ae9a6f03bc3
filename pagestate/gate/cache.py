"""Answers kept by content: what was decided about a system is so for every equal system.

An entry is a small JSON file named by the digest of all that the answer depends on.  It is written
beside its place and renamed, so that any number of gates can share a folder: whoever comes last
writes the same answer again.  What does not read back as it was written is no entry and is removed.
Nobody believes an entry: :mod:`pagestate.gate.recheck` looks at it first.
"""

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from pagestate.core.sorts import Value
from pagestate.core.verdict import Verdict
from pagestate.gate.digest import text_digest

_FORMAT = 1
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# Answers kept by pagestate; may be deleted.\n"


@dataclass(frozen=True, slots=True)
class Route:
    """A path of a system in a form that outlives its names: everything by its place.

    ``initial`` has the free cells, by the variable's place; ``moves`` the steps with the values of
    their parameters, in order; ``sizes`` are the members of the index sorts it is about.  ``loop``
    makes it a lasso, as in ``core.verdict.Path``.
    """

    initial: tuple[tuple[int, tuple[int, ...], Value], ...]
    moves: tuple[tuple[int, tuple[Value, ...]], ...]
    sizes: Mapping[str, int]
    loop: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What was decided about one property, with what its re-check needs.

    ``invariant`` is the text of :mod:`pagestate.check.termjson`, of proofs for every size.
    """

    verdict: Verdict
    engine: str
    depth: int | None
    states: int | None
    reason: str
    seconds: float
    route: Route | None = None
    invariant: str | None = None


@dataclass(frozen=True, slots=True)
class Coverage:
    """How often each step of a system was taken in a complete search, in the system's order."""

    fired: tuple[int, ...] = field(default=())


class Cache:
    """The entries below one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def entry(self, key: str) -> Entry | None:
        """The entry of ``key``; a corrupt one is removed."""
        body = self.body(key)
        if body is None:
            return None
        try:
            return _entry(body)
        except (KeyError, TypeError, ValueError):
            self.drop(key)
            return None

    def coverage(self, key: str) -> Coverage | None:
        """The coverage of ``key``; a corrupt one is removed."""
        body = self.body(key)
        fired = body.get("fired") if body else None
        if isinstance(fired, list) and all(isinstance(n, int) for n in fired):
            return Coverage(tuple(fired))
        return None

    def store(self, key: str, content: Entry | Coverage) -> None:
        """Keep ``content``.  Raises OSError."""
        self.store_body(key, asdict(content))

    def store_body(self, key: str, body: Mapping[str, Any]) -> None:
        """Keep any JSON object.  Raises OSError."""
        self._prepare()
        text = json.dumps({"key": key, "sum": _sum(key, body), "body": body})
        path = self._path(key)
        path.parent.mkdir(exist_ok=True)
        temporary = path.parent / f".{secrets.token_hex(8)}.tmp"
        try:
            with temporary.open("x", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)

    def drop(self, key: str) -> None:
        """Remove an entry that turned out to be wrong."""
        with suppress(OSError):
            self._path(key).unlink(missing_ok=True)

    def body(self, key: str) -> dict[str, Any] | None:
        """The object that was stored as ``key``; what is not as it was stored is removed."""
        try:
            whole = json.loads(self._path(key).read_text(encoding="utf-8"))
            body = whole["body"]
            if whole["key"] == key and whole["sum"] == _sum(key, body) and isinstance(body, dict):
                return body
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            pass
        self.drop(key)
        return None

    def _path(self, key: str) -> Path:
        return self.folder / f"v{_FORMAT}" / key[:2] / f"{key}.json"

    def _prepare(self) -> None:
        (self.folder / f"v{_FORMAT}").mkdir(parents=True, exist_ok=True)
        for name, text in (("CACHEDIR.TAG", _TAG), (".gitignore", "*\n")):
            with (
                suppress(FileExistsError),
                (self.folder / name).open("x", encoding="utf-8") as file,
            ):
                file.write(text)


def _sum(key: str, body: object) -> str:
    return text_digest(str(_FORMAT), key, json.dumps(body, sort_keys=True))


def _entry(body: Mapping[str, Any]) -> Entry:
    route = body["route"]
    return Entry(
        **{
            **body,
            "verdict": Verdict(body["verdict"]),
            "route": None if route is None else _route(route),
        }
    )


def _route(body: Mapping[str, Any]) -> Route:
    return Route(
        tuple((int(number), tuple(index), value) for number, index, value in body["initial"]),
        tuple((int(number), tuple(picks)) for number, picks in body["moves"]),
        {str(name): int(size) for name, size in body["sizes"].items()},
        body["loop"],
    )
