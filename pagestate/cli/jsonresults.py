"""The JSON object of ``check --json``; its keys are a contract."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from pagestate.core.verdict import Result
from pagestate.run.part import Part
from pagestate.view.itf import to_itf

V = TypeVar("V")


def results_object(parts: Sequence[Part], whole: Sequence[Result] = ()) -> dict[str, Any]:
    """The results of a run, as plain JSON values; expects at least one part.

    ``whole`` are results about all parts together.
    ``switches`` and ``sizes`` are those that all scenarios have in common; ``scenarios`` lists what
    each has (nothing, for a model without scenarios).
    """
    return {
        "model": parts[0].model,
        "switches": common([p.switches for p in parts]),
        "sizes": common([p.sizes for p in parts]),
        "interrupted": any(p.interrupted for p in parts),
        "errors": [e for p in parts for e in p.errors],
        "properties": [_result(r) for r in (*(r for p in parts for r in p.results), *whole)],
        "scenarios": [_scenario(p) for p in parts if p.scenario],
    }


def common(mappings: Sequence[Mapping[str, V]]) -> dict[str, V]:
    """The items that are in each of ``mappings``; expects at least one."""
    first, *others = mappings
    return {n: v for n, v in first.items() if all(n in m and m[n] == v for m in others)}


def _scenario(part: Part) -> dict[str, Any]:
    return {
        "name": part.scenario,
        "left_out": list(part.left_out),
        "switches": dict(part.switches),
        "sizes": dict(part.sizes),
        "interrupted": part.interrupted,
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
        "scenario": result.scenario or None,
    }
