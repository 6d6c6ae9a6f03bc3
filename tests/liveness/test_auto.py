"""Who decides what in a run: the engines side by side, the ones that do not decide say so."""

from pathlib import Path

import pytest

from pagestate.check.request import Request, make_request
from pagestate.core.verdict import Result
from pagestate.lang.load import load_model
from pagestate.run.portfolio import Options, run
from pagestate.view.itf import from_itf, to_itf

MODELS = Path(__file__).parent / "models"


def request(name: str, sizes: dict[str, str] | None = None, **settings: str) -> Request:
    return make_request(load_model(str(MODELS / f"{name}.py")), settings, sizes or {}, ())


def results(request: Request, engine: str = "auto") -> dict[str, Result]:
    outcome = run(request, Options(engine), lambda working: None)
    assert not outcome.errors
    return {r.name: r for r in outcome.results}


def test_each_property_goes_to_its_engine() -> None:
    found = results(request("notifier", inversion="true"))
    assert {n: (str(r.verdict), r.engine) for n, r in found.items()} == {
        "offlining_ends": ("violated", "liveness"),
        "deadlock_free": ("violated", "explicit"),
    }
    lasso, cycle = found["offlining_ends"].trace, found["deadlock_free"].trace
    assert lasso is not None and cycle is not None
    assert lasso.loop is not None
    assert from_itf(to_itf(lasso)) == lasso
    assert to_itf(lasso)["loop"] == lasso.loop
    assert "held by" in cycle.meta["violation"]
    assert cycle.loop is None


def test_everything_holds() -> None:
    found = results(request("percpu_list"))
    assert {str(r.verdict) for r in found.values()} == {"exhausted"}
    assert any("fairness" in a for r in found.values() for a in r.assumptions)


@pytest.mark.parametrize(
    ("engine", "name"),
    [("explicit", "offlining_ends"), ("bmc", "offlining_ends"), ("bmc", "deadlock_free"),
     ("liveness", "deadlock_free")],
)  # fmt: skip
def test_an_engine_that_does_not_decide_says_so(engine: str, name: str) -> None:
    result = results(request("percpu_list"), engine)[name]
    assert str(result.verdict) == "unknown"
    assert result.reason.startswith(f"engine {engine} does not decide")


def test_nothing_is_said_for_every_size() -> None:
    found = results(request("notifier", {"reader": "any"}))
    for name in ("offlining_ends", "deadlock_free"):
        assert str(found[name].verdict) == "unknown"
        assert "does not decide" in found[name].reason


def test_eager_and_fair_threads_are_named() -> None:
    assumptions = request("notifier").assumptions
    assert any("reader starts when it can" in a for a in assumptions)


def test_the_order_of_scans_is_looked_at() -> None:
    found = results(request("scanning"))
    for result in found.values():
        assert str(result.verdict) == "violated"
        assert result.reason == "violated only with unordered scan"
