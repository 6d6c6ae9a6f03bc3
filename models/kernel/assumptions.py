"""What all models here assume; printed with every answer."""

GENERAL = (
    "one page stands for a pageblock, which is one subblock of virtio-mem; all are of order 0",
    "one memory block, in a kernel zone; no per-CPU page lists",
    "users are processes with movable pages; their pages are tried to migrate in any order",
    "after a page in use or a free page is freed, or a user gets unplugged memory, "
    "nothing is explored: that is no_crash",
)
DRAIN = (
    "drain=true: a CPU leaves put_page() before the memmap of the page is initialised again or "
    "removed, and offlining does not come between pfn_to_online_page() and the get"
)
