"""Why properties are violated in some generations: known bugs, by their ids in docs/findings.md."""

WARN_ONLY = (
    "H1D: a CPU holds a reference when the driver drops its own in MEM_GOING_OFFLINE, which only "
    "warns: the put of that CPU frees the page"
)
NOT_ATOMIC = (
    "N3: the hook is not atomic with the decrement: a CPU that stalls between them frees the page "
    "again after it was revived, and what follows from the wrong count"
)
CONSENT_STAYS = (
    "consent is permanent: without the driver the block can be offlined, and onlined again with "
    "its unplugged pages exposed"
)
UNASKED = (
    "T18: offlining skips every PageOffline page with one reference, also those of drivers that "
    "never agreed; onlining then gives them to the allocator"
)
COUNT_LOST = "setting the count to 0 loses the references of other CPUs, whose puts underflow it"
GIVEN_AWAY = (
    "H12: the page is in the buddy when offlining fails, with its block back in use, and nothing "
    "can take it back"
)
STAYS_ON_PCP = (
    "H2: a page freed to a per-CPU list after the lists were drained stays there, and offlining "
    "tests for ever (fixed in v5.9)"
)
EARLY = "H8: pages reach the free list before their section is marked online (fixed in v5.10)"
UNINITIALISED = "H16: removing memory that was never onlined reads its memmap (fixed in v5.5)"
FORGOTTEN = "H9: onlining initialises the memmap again and forgets PG_hwpoison (fixed in v6.2)"
POISON_FIRST = (
    "a page of a balloon that is marked poisoned is skipped by offlining like any poisoned page, "
    "although its owner did not agree; onlining then gives it to the allocator"
)
READS_ALL = "H10b: /proc/kcore reads PageOffline pages, too (fixed in v5.14)"
STORED_ZERO = (
    "N1: plugging a page that was never onlined sets its count to 0, which loses the reference of "
    "a getter: its put frees the page of the next user"
)
TRANSIENT = (
    "H11: MEM_GOING_OFFLINE adds the unplugged pages to managed_pages, for the core to subtract "
    "them (fixed in v6.11)"
)
SUBTRACTED_TWICE = (
    "N2: a poisoned PageOffline page is not counted among the PageOffline pages, and so subtracted "
    "from managed_pages at unplug and at offline"
)
NOT_TRIED_AGAIN = (
    "H7: the driver does not try again to remove a block that is fully unplugged (fixed in v6.5)"
)
TOTALRAM = (
    "R1: MEM_CANCEL_OFFLINE takes off what MEM_GOING_OFFLINE had added to totalram, also where an "
    "earlier notifier refused and it had added nothing"
)
