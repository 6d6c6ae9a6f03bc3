"""Order mutants: the protocol with two of its steps swapped, to see what their order is good for.

No kernel has these, but for M7, which is RFC v3 on weakly ordered CPUs.  One order turned out not
to matter in v5.8 (``mutant=undo_last``): MEM_CANCEL_OFFLINE may come before or after the isolation
is undone, nothing that holds is violated then; ``docs/bugs.md`` says where that was checked.
"""

from pagestate.models.bugs import starts
from pagestate.models.bugs.pages import ONE, PAGE, WATCH
from pagestate.schedule import Bug, Variant

M1 = Bug(
    "M1",
    "the host unplugs before the page is marked: a dumper reads what is not there",
    "unplugged_is_offline",
    Variant("v5_14", "dump", {"mutant": "unplug_first"}, PAGE),
    Variant("v5_14", "dump", {}, PAGE),
    setup=starts.allocated,
    at_most=1,
    watch=WATCH,
)
M2 = Bug(
    "M2",
    "the mark is cleared before the host plugs: a dumper reads what is not there",
    "unplugged_is_offline",
    Variant("v5_14", "dump", {"mutant": "clear_first"}, PAGE),
    Variant("v5_14", "dump", {}, PAGE),
    setup=starts.unplugged,
    at_most=1,
    watch=WATCH,
)
M3 = Bug(
    "M3",
    "the mark is cleared before the host plugs: a page is free without memory behind it",
    "unplugged_never_free",
    Variant("v5_14", "settled", {"mutant": "clear_first"}, ONE),
    Variant("v5_14", "settled", {}, ONE),
    setup=starts.unplugged,
    at_most=3,
    watch=WATCH,
)
M4 = Bug(
    "M4",
    "the block's state is updated after the unlock: it is onlined while it is removed",
    "no_crash",
    Variant("v5_8", "removal", {"mutant": "late_state"}, PAGE),
    Variant("v5_8", "removal", {}, PAGE),
    note="remove_memory() must not fail (a BUG_ON()); the pages themselves are kept from the "
    "allocator by the online callback, so no unplugged page is handed out",
)
M5 = Bug(
    "M5",
    "MEM_CANCEL_OFFLINE is handled without MEM_GOING_OFFLINE: a mutex is unlocked by others",
    "lock_rules",
    Variant("v5_8", "notifiers", {"mutant": "cancel_always"}, PAGE),
    Variant("v5_8", "notifiers", {}, PAGE),
    note="a notifier that is called earlier refused",
)
M6 = Bug(
    "M6",
    "the same: a reference that was not dropped is taken back, of a page that may be free by then",
    "free_is_unreferenced",
    Variant("v5_8", "notifiers", {"mutant": "cancel_always"}, PAGE),
    Variant("v5_8", "notifiers", {}, PAGE),
)
M7 = Bug(
    "M7",
    "RFC v3: the relaxed decrement becomes visible before the mark, the hook sees no mark",
    "offline_never_free",
    Variant("rfc_v3", "getters", {"reorder": True}, ONE),
    Variant("rfc_v3", "getters", {"reorder": False}, ONE),
    fix="page_ref_dec_and_test() is fully ordered (v5.8); or a barrier",
    setup=starts.allocated,
    at_most=5,
    watch=WATCH,
    note="trace T1'; x86 does not reorder these",
)
M8 = Bug(
    "M8",
    "RFC v3: the reference is dropped before the page is marked",
    "unplugged_never_handed_out",
    Variant("rfc_v3", "getters", {"mutant": "drop_first"}, ONE),
    Variant("rfc_v3", "getters", {}, ONE),
    setup=starts.allocated,
    at_most=7,
    watch=WATCH,
)
BUGS = [M1, M2, M3, M4, M5, M6, M7, M8]
