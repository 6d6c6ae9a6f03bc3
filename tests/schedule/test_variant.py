"""A trace followed in another variant of its model."""

import pytest

from pagestate.check.request import make_request
from pagestate.lang.load import load_model
from pagestate.schedule.variant import HOLDS, Stop, follow_trace
from tests.view import behind, fading


def followed(trace, model=fading.MODEL, **switches):
    settings = {n: str(v).lower() for n, v in {**trace.switches, **switches}.items()}
    sizes = {n: str(v) for n, v in trace.sizes.items()}
    request = make_request(load_model(model), settings, sizes, [trace.property])
    return follow_trace(request, trace)


def texts(trace):
    return [s.text for s in trace.steps]


def test_the_same_variant_takes_the_same_steps():
    trace = fading.trace()
    found = followed(trace)
    assert found.trace.verdict == "violated" and not found.stops
    assert texts(found.trace) == texts(trace)
    assert found.same == tuple((n, n) for n in range(1, 13))


def test_a_thread_that_goes_another_way():
    found = followed(fading.trace(), hook=True)
    assert found.trace.verdict == HOLDS and found.trace.loop is None
    assert found.same == tuple((n, n) for n in range(1, 12))
    assert found.stops == (Stop(12, "elsewhere", 11, 12),)
    assert texts(found.trace)[11:] == ["offline[page 0] -> true"]


def test_a_fix_that_does_not_help_is_violated_too():
    trace = fading.trace(fading.LOOKED, late=True, hook=True)
    found = followed(trace, hook=False)
    assert found.trace.verdict == "violated"
    assert [(s.step, s.why) for s in found.stops] == [(7, "absent")]
    assert texts(found.trace) == [t for t in texts(trace) if "-> false" not in t]


def test_a_thread_that_waits_goes_on_later():
    schedule = [*fading.RACE[:1], fading.GET, ("getter 0", "seen", {"getter": 0, "page": 0})]
    schedule += [*fading.RACE[7:10], *fading.RACE[10:]]
    found = followed(fading.trace(schedule), locked=True)
    assert found.trace.verdict == HOLDS
    assert found.stops[0].step == 7 and found.stops[0].why == "waits"
    assert found.stops[0].then is None, "nobody gives the lock back in this schedule"
    assert texts(found.trace)[-1] == "put_page_testzero(page 0)"


def test_steps_that_only_the_variant_has_are_taken_in_between():
    trace = fading.trace(fading.HANDED_OVER, locked=True)
    found = followed(trace, locked=False)
    assert found.trace.verdict == "violated"
    assert [(s.step, s.why) for s in found.stops] == [(8, "absent")]
    back = followed(found.trace, locked=True)
    assert back.trace.verdict == "violated" and not back.stops
    assert texts(back.trace) == texts(trace)


def test_another_result_of_the_same_step():
    trace = fading.trace(fading.LOOKED, late=True, hook=True)
    found = followed(trace, late=False)
    stop = next(s for s in found.stops if s.why == "result")
    assert trace.steps[stop.step - 1].text == "offline[page 0] -> false"
    assert found.trace.steps[stop.then - 1].text == "offline[page 0] -> true"


def test_a_deadlock_is_left_by_going_on():
    trace = behind.deadlocked()
    same = followed(trace, behind.MODEL)
    assert same.trace.verdict == "violated"
    found = followed(trace, behind.MODEL, nested=False)
    assert found.trace.verdict == HOLDS and len(found.same) == 2
    assert len(found.trace.steps) > 2


@pytest.mark.parametrize("make", [behind.offlined, behind.waiting])
def test_free_cells_begin_as_in_the_trace(make):
    trace = make()
    assert followed(trace, behind.MODEL).trace.states == trace.states
