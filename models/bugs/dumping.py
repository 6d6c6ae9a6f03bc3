"""Bugs of those who read the content of all memory, and of the mark that they rely on."""

from pagestate.models.bugs import starts
from pagestate.models.bugs.pages import PAGE, WATCH
from pagestate.schedule import Bug, Variant

TESTED = {"kcore": "tests"}
"""The reader looks for PageOffline before it reads."""

H10 = Bug(
    "H10",
    "/proc/kcore reads a page that was unplugged after it looked",
    "reads_plugged_memory",
    Variant("v5_14", "dump", {**TESTED, "freeze": False}, PAGE),
    Variant("v5_14", "dump", {**TESTED, "freeze": True}, PAGE),
    fix="82840451936f, 6cc26d77613a, c6d9eee2a686: page_offline_rwsem (v5.14)",
    setup=starts.allocated,
    at_most=4,
    watch=WATCH,
    note="trace T10",
)
H10B = Bug(
    "H10b",
    "/proc/kcore reads unplugged pages",
    "reads_plugged_memory",
    Variant("v5_10", "dump", {}, PAGE),
    Variant("v5_10", "dump", {**TESTED, "freeze": True}, PAGE),
    fix="\"fs/proc/kcore: don't read offline sections, logically offline pages and hwpoisoned "
    'pages" (v5.14)',
    setup=starts.unplugged,
    at_most=1,
    watch=WATCH,
    note="nothing that is watched changes: the read itself is the violation",
)
H14 = Bug(
    "H14",
    "a PageOffline page is mapped to user space, which overwrites its type",
    "mark_is_kept",
    Variant("v5_4", "dump", {"maps_offline": True}, PAGE),
    Variant("v5_4", "dump", {}, PAGE),
    fix='"xen/balloon: Fix mapping PG_offline pages to user space"',
    setup=starts.foreign,
    at_most=2,
    watch=WATCH,
)
BUGS = [H10, H10B, H14]
