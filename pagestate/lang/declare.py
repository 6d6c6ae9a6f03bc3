"""A model and its switches, as declared.

Everything here only records what was declared.  The bodies of decorated functions are compiled
from their syntax tree (:mod:`pagestate.lang.compile`) and, for replay, executed
(:mod:`pagestate.lang.concrete`).
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any, cast, overload

from pagestate.core.span import Span
from pagestate.lang.changes import NOTHING, Changes
from pagestate.lang.diagnostics import ModelError, near
from pagestate.lang.functions import PropertyDecl, ThreadDecl
from pagestate.lang.scenarios import check_scenarios
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
class Scenario:
    """A part of a model that is checked by itself: some of its threads, with what they need.

    ``switches`` are other defaults for switches of the model, ``sizes`` other sizes;
    ``properties`` are those of the model that are checked here (None: all of them), ``expect``
    what is expected here, and ``init`` restricts the initial states further.
    """

    name: str
    doc: str
    threads: Sequence[Callable[..., None]]
    switches: Mapping[str, bool | str | int] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)
    properties: Sequence[PropertyDecl] | None = None
    expect: Sequence[Expect] = ()
    init: Callable[..., bool] | None = None
    span: Span | None = None

    def __post_init__(self) -> None:
        frame = inspect.currentframe()
        caller = frame.f_back.f_back if frame and frame.f_back else None
        if self.span is None and caller is not None:
            object.__setattr__(self, "span", _line_of(caller))

    def declared_threads(self) -> tuple[ThreadDecl, ...]:
        """The threads, as declared objects."""
        return tuple(cast(ThreadDecl, t) for t in self.threads)


@dataclass(frozen=True, eq=False)
class Model:
    """A protocol: state, threads, switches, properties, sizes, expectations.

    ``init`` restricts free initial values; ``assumptions`` are printed with every answer.  A model
    with ``scenarios`` is checked in each of them; its ``threads`` are then all of theirs (of one
    function once, whatever fairness a scenario asks of it), unless it names them.  ``whole`` and
    ``scenario`` are set in what ``in_scenario`` makes, ``changes`` in a variant that does without
    something.
    """

    name: str
    state: type[State]
    threads: Sequence[Callable[..., None]] = ()
    properties: Sequence[PropertyDecl] = ()
    switches: Sequence[Any] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    init: Callable[..., bool] | None = None
    expect: Sequence[Expect] = ()
    assumptions: Sequence[str] = ()
    doc: str = ""
    span: Span | None = None
    scenarios: Sequence[Scenario] = ()
    whole: "Model | None" = field(default=None, repr=False)
    scenario: Scenario | None = field(default=None, repr=False)
    changes: Changes = NOTHING

    def __post_init__(self) -> None:
        frame = inspect.currentframe()
        caller = frame.f_back.f_back if frame and frame.f_back else None
        if self.span is None and caller is not None:
            object.__setattr__(self, "span", _line_of(caller))
            if not self.doc:
                doc = str(caller.f_globals.get("__doc__") or "")
                object.__setattr__(self, "doc", doc)
        check_kinds(self, Switch, Expect)
        check_scenarios(self, Scenario, Expect)
        if not self.threads:
            threads = dict[Any, Callable[..., None]]()
            for thread in (t for s in self.scenarios for t in s.threads):
                threads.setdefault(getattr(thread, "fn", thread), thread)
            object.__setattr__(self, "threads", tuple(threads.values()))

    def declared_switches(self) -> tuple[Switch, ...]:
        """The switches, as declared objects."""
        return tuple(cast(Switch, s) for s in self.switches)

    def declared_threads(self) -> tuple[ThreadDecl, ...]:
        """The threads, as declared objects."""
        return tuple(cast(ThreadDecl, t) for t in self.threads)

    def left_out(self) -> tuple[str, ...]:
        """The threads of the whole model that take no part here."""
        if self.whole is None:
            return ()
        mine = {t.name for t in self.declared_threads()}
        return tuple(t.name for t in self.whole.declared_threads() if t.name not in mine)

    def in_scenario(self, name: str) -> "Model":
        """The model as it is in the scenario called ``name``; raises ModelError PS309."""
        found = next((s for s in self.scenarios if s.name == name), None)
        if found is None:
            raise ModelError(
                "PS309",
                f"model {self.name} has no scenario {name!r}",
                hint=near(name, [s.name for s in self.scenarios]) or "it has no scenarios",
            )
        mine = found.properties
        properties = [p for p in self.properties if mine is None or p in mine]
        elsewhere = {p.name for p in self.properties} - {p.name for p in properties}
        return replace(
            self,
            threads=tuple(found.threads),
            properties=properties,
            switches=[
                replace(s, default=found.switches.get(s.name, s.default))
                for s in self.declared_switches()
            ],
            sizes={**self.sizes, **found.sizes},
            expect=[*(e for e in self.expect if e.name not in elsewhere), *found.expect],
            scenarios=(),
            whole=self,
            scenario=found,
        )


def _line_of(caller: FrameType) -> Span:
    line = caller.f_lineno
    return Span(caller.f_code.co_filename, line, 1, line, 1)
