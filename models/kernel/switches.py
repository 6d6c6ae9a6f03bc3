"""The switches that decide which generation of the kernel the actors are.

A generation is a value of each (:mod:`pagestate.models.kernel.generation`).
"""

from pagestate import switch

# ------------------------------------------------------------ the agreement on PageOffline pages

rule = switch(
    "rule",
    "notifier",
    "what offlining does with PageOffline pages: refuse them; skip the unreferenced (RFC v3); "
    "skip any (owned); skip what the driver lets go of in MEM_GOING_OFFLINE (notifier), "
    "or gives to the buddy there (give_back); skip PG_offline_skippable pages (flag)",
    choices=("refuse", "unreferenced", "owned", "notifier", "give_back", "flag"),
    src="mm/page_isolation.c, mm/memory_hotplug.c, drivers/virtio/virtio_mem.c",
)
hook = switch(
    "hook",
    False,
    "the last put of a page tests PageOffline before it frees",
    src="mm/swap.c: __put_page",
)
going_sets = switch(
    "going_sets",
    False,
    "MEM_GOING_OFFLINE sets the count to 0 instead of dropping the driver's reference",
    src="never merged: set_page_count(page, 0)",
)
cancel_sets = switch(
    "cancel_sets",
    False,
    "MEM_CANCEL_OFFLINE sets the count to 1 instead of incrementing it",
    src="drivers/virtio/virtio_mem.c: init_page_count in virtio_mem_fake_offline_cancel_offline",
)
busy_is_final = switch(
    "busy_is_final",
    True,
    "offlining fails with -EBUSY when its scan finds a PageOffline page that is in use (v5.8)",
    src="mm/memory_hotplug.c: scan_movable_pages",
)
reorder = switch(
    "reorder",
    False,
    "the relaxed page_ref_dec() may become visible before the plain store of PageOffline",
    src="include/linux/page_ref.h: page_ref_dec",
)

# ------------------------------------------------------------------- page types and page counts

type_bits = switch(
    "type_bits",
    False,
    "page types are a set of bits, a page can be PageOffline and PageBuddy (until v6.11); "
    "else one byte, and PageBuddy overwrites PageOffline",
    src="include/linux/page-flags.h: page_type",
)
free_checks = switch(
    "free_checks",
    False,
    "freeing a page of any type is a bad page: reported, not freed (CONFIG_DEBUG_VM)",
    src="mm/page_alloc.c: free_pages_prepare",
)
clear_type_on_free = switch(
    "clear_type_on_free",
    False,
    "freeing a page clears its type, checks or not (v6.17)",
    src="mm/page_alloc.c: free_pages_prepare",
)
frozen_bit = switch(
    "frozen_bit",
    False,
    "a count of 0 is frozen by a second atomic operation; until then it can be raised",
    src="include/linux/page_ref.h: PAGEREF_FROZEN_BIT",
)

# ---------------------------------------------------------------------------- free lists, zones

pcp = switch(
    "pcp",
    False,
    "pages are freed to per-CPU lists first",
    src="mm/page_alloc.c: free_unref_page_commit",
)
redrain = switch(
    "redrain",
    True,
    "offlining drains per-CPU lists again when its test fails (v5.9)",
    src="mm/memory_hotplug.c: drain_all_pages in __offline_pages",
)
pcp_disable = switch(
    "pcp_disable",
    False,
    "per-CPU lists are disabled while memory is offlined (v5.11)",
    src="mm/page_alloc.c: zone_pcp_disable",
)
zone_movable = switch(
    "zone_movable",
    False,
    "the block is in ZONE_MOVABLE, where isolation looks at reserved pages only",
    src="mm/page_isolation.c: has_unmovable_pages",
)
migrate = switch(
    "migrate",
    True,
    "offlining migrates pages in use (otherwise it waits until they are freed)",
    src="mm/memory_hotplug.c: do_migrate_range",
)

# ------------------------------------------------------------------------ onlining and removing

isolate_on_online = switch(
    "isolate_on_online",
    False,
    "pageblocks stay isolated until their section is online (v5.10)",
    src="mm/memory_hotplug.c: move_pfn_range_to_zone",
)
memmap_offline = switch(
    "memmap_offline",
    False,
    "a fresh memmap is PageOffline and offlining leaves the managed count of such pages (v6.11)",
    src="mm/mm_init.c: memmap_init_range",
)
kept_reserved = switch(
    "kept_reserved",
    False,
    "pages kept offline when onlining stay PG_reserved",
    src="drivers/virtio/virtio_mem.c: virtio_mem_online_page_cb",
)
remove_reads_memmap = switch(
    "remove_reads_memmap",
    False,
    "removing memory looks for its zone in its memmap (until v5.4)",
    src="mm/memory_hotplug.c: __remove_pages",
)

# -------------------------------------------------------------------------------- other actors

