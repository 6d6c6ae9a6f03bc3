"""What a cached answer is an answer to: digests of a compiled model and of a property.

Positions in the source and texts for people do not count, nor do the positions that are part of
names: a control label is its place in its thread's list, a step its place among the steps, and of
other names with a line in them (``p:62:50``) the line is replaced by a running number.  Everything
else counts: two systems with one digest are the same up to such names.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from pagestate.core.expr import Lit
from pagestate.core.property import Property
from pagestate.core.sorts import EnumSort
from pagestate.core.span import Span
from pagestate.core.system import Action, StateVar, StepInfo, System, Thread

_IGNORED: Mapping[type, frozenset[str]] = {
    Action: frozenset({"name", "info"}),
    StateVar: frozenset({"doc"}),
    Property: frozenset({"doc", "title"}),
    Thread: frozenset({"src"}),
    System: frozenset({"name", "assumptions"}),
}


_POSITION = re.compile(r"[:@][0-9]+(?::[0-9]+)?")


def system_digest(system: System, exact: bool = False) -> str:
    """The digest of a system; ``exact``: of its names, too, for what speaks of it by name."""
    return _Digest(system, exact).of(system)


def property_digests(system: System, properties: Iterable[Property]) -> dict[str, str]:
    """The digests of properties of ``system``, by name."""
    digest = _Digest(system, False)
    base = digest.of(system)
    return {p.name: text_digest(base, digest.fresh().of(p)) for p in properties}


def text_digest(*parts: str) -> str:
    """The digest of a list of texts."""
    made = hashlib.sha256()
    for part in parts:
        data = part.encode(errors="surrogatepass")
        made.update(f"{len(data)}:".encode() + data)
    return made.hexdigest()


class _Digest:
    def __init__(self, system: System, exact: bool) -> None:
        self.control = {v.sort: v.name for v in system.variables if v.control and not exact}
        self.exact = exact
        self.renamed = dict[str, str]()
        self.taken = dict[str, int]()
        self.seen = dict[int, str]()
        self.kept = list[object]()

    def fresh(self) -> "_Digest":
        """Another one that calls things as this one does, and forgets what it is called for."""
        other = _Digest.__new__(_Digest)
        other.control, other.exact = self.control, self.exact
        other.renamed, other.taken = dict(self.renamed), dict(self.taken)
        other.seen, other.kept = dict(self.seen), list(self.kept)
        return other

    def of(self, value: object) -> str:
        """The digest of any value of the core."""
        if not is_dataclass(value) or isinstance(value, type):
            return self.plain(value)
        if id(value) not in self.seen:
            self.seen[id(value)] = text_digest(type(value).__name__, *self.parts(value))
            self.kept.append(value)
        return self.seen[id(value)]

    def plain(self, value: object) -> str:
        match value:
            case Enum():
                return f"{type(value).__name__}.{value.name}"
            case str():
                return f"str {self.name(value)}"
            case bool() | int() | None:
                return f"{type(value).__name__} {value}"
            case tuple():
                return text_digest("tuple", *(self.of(v) for v in value))
            case frozenset():
                return text_digest("set", *sorted(self.of(v) for v in value))
            case Mapping():
                pairs = sorted((self.of(k), self.of(v)) for k, v in value.items())
                return text_digest("map", *(text for pair in pairs for text in pair))
            case _:
                raise TypeError(f"no digest of {type(value).__name__}")

    def name(self, name: str) -> str:
        """The name without positions; different names stay different."""
        base = _POSITION.sub("\0", name)
        if self.exact or base == name:
            return name
        if name not in self.renamed:
            self.taken[base] = self.taken.get(base, 0) + 1
            self.renamed[name] = f"{base}\0{self.taken[base]}"
        return self.renamed[name]

    def parts(self, value: Any) -> list[str]:
        match value:
            case EnumSort() if value in self.control:
                return ["control", self.control[value], str(len(value.members))]
            case Lit(value=label, sort=EnumSort() as sort) if sort in self.control:
                return ["label", self.control[sort], str(sort.members.index(str(label)))]
            case StateVar(control=True, sort=EnumSort() as sort) if sort in self.control:
                place = sort.members.index(str(value.init))
                return self.named(value, {"init": str(place)})
            case Thread() if not self.exact:
                return self.named(value, self.labelled(value))
        return self.named(value, {})

    def labelled(self, thread: Thread) -> dict[str, str]:
        """The parts of a thread that speak of labels, by their places."""
        place = {label: str(n) for n, label in enumerate(thread.labels)}
        return {
            "start": place[thread.start],
            "labels": str(len(thread.labels)),
            "final": "none" if thread.final is None else place[thread.final],
            "live": self.of({place[n]: v for n, v in thread.live.items() if n in place}),
            "holds": self.of({place[n]: v for n, v in thread.holds.items() if n in place}),
        }

    def named(self, value: Any, instead: Mapping[str, str]) -> list[str]:
        found = list[str]()
        for each in fields(value):
            name, content = each.name, getattr(value, each.name)
            if name in _IGNORED.get(type(value), ()) or isinstance(content, Span | StepInfo):
                continue
            if name == "span":
                continue
            found.append(f"{name}={instead.get(name) or self.of(content)}")
        return found
