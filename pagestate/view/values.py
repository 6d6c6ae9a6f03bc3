"""Cells, values and their changes in the words of a reader: ``page 0: refcount 1 -> 2``."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from pagestate.core.sorts import Value
from pagestate.core.trace import VarInfo

Scope: TypeAlias = Literal["shared", "local", "control"]

_REFERENCE = " or none"


@dataclass(frozen=True, slots=True)
class Fact:
    """What a cell holds, or (with ``old``) how a step changed it.

    ``subject`` is the thing the cell belongs to (``"page 0"``, ``"unplug"``; empty for a global)
    and ``name`` what it says of that thing.  ``kind`` and ``number`` are the parts of a subject
    that is one member of one index sort; facts that say the same of several members are shown
    together.
    """

    variable: str
    index: tuple[int, ...]
    subject: str
    kind: str
    number: int
    name: str
    value: str
    old: str | None
    scope: Scope
    ghost: bool

    def text(self) -> str:
        """The fact without its subject: ``refcount 1 -> 2``, ``lock: free -> offliner``."""
        mark = " (ghost)" if self.ghost else ""
        colon = "" if self.subject else ":"
        change = self.value if self.old is None else f"{self.old} -> {self.value}"
        return f"{self.name}{mark}{colon} {change}"


def show_value(value: Value, sort: str) -> str:
    """A value as kernel people write it: booleans as 0 and 1, a reference as ``page 3``."""
    match value:
        case None:
            return "none"
        case bool():
            return str(int(value))
        case int() if sort.endswith(_REFERENCE):
            return f"{sort.removesuffix(_REFERENCE)} {value}"
        case _:
            return str(value)


def local_name(name: str, thread: str | None) -> str:
    """A local without its thread, and without the line numbers of the calls it is in.

    ``virtio_mem.plug@45:8/alloc@77:16.taken`` is ``alloc.taken``, ``getter.page`` is ``page``.
    """
    if thread is None:
        return name
    short = name.removeprefix(f"{thread}.").removeprefix(f"{thread}_") or name
    called = re.fullmatch(r"(?:.*/)?([^@/.]+)@[^.]*\.([^.]+)", short)
    if called:
        short = f"{called[1]}.{called[2]}"
    return re.sub(r":\d+$", "", short)


def is_reference(sort: str) -> bool:
    """Whether a variable of this sort holds a member of an index sort or none."""
    return sort.endswith(_REFERENCE)


def fact(var: VarInfo, index: tuple[int, ...], value: Value, old: str | None = None) -> Fact:
    """The fact that the cell ``var[index]`` holds ``value``; ``old`` is what it held before."""
    scope: Scope = "shared" if var.thread is None else "control" if var.control else "local"
    subject = ", ".join(f"{d} {i}" for d, i in zip(var.dims, index, strict=True))
    name = var.name
    if var.thread is not None:
        subject = subject or var.thread
        name = local_name(name, var.thread)
    if var.control:
        name = "at"
    single = len(var.dims) == 1
    return Fact(
        variable=var.name,
        index=index,
        subject=subject,
        kind=var.dims[0] if single else "",
        number=index[0] if single else -1,
        name=name,
        value=show_value(value, var.sort),
        old=old,
        scope=scope,
        ghost=var.ghost,
    )


def fact_lines(facts: Iterable[Fact]) -> tuple[str, ...]:
    """One line per subject; members of an index sort of which the same is said share one."""
    bodies = dict[str, list[Fact]]()
    for each in facts:
        bodies.setdefault(each.subject or f"\n{each.variable}", []).append(each)
    members = dict[tuple[str, str], list[int]]()
    lines = list[tuple[str, str, str]]()
    for about in bodies.values():
        body = ", ".join(f.text() for f in about)
        first = about[0]
        if first.kind and first.scope == "shared":
            numbers = members.setdefault((first.kind, body), [])
            if not numbers:
                lines.append((first.kind, first.subject, body))
            numbers.append(first.number)
        else:
            lines.append(("", first.subject, body))
    return tuple(
        f"{_members(kind, members[kind, body])}: {body}"
        if kind
        else f"{subject}: {body}"
        if subject
        else body
        for kind, subject, body in lines
    )


def plural(noun: str, count: int) -> str:
    """``1 page``, ``2 pages``, ``2 entries``."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {plural_of(noun)}"


def plural_of(noun: str) -> str:
    """The plural of an index sort's name."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"


def _members(kind: str, numbers: Sequence[int]) -> str:
    if len(numbers) == 1:
        return f"{kind} {numbers[0]}"
    runs = list[list[int]]()
    for n in sorted(numbers):
        if runs and n == runs[-1][-1] + 1:
            runs[-1].append(n)
        else:
            runs.append([n])
    parts = (
        f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(str(n) for n in run) for run in runs
    )
    return f"{plural_of(kind)} {', '.join(parts)}"
