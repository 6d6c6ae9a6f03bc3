"""Bugs of onlining and removing memory: what is used too early, or never initialised."""

from pagestate.models.bugs import starts
from pagestate.models.bugs.pages import ONE, PAGE, WATCH
from pagestate.schedule import Bug, Variant

H8 = Bug(
    "H8",
    "pages are allocated before their section is online",
    "handed_out_only_online",
    Variant("v5_8", "settled", {}, ONE),
    Variant("v5_8", "settled", {"isolate_on_online": True}, ONE),
    fix='b30c59279d68 "mark pageblocks MIGRATE_ISOLATE while onlining memory" (v5.10)',
    setup=starts.offlined,
    at_most=5,
    watch=WATCH,
    note="trace T11",
)
H9 = Bug(
    "H9",
    "onlining forgets that a page is poisoned",
    "poisoned_never_handed_out",
    Variant("v5_14", "errors", {}, PAGE),
    Variant("v5_14", "errors", {"poison_refuses_online": True}, PAGE),
    fix="5033091de814 (v6.2)",
    setup=starts.offlined_poisoned,
    at_most=4,
    watch=WATCH,
    note="onlining initialises the page, sets its count and frees it; a user allocates it",
)
H16 = Bug(
    "H16",
    "removing memory that was never onlined reads its memmap",
    "memmap_is_initialised",
    Variant("v5_4", "device", {}, ONE),
    Variant("v5_4", "device", {"remove_reads_memmap": False}, ONE),
    fix='feee6b298916 "mm/memory_hotplug: shrink zones when offlining memory" (v5.5)',
    setup=starts.added,
    at_most=1,
    watch=WATCH,
    note="nothing that is watched changes: the read itself is the violation",
)
BUGS = [H8, H9, H16]
