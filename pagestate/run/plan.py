"""How an engine is to work."""

from dataclasses import dataclass
from pathlib import Path

ENGINES = ("auto", "explicit", "bmc", "parametric")


@dataclass(frozen=True, slots=True)
class Plan:
    """The engine's name, the depth bound, where certificates go, bytes of memory (None: all)."""

    engine: str
    depth: int | None = None
    certificates: Path | None = None
    memory: int | None = None
