"""Every generation in its scenarios, at the smallest size: one page, one getter."""

import pytest

from pagestate.lang.load import load_model, shipped_names
from tests.models.exploring import search

FAST = {"getters", "balloon"}
"""Scenarios that the default run looks at; the others take a minute more."""
CASES = [
    pytest.param(
        name,
        scenario.name,
        marks=() if scenario.name in FAST else pytest.mark.slow,
        id=f"{name}-{scenario.name}",
    )
    for name in shipped_names()
    for scenario in load_model(name).scenarios
]


@pytest.mark.parametrize(("name", "scenario"), CASES)
def test_verdicts_are_as_expected(name: str, scenario: str) -> None:
    found = search(name, scenario)
    assert found.surprises() == {}
    assert found.idle() == set()


def test_every_generation_is_there() -> None:
    assert set(shipped_names()) == {
        "v5_4",
        "rfc_v3",
        "hocko_ref1",
        "hocko_set",
        "cmm_giveback",
        "v5_8",
        "v5_10",
        "v5_14",
        "v6_12",
        "v6_17",
        "newest",
        "skippable",
    }


MEETINGS = {
    ("sysfs", "virtio_mem"),
    ("getter", "virtio_mem"),
    ("getter", "sysfs"),
    ("user", "virtio_mem"),
    ("user", "sysfs"),
    ("contig_user", "virtio_mem"),
    ("contig_user", "sysfs"),
    ("memory_failure", "virtio_mem"),
    ("memory_failure", "sysfs"),
    ("dumper", "virtio_mem"),
    ("dumper", "sysfs"),
}
"""Actors that can meet on one block; offliner and onliner are both ``sysfs``, the remover is part
of ``virtio_mem``."""


@pytest.mark.parametrize(
    "name", ["v5_8", "v5_10", "v5_14", "v6_12", "v6_17", "newest", "skippable"]
)
def test_every_two_actors_meet_somewhere(name: str) -> None:
    together = [
        {t.name for t in load_model(name).in_scenario(s.name).declared_threads()}
        for s in load_model(name).scenarios
    ]
    assert [pair for pair in MEETINGS if not any(set(pair) <= who for who in together)] == []


@pytest.mark.parametrize(
    ("name", "scenario", "settings", "violated"),
    [
        ("rfc_v3", "getters", "", False),
        ("rfc_v3", "getters", "hook=false", True),
        ("rfc_v3", "getters", "reorder=true", True),
        ("skippable", "getters", "", False),
        ("skippable", "getters", "rule=notifier", True),
        ("v6_12", "settled", "", False),
        ("v6_12", "getters", "", True),
    ],
)
def test_who_frees_a_claimed_page(name: str, scenario: str, settings: str, violated: bool) -> None:
    assert ("claimed_never_free" in search(name, scenario, settings).violated()) == violated


@pytest.mark.parametrize(
    ("name", "scenario", "settings", "prop"),
    [
        ("v5_10", "unloading", "", ""),
        ("skippable", "unloading", "", ""),
        ("skippable", "unloading", "unload_revokes=false", "offlined_with_consent"),
        ("rfc_v3", "unloading", "", "offlined_with_consent"),
        ("v5_14", "dump", "", ""),
        ("v5_14", "dump", "freeze=false", "reads_plugged_memory"),
        ("v5_14", "dump", "drain=false", "reads_plugged_memory"),
        ("v6_12", "accounts", "", "managed_is_right"),
        ("v5_10", "accounts", "", "unplugged_is_not_managed"),
        ("rfc_v3", "accounts", "", "totalram_is_right"),
        ("rfc_v3", "accounts", "totalram_first=false", ""),
        ("v5_10", "settled", "isolate_on_online=false", "handed_out_only_online"),
        ("v6_12", "errors", "poison_refuses_online=false", "poisoned_never_handed_out"),
        ("v5_10", "notifiers", "mutant=cancel_always", "lock_rules"),
        ("v5_10", "settled", "mutant=clear_first", "unplugged_never_free"),
        ("v5_10", "dump", "mutant=unplug_first", "unplugged_is_offline"),
        ("v5_10", "settled", "mutant=late_state", "no_crash"),
    ],
)
def test_what_a_switch_is_for(name: str, scenario: str, settings: str, prop: str) -> None:
    violated = search(name, scenario, settings).violated()
    assert (prop in violated) if prop else violated == set()


def test_a_driver_that_takes_references_when_unloaded_is_asked() -> None:
    violated = search("rfc_v3", "unloading", "unload_revokes=true").violated()
    assert "offlined_with_consent" not in violated
    assert "unplugged_never_free" not in violated
