"""What a job leaves behind: one JSON object, a line of the results file.

Everything the reports show is in it, so that they can be made again without the models.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pagestate.core.trace import Trace
from pagestate.core.verdict import Verdict
from pagestate.view.itf import from_itf

DONE, CRASHED, HUNG, BROKEN, STOPPED = "done", "crashed", "hung", "model error", "interrupted"
"""How a job ended: with answers; by its death; killed after its time; without a model to check;
or because somebody stopped the gate.  Only the last one is not a result."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The checked answer about one property.

    ``expected`` and ``because`` are what the model itself expects.  ``recheck`` says what was
    looked at again where the answer comes from the cache.  ``trace`` is an ITF object.
    """

    name: str
    verdict: Verdict
    title: str = ""
    kind: str = "always"
    scope: str = ""
    engine: str = ""
    depth: int | None = None
    states: int | None = None
    seconds: float = 0.0
    reason: str = ""
    file: str = ""
    line: int = 0
    expected: Verdict | None = None
    because: str = ""
    recheck: str = ""
    assumptions: tuple[str, ...] = ()
    trace: Mapping[str, Any] | None = None

    def opened(self) -> Trace | None:
        """The trace.  Raises TraceError."""
        return None if self.trace is None else from_itf(dict(self.trace))


@dataclass(frozen=True, slots=True)
class Record:
    """How a job ended; ``id`` says which.  ``errors`` are internal errors of the program."""

    id: str
    status: str
    seconds: float = 0.0
    findings: tuple[Finding, ...] = ()
    message: str = ""
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    dead: tuple[str, ...] = ()
    worker: str = ""
    dropped: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


@dataclass
class Totals:
    """What the last line of a summary counts."""

    jobs: int = 0
    cached: int = 0
    findings: int = 0
    seconds: float = 0.0
    verdicts: dict[str, int] = field(default_factory=dict)


def record_from(body: Mapping[str, Any]) -> Record:
    """The record that :meth:`Record.to_json` wrote.  Raises KeyError, TypeError, ValueError."""
    lists = {n: tuple(body[n]) for n in ("errors", "notes", "dead", "dropped")}
    return Record(**{**body, **lists, "findings": tuple(_finding(f) for f in body["findings"])})


def _finding(body: Mapping[str, Any]) -> Finding:
    expected = body["expected"]
    changes = {
        "verdict": Verdict(body["verdict"]),
        "expected": None if expected is None else Verdict(expected),
        "assumptions": tuple(body["assumptions"]),
    }
    return Finding(**{**body, **changes})
