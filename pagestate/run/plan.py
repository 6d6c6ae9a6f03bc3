"""How an engine is to work."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pagestate.check.request import Request
from pagestate.core.property import LIVENESS, SAFETY, PropertyKind

ENGINES = ("auto", "explicit", "bmc", "induction", "pdr", "parametric", "liveness")
_FINITE = frozenset({"explicit", "bmc", "induction", "pdr", "liveness"})
DECIDES: Mapping[str, frozenset[PropertyKind]] = {
    "explicit": SAFETY | {"deadlock_free"},
    "liveness": LIVENESS,
}
"""What each engine decides, where that is more or less than ``SAFETY``."""
SLICING = frozenset({"explicit", "bmc"})
"""The engines that search the variables only that the properties depend on."""


def decides(engine: str) -> frozenset[PropertyKind]:
    """The kinds of properties that ``engine`` is for; it says unknown to the others."""
    return DECIDES.get(engine, SAFETY)


@dataclass(frozen=True, slots=True)
class Plan:
    """The engine's name, the depth bound, where certificates go, bytes of memory (None: all).

    ``rlimit`` bounds the work of each call of the solver, in Z3's units (0: no bound), ``proof``
    the processor time of a proof for every size, in seconds (None: the engine's own limit).
    """

    engine: str
    depth: int | None = None
    certificates: Path | None = None
    memory: int | None = None
    rlimit: int = 0
    proof: float | None = None


def misfit(engine: str, request: Request) -> str:
    """Why ``engine`` is not for the sizes of ``request`` (empty: it is)."""
    if request.unbounded and engine in _FINITE:
        return f"engine {engine} searches finite sizes only; use auto or parametric"
    if engine == "parametric" and not request.unbounded:
        return "engine parametric proves for every size: give --size page=any or the like"
    return ""
