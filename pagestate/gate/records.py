"""What a job leaves behind: one JSON object, a line of the results file.

Everything the reports show is in it, so that they can be made again without the models.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from pagestate.core.trace import Trace
from pagestate.core.verdict import Verdict
from pagestate.gate.packed import unpack
from pagestate.view.itf import from_itf
from pagestate.view.wellformed import TraceError

DONE, CRASHED, HUNG, BROKEN, STOPPED = "done", "crashed", "hung", "model error", "interrupted"
"""How a job ended: with answers; by its death; killed after its time; without a model to check;
or because somebody stopped the gate.  Only the last one is not a result."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The checked answer about one property.

    ``expected`` and ``because`` are what the model itself expects.  ``recheck`` says what was
    looked at again where the answer comes from the cache.  ``trace`` is an ITF object, packed.
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
        if self.trace is None:
            return None
        try:
            whole = unpack(self.trace)
        except (KeyError, TypeError) as error:
            raise TraceError(f"not a packed trace: {error}") from None
        return from_itf(whole)


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
        return _values(self) | {"findings": [_values(f) for f in self.findings]}


def _values(each: "Record | Finding") -> dict[str, Any]:
    """The fields and their values, which are not copied."""
    return {f.name: getattr(each, f.name) for f in fields(each)}


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
