"""What a finite search exhausted, asked for every size."""

from dataclasses import replace

import pytest

from pagestate.check.request import Request
from pagestate.core.verdict import PROOFS, Result, Verdict
from pagestate.run import larger
from pagestate.run.larger import OTHER_SIZES, Larger, upgrade
from pagestate.run.outcome import Outcome
from pagestate.run.portfolio import Options, run
from tests.run.requests import FIRST, ignore, real_trace, request


def result(name, verdict, scope="2 pages", reason="", trace=None):
    return Result(
        name, verdict, scope, "explicit", None, 9, 0.1, reason, trace, None, None, ()
    )  # fmt: skip


def outcome():
    asked = request().properties
    return Outcome([result(p.name, Verdict.EXHAUSTED) for p in asked])


def saying(*results):
    asked = []

    def ask(wider: Request, seconds):
        asked.append((wider.unbounded, seconds))
        return Outcome(list(results))

    return ask, asked


def test_what_is_proved_takes_the_place_of_what_was_exhausted():
    found = outcome()
    ask, asked = saying(result(FIRST, Verdict.PROVED, "any number of pages"))
    upgrade(request(), found, Larger.AUTO, ask)
    first, second = found.results[:2]
    assert (first.verdict, second.verdict) == (Verdict.PROVED, Verdict.EXHAUSTED)
    assert first.reason == "any number of pages"
    assert asked == [(frozenset(s.name for s in request().compiled.system.sorts), larger.SECONDS)]


def test_what_is_not_proved_stays_and_says_why():
    found = outcome()
    ask, _ = saying(result(FIRST, Verdict.UNKNOWN, reason="no law keeps it starts from (x)"))
    upgrade(request(), found, Larger.ALWAYS, ask)
    assert found.results[0].verdict == Verdict.EXHAUSTED
    assert found.notes == [f"{OTHER_SIZES} {FIRST} is not proved: no law keeps it"]


def test_a_violation_of_a_larger_instance_counts():
    found, trace = outcome(), real_trace()
    ask, _ = saying(result(FIRST, Verdict.VIOLATED, "3 pages", trace=trace))
    upgrade(request(), found, Larger.ALWAYS, ask)
    assert found.results[0].verdict == Verdict.VIOLATED and not found.errors
    assert found.results[0].reason == "not with 2 pages, but with 3 pages"


def test_a_violation_at_the_sizes_that_were_exhausted_is_a_disagreement():
    found, trace = outcome(), real_trace()
    ask, _ = saying(result(FIRST, Verdict.VIOLATED, "2 pages", trace=trace))
    upgrade(request(), found, Larger.ALWAYS, ask)
    assert found.results[0].verdict == Verdict.UNKNOWN
    assert "engines disagree" in found.errors[0]


@pytest.mark.parametrize("mode", [Larger.NEVER, Larger.AUTO])
def test_nobody_waits_for_what_takes_long(mode, monkeypatch):
    monkeypatch.setattr(larger, "MOST_STEPS", 0)
    found = outcome()
    ask, asked = saying()
    upgrade(request(), found, mode, ask)
    assert asked == [] and found.results == outcome().results
    assert len(found.notes) == (mode == Larger.AUTO)


def test_there_is_more_time_for_a_scenario_alone(monkeypatch):
    monkeypatch.setattr(larger, "MOST_STEPS", 0)
    found = outcome()
    ask, asked = saying(result(FIRST, Verdict.PROVED, "any number of pages"))
    upgrade(request(), found, Larger.AUTO, ask, alone=True)
    assert found.results[0].verdict == Verdict.PROVED
    assert [seconds for _, seconds in asked] == [larger.SECONDS_ALONE]


def test_a_run_goes_on_to_every_size():
    asked = request()
    for mode, verdict in ((Larger.AUTO, Verdict.PROVED), (Larger.NEVER, Verdict.EXHAUSTED)):
        found = run(asked, Options(larger=mode), ignore)
        held = [r for r in found.results if r.verdict in PROOFS and r.trace is None]
        assert held and {r.verdict for r in held} == {verdict}
    one = replace(asked, properties=asked.properties[:1])
    found = run(one, Options(larger=Larger.ALWAYS, depth=3), ignore)
    assert found.results[0].verdict != Verdict.PROVED
