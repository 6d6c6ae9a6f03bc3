"""Bugs that keep a memory block from going offline, or offlining from ending.

They are about infinite executions: no setup, and the evidence is a loop.
"""

from collections.abc import Mapping

from pagestate.models.bugs.pages import PAGE
from pagestate.schedule import Bug, Variant

AGREEING: Mapping[str, bool | str | int] = {"rule": "notifier", "redrain": True}
"""Ordinary memory where isolation lets PageOffline pages pass, as since v5.8."""

H2 = Bug(
    "H2",
    "offlining never ends: a page stays on a per-CPU list",
    "offlining_ends",
    Variant("v5_8", "progress", {}, PAGE),
    Variant("v5_8", "progress", {"redrain": True}, PAGE),
    fix='9683182612214aa5 "mm/memory_hotplug: drain per-cpu pages again during memory offline" '
    "(v5.9)",
    note="trace T15; broken by c52e75935f8d",
)
H2_DISABLED = Bug(
    "H2P",
    "the same, fixed by another design: per-CPU lists are disabled while memory is offlined",
    "offlining_ends",
    Variant("v5_14", "progress", {"pcp_disable": False, "redrain": False}, PAGE),
    Variant("v5_14", "progress", {"redrain": False}, PAGE),
    fix="ec6e8c7e0314 (v5.11)",
)
H3 = Bug(
    "H3",
    "offlining never ends: a poisoned page stays on its LRU list and cannot be migrated",
    "offlining_ends",
    Variant("bugs.scenes", "poisoned_lru", {"poison_offlines": False}, PAGE),
    Variant("bugs.scenes", "poisoned_lru", {}, PAGE),
    fix='b15c87263a69 "hwpoison, memory_hotplug: allow hwpoisoned pages to be offlined" (v5.0)',
)
H6 = Bug(
    "H6",
    "big block mode: unplugging a block with a page in use never ends",
    "offlining_ends",
    Variant("bugs.scenes", "pinned", {"safe_unplug": False}, PAGE),
    Variant("bugs.scenes", "pinned", {}, PAGE),
    fix="f504e15b94eb (v6.5)",
    note="the block is in ZONE_MOVABLE, the page cannot be moved; nobody can signal a kworker",
)
H7 = Bug(
    "H7",
    "a fully unplugged block is never removed after its offlining failed once",
    "emptied_block_is_removed",
    Variant("v5_14", "emptied", {}, PAGE),
    Variant("v5_14", "emptied", {"retry_removal": True}, PAGE),
    fix="a31648fd4f96, with ddf409851461 and f55484fd7be9 (v6.5)",
    note="another notifier refuses, once",
)
H17 = Bug(
    "H17",
    "offlining never ends in ZONE_MOVABLE: a page of a balloon passes isolation and no test",
    "offlining_ends",
    Variant("v5_4", "progress", {"zone_movable": True, "redrain": True}, PAGE),
    Variant(
        "v5_4",
        "progress",
        {"zone_movable": True, "busy_is_final": True, **AGREEING},
        PAGE,
    ),
    fix='aa218795cb5f "mm: Allow to offline unmovable PageOffline() pages via MEM_GOING_OFFLINE" '
    "(v5.8)",
    note="trace T18",
)
H18 = Bug(
    "H18",
    "scan_movable_pages() cannot say that a page will never be movable",
    "offlining_ends",
    Variant("v5_4", "progress", {"busy_is_final": False, **AGREEING}, PAGE),
    Variant("v5_4", "progress", {"busy_is_final": True, **AGREEING}, PAGE),
    fix="aa218795cb5f (v5.8): -EBUSY for PageOffline pages in use",
    note="as H17 in a kernel zone: what the new rule for isolation alone would have done",
)
H23 = Bug(
    "H23",
    "a block onlined with unplugged pages can never be offlined again: they are PG_reserved",
    "offlined_in_the_end",
    Variant("bugs.scenes", "kept_offline", {"kept_reserved": True}, PAGE),
    Variant("bugs.scenes", "kept_offline", {}, PAGE),
    fix="PG_dirty instead of PG_reserved (RFC v3 7/9, v5.8); obsolete since v6.11",
)
N4 = Bug(
    "N4",
    "memory failure handling keeps a reference to a PageOffline page: its block stays online",
    "offlined_in_the_end",
    Variant("bugs.scenes", "poisoned_offline", {"handlable": False}, PAGE),
    Variant("bugs.scenes", "poisoned_offline", {"handlable": True}, PAGE),
    fix="HWPoisonHandlable (v5.13)",
)
BUGS = [H2, H2_DISABLED, H3, H6, H7, H17, H18, H23, N4]
