"""Bugs about who holds the last reference to a page."""

from pagestate.models.bugs import starts
from pagestate.models.bugs.pages import ONE, WATCH
from pagestate.schedule import Bug, Variant

H1 = Bug(
    "H1",
    "a speculative reference frees a page that the hypervisor takes back",
    "offline_never_free",
    Variant("rfc_v3", "getters", {"hook": False}, ONE),
    Variant("rfc_v3", "getters", {"hook": True}, ONE),
    fix="the hook in __put_page() (RFC v3, never merged)",
    source="RFC v3 6/9, September 2019: steps (a) to (c) of the commit message",
    setup=starts.allocated,
    at_most=5,
    watch=WATCH,
    note="trace T1",
)
H1D = Bug(
    "H1D",
    "the same between MEM_GOING_OFFLINE and the commit: a PageOffline page is in the buddy",
    "commit_is_safe",
    Variant("v5_8", "getters", {}, ONE),
    Variant("skippable", "getters", {}, ONE),
    fix="none merged (a warning only); PG_offline_skippable, proposed in May 2025, is checked here",
    source="PG_offline_skippable v2, May 2025: description",
    setup=starts.isolated,
    at_most=6,
    watch=WATCH,
    note="trace T3, variant W1",
)
H1D_CANCEL = Bug(
    "H1DW",
    "the same when offlining fails: an unplugged page is handed out before MEM_CANCEL_OFFLINE",
    "unplugged_never_handed_out",
    Variant("v5_8", "getters", {}, ONE),
    Variant("skippable", "getters", {}, ONE),
    fix="none merged, as H1D",
    setup=starts.isolated,
    at_most=6,
    watch=WATCH,
    note="trace T6, variant W2: the first six steps",
)
H1G = Bug(
    "H1G",
    "a count of 0 that is not frozen yet is raised: the page is freed by a getter that came later",
    "claimed_never_free",
    Variant("newest", "getters", {}, ONE),
    None,
    setup=starts.dropped,
    at_most=4,
    watch=WATCH,
    note="trace T8, after its first step; there is no fix to check",
)
H1G_SET = Bug(
    "H1GS",
    "MEM_CANCEL_OFFLINE sets the count, which loses the reference of a getter",
    "claimed_never_free",
    Variant("newest", "getters", {}, ONE),
    None,
    setup=starts.cancelled_with_getter,
    at_most=2,
    watch=WATCH,
    note="trace T7 (W3), its last two steps; with page_ref_inc() they are harmless, which is what "
    "the trace 'T7 incremented' shows of v6_17",
)
H12 = Bug(
    "H12",
    "the driver gives its pages to the buddy in MEM_GOING_OFFLINE, then offlining fails",
    "unplugged_never_handed_out",
    Variant("cmm_giveback", "settled", {}, ONE),
    Variant("v5_8", "settled", {"revive": False}, ONE),
    fix='fe030c9b85e6 "powerpc/pseries/cmm: Implement balloon compaction" (v5.6)',
    source="thread of October 2019",
    setup=starts.given_back,
    at_most=4,
    watch=WATCH,
    note="trace T14, after the mark is cleared; the fixed variant drops references as v5.8 does",
)
H22 = Bug(
    "H22",
    "unloading increments the count of pages that are not the driver's",
    "free_is_unreferenced",
    Variant("bugs.scenes", "unloaded", {"revoke_wraps": True}, {"page": 3}),
    Variant("bugs.scenes", "unloaded", {}, {"page": 3}),
    fix="the loop went with the reworked driver (v5.8)",
    source="RFC v3 7/9: nr_pages in virtio_mem_remove()",
    setup=starts.two_unplugged,
    at_most=3,
    watch=WATCH,
    note="three pages: two unplugged ones, and one that the loop takes for a part of the second",
)
N1 = Bug(
    "N1",
    "plugging a page that was never onlined overwrites its count",
    "holders_are_counted",
    Variant("skippable", "plugging", {}, ONE),
    Variant("skippable", "plugging", {"dirty_pages": False}, ONE),
    fix="none; without plugging such pages it does not happen",
    setup=starts.never_onlined_skippable,
    at_most=5,
    watch=WATCH,
    note="trace T12; of all kernels since v5.8, here where nothing else violates the property",
)
N3 = Bug(
    "N3",
    "the hook is not atomic with the decrement: a revived page is freed twice",
    "freed_once",
    Variant("rfc_v3", "plugging", {"hook": True}, ONE),
    Variant("rfc_v3", "getters", {"hook": True}, ONE),
    fix="none; without plugging again it does not happen",
    setup=starts.last_reference,
    at_most=6,
    watch=WATCH,
    note="trace T2, after the getter's decrement",
)
BUGS = [H1, H1D, H1D_CANCEL, H1G, H1G_SET, H12, H22, N1, N3]
