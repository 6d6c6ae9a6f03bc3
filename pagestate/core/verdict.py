"""Verdicts and what a finished check says of one property."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from pagestate.core.sorts import Value
from pagestate.core.system import Action
from pagestate.core.trace import Trace


class Verdict(StrEnum):
    """The seven answers; only ``proved`` and ``exhausted`` are proofs."""

    PROVED = "proved"
    EXHAUSTED = "exhausted"
    BOUNDED = "bounded"
    VIOLATED = "violated"
    UNKNOWN = "unknown"
    VACUOUS = "vacuous"
    SKIPPED = "skipped"


PROOFS = frozenset({Verdict.PROVED, Verdict.EXHAUSTED})
CONCLUSIVE = PROOFS | {Verdict.VIOLATED, Verdict.VACUOUS}


@dataclass(frozen=True, slots=True)
class Move:
    """One step of a path: an action and the values of its parameters, by parameter name."""

    action: Action
    picks: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True)
class Path:
    """An engine's counterexample or witness: initial state (as cell values) and moves.

    ``initial`` lists the values of the free cells only, by (variable, index).  ``loop`` makes it
    a lasso: the moves from that number on are repeated for ever (none: nothing moves any more).
    """

    initial: tuple[tuple[tuple[str, tuple[int, ...]], bool | str | int | None], ...]
    moves: tuple[Move, ...]
    loop: int | None = None


Proof: TypeAlias = object


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine found out about one property, before anything is re-checked.

    ``depth`` is the number of steps searched or, of a violation, its length; ``states`` the number
    of states visited (None for engines that do not count).  ``certificate`` is an invariant of the
    engine's own type, for the checker.  ``overflow`` names the counter whose bound was too small:
    the search can be repeated with a larger one.
    """

    property: str
    verdict: Verdict
    engine: str
    depth: int | None = None
    states: int | None = None
    reason: str = ""
    path: Path | None = None
    certificate: Proof | None = None
    overflow: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """A checked verdict of one property: what the user, JSON and the gate see.

    ``scenario`` names the actors it is about (empty: the model has no scenarios).
    """

    name: str
    verdict: Verdict
    scope: str
    engine: str
    depth: int | None
    states: int | None
    seconds: float
    reason: str
    trace: Trace | None
    certificate: str | None
    expected: Verdict | None
    assumptions: tuple[str, ...]
    title: str = ""
    scenario: str = ""
