"""RFC v3: the verdicts of every generation of the argument of 2019, and its races step by step."""

from functools import cache

import pytest

from pagestate.core.evaluate import evaluate
from pagestate.core.sorts import Sizes
from pagestate.core.trace import State
from pagestate.lang.compile import compile_model, valuation_of
from pagestate.models.rfc_v3 import model
from tests.models.exploring import Moment, Searched, replay, search, settings

V, S, U = "virtio_mem", "getter", "user"


@cache
def searched(switches: str, pages: int = 1) -> Searched:
    return search(model, switches, pages)


AFTER_DOUBLE_FREE = {
    "unplugged_never_free": 29,
    "unplugged_never_handed_out": 30,
    "offline_never_free": 27,
    "freed_once": 14,
    "free_is_unreferenced": 25,
    "holders_are_counted": 30,
    "memmap_outlives_its_users": 57,
    "cancel_restores": 40,
    "no_crash": 15,
    "no_underflow": 31,
}
TABLE = [
    (
        "",
        {
            "unplugged_never_free": 31,
            "unplugged_never_handed_out": 32,
            "offline_never_free": 29,
            "unplugged_is_offline": 43,
            "freed_once": 15,
            "free_is_unreferenced": 27,
            "holders_are_counted": 32,
            "offlined_with_consent": 28,
            "memmap_outlives_its_users": 61,
            "cancel_restores": 42,
            "no_crash": 16,
            "no_underflow": 33,
        },
    ),
    ("unload=false", AFTER_DOUBLE_FREE),
    (
        "revive=false",
        {
            "unplugged_never_free": 42,
            "unplugged_never_handed_out": 43,
            "unplugged_is_offline": 43,
            "offlined_with_consent": 28,
            "no_crash": 44,
        },
    ),
    ("revive=false unload=false", {}),
    ("revive=false unload_takes_references=true", {}),
]


@pytest.mark.parametrize(("switches", "violated"), TABLE)
def test_verdicts_with_the_hook(switches: str, violated: dict[str, int]) -> None:
    assert searched(switches).violated() == violated


@pytest.mark.parametrize(
    ("switches", "unmet"),
    [
        ("", set()),
        ("unload=false", {"driver_unloaded"}),
        ("revive=false", {"page_revived"}),
        ("revive=false unload=false", {"page_revived", "driver_unloaded"}),
    ],
)
def test_the_model_expects_its_verdicts_and_reaches_its_goals(
    switches: str, unmet: set[str]
) -> None:
    assert searched(switches).compiled.expected
    assert searched(switches).surprises() == set()
    assert searched(switches).unmet() == unmet


@pytest.mark.parametrize("switches", ["revive=false unload=false", "revive=false"])
def test_two_pages_two_getters_change_no_verdict(switches: str) -> None:
    large = search(model, switches, pages=2, getters=2)
    assert large.verdicts == searched(switches).verdicts


SEED = "hook=false revive=false unload=false"


def test_without_the_hook_the_shortest_trace_is_the_race_of_the_seed() -> None:
    violated = searched(SEED).violated()
    assert violated["offline_never_free"] == 12 == min(d for d in violated.values() if d)
    assert violated["unplugged_never_free"] == 13
    assert violated["unplugged_never_handed_out"] == 14
    assert searched("hook=false").violated()["offline_never_free"] == 13
    assert not searched(SEED).compiled.expected


def test_with_reordering_the_hook_is_bypassed() -> None:
    violated = searched("reorder=true revive=false unload=false").violated()
    assert violated["offline_never_free"] == 13 == min(d for d in violated.values() if d)
    assert violated["unplugged_never_free"] == 14


def test_onlining_again_bypasses_the_hook_of_a_slow_put() -> None:
    violated = searched("drain=false revive=false unload=false").violated()
    assert violated["freed_once"] == 30
    assert violated["offline_never_free"] == 40


DEAD = {
    (
        "sysfs",
        "up_write(mem_hotplug_lock)",
        "next start_isolate_page_range",
    ): "an undo loop ends before its first page",
    (
        "sysfs",
        "memory_notify(MEM_CANCEL_OFFLINE)",
        "empty_block",
    ): "an undo loop ends before its first page",
}


def test_every_step_fires_somewhere() -> None:
    runs = [
        searched(""),
        searched("revive=false unload=false", 2),
        searched("revive=false unload_takes_references=true", 2),
        searched(SEED),
        searched("reorder=true revive=false unload=false"),
        searched("drain=false revive=false unload=false"),
    ]
    steps = {key for run in runs for key in run.fired}
    assert len(steps) > 90
    assert {s for s in steps if not any(run.fired.get(s) for run in runs)} == set(DEAD)


