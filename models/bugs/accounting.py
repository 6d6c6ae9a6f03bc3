"""Bugs of counters."""

from pagestate.models.bugs import starts
from pagestate.models.bugs.pages import PAGE, WATCH
from pagestate.schedule import Bug, Variant

H11 = Bug(
    "H11",
    "while memory is offlined its unplugged pages count as managed",
    "unplugged_is_not_managed",
    Variant("v5_14", "accounts", {}, PAGE),
    Variant("v5_14", "accounts", {"memmap_offline": True}, PAGE),
    fix="50625744220c (v6.11)",
    setup=starts.isolated,
    at_most=2,
    watch=WATCH,
)
N2 = Bug(
    "N2",
    "a poisoned PageOffline page is subtracted from managed_pages twice",
    "managed_is_right",
    Variant("v6_12", "accounts", {}, PAGE),
    Variant("v6_12", "accounts", {"memmap_offline": False}, PAGE),
    fix="none; v6.10 and before were balanced",
    setup=starts.unplugged,
    at_most=2,
    watch=WATCH,
    note="trace T13, after the unplug: reporting the error and offlining",
)
BUGS = [H11, N2]
