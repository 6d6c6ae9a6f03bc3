"""Results as people read them, and as the JSON object of ``check --json``."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pagestate.check.request import Request
from pagestate.core.verdict import PROOFS, Result, Verdict
from pagestate.run.portfolio import Outcome
from pagestate.view.itf import to_itf
from pagestate.view.text import render_text
from pagestate.view.traceview import view_of


def as_json(request: Request, outcome: Outcome) -> dict[str, Any]:
    """The object of ``--json``; its keys are a contract."""
    return {
        "model": request.compiled.model.name,
        "switches": dict(request.compiled.valuation),
        "sizes": {n: "any" if n in request.unbounded else k for n, k in request.sizes.items()},
        "interrupted": outcome.interrupted,
        "errors": list(outcome.errors),
        "properties": [
            {
                "name": r.name,
                "verdict": r.verdict.value,
                "scope": r.scope,
                "engine": r.engine,
                "depth": r.depth,
                "states": r.states,
                "seconds": r.seconds,
                "reason": r.reason,
                "trace": None if r.trace is None else to_itf(r.trace),
                "certificate": r.certificate,
                "expected": None if r.expected is None else r.expected.value,
                "assumptions": list(r.assumptions),
            }
            for r in outcome.results
        ],
    }


def heading(request: Request) -> str:
    """The first line: model, switches, sizes."""
    switches = " ".join(f"{n}={show(v)}" for n, v in request.compiled.valuation.items())
    return f"{request.compiled.model.name}: {request.scope}" + (
        f" [{switches}]" if switches else ""
    )


def show(value: bool | str | int) -> str:
    """A switch's value as it is written on the command line."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def table(results: Sequence[Result]) -> Iterator[str]:
    """One line per property."""
    if not results:
        return
    wide = max(len(r.name) for r in results)
    for r in results:
        yield f"  {r.verdict.value:<9}  {r.name:<{wide}}  {_detail(r)}".rstrip()


def _detail(r: Result) -> str:
    parts = list[str]()
    if r.verdict == Verdict.VIOLATED and r.trace is not None:
        parts.append(_count(len(r.trace.steps), "step"))
    elif r.verdict == Verdict.EXHAUSTED and r.trace is not None:
        parts.append(f"reached in {_count(len(r.trace.steps), 'step')}")
    elif r.verdict == Verdict.EXHAUSTED and r.states is not None:
        parts.append(f"all {_count(r.states, 'state')}")
    elif r.verdict == Verdict.PROVED:
        parts.append(f"for {r.scope}" if r.trace is None else "reached")
    elif r.verdict == Verdict.BOUNDED:
        parts.append(f"nothing up to {_count(r.depth or 0, 'step')}: not a proof")
    if r.reason:
        parts.append(r.reason)
    if r.expected is not None:
        met = r.verdict == r.expected
        parts.append("as expected" if met else f"expected: {r.expected.value}")
    return f"{', '.join(parts)}  ({r.engine})"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def shown_trace(results: Sequence[Result]) -> Result | None:
    """The counterexample to print: the shortest one, an unexpected one before an expected one."""
    violated = [r for r in results if r.verdict == Verdict.VIOLATED and r.trace is not None]
    return min(
        violated,
        key=lambda r: (r.expected == r.verdict, len(r.trace.steps) if r.trace else 0),
        default=None,
    )


def diagram(result: Result, values: bool) -> str:
    """The counterexample as a CPU diagram, on demand with the state under each step."""
    assert result.trace is not None
    return render_text(view_of(result.trace), values=values)


def dead_steps(request: Request, fired: Mapping[str, int]) -> list[str]:
    """The steps that no execution of this instance takes, but for those that report a fault."""
    return [
        f"{a.info.text or a.name} ({a.info.label})"
        for a in request.compiled.system.actions
        if not fired.get(a.name, 0) and not a.expect_dead and not _reports_fault(a.writes)
    ]


def _reports_fault(writes: Sequence[Any]) -> bool:
    return any(w.var == "fault" for w in writes)


def summary(results: Sequence[Result]) -> str:
    """The last line: how many of what."""
    groups = {
        "proved": [r for r in results if r.verdict in PROOFS],
        "violated": [r for r in results if r.verdict == Verdict.VIOLATED],
        "bounded": [r for r in results if r.verdict == Verdict.BOUNDED],
        "vacuous": [r for r in results if r.verdict == Verdict.VACUOUS],
        "unknown": [r for r in results if r.verdict == Verdict.UNKNOWN],
    }
    words = {"proved": "hold"}
    parts = list[str]()
    for name, group in groups.items():
        if group:
            expected = sum(r.expected == r.verdict for r in group)
            extra = f" ({expected} as expected)" if expected else ""
            parts.append(f"{len(group)} {words.get(name, name)}{extra}")
    return ", ".join(parts) or "nothing decided"
