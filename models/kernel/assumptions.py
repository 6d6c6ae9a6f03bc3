"""What all models here assume; printed with every answer."""

GENERAL = (
    "one page stands for a pageblock, which is one subblock of virtio-mem; all are of order 0",
    "one memory block, in a kernel zone unless zone_movable=true; "
    "no per-CPU page lists unless pcp=true",
    "users are processes with movable pages; their pages are tried to migrate in any order",
    "after a page in use or a free page is freed, or a user gets unplugged memory, "
    "nothing is explored: that is no_crash",
)
DRAIN = (
    "drain=true: a CPU that found a page in an online section is done with it before its memmap "
    "is initialised again or removed and before the host unplugs it in an offline block, and "
    "offlining does not come between pfn_to_online_page() and the get"
)
PROMPT = (
    "getters=prompt, which all scenarios have but getters, plugging and lru: no CPU is between "
    "finding a page and the end of put_page() when a driver marks the page"
)
DRIVER = (
    "virtio-mem unplugs free pages only; alloc_contig_range() does not migrate",
    "the host answers every request",
)
"""Of the models with virtio-mem."""
