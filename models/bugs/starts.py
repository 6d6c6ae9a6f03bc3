"""The states in which the bugs and the traces begin, as schedules that lead there."""

from collections.abc import Sequence

from pagestate.models.bugs.pages import (
    WATCH,
    balloon,
    device,
    driver,
    getter,
    offliner,
    poisoner,
    user,
)
from pagestate.schedule import Item, Schedule

UNPLUGGED = "rc1 off1 skip0 OWNED plug0 type=offline"


def start(name: str, doc: str, *items: Item) -> Schedule:
    """A schedule whose words are those of ``page_state()``."""
    return Schedule(name, items, doc, WATCH)


def offlining(*items: Item) -> Sequence[Item]:
    """Offlining goes on to its end."""
    return [*items, offliner("mutex_unlock(device_hotplug_lock)", then={"section_online": False})]


# ------------------------------------------------------------------------------- virtio-mem

allocated = start(
    "allocated for unplug",
    "virtio-mem has allocated the page, and is going to mark it",
    driver("alloc_contig_range", "rc1 off0 skip0 OWNED plug1 type=none", page=0),
)
unplugged = allocated.then(
    "unplugged",
    [
        driver("__SetPageOffline", "rc1 off1 skip0 OWNED plug1 type=offline", page=0),
        driver("mutex_unlock(hotplug_mutex)", UNPLUGGED),
    ],
    "the host has the page, whose block is online",
)
isolated = unplugged.then(
    "isolated",
    [offliner("mutex_lock(hotplug_mutex)", UNPLUGGED)],
    "offlining has isolated the block and comes to MEM_GOING_OFFLINE",
)
skippable = allocated.then(
    "unplugged, skippable",
    [
        driver("__SetPageOffline", "rc1 off1 skip1 OWNED plug1 type=offline", page=0),
        driver("mutex_unlock(hotplug_mutex)", "rc1 off1 skip1 OWNED plug0 type=offline"),
    ],
    "the host has the page, whose block is online",
)
skippable_walked = skippable.then(
    "unplugged, skippable, found",
    [getter("pfn_to_online_page -> true", page=0)],
    "and a CPU has looked it up",
)
held_by_getter = allocated.then(
    "held by a getter only",
    [
        getter("get_page_unless_zero -> true", "rc2", page=0),
        driver("__SetPageOffline", "off1", page=0),
        driver("page_ref_dec", "rc1", page=0),
        driver("mutex_unlock(hotplug_mutex)", UNPLUGGED),
    ],
    "the driver of RFC v3 has dropped its reference, the getter still has one",
)
last_reference = allocated.then(
    "a getter drops the last reference",
    [
        getter("get_page_unless_zero -> true", "rc2", page=0),
        driver("__SetPageOffline", "off1", page=0),
        driver("page_ref_dec", "rc1", page=0),
        getter("put_page_testzero -> true", "rc0 off1 NOWHERE", page=0),
    ],
    "the driver has dropped its reference; the getter is about to test PageOffline",
)
offlined = start(
    "offline",
    "the block is offline, all of it is plugged",
    *offlining(),
)
never_onlined = unplugged.then(
    "never onlined",
    [
        *offlining(),
        offliner("mutex_unlock(device_hotplug_lock)", UNPLUGGED, then={"dirty[0]": True}),
    ],
    "the block was offlined and onlined with the page unplugged",
)

never_onlined_skippable = skippable.then(
    "never onlined, skippable",
    [
        *offlining(),
        offliner(
            "mutex_unlock(device_hotplug_lock)",
            "rc1 off1 skip1 OWNED plug0 type=offline",
            then={"dirty[0]": True},
        ),
    ],
    "the block was offlined and onlined with the page unplugged",
)
dropped = isolated.then(
    "the driver's reference is gone",
    [offliner("page_ref_dec_and_test", "rc0 off1 skip0 NOWHERE plug0 type=offline", page=0)],
    "the count is 0 and not frozen yet",
)
cancelled_with_getter = isolated.then(
    "cancelled, and a getter",
    [
        getter("get_page_unless_zero", "rc2 off1 skip0 OWNED plug0 type=offline", page=0),
        offliner("page_ref_dec_and_test", UNPLUGGED, page=0),
        offliner("scan_movable_pages -> BUSY", UNPLUGGED, page=0),
        offliner("set_page_count", UNPLUGGED, page=0),
        offliner("mutex_unlock(device_hotplug_lock)", UNPLUGGED),
    ],
    "the driver and the getter both think that the one reference is theirs",
)
given_back = isolated.then(
    "about to be given back",
    [offliner("__ClearPageOffline", "rc1 off0 skip0 OWNED plug0 type=none", page=0)],
    "in MEM_GOING_OFFLINE the driver has cleared the mark and is going to free the page",
)
two_unplugged = start(
    "two unplugged",
    "two of three pages are unplugged, the third is free",
    driver("mutex_unlock(hotplug_mutex)", {0: "rc0 off1 NOWHERE plug0", 2: "FREELIST"}),
    driver("mutex_unlock(hotplug_mutex)", {1: "rc0 off1 NOWHERE plug0", 2: "FREELIST"}),
)

# ------------------------------------------------------------------------------ other actors

offlined_poisoned = start(
    "offline, poisoned",
    "a free page was poisoned, and its block offlined",
    poisoner("hwpoison_user_mappings", then={"hwpoison[0]": True, "contained[0]": True}, page=0),
    *offlining(),
)
added = start(
    "added",
    "the block was offlined, removed and added, and never onlined since",
    *offlining(),
    device("mutex_unlock(device_hotplug_lock)", then={"memmap": False}),
    device("mutex_unlock(device_hotplug_lock)", then={"memmap": True, "memmap_valid": False}),
)

last_user_put = start(
    "a user drops the last reference",
    "the page is going to be freed",
    user("prep_new_page", "rc1 off0 skip0 OWNED plug1 type=none", page=0),
    user("put_page_testzero -> true", "rc0 off0 skip0 NOWHERE plug1 type=none", page=0),
)
foreign = start(
    "in a balloon",
    "a balloon driver gave the page to the hypervisor",
    balloon("hypervisor takes page 0", UNPLUGGED),
)
