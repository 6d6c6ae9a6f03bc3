"""The traces by which the bugs are told, as schedules: every one is an execution of its model.

Each goes on from a start state (:mod:`pagestate.models.bugs.starts`), and says of the page after
every step: its reference count, PageOffline, PG_offline_skippable, where it is, the host, the type.
Where the model takes two steps for one of the trace, both are here: dropping the last reference and
freeing the page, taking a page off a list and initialising it.
"""

from dataclasses import dataclass

from pagestate.models.bugs import starts
from pagestate.models.bugs.pages import (
    ONE,
    driver,
    getter,
    offliner,
    poisoner,
    reader,
    user,
)
from pagestate.schedule import Item, Schedule, Variant, showing


@dataclass(frozen=True)
class Told:
    """A trace, and a model that admits it; the first ``start`` items lead to its start state."""

    id: str
    where: Variant
    start: int
    schedule: Schedule


def told(name: str, where: Variant, start: Schedule, doc: str, *items: Item) -> Told:
    """A trace that goes on from ``start``."""
    return Told(name, where, len(start.items), start.then(name, items, doc))


# ---------------------------------------------------------------------- the hook of RFC v3

T1 = told(
    "T1",
    Variant("rfc_v3", "getters", {"hook": False}, ONE),
    starts.allocated,
    "H1: without the hook the getter's put frees what the hypervisor took back",
    getter("get_page_unless_zero", "rc2 off0 skip0 OWNED plug1 type=none", page=0),
    driver("__SetPageOffline", "rc2 off1 skip0 OWNED plug1 type=offline", page=0),
    driver("page_ref_dec", "rc1 off1 skip0 OWNED plug1 type=offline", page=0),
    driver("plugged = False", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
    getter("put_page_testzero", "rc0 off1 skip0 NOWHERE plug0 type=offline", page=0),
    getter("free_unref_page", "rc0 off1 skip0 FREELIST plug0 type=offline+buddy", page=0),
    user("rmqueue", "rc0 off1 skip0 OWNED plug0 type=offline", page=0),
)
T1_REORDERED = told(
    "T1'",
    Variant("rfc_v3", "getters", {"reorder": True}, ONE),
    starts.allocated,
    "the relaxed decrement is visible before the mark: the hook sees an ordinary page",
    getter("get_page_unless_zero", "rc2 off0 skip0 OWNED plug1 type=none", page=0),
    driver("page_ref_dec", "rc1 off0 skip0 OWNED plug1 type=none", page=0),
    getter("put_page_testzero", "rc0 off0 skip0 NOWHERE plug1 type=none", page=0),
    getter("PageOffline -> false", "rc0 off0 skip0 NOWHERE plug1 type=none", page=0),
    getter("free_unref_page", "rc0 off0 skip0 FREELIST plug1 type=buddy", page=0),
    driver("__SetPageOffline", "rc0 off1 skip0 FREELIST plug1 type=offline+buddy", page=0),
)
T2 = told(
    "T2",
    Variant("rfc_v3", "plugging", {}, ONE),
    starts.held_by_getter,
    "N3: the hook is not atomic with the decrement, the page is freed twice",
    getter("put_page_testzero -> true", "rc0 off1 skip0 NOWHERE plug0 type=offline", page=0),
    driver("plugged = True", "rc0 off1 skip0 NOWHERE plug1 type=offline", page=0),
    driver("page_ref_inc", "rc1 off1 skip0 OWNED plug1 type=offline", page=0),
    driver("__ClearPageOffline", "rc1 off0 skip0 OWNED plug1 type=none", page=0),
    driver("put_page_testzero -> true", "rc0 off0 skip0 NOWHERE plug1 type=none", page=0),
    driver("free_unref_page", "rc0 off0 skip0 FREELIST plug1 type=buddy", page=0),
    getter("PageOffline -> false", "rc0 off0 skip0 FREELIST plug1 type=buddy", page=0),
    getter("free_one_page", "rc0 off0 skip0 FREELIST plug1 type=buddy", page=0),
)

# ------------------------------------------------------- references dropped in MEM_GOING_OFFLINE

FREED_WHILE_ISOLATED = [
    getter("get_page_unless_zero", "rc2 off1 skip0 OWNED plug0 type=offline", page=0),
    offliner("page_ref_dec_and_test", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
    getter("put_page_testzero", "rc0 off1 skip0 NOWHERE plug0 type=offline", page=0),
]
T3 = told(
    "T3",
    Variant("v5_8", "getters", {}, ONE),
    starts.isolated,
    "H1D, a set of type bits: the page is free and PageOffline when offlining commits",
    *FREED_WHILE_ISOLATED,
    getter("free_unref_page", "rc0 off1 skip0 ISOLATED plug0 type=offline+buddy", page=0),
    offliner("scan_movable_pages -> NOTHING", page=0),
    offliner("test_pages_isolated -> true", then={"section_online": True}),
    offliner(
        "__offline_isolated_pages",
        "rc0 off1 skip0 NOWHERE plug0 type=offline",
        then={"commit_broken": True, "section_online": False},
    ),
)
T4 = told(
    "T4",
    Variant("v6_12", "getters", {"accounting": True}, ONE),
    starts.isolated,
    "H1D, one type byte: PageBuddy overwrites the mark; managed_pages is one too low",
    *FREED_WHILE_ISOLATED,
    getter("free_unref_page", "rc0 off0 skip0 ISOLATED plug0 type=buddy", page=0),
    offliner("scan_movable_pages -> NOTHING", page=0),
    offliner("test_pages_isolated -> true", then={"managed[0]": 0}),
    offliner("__offline_isolated_pages", "rc0 off0 skip0 NOWHERE plug0 type=none"),
    offliner("managed_pages -= nr_pages: page 0", then={"managed[0]": -1}),
)
T4_CANCELLED = told(
    "T4 cancelled",
    Variant("v6_12", "getters", {}, ONE),
    starts.isolated,
    "the same, but offlining fails: memory of the host is on a list of free pages",
    *FREED_WHILE_ISOLATED,
    getter("free_unref_page", "rc0 off0 skip0 ISOLATED plug0 type=buddy", page=0),
    offliner("unset_migratetype_isolate", "rc0 off0 skip0 FREELIST plug0 type=buddy", page=0),
)
T5 = told(
    "T5",
    Variant("v5_8", "getters", {"free_checks": True}, ONE),
    starts.isolated,
    "H1D with CONFIG_DEBUG_VM: a bad page that is neither free nor PageOffline, for good",
    *FREED_WHILE_ISOLATED,
    getter("free_unref_page", "rc0 off0 skip0 NOWHERE plug0 type=none", page=0),
    offliner("scan_movable_pages -> NOTHING", page=0),
    offliner("test_pages_isolated -> false"),
    offliner("scan_movable_pages -> NOTHING", page=0),
    offliner("test_pages_isolated -> false", "rc0 off0 skip0 NOWHERE plug0 type=none"),
)
T6 = told(
    "T6",
    Variant("v5_8", "getters", {"pcp": True}, ONE),
    starts.isolated,
    "H1D: offlining fails and the page is freed before MEM_CANCEL_OFFLINE",
    getter("get_page_unless_zero", "rc2 off1 skip0 OWNED plug0 type=offline", page=0),
    offliner("page_ref_dec_and_test", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
    offliner("scan_movable_pages -> BUSY", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
    offliner("unset_migratetype_isolate", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
    getter("put_page_testzero", "rc0 off1 skip0 NOWHERE plug0 type=offline", page=0),
    getter("free_unref_page_commit", "rc0 off1 skip0 PCP plug0 type=offline", page=0),
    user("rmqueue", "rc0 off1 skip0 OWNED plug0 type=offline", page=0),
    offliner("page_ref_inc", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
)
CANCELLED = [
    getter("get_page_unless_zero", "rc2 off1 skip0 OWNED plug0 type=offline", page=0),
    offliner("page_ref_dec_and_test", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
    offliner("scan_movable_pages -> BUSY", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
    offliner("unset_migratetype_isolate", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
]
T7 = told(
    "T7",
    Variant("newest", "getters", {}, ONE),
    starts.isolated,
    "H1G: MEM_CANCEL_OFFLINE sets the count, which loses the getter's reference",
    *CANCELLED,
    offliner("set_page_count", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
    getter("put_page_testzero", "rc0 off1 skip0 NOWHERE plug0 type=offline", page=0),
    getter("cmpxchg -> true", "rc0 off1 skip0 NOWHERE plug0 type=offline", page=0),
    getter("free_unref_page", "rc0 off0 skip0 FREELIST plug0 type=buddy", page=0),
)
T7_INCREMENTED = told(
    "T7 incremented",
    Variant("v6_17", "getters", {}, ONE),
    starts.isolated,
    "until then MEM_CANCEL_OFFLINE increments the count: nothing is lost",
    *CANCELLED,
    offliner("page_ref_inc", "rc2 off1 skip0 OWNED plug0 type=offline", page=0),
    getter("put_page_testzero -> false", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
)
T8 = told(
    "T8",
    Variant("newest", "getters", {}, ONE),
    starts.isolated,
    "H1G: a count of 0 that is not frozen yet can be raised, and the getter is the last",
    offliner("page_ref_dec_and_test", "rc0 off1 skip0 NOWHERE plug0 type=offline", page=0),
    getter("get_page_unless_zero", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
    offliner("cmpxchg", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
    getter("put_page_testzero", "rc0 off1 skip0 NOWHERE plug0 type=offline", page=0),
    getter("cmpxchg -> true", "rc0 off1 skip0 NOWHERE plug0 type=offline", page=0),
    getter("free_unref_page", "rc0 off0 skip0 ISOLATED plug0 type=buddy", page=0),
)

# ------------------------------------------------------------------------ PG_offline_skippable

SKIPPED = [
    getter("get_page_unless_zero", "rc2 off1 skip1 OWNED plug0 type=offline", page=0),
    offliner("scan_movable_pages -> NOTHING", "rc2 off1 skip1 OWNED plug0 type=offline", page=0),
    offliner("test_pages_isolated -> true"),
    offliner(
        "__offline_isolated_pages",
        "rc2 off1 skip1 OWNED plug0 type=offline",
        then={"commit_broken": False, "section_online": False},
    ),
]
T9 = told(
    "T9",
    Variant("skippable", "getters", {}, ONE),
    starts.skippable,
    "with PG_offline_skippable the count does not matter: nothing is freed",
    *SKIPPED,
    getter("put_page_testzero -> false", "rc1 off1 skip1 OWNED plug0 type=offline", page=0),
    offliner("mutex_unlock(device_hotplug_lock)"),
    driver("arch_remove_memory", then={"memmap": False}),
)
T9_REORDERED = told(
    "T9'",
    Variant("skippable", "getters", {"drain": False}, ONE),
    starts.skippable_walked,
    "the same, but the memmap is gone when the getter drops its reference",
    getter("get_page_unless_zero", "rc2 off1 skip1 OWNED plug0 type=offline", page=0),
    *SKIPPED[1:],
    offliner("mutex_unlock(device_hotplug_lock)"),
    driver("arch_remove_memory", then={"memmap": False, "holders[0]": 1}),
    getter("put_page_testzero", then={"memmap": False}, page=0),
)

# ------------------------------------------------------------------------- dumping, onlining

T10 = told(
    "T10",
    Variant("v5_10", "dump", {"kcore": "tests"}, ONE),
    starts.allocated,
    "H10: the test and the read are not one critical section",
    reader("PageOffline -> true", "rc1 off0 skip0 OWNED plug1 type=none", page=0),
    driver("__SetPageOffline", "rc1 off1 skip0 OWNED plug1 type=offline", page=0),
    driver("plugged = False", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
    reader("memcpy from page 0", then={"read_hole": True}),
)
T11 = told(
    "T11",
    Variant("v5_8", "errors", {}, ONE),
    starts.offlined,
    "H8: the page is in use, and pfn_to_online_page() does not find it",
    offliner("__init_single_page", "rc1 off0 skip0 OWNED plug1 type=none", page=0),
    offliner("set_page_count", "rc0 off0 skip0 NOWHERE plug1 type=none", page=0),
    offliner("free_pages_core", "rc0 off0 skip0 FREELIST plug1 type=buddy", page=0),
    user("prep_new_page", "rc1 off0 skip0 OWNED plug1 type=none", page=0),
    showing("rc1 off0 skip0 OWNED plug1 type=none", then={"section_online": False}),
    offliner("section_online = True", "rc1 off0 skip0 OWNED plug1 type=none"),
)
T12 = told(
    "T12",
    Variant("v6_12", "plugging", {}, ONE),
    starts.never_onlined,
    "N1: plugging a page that was never onlined sets its count",
    getter("get_page_unless_zero", "rc2 off1 skip0 OWNED plug0 type=offline", page=0),
    driver("plugged = True", "rc2 off1 skip0 OWNED plug1 type=offline", page=0),
    driver("__ClearPageOffline", "rc2 off0 skip0 OWNED plug1 type=none", page=0),
    driver("set_page_count", "rc0 off0 skip0 NOWHERE plug1 type=none", page=0),
    driver("free_pages_core", "rc0 off0 skip0 FREELIST plug1 type=buddy", page=0),
    user("prep_new_page", "rc1 off0 skip0 OWNED plug1 type=none", page=0),
    getter("put_page_testzero", "rc0 off0 skip0 OWNED plug1 type=none", then={"freeing[0]": 1}),
)
T12_PUT = told(
    "T12 put",
    Variant("v6_12", "plugging", {}, ONE),
    starts.unplugged,
    "a page that was online before is put instead: nothing is lost",
    getter("get_page_unless_zero", "rc2 off1 skip0 OWNED plug0 type=offline", page=0),
    driver("plugged = True", "rc2 off1 skip0 OWNED plug1 type=offline", page=0),
    driver("__ClearPageOffline", "rc2 off0 skip0 OWNED plug1 type=none", page=0),
    driver("put_page_testzero -> false", "rc1 off0 skip0 OWNED plug1 type=none", page=0),
    getter("put_page_testzero -> true", "rc0 off0 skip0 NOWHERE plug1 type=none", page=0),
    getter("free_unref_page", "rc0 off0 skip0 FREELIST plug1 type=buddy", page=0),
)
T13 = told(
    "T13",
    Variant("v6_12", "accounts", {}, ONE),
    starts.allocated,
    "N2: a poisoned PageOffline page is subtracted from managed_pages twice",
    driver("__SetPageOffline", "rc1 off1 skip0 OWNED plug1 type=offline", page=0),
    driver("operation ends", then={"managed[0]": 0, "plugged[0]": False}),
    poisoner("TestSetPageHWPoison", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
    poisoner("hwpoison_user_mappings", "rc1 off1 skip0 OWNED plug0 type=offline", page=0),
    offliner(
        "__offline_isolated_pages",
        "rc0 off1 skip0 NOWHERE plug0 type=offline",
        then={"managed[0]": 0, "section_online": False},
    ),
    offliner("managed_pages -= nr_pages: page 0", then={"managed[0]": -1}),
    offliner("operation ends", then={"operations": 0}),
)
T14 = told(
    "T14",
    Variant("cmm_giveback", "getters", {}, ONE),
    starts.isolated,
    "H12: the driver gives the page to the buddy, then offlining fails",
    offliner("__ClearPageOffline", "rc1 off0 skip0 OWNED plug0 type=none", page=0),
    offliner("put_page_testzero -> true", "rc0 off0 skip0 NOWHERE plug0 type=none", page=0),
    offliner("free_unref_page", "rc0 off0 skip0 ISOLATED plug0 type=buddy", page=0),
    offliner("unset_migratetype_isolate", "rc0 off0 skip0 FREELIST plug0 type=buddy", page=0),
    user("rmqueue", "rc0 off0 skip0 OWNED plug0 type=none", page=0),
)

# ------------------------------------------------------------------ per-CPU lists, balloons

LATE_FREE = [
    user("get_pfnblock_migratetype", "rc0 off0 skip0 NOWHERE plug1 type=none", page=0),
    offliner("set_migratetype_isolate", "rc0 off0 skip0 NOWHERE plug1 type=none", page=0),
    offliner("drain_all_pages", "rc0 off0 skip0 NOWHERE plug1 type=none", then={"pcp[0]": False}),
    user("free_unref_page_commit", "rc0 off0 skip0 PCP plug1 type=none", page=0),
    offliner("scan_movable_pages -> NOTHING", "rc0 off0 skip0 PCP plug1 type=none", page=0),
    offliner("test_pages_isolated -> false", "rc0 off0 skip0 PCP plug1 type=none"),
]
T15 = told(
    "T15",
    Variant("v5_8", "progress", {}, ONE),
    starts.last_user_put,
    "H2: the page is on a per-CPU list that nobody drains, again and again",
    *LATE_FREE,
    offliner("scan_movable_pages -> NOTHING", "rc0 off0 skip0 PCP plug1 type=none", page=0),
    offliner("test_pages_isolated -> false", "rc0 off0 skip0 PCP plug1 type=none"),
)
T15_DRAINED = told(
    "T15 drained",
    Variant("v5_8", "progress", {"redrain": True}, ONE),
    starts.last_user_put,
    "with a second drain it gets to the buddy, and offlining goes on",
    *LATE_FREE,
    offliner("drain_all_pages", "rc0 off0 skip0 ISOLATED plug1 type=buddy"),
    offliner("test_pages_isolated -> true", "rc0 off0 skip0 ISOLATED plug1 type=buddy"),
)
FOREIGN = "rc1 off1 skip0 OWNED plug0 type=offline"
T18 = told(
    "T18",
    Variant("v5_4", "balloon", {"zone_movable": True}, ONE),
    starts.foreign,
    "H17: a page of a balloon in ZONE_MOVABLE passes isolation, and never the test",
    offliner("set_migratetype_isolate -> true", FOREIGN, page=0),
    offliner("scan_movable_pages -> NOTHING", FOREIGN, page=0),
    offliner("test_pages_isolated -> false", FOREIGN),
    offliner("scan_movable_pages -> NOTHING", FOREIGN, page=0),
    offliner("test_pages_isolated -> false", FOREIGN),
)
T18_BUSY = told(
    "T18 busy",
    Variant("v5_8", "balloon", {"zone_movable": True}, ONE),
    starts.foreign,
    "since v5.8 the scan reports it, and offlining fails",
    offliner("set_migratetype_isolate -> true", FOREIGN, page=0),
    offliner("scan_movable_pages -> BUSY", FOREIGN, page=0),
    offliner("unset_migratetype_isolate", FOREIGN, page=0),
)
T18_ACCEPTED = told(
    "T18 accepted",
    Variant("hocko_ref1", "balloon", {}, ONE),
    starts.foreign,
    "if a count of 1 is consent the block goes offline, and onlining frees the page",
    offliner("set_migratetype_isolate -> true", FOREIGN, page=0),
    offliner("scan_movable_pages -> NOTHING", FOREIGN, page=0),
    offliner("test_pages_isolated -> true", FOREIGN),
    offliner("__offline_isolated_pages", FOREIGN, then={"without_consent": True}),
    offliner("__init_single_page", "rc1 off0 skip0 OWNED plug0 type=none", page=0),
    offliner("set_page_count", "rc0 off0 skip0 NOWHERE plug0 type=none", page=0),
    offliner("free_pages_core", "rc0 off0 skip0 FREELIST plug0 type=buddy", page=0),
)

TRACES = [
    T1,
    T1_REORDERED,
    T2,
    T3,
    T4,
    T4_CANCELLED,
    T5,
    T6,
    T7,
    T7_INCREMENTED,
    T8,
    T9,
    T9_REORDERED,
    T10,
    T11,
    T12,
    T12_PUT,
    T13,
    T14,
    T15,
    T15_DRAINED,
    T18,
    T18_BUSY,
    T18_ACCEPTED,
]
