"""Every trace by which a bug is told is an execution, and shows what it says after every step."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from pagestate.check.request import Request, make_request
from pagestate.core.evaluate import evaluate
from pagestate.lang.load import load_model
from pagestate.models.bugs.traces import TRACES, Told
from pagestate.schedule import Schedule
from pagestate.schedule.follow import follow, trace_of_schedule
from pagestate.schedule.matching import ScheduleError
from pagestate.schedule.watch import bind

BY_ID = {t.id: t for t in TRACES}
BOUND = 7
VIOLATED: Mapping[str, Sequence[str]] = {
    "T1": ["offline_never_free", "unplugged_never_handed_out"],
    "T1'": ["offline_never_free"],
    "T2": [],
    "T3": ["offline_never_free", "commit_is_safe"],
    "T4": ["claimed_never_free"],
    "T4 cancelled": ["unplugged_never_free"],
    "T5": ["mark_is_kept"],
    "T6": ["offline_never_free", "unplugged_never_handed_out"],
    "T7": ["claimed_never_free", "unplugged_never_free"],
    "T7 incremented": [],
    "T8": ["claimed_never_free"],
    "T9": [],
    "T9'": ["memmap_outlives_its_users"],
    "T10": ["reads_plugged_memory"],
    "T12": ["holders_are_counted", "freed_once"],
    "T12 put": [],
    "T13": ["managed_is_right"],
    "T14": ["unplugged_never_free", "unplugged_never_handed_out"],
    "T15": [],
    "T15 drained": [],
    "T18": [],
    "T18 busy": [],
    "T18 accepted": ["offlined_with_consent", "unplugged_never_free"],
}
"""Some of what is violated on the way; nothing at all for those that show that all is well."""
SAFE = ["T7 incremented", "T9", "T12 put", "T15 drained", "T18 busy"]


def request_of(told: Told) -> Request:
    where = told.where
    sizes = {name: str(size) for name, size in where.sizes.items()}
    return make_request(load_model(where.model), where.settings(), sizes, [], where.scenario)


def test_the_list_is_complete() -> None:
    numbers = {t.id.partition(" ")[0].rstrip("'") for t in TRACES}
    assert numbers == {f"T{n}" for n in (*range(1, 16), 18)}


@pytest.mark.parametrize("name", BY_ID)
def test_a_trace_is_an_execution_with_these_states(name: str) -> None:
    told = BY_ID[name]
    request, schedule = request_of(told), told.schedule
    trace = trace_of_schedule(request, schedule)
    sizes = request.bounds(BOUND)
    assert schedule.watch is not None
    seen = bind(schedule.watch, request.compiled, sizes)
    marks = follow(request, schedule).marks
    for item, mark in zip(schedule.items, marks, strict=True):
        if item.shows:
            assert isinstance(item.shows, str)
            assert set(item.shows.split()) <= set(seen(trace.states[mark])[0].split())
    described = [i for i in schedule.items[told.start :] if i.shows]
    assert all(len(str(i.shows).split()) == 6 for i in described)
    assert len(described) >= 2
    broken = {
        p.name
        for p in request.compiled.properties
        if p.kind == "always"
        and not all(evaluate(p.formula, s, sizes, {}, s) for s in trace.states)
    }
    assert set(VIOLATED.get(name, [])) <= broken
    if name in SAFE:
        assert broken == set()


@pytest.mark.parametrize(("name", "number"), [("T1", -3), ("T7", -1), ("T18", -1)])
def test_with_another_count_it_is_none(name: str, number: int) -> None:
    told = BY_ID[name]
    items = list(told.schedule.items)
    words = str(items[number].shows)
    count = int(words[2])
    items[number] = replace(items[number], shows=words.replace(f"rc{count}", f"rc{count + 1}"))
    with pytest.raises(ScheduleError):
        follow(request_of(told), replace(told.schedule, items=items))


def admitted(told: Told, schedule: Schedule, **switches: bool | str) -> bool:
    where = replace(told.where, switches={**told.where.switches, **switches})
    try:
        follow(request_of(replace(told, where=where)), schedule)
    except ScheduleError:
        return False
    return True


@pytest.mark.parametrize(
    ("name", "switches"),
    [
        ("T1", {"hook": True}),
        ("T1'", {"reorder": False}),
        ("T3", {"type_bits": False}),
        ("T4", {"memmap_offline": False}),
        ("T5", {"free_checks": False}),
        ("T6", {"rule": "unreferenced"}),
        ("T7", {"cancel_sets": False}),
        ("T8", {"frozen_bit": False}),
        ("T9'", {"drain": True}),
        ("T10", {"freeze": True}),
        ("T11", {"isolate_on_online": True}),
        ("T12", {"dirty_pages": False}),
        ("T13", {"memmap_offline": False}),
        ("T14", {"rule": "notifier"}),
        ("T15", {"redrain": True}),
        ("T18", {"zone_movable": False}),
    ],
)
def test_with_the_fix_it_is_none(name: str, switches: Mapping[str, bool | str]) -> None:
    told = BY_ID[name]
    assert not admitted(told, told.schedule, **switches)
