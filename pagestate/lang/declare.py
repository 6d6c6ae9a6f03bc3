"""A model and its switches, as declared.

Everything here only records what was declared.  The bodies of decorated functions are compiled
from their syntax tree (:mod:`pagestate.lang.compile`) and, for replay, executed
(:mod:`pagestate.lang.concrete`).
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast, overload

from pagestate.core.span import Span
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.functions import PropertyDecl, ThreadDecl
from pagestate.lang.state import State
from pagestate.lang.wellformed import check_kinds


@dataclass(frozen=True)
class Switch:
    """A named parameter of a model."""

    name: str
    default: bool | str | int
    meaning: str
    choices: tuple[bool | str | int, ...]
    src: str = ""

    def parse(self, text: str) -> bool | str | int:
        """The value written as ``text``.  Raises ModelError PS302."""
        words = {str(c).lower() if isinstance(c, bool) else str(c): c for c in self.choices}
        if text not in words:
            raise ModelError(
                "PS302",
                f"switch {self.name!r} cannot be {text!r}",
                hint=f"one of: {', '.join(words)}",
            )
        return words[text]


@overload
def switch(name: str, default: bool, meaning: str, *, src: str = "") -> bool: ...
@overload
def switch(
    name: str, default: str, meaning: str, *, choices: Sequence[str], src: str = ""
) -> str: ...
@overload
def switch(
    name: str, default: int, meaning: str, *, choices: Sequence[int], src: str = ""
) -> int: ...
def switch(
    name: str,
    default: bool | str | int,
    meaning: str,
    *,
    choices: Sequence[bool | str | int] = (False, True),
    src: str = "",
) -> Any:
    """A named model parameter with a default and a one-line meaning, fixed before compilation."""
    if default not in choices:
        raise ModelError("PS308", f"switch {name!r}: the default {default!r} is not a choice")
    return Switch(name, default, meaning, tuple(choices), src)


@dataclass(frozen=True)
class Expect:
    """An expected verdict for one valuation: the defaults changed by ``when``."""

    prop: PropertyDecl | str
    verdict: str
    reason: str
    when: Mapping[str, bool | str | int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the property."""
        return self.prop if isinstance(self.prop, str) else self.prop.name


@dataclass(frozen=True, eq=False)
class Model:
    """A protocol: state, threads, switches, properties, sizes, expectations.

    ``init`` restricts free initial values; ``assumptions`` are printed with every answer.
    """

    name: str
    state: type[State]
    threads: Sequence[Callable[..., None]]
    properties: Sequence[PropertyDecl] = ()
    switches: Sequence[Any] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    init: Callable[..., bool] | None = None
    expect: Sequence[Expect] = ()
    assumptions: Sequence[str] = ()
    doc: str = ""
    span: Span | None = None

    def __post_init__(self) -> None:
        frame = inspect.currentframe()
        caller = frame.f_back.f_back if frame and frame.f_back else None
        if caller is not None:
            line = caller.f_lineno
            file = caller.f_code.co_filename
            object.__setattr__(self, "span", Span(file, line, 1, line, 1))
            if not self.doc:
                doc = str(caller.f_globals.get("__doc__") or "")
                object.__setattr__(self, "doc", doc)
        check_kinds(self, Switch, Expect)

    def declared_switches(self) -> tuple[Switch, ...]:
        """The switches, as declared objects."""
        return tuple(cast(Switch, s) for s in self.switches)

    def declared_threads(self) -> tuple[ThreadDecl, ...]:
        """The threads, as declared objects."""
        return tuple(cast(ThreadDecl, t) for t in self.threads)
