"""The shipped model of RFC v3 for every number of pages and getters."""

import pytest

from pagestate.check.certificate import certify
from pagestate.check.request import any_sizes, make_request
from pagestate.core.invariant import Invariant
from pagestate.core.verdict import Verdict
from pagestate.engines.interface import Task
from pagestate.engines.parametric import Parametric
from pagestate.lang.load import load_model


def task(settings: dict[str, str]) -> Task:
    """The first scenario of the model."""
    model = load_model("rfc_v3")
    name = model.scenarios[0].name
    request = make_request(model, settings, any_sizes(model, settings, (name,)), (), name)
    bounds = request.bounds(4)
    return Task(request.compiled.system, request.properties, bounds, request.unbounded)


def test_without_the_hook_the_smallest_instance_shows_the_race() -> None:
    engine = Parametric(task({"hook": "false"}), lambda _: None)
    engine.advance(0)
    answer = next(a for a in engine.answers() if a.property == "offline_never_free")
    assert answer.verdict == Verdict.VIOLATED and answer.path is not None


@pytest.mark.slow
def test_what_is_proved_has_a_certificate() -> None:
    what = task({})
    engine = Parametric(what, lambda _: None)
    engine.advance(1)
    for answer in engine.answers():
        assert answer.verdict in (Verdict.PROVED, Verdict.VIOLATED, Verdict.UNKNOWN)
    found = next((a.certificate for a in engine.answers() if a.certificate is not None), None)
    if found is not None:
        assert isinstance(found, Invariant) and certify(what, found) == ()
