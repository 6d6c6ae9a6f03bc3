"""What became of the proof without one assumption: plain data, for processes and reports."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias, get_args

from pagestate.core.trace import Trace
from pagestate.needs.candidate import Candidate, word
from pagestate.view.itf import from_itf, to_itf

Need: TypeAlias = Literal["needed", "not needed", "unknown", "same"]


@dataclass(frozen=True, slots=True)
class Row:
    """The answer about one assumption.

    ``needed``: without it ``violates`` is violated, as the replayed ``trace`` shows.  ``not
    needed``: all properties were proved again, in ``scope``; what the variant still takes for one
    step stands in ``whole``.  ``same``: leaving it out changes nothing.  ``unknown`` has a
    ``reason``.  ``seconds`` of processor time.
    """

    candidate: Candidate
    need: Need
    violates: str = ""
    scope: str = ""
    reason: str = ""
    whole: tuple[str, ...] = ()
    trace: Trace | None = None
    seconds: float = 0.0
    any_size: bool = False

    @property
    def steps(self) -> int | None:
        """The length of the counterexample."""
        return None if self.trace is None else len(self.trace.steps)

    def to_json(self) -> dict[str, Any]:
        """As JSON values: for users, and from the process that found it out."""
        what, span = self.candidate, self.candidate.span
        return {
            "kind": what.kind,
            "name": what.name,
            "without": "" if what.setting is None else f"{what.setting[0]}={word(what.setting[1])}",
            "function": what.function,
            "src": what.src,
            "file": None if span is None else span.file,
            "line": None if span is None else span.line,
            "need": self.need,
            "property": self.violates,
            "steps": self.steps,
            "scope": self.scope,
            "any_size": self.any_size,
            "reason": self.reason,
            "atomic_by_assumption": list(self.whole),
            "seconds": self.seconds,
            "trace": None if self.trace is None else to_itf(self.trace),
        }


def row_from(candidate: Candidate, body: Mapping[str, Any]) -> Row:
    """The row about ``candidate`` that :meth:`Row.to_json` gave.

    Raises KeyError, TypeError, ValueError or TraceError for anything else.
    """
    need = body["need"]
    if need not in get_args(Need):
        raise ValueError(f"{need!r} is no answer")
    trace = body["trace"]
    return Row(
        candidate,
        need,
        str(body["property"]),
        str(body["scope"]),
        str(body["reason"]),
        tuple(map(str, body["atomic_by_assumption"])),
        None if trace is None else from_itf(trace),
        float(body["seconds"]),
        bool(body["any_size"]),
    )


def given_up(candidate: Candidate, reason: str, seconds: float = 0.0) -> Row:
    """An assumption about which nothing was found out."""
    return replace(Row(candidate, "unknown", reason=reason), seconds=seconds)