# ------------------------------------------------------------------------------- schedules

ALLOCATED: list[Moment] = [
    (V, "mutex_lock(hotplug_mutex)", {"hotplug_mutex": V}),
    (V, "state = mb_state", {}),
    (V, "sb_plugged", {"sb_plugged": True}),
    (V, "set_migratetype_isolate", {"isolation": "CONTIG"}),
    (V, "isolate_freepages_range", {"buddy": False, "refcount": 0}),
    (V, "refcount", {"refcount": 1}),
    (V, "isolation", {"isolation": "NONE", "offline": False, "plugged": True}),
]
GOT: Moment = (S, "get_online_page", {"refcount": 2, "holders": 1, "offline": False})
"""(a): the speculative reference of the seed."""


def breaks(switches: str, states: list[State]) -> dict[str, int]:
    """The properties that do not hold all along, and the first step after which they do not."""
    compiled = compile_model(model, valuation_of(model, settings(switches)))
    sizes = Sizes({"page": 1, "getter": 1}, 5)
    found = dict[str, int]()
    for number, state in enumerate(states):
        for p in compiled.properties:
            if p.kind == "always" and not evaluate(p.formula, state, sizes, {}):
                found.setdefault(p.name, number)
    return found


def test_t1_the_race_of_the_seed() -> None:
    schedule: list[Moment] = [
        *ALLOCATED,
        GOT,
        (V, "offline", {"refcount": 2, "offline": True}),
        (V, "page_ref_dec", {"refcount": 1, "offline": True}),
        (V, "plugged", {"refcount": 1, "plugged": False}),
        (S, "put_page_testzero", {"refcount": 0, "freeing": 1}),
        (S, "free_unref_page", {"buddy": True, "offline": True, "plugged": False}),
        (U, "rmqueue", {"buddy": False, "user": True, "plugged": False}),
    ]
    assert breaks(SEED, replay(model, SEED, schedule)) == {
        "offline_never_free": 13,
        "unplugged_never_free": 13,
        "unplugged_never_handed_out": 14,
    }


def test_t1_ends_as_intended_with_the_hook() -> None:
    switches = "revive=false unload=false"
    schedule: list[Moment] = [
        *ALLOCATED,
        GOT,
        (V, "offline", {"refcount": 2, "offline": True}),
        (V, "page_ref_dec", {"refcount": 1}),
        (V, "plugged", {"plugged": False}),
        (S, "put_page_testzero", {"refcount": 0, "putting": 1}),
        (S, "PageOffline", {"refcount": 0, "offline": True, "buddy": False, "freeing": 0}),
    ]
    assert breaks(switches, replay(model, switches, schedule)) == {}


def test_t1_reordered_bypasses_the_hook() -> None:
    switches = "reorder=true revive=false unload=false"
    schedule: list[Moment] = [
        *ALLOCATED,
        GOT,
        (V, "page_ref_dec", {"refcount": 1, "offline": False}),
        (S, "put_page_testzero", {"refcount": 0, "putting": 1}),
        (S, "PageOffline", {"offline": False, "freeing": 1}),
        (S, "free_unref_page", {"buddy": True}),
        (V, "offline", {"buddy": True, "offline": True}),
    ]
    assert breaks(switches, replay(model, switches, schedule)) == {"offline_never_free": 13}


def test_t2_double_free_through_the_hook() -> None:
    switches = "unload=false"
    schedule: list[Moment] = [
        *ALLOCATED,
        GOT,
        (V, "offline", {"offline": True}),
        (V, "page_ref_dec", {"refcount": 1, "offline": True}),
        (S, "put_page_testzero", {"refcount": 0, "putting": 1}),
        (V, "page_ref_inc", {"refcount": 1}),
        (V, "__ClearPageOffline", {"offline": False}),
        (V, "ClearPageDirty", {"dirty": False}),
        (V, "put_page_testzero", {"refcount": 0, "freeing": 1}),
        (V, "free_unref_page", {"buddy": True, "freeing": 0}),
        (S, "PageOffline", {"offline": False, "freeing": 1, "buddy": True}),
        (S, "free_unref_page", {"fault": "crash"}),
    ]
    states = replay(model, switches, schedule)
    assert breaks(switches, states) == {"freed_once": 17, "no_crash": 18}


def test_a_schedule_that_cannot_happen_is_noticed() -> None:
    with pytest.raises(AssertionError, match="step 8"):
        replay(model, SEED, [*ALLOCATED, (S, "get_online_page", {"refcount": 3})])
    with pytest.raises(AssertionError, match="cannot do"):
        replay(model, SEED, [(S, "put_page_testzero", {})])


