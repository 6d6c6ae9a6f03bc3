"""What an unmodified 6.12 kernel was seen to do is what the model of it does.

A block of four pages: a; b and e, which are of one subblock and so are requested together; c.  The
setup of a recording is a schedule: only how the block came to look like that is ours.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from pagestate.check.request import make_request
from pagestate.conformance.corrupt import reject
from pagestate.conformance.recording import read_recording
from pagestate.conformance.reproduce import Bounds, Impossible, Reproduction
from pagestate.lang.load import load_model
from pagestate.models.kernel.process import user
from pagestate.schedule import Actor, Schedule, Watch

FOLDER = Path(__file__).parents[1] / "data" / "recordings"
A, B, E, C = range(4)
TABLE = {
    "map1:0~": ["garbage~"],
    "map1:1L": ["user1"],
    "map1:1L!": ["user1!"],
    "map1:2!": ["user2!"],
    "free0": ["free0", "buddy0"],
    "free0!": ["free0!", "buddy0!"],
    "free0!~": ["free0!~", "buddy0!~"],
}
"""Every other word stands for itself.

A memmap that is not initialised holds garbage; pages mapped and on an LRU list are of a user;
PageBuddy is on the first page of a chunk only, in the model on every page.
"""


def word(page: Mapping[str, Any]) -> str:
    """A page of the model in the notation of the recordings: type, reference count, marks."""
    if not page["memmap"]:
        return "absent"
    if not page["memmap_valid"]:
        return "garbage~"
    if page["offline"]:
        kind = "off"
    elif page["free"]:
        kind = "buddy"
    elif page["user"]:
        kind = "user"
    else:
        kind = "alloc" if page["refcount"] else "free"
    dirty = "D" if page["dirty"] else ""
    isolated = "" if page["isolation"] == "NONE" else "!"
    return f"{kind}{page['refcount']}{dirty}{isolated}" + "~" * (not page["section_online"])


WATCH = Watch(
    [
        *("memmap", "memmap_valid", "refcount", "offline", "dirty", "free", "user"),
        *("isolation", "section_online"),
    ],
    word,
)
V, SYSFS, U = Actor("virtio_mem"), Actor("sysfs"), Actor("user")
DONE, RELEASED = "the request is done", "mutex_unlock(device_hotplug_lock)"
UNPLUGGED = Schedule(
    "b, e and c are unplugged, a is used: c was when the block was onlined, b and e were not",
    [
        V(DONE, {C: "off1"}),
        V("mutex_unlock"),
        SYSFS(RELEASED, {C: "off0!~"}, within=300, then={"section_online": False}),
        SYSFS(RELEASED, {A: "buddy0", C: "off1D"}, within=300, then={"section_online": True}),
        V(DONE, {B: "off1", E: "off1"}),
        V("mutex_unlock(hotplug_mutex)", {A: "buddy0", C: "off1D"}),
        U("prep_new_page", {A: "user1", B: "off1", E: "off1", C: "off1D"}, page=A),
    ],
    watch=WATCH,
)

REMOVED = Schedule(
    "the block is gone",
    [
        V(DONE, dict.fromkeys(range(4), "off1")),
        V("arch_remove_memory", dict.fromkeys(range(4), "absent"), within=300),
        V("mutex_unlock(hotplug_mutex)", then={"mb_state": "UNUSED"}),
    ],
    watch=WATCH,
)


def reproduction(
    name: str, bounds: Bounds, start: Schedule, samples: int | None = None
) -> Reproduction:
    """The recording (its first ``samples``) held against v6_12 with requests for several pages.

    Where no page is used the user is left out: an execution without it is one in which it rests.
    """
    shipped = load_model("v6_12")
    removal = next(s for s in shipped.scenarios if s.name == "removal")
    threads = [t for t in removal.threads if name == "sB" or t is not user]
    switches = {**removal.switches, "requests": "set"}
    recorded = replace(removal, name="recorded", threads=threads, switches=switches, properties=[])
    model = replace(shipped, scenarios=[recorded], properties=[])
    asked = make_request(model, {}, {"page": "4"}, [], "recorded")
    whole = read_recording(FOLDER / f"{name}.txt")
    recording = replace(whole, samples=whole.samples[:samples])
    return Reproduction(asked, WATCH, recording, bounds, start, TABLE)


BOUNDS = Bounds(silent=40, hidden=8, strange=3)


def test_offlining_with_a_used_page() -> None:
    """sB: offlining ends with a signal, is undone, and succeeds when it is tried again."""
    asked = reproduction("sB", BOUNDS, UNPLUGGED)
    found = asked.run()
    assert len(found.marks) == len(asked.recording.samples) == 12
    assert max(u.silent for u in found.used) <= 9
    assert max(u.hidden for u in found.used) <= 4
    assert [u.strange for u in found.used] == [0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0]
    assert {s.thread for s in found.trace.steps[found.setup :]} == {"sysfs"}


@pytest.mark.slow
def test_little_else_would_have_been_reproduced() -> None:
    """Of the recordings that differ from sB in one word, the model shows hardly any."""
    found = reject(reproduction("sB", BOUNDS, UNPLUGGED))
    legal, accepted = len(found.legal), len(found.accepted)
    print(f"{found.total} corrupted, {found.rejected} rejected, {legal} legal, {accepted} accepted")
    assert found.total > 600
    assert found.rate >= 0.95, found.accepted


def test_plugging() -> None:
    """The beginning of sA, until the block is online, but for a subblock that is not plugged."""
    found = reproduction("sA", BOUNDS, REMOVED, 9).run()
    assert len(found.marks) == 9
    assert {s.thread for s in found.trace.steps[found.setup :]} == {"sysfs", "virtio_mem"}


def test_pages_of_one_subblock_change_one_after_another() -> None:
    """What was not seen is needed: isolating four pages takes four steps."""
    with pytest.raises(Impossible) as caught:
        reproduction("sB", replace(BOUNDS, hidden=2), UNPLUGGED, 3).run()
    assert caught.value.sample == 1


@pytest.mark.slow
def test_the_life_of_a_block() -> None:
    """sA: plugged, partly unplugged, offlined, onlined, plugged again, unplugged, removed."""
    asked = reproduction("sA", BOUNDS, REMOVED)
    found = asked.run()
    assert len(found.marks) == len(asked.recording.samples) == 40
    assert max(u.silent for u in found.used) <= 21
    assert max(u.hidden for u in found.used) <= 6
    assert {s.thread for s in found.trace.steps[found.setup :]} == {"sysfs", "virtio_mem"}


@pytest.mark.slow
def test_little_else_would_have_been_the_life_of_a_block() -> None:
    """The same of sA; every tenth of its corruptions is tried."""
    number = count()
    found = reject(reproduction("sA", BOUNDS, REMOVED), only=lambda c: next(number) % 10 == 0)
    legal, accepted = len(found.legal), len(found.accepted)
    print(f"{found.total} corrupted, {found.rejected} rejected, {legal} legal, {accepted} accepted")
    assert found.total > 200
    assert found.rate >= 0.95, found.accepted
