"""What was found out about a model, or about one scenario of it: all that reports need.

Plain data, so that a scenario can be checked in a process of its own.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from pagestate.check.request import Request, general, left_out
from pagestate.check.vacuity import Coverage, coverage, idle_threads, unexplained
from pagestate.core.verdict import Result, Verdict
from pagestate.lang.compile import valuation_of
from pagestate.lang.declare import Model
from pagestate.run.outcome import Outcome
from pagestate.view.itf import from_itf, to_itf


@dataclass(frozen=True, slots=True)
class Part:
    """The results of a model, or of one scenario of it (``scenario`` is then its name).

    ``steps`` says which steps are taken; ``sizes`` has ``"any"`` for those that are proved for
    every size; ``reasons`` say why verdicts are expected.  From ``errors`` on it is as in Outcome.
    """

    model: str
    scenario: str
    switches: Mapping[str, bool | str | int]
    sizes: Mapping[str, int | str]
    scope: str
    left_out: tuple[str, ...]
    assumptions: tuple[str, ...]
    results: tuple[Result, ...]
    steps: tuple[Coverage, ...]
    reasons: Mapping[str, str]
    errors: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    failures: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    interrupted: bool = False

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        steps = [asdict(c) for c in self.steps]
        return values | {"results": [_result(r) for r in self.results], "steps": steps}


def _result(result: Result) -> dict[str, Any]:
    values = {f.name: getattr(result, f.name) for f in fields(result)}
    return values | {"trace": None if result.trace is None else to_itf(result.trace)}


def part_from(body: dict[str, Any]) -> Part:
    """What :meth:`Part.to_json` gave.

    Raises KeyError, TypeError, ValueError or TraceError for anything else.
    """
    lists = ("left_out", "assumptions", "errors", "problems", "failures", "notes")
    results = tuple(_result_from(r) for r in body["results"])
    steps = tuple(Coverage(**c) for c in body["steps"])
    known = {"results": results, "steps": steps}
    return Part(**body | {n: tuple(body[n]) for n in lists} | known)


def _result_from(body: dict[str, Any]) -> Result:
    expected = body["expected"]
    return Result(
        **body
        | {
            "verdict": Verdict(body["verdict"]),
            "expected": None if expected is None else Verdict(expected),
            "trace": None if body["trace"] is None else from_itf(body["trace"]),
            "assumptions": tuple(body["assumptions"]),
        }
    )


def part_of(request: Request, outcome: Outcome) -> Part:
    """The part that ``outcome`` is about, with a result for each thread that never moves."""
    idle = idle_threads(request, outcome.fired)
    compiled = request.compiled
    return Part(
        model=compiled.model.name,
        scenario=request.scenario,
        switches=dict(compiled.valuation),
        sizes={n: "any" if n in request.unbounded else k for n, k in request.sizes.items()},
        scope=request.scope,
        left_out=compiled.model.left_out(),
        assumptions=request.assumptions,
        results=(*outcome.results, *idle),
        steps=coverage(request, outcome.fired),
        reasons={name: why for name, (_, why) in compiled.expected.items()},
        errors=tuple(outcome.errors),
        problems=tuple(outcome.problems),
        failures=tuple(outcome.failures),
        notes=tuple(outcome.notes),
        interrupted=outcome.interrupted,
    )


def about_all(parts: Sequence[Part]) -> list[Result]:
    """What is wrong with a model as it declares itself; ``parts`` are all its scenarios."""
    same = tuple(a for a in parts[0].assumptions if all(a in p.assumptions for p in parts))
    scope = "all scenarios" if parts[0].scenario else parts[0].scope
    found = unexplained([p.steps for p in parts], scope, same)
    return [] if found is None else [found]


def undecided(
    model: Model, settings: Mapping[str, str], selected: Sequence[str], reason: str
) -> Part:
    """The part of a scenario of which nothing was found out: all that it declares is unknown."""
    name = "" if model.scenario is None else model.scenario.name
    values = valuation_of(model, settings)
    assumptions = (*left_out(model), *general(values), *model.assumptions)
    chosen = [p for p in model.properties if not selected or p.name in selected]
    results = tuple(
        Result(
            name=p.name,
            verdict=Verdict.UNKNOWN,
            scope="",
            engine="none",
            depth=None,
            states=None,
            seconds=0.0,
            reason=reason,
            trace=None,
            certificate=None,
            expected=None,
            assumptions=assumptions,
            title=p.title,
            scenario=name,
        )
        for p in chosen
    )
    return Part(model.name, name, values, {}, "", model.left_out(), assumptions, results, (), {})
