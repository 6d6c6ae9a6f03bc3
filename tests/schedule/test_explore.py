"""The search that starts where a schedule ends."""

from dataclasses import replace
from itertools import islice

import pytest

from pagestate.check.request import Request, make_request
from pagestate.core.evaluate import initial_states, successors
from pagestate.core.sorts import Sizes, decode
from pagestate.core.started import started_in
from pagestate.core.system import System
from pagestate.core.trace import State
from pagestate.core.verdict import Verdict
from pagestate.engines.explicit import Explicit
from pagestate.engines.interface import Task
from pagestate.lang.diagnostics import ModelError
from pagestate.schedule import Schedule
from pagestate.schedule.explore import explore_from
from pagestate.schedule.matching import ScheduleError
from tests.schedule.small import WATCH, S, V, model
from tests.schedule.test_follow import RACE

TAKEN = Schedule("taken", RACE[:1], "the driver has allocated the page", WATCH)


def request(pages: int = 1, getters: int = 1, hook: str = "false") -> Request:
    return make_request(model, {"hook": hook}, {"page": str(pages), "getter": str(getters)}, [])


def distance(system: System, sizes: Sizes, start: State, what: str) -> int | None:
    """How far it is from ``start`` to a page that is offline and free (or unplugged)."""

    def there(state: State) -> bool:
        pages = range(sizes.index["page"])
        if what == "offline_never_free":
            return any(state["offline", (p,)] and state["free", (p,)] for p in pages)
        return any(not state["plugged", (p,)] for p in pages)

    level, seen, depth = [start], {tuple(start.values())}, 0
    while level:
        if any(there(s) for s in level):
            return depth
        after = list[State]()
        for state in level:
            for _, _, new in successors(system, state, sizes):
                if tuple(new.values()) not in seen:
                    seen.add(tuple(new.values()))
                    after.append(new)
        level, depth = after, depth + 1
    return None


@pytest.mark.parametrize("items", [0, 1, 2, 3, 4, 5, 6])
@pytest.mark.parametrize("prop", ["offline_never_free", "unplugged"])
def test_what_is_found_is_the_nearest(items: int, prop: str) -> None:
    asked = request()
    found = explore_from(asked, Schedule("setup", RACE[:items], "", WATCH), prop)
    assert found.trace is not None
    start = found.trace.states[found.setup]
    steps = len(found.trace.steps) - found.setup
    assert steps == distance(asked.compiled.system, asked.bounds(7), start, prop)
    if items:
        assert found.setup == items + 1


def test_the_trace_is_setup_and_rest() -> None:
    found = explore_from(request(pages=2, getters=2), TAKEN, "offline_never_free")
    assert found.answer.verdict == Verdict.VIOLATED
    assert found.trace is not None
    assert [s.text for s in found.trace.steps] == [
        "mutex_lock(hotplug_mutex)",
        "alloc_contig_range(page 0) -> true",
        "get_page_unless_zero(page 0) -> true",
        "offline[page 0] = True",
        "page_ref_dec(page 0)",
        "put_page_testzero(page 0) -> true",
        "free[page 0] = True",
    ]
    assert (found.setup, found.changing) == (2, 5)


def test_steps_that_change_nothing_watched_do_not_count() -> None:
    found = explore_from(request(), Schedule("nothing", (), "", WATCH), "offline_never_free")
    assert found.trace is not None
    assert len(found.trace.steps) == 7
    assert found.changing == 6
    marks = replace(WATCH, fields=["offline"], show=lambda page: str(page["offline"]))
    again = explore_from(request(), TAKEN, "offline_never_free", marks)
    assert again.changing == 1


def test_nothing_is_found_with_the_hook() -> None:
    found = explore_from(request(hook="true"), TAKEN, "offline_never_free")
    assert found.answer.verdict == Verdict.EXHAUSTED
    assert found.trace is None


def test_a_limit_is_no_proof() -> None:
    found = explore_from(request(hook="true"), TAKEN, "offline_never_free", max_states=5)
    assert found.answer.verdict == Verdict.UNKNOWN
    found = explore_from(request(hook="true"), TAKEN, "offline_never_free", seconds=0.0)
    assert found.answer.verdict == Verdict.UNKNOWN


def test_a_loop_comes_after_the_setup() -> None:
    found = explore_from(request(), TAKEN, "all_unplugged")
    assert found.answer.verdict == Verdict.VIOLATED
    assert found.trace is not None
    assert found.trace.loop is not None
    assert found.trace.loop >= found.setup


def test_a_setup_must_not_violate_the_property_itself() -> None:
    race = Schedule("race", RACE, "", WATCH)
    with pytest.raises(ScheduleError, match="violated by the setup, at getter 0: free = True"):
        explore_from(request(), race, "offline_never_free")
    with pytest.raises(ScheduleError, match="violated by the setup, at virtio_mem: offline"):
        explore_from(request(), race, "never_offline")


def test_unknown_names() -> None:
    with pytest.raises(ModelError, match="offline_never_free"):
        explore_from(request(), TAKEN, "offline_never_fre")
    with pytest.raises(ScheduleError):
        explore_from(request(), Schedule("bad", [S("put_page")], "", WATCH), "unplugged")


def test_a_system_started_elsewhere_has_one_initial_state() -> None:
    asked = request(pages=2, getters=2)
    system, sizes = asked.compiled.system, Sizes({"page": 2, "getter": 2}, 3)
    todo, seen = list[State](initial_states(system, sizes)), list[State]()
    while todo and len(seen) < 40:
        state = todo.pop(0)
        if state not in seen:
            seen.append(state)
            todo += [after for _, _, after in islice(successors(system, state, sizes), 3)]
    for state in seen[::7]:
        moved = started_in(system, sizes, state)
        goal = next(p for p in asked.compiled.properties if p.name == "unplugged")
        engine = Explicit(Task(moved, (goal,), sizes), lambda progress: None, symmetry=False)
        engine.advance(0)
        assert engine.states == 1
        for cell, value in state.items():
            code = engine.codes(*cell)[0]
            sort = system.variable(cell[0]).sort
            assert decode(sort, int(code)) == value


def test_the_driver_may_have_chosen_otherwise() -> None:
    setup = Schedule("freed", [V("mutex_unlock", "FREE rc0", page=0)], "", WATCH)
    found = explore_from(request(), setup, "offline_never_free")
    assert found.trace is not None
    assert "offline[page 0] = True" not in [s.text for s in found.trace.steps[: found.setup]]
