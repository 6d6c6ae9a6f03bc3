"""Traces: the states and steps of one execution, as data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from pagestate.core.sorts import Value
from pagestate.core.span import Span

CellName: TypeAlias = tuple[str, tuple[int, ...]]
State: TypeAlias = Mapping[CellName, Value]
"""A concrete state: the value of every cell, by variable name and index (empty for a global)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a trace.

    ``thread`` is the thread's name, ``member`` which of a replicated thread (else None); ``text``
    and ``calls`` as in ``StepInfo`` with the values filled in; ``picks`` the parameter values by
    name; ``args`` the thread arguments the thread was started with, when this step starts it.
    """

    thread: str
    member: int | None
    action: str
    text: str
    calls: tuple[str, ...] = ()
    label: str = ""
    target: str = ""
    picks: Mapping[str, Value] = field(default_factory=dict)
    span: Span | None = None
    src: str = ""
    note: str = ""
    args: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class VarInfo:
    """What a viewer needs to know of a variable: its index sorts, and whose local it is."""

    name: str
    dims: tuple[str, ...]
    sort: str
    thread: str | None = None
    control: bool = False
    ghost: bool = False


@dataclass(frozen=True, slots=True)
class Trace:
    """An execution: ``len(states) == len(steps) + 1``; ``loop`` is where a lasso returns to."""

    model: str
    property: str
    verdict: str
    title: str
    switches: Mapping[str, Value]
    sizes: Mapping[str, int]
    variables: tuple[VarInfo, ...]
    states: tuple[State, ...]
    steps: tuple[Step, ...]
    engine: str = ""
    loop: int | None = None
    meta: Mapping[str, str] = field(default_factory=dict)
