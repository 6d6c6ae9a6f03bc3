"""Scenarios of shipped models for every number of pages and getters."""

from pagestate.check.certificate import certify
from pagestate.check.request import COUNT_BOUND, any_sizes, make_request
from pagestate.core.invariant import Invariant
from pagestate.core.verdict import Verdict
from pagestate.engines.interface import Task
from pagestate.engines.parametric import Parametric
from pagestate.lang.load import load_model


def task(model: str, scenario: str, settings: dict[str, str]) -> Task:
    """The safety properties of a scenario of a shipped model, for any size."""
    declared = load_model(model)
    sizes = any_sizes(declared, settings, (scenario,))
    request = make_request(declared, settings, sizes, (), scenario)
    asked = tuple(p for p in request.properties if p.kind in ("always", "step"))
    bounds = request.bounds(COUNT_BOUND)
    return Task(request.compiled.system, asked, bounds, request.unbounded)


def test_without_the_hook_the_smallest_instance_shows_the_race() -> None:
    engine = Parametric(task("rfc_v3", "getters", {"hook": "false"}), lambda _: None)
    engine.advance(0)
    answer = next(a for a in engine.answers() if a.property == "offline_never_free")
    assert answer.verdict == Verdict.VIOLATED and answer.path is not None


def test_with_the_hook_all_is_proved_and_certified() -> None:
    what = task("rfc_v3", "getters", {})
    engine = Parametric(what, lambda _: None)
    engine.advance(1)
    found = engine.answers()
    assert {a.verdict for a in found} == {Verdict.PROVED}, found
    certificate = found[0].certificate
    assert isinstance(certificate, Invariant)
    assert set(certificate.properties) == {a.property for a in found}
    assert "Ledger laws" in certificate.text
    assert certify(what, certificate) == ()


def test_where_references_are_lost_flags_are_not() -> None:
    """A balloon's pages go offline unasked and counters say nothing; what needs none holds."""
    what = task("hocko_ref1", "balloon", {})
    engine = Parametric(what, lambda _: None)
    engine.advance(1)
    found = {a.property: a for a in engine.answers()}
    proved = {n for n, a in found.items() if a.verdict == Verdict.PROVED}
    assert proved == {"cancel_restores", "cancel_returns_references", "memmap_outlives_its_users"}
    assert all(a.verdict == Verdict.VIOLATED for n, a in found.items() if n not in proved)
    certificate = found["cancel_restores"].certificate
    assert isinstance(certificate, Invariant)
    assert "refcount" not in certificate.text
    assert certify(what, certificate) == ()