getters = switch(
    "getters",
    "prompt",
    "speculative getters take any page; or pages on an LRU list, as they were some time ago; "
    "or the same, and none is left when a driver marks the page (prompt)",
    choices=("any", "lru", "prompt"),
    src="mm/compaction.c, mm/memory-failure.c, fs/proc/page.c",
)
handlable = switch(
    "handlable",
    True,
    "memory_failure() takes a reference to pages on LRU lists and free pages only (v5.13)",
    src="mm/memory-failure.c: HWPoisonHandlable",
)
poison_refuses_online = switch(
    "poison_refuses_online",
    False,
    "a memory block with poisoned pages is not onlined (v6.2)",
    src="drivers/base/memory.c: memory_block_online",
)
poison_offlines = switch(
    "poison_offlines",
    True,
    "offlining skips poisoned pages even if they are still on an LRU list (v5.0)",
    src="mm/memory_hotplug.c: do_migrate_range",
)
unmap_fails = switch(
    "unmap_fails",
    False,
    "memory_failure() may fail to unmap a page, which stays on its LRU list with a reference",
    src="mm/memory-failure.c: hwpoison_user_mappings",
)
kcore = switch(
    "kcore",
    "tests",
    "/proc/kcore reads every page; or it tests for PageOffline before (v5.14)",
    choices=("reads", "tests"),
    src="fs/proc/kcore.c: read_kcore",
)
freeze = switch(
    "freeze",
    False,
    "setting PageOffline waits for readers of memory content (v5.14)",
    src="mm/util.c: page_offline_begin",
)
maps_offline = switch(
    "maps_offline",
    False,
    "user space maps PageOffline pages, which overwrites their type",
    src="drivers/xen/gntdev.c",
)

# ----------------------------------------------------------------------------------- virtio-mem

virtio_mem_loaded = switch(
    "virtio_mem_loaded",
    True,
    "the memory block belongs to virtio-mem, which takes part in on- and offlining",
    src="drivers/virtio/virtio_mem.c",
)
revive = switch(
    "revive",
    True,
    "unplugged memory can be plugged again, and the host can refuse an unplug request",
    src="drivers/virtio/virtio_mem.c: virtio_mem_clear_fake_offline",
)
dirty_pages = switch(
    "dirty_pages",
    True,
    "pages that were kept offline when onlining can be plugged",
    src="drivers/virtio/virtio_mem.c: generic_online_page in virtio_mem_fake_online",
)
requests = switch(
    "requests",
    "subblock",
    "what the host asks for: one subblock at a time, or any set of them in one request",
    choices=("subblock", "set"),
    src="drivers/virtio/virtio_mem.c: virtio_mem_sbm_unplug_sb_online",
)
unload = switch(
    "unload",
    False,
    "the driver can be unloaded while its block stays online",
    src="drivers/virtio/virtio_mem.c: virtio_mem_remove",
)
unload_revokes = switch(
    "unload_revokes",
    False,
    "unloading takes back the consent to skip unplugged pages of an online block: a reference "
    "on each (RFC v3), or PG_offline_skippable cleared",
    src="drivers/virtio/virtio_mem.c: virtio_mem_deinit_hotplug",
)
revoke_wraps = switch(
    "revoke_wraps",
    False,
    "that loop does not start its counter anew: from the second unplugged subblock on it takes "
    "a reference on every following page",
    src="drivers/virtio/virtio_mem.c: nr_pages in virtio_mem_remove, RFC v3",
)
removes_online = switch(
    "removes_online",
    False,
    "a fully unplugged online block is offlined and removed by the driver (v5.8)",
    src="drivers/virtio/virtio_mem.c: offline_and_remove_memory",
)
retry_removal = switch(
    "retry_removal",
    True,
    "the driver tries again to remove a fully unplugged block (v6.5)",
    src="drivers/virtio/virtio_mem.c: virtio_mem_cleanup_pending_mb",
)
safe_unplug = switch(
    "safe_unplug",
    True,
    "big block mode marks the pages before it offlines the block (the only way since v6.5)",
    src="drivers/virtio/virtio_mem.c: virtio_mem_bbm_offline_remove_and_unplug_bb",
)
big_block = switch(
    "big_block",
    False,
    "virtio-mem in big block mode: a block is plugged and unplugged as a whole",
    src="drivers/virtio/virtio_mem.c: virtio_mem_bbm_notify_going_offline",
)
add_under_mutex = switch(
    "add_under_mutex",
    False,
    "memory is added with the hotplug mutex held, and onlined at once",
    src="drivers/virtio/virtio_mem.c: virtio_mem_add_memory",
)

# ------------------------------------------------------------------------ what is looked at

accounting = switch(
    "accounting",
    False,
    "what each page adds to the counters of the zone and the driver is modelled",
    src="mm/page_alloc.c: adjust_managed_page_count",
)
totalram_first = switch(
    "totalram_first",
    False,
    "MEM_CANCEL_OFFLINE corrects totalram before it looks whether MEM_GOING_OFFLINE was handled "
    "(RFC v3)",
    src="drivers/virtio/virtio_mem.c: virtio_mem_memory_notifier_cb",
)
signals = switch(
    "signals",
    True,
    "offlining can be interrupted by a signal",
    src="mm/memory_hotplug.c: signal_pending",
)
vetoes = switch(
    "vetoes",
    False,
    "memory notifiers before and after that of virtio-mem can refuse",
    src="kernel/notifier.c: blocking_notifier_call_chain",
)
veto_once = switch(
    "veto_once",
    False,
    "the memory notifier behind that of virtio-mem refuses the first time, and never again",
    src="kernel/notifier.c: blocking_notifier_call_chain",
)
drain = switch(
    "drain",
    True,
    "no CPU is between pfn_to_online_page() and the end of put_page() of a page "
    "while its memmap is initialised again or removed",
    src="include/linux/memory_hotplug.h: pfn_to_online_page",
)
mutant = switch(
    "mutant",
    "none",
    "one step out of order: the host unplugs first; the mark is cleared before the host plugs; "
    "the state is updated after the unlock; MEM_CANCEL_* is handled without MEM_GOING_*; "
    "the isolation is undone after MEM_CANCEL_OFFLINE; the reference is dropped before the mark",
    choices=(
        "none",
        "unplug_first",
        "clear_first",
        "late_state",
        "cancel_always",
        "undo_last",
        "drop_first",
    ),
    src="none: broken on purpose",
)