K = "sysfs"
OFFLINED: list[Moment] = [
    (K, "mutex_lock(device_hotplug_lock)", {}),
    (K, "memmap", {}),
    (K, "section_online -> true", {}),
    (K, "down_write", {}),
    (K, "set_migratetype_isolate", {"isolation": "OFFLINE"}),
    (K, "mutex_lock(hotplug_mutex)", {"hotplug_mutex": K}),
    (K, "memory_notify(MEM_GOING_OFFLINE)", {}),
    (K, "test_pages_isolated() -> true", {}),
    (K, "section_online = False", {"section_online": False}),
    (K, "__offline_isolated_pages", {"isolation": "NONE", "fault": "none"}),
    (K, "memory_notify(MEM_OFFLINE)", {"mb_state": "OFFLINE"}),
    (K, "mutex_unlock(hotplug_mutex)", {}),
    (K, "up_write", {}),
    (K, "mutex_unlock(device_hotplug_lock)", {}),
]
ONLINING: list[Moment] = [
    (K, "mutex_lock(device_hotplug_lock)", {}),
    (K, "memmap", {}),
    (K, "section_online -> false", {}),
    (K, "down_write", {}),
    (K, "__init_single_page", {"refcount": 1, "offline": False}),
]
KEPT: list[Moment] = [
    (K, "mutex_lock(hotplug_mutex)", {}),
    (K, "memory_notify(MEM_GOING_ONLINE) -> true", {}),
    (K, "virtio_mem_online_page_cb", {}),
    (K, "offline", {"offline": True, "refcount": 1}),
    (K, "page_ref_dec", {"refcount": 0}),
]
UNPLUGGED: list[Moment] = [
    (V, "plugged", {"plugged": False}),
    (V, "sb_plugged", {"sb_plugged": False}),
    (V, "mutex_unlock(hotplug_mutex)", {}),
]


def test_a_put_that_stalls_across_offlining_and_onlining_bypasses_the_hook() -> None:
    switches = "drain=false revive=false unload=false"
    schedule: list[Moment] = [
        *ALLOCATED,
        (S, "pfn_to_online_page", {}),
        (S, "get_walked_page", {"refcount": 2}),
        (V, "offline", {"offline": True}),
        (V, "page_ref_dec", {"refcount": 1}),
        *UNPLUGGED,
        (S, "put_page_testzero", {"refcount": 0, "putting": 1}),
        *OFFLINED,
        *ONLINING,
        (S, "PageOffline", {"putting": 0, "freeing": 1}),
        *KEPT,
        (S, "free_unref_page", {"buddy": True, "offline": True, "plugged": False}),
    ]
    states = replay(model, switches, schedule)
    last = len(schedule)
    found = breaks(switches, states)
    assert found["offline_never_free"] == found["unplugged_never_free"] == last
    with pytest.raises(AssertionError, match="cannot do '__init_single_page'"):
        replay(
            model,
            "revive=false unload=false",
            [*ALLOCATED, GOT, *schedule[9:]],
        )


def test_plugging_a_page_that_was_never_onlined_loses_the_reference_of_a_getter() -> None:
    switches = "unload=false"
    schedule: list[Moment] = [
        *ALLOCATED,
        (V, "offline", {"offline": True}),
        (V, "page_ref_dec", {"refcount": 0}),
        *UNPLUGGED,
        *OFFLINED,
        *ONLINING,
        *KEPT,
        (K, "dirty", {"dirty": True}),
        (K, "section_online = True", {}),
        (K, "mb_state", {}),
        (K, "mutex_unlock(hotplug_mutex)", {}),
        (V, "mutex_lock(hotplug_mutex)", {}),
        (V, "state = mb_state", {}),
        (V, "sb_plugged", {}),
        (V, "plugged", {"plugged": True}),
        (V, "sb_plugged", {"sb_plugged": True}),
        (V, "page_ref_inc", {"refcount": 1}),
        (S, "get_online_page", {"refcount": 2, "holders": 1}),
        (V, "__ClearPageOffline", {"offline": False}),
        (V, "ClearPageDirty", {"dirty": False}),
        (V, "refcount", {"refcount": 0, "holders": 1}),
        (S, "put_page_testzero", {"fault": "underflow"}),
    ]
    found = breaks(switches, replay(model, switches, schedule))
    assert found == {"holders_are_counted": len(schedule) - 1, "no_underflow": len(schedule)}
