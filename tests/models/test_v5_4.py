"""The baseline: what v5.4 got right and wrong before the series."""

from functools import cache

import pytest

from pagestate.models.v5_4 import model
from tests.models.exploring import Searched, search


@cache
def searched(switches: str, pages: int = 1) -> Searched:
    return search(model, switches, pages)


CONSENT = {
    "unplugged_never_free",
    "unplugged_never_handed_out",
    "offline_never_free",
    "unplugged_is_offline",
    "freed_once",
    "free_is_unreferenced",
    "holders_are_counted",
    "offlined_with_consent",
    "memmap_outlives_its_users",
    "no_crash",
    "no_underflow",
}
TABLE = [
    ("", {"handed_out_only_online"}, {"error_contained"}),
    ("balloon=false", {"handed_out_only_online"}, {"error_contained", "page_unplugged"}),
    (
        "hwpoison=true balloon=false",
        {"handed_out_only_online", "poisoned_never_handed_out"},
        {"page_unplugged"},
    ),
    ("hwpoison=true", {"handed_out_only_online", "poisoned_never_handed_out"} | CONSENT, set()),
]


@pytest.mark.parametrize(("switches", "violated", "unmet"), TABLE)
def test_verdicts(switches: str, violated: set[str], unmet: set[str]) -> None:
    found = searched(switches)
    assert set(found.violated()) == violated
    assert found.unmet() == unmet
    assert found.compiled.expected
    assert found.surprises() == set()


def test_lengths_of_the_shortest_counterexamples() -> None:
    found = searched("hwpoison=true").violated()
    assert found["handed_out_only_online"] == 24
    assert found["poisoned_never_handed_out"] == 28
    assert found["offlined_with_consent"] == 17


def test_two_pages_two_getters_change_no_verdict() -> None:
    assert search(model, "", pages=2, getters=2).verdicts == searched("").verdicts


def test_the_memmap_race_that_drain_excludes() -> None:
    violated = searched("drain=false balloon=false").violated()
    assert violated["memmap_outlives_its_users"] == 20
    assert violated["holders_are_counted"] == 24


DEAD = {
    ("sysfs", "up_write(mem_hotplug_lock)", "next start_isolate_page_range"),
    ("sysfs", "memory_notify(MEM_CANCEL_OFFLINE)", "empty_block"),
}
"""The undo loop ends before its first page: there is no block without pages."""


def test_every_step_fires_somewhere() -> None:
    runs = [searched("hwpoison=true"), searched("hwpoison=true balloon=false", 2)]
    steps = {key for run in runs for key in run.fired}
    assert len(steps) > 50
    assert {s for s in steps if not any(run.fired.get(s) for run in runs)} == DEAD
