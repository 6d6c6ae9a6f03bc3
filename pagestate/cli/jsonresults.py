"""The JSON object of ``check --json``; its keys are a contract."""

from typing import Any

from pagestate.check.request import Request
from pagestate.core.verdict import Result
from pagestate.run.outcome import Outcome
from pagestate.view.itf import to_itf


def results_object(request: Request, outcome: Outcome) -> dict[str, Any]:
    """The results of a run, as plain JSON values."""
    return {
        "model": request.compiled.model.name,
        "switches": dict(request.compiled.valuation),
        "sizes": {n: "any" if n in request.unbounded else k for n, k in request.sizes.items()},
        "interrupted": outcome.interrupted,
        "errors": list(outcome.errors),
        "properties": [_result(r) for r in outcome.results],
    }


def _result(result: Result) -> dict[str, Any]:
    return {
        "name": result.name,
        "verdict": result.verdict.value,
        "scope": result.scope,
        "engine": result.engine,
        "depth": result.depth,
        "states": result.states,
        "seconds": result.seconds,
        "reason": result.reason,
        "trace": None if result.trace is None else to_itf(result.trace),
        "certificate": result.certificate,
        "expected": None if result.expected is None else result.expected.value,
        "assumptions": list(result.assumptions),
    }
