"""The state all models are about: the pages of one memory block, the block, the locks.

A page stands for a pageblock, which is also one subblock of virtio-mem: it is isolated, plugged
and allocated as a whole.
"""

from enum import Enum

from pagestate import Count, Page, Range, State, derived, mutex, per_page, rwsem, var
from pagestate.models.kernel.lifecycle import LIFECYCLE
from pagestate.models.kernel.switches import rule

LEAST, MOST = -2, 3
"""What a page may contribute to a counter: 0 or 1 if all is well; a drift is followed so far."""


class Isolation(Enum):
    """Who isolated a pageblock (the kernel keeps one bit; who may undo it knows)."""

    NONE = "none"
    HOTPLUG = "hotplug"
    CONTIG = "contig"


class BlockState(Enum):
    """What virtio-mem knows of the memory block (mb_state, bb_state)."""

    UNUSED = "unused"
    OFFLINE = "offline"
    ONLINE = "online"
    FAKE_OFFLINE = "fake offline"


class Memory(State):
    """One memory block; fields that a generation or scenario does not use are folded away."""

    lifecycle = LIFECYCLE

    # ------------------------------------------------------------------------- struct page
    refcount = per_page(Count, init=0, doc="_refcount")
    thawed = per_page(bool, init=False, doc="the count is 0 but PAGEREF_FROZEN_BIT not yet set")
    offline = per_page(bool, init=False, doc="PageOffline")
    free = per_page(bool, init=True, doc="on a list of free pages")
    pcp = per_page(bool, init=False, doc="that list is a CPU's own, not that of the buddy")
    isolation = per_page(Isolation, init=Isolation.NONE, doc="MIGRATE_ISOLATE, and whose")
    user = per_page(bool, init=False, doc="allocated to a user: movable, PG_lru")
    skippable = per_page(bool, init=False, doc="PG_offline_skippable")
    dirty = per_page(bool, init=False, doc="PG_dirty on an offline page: was never onlined")
    hwpoison = per_page(bool, init=False, doc="PG_hwpoison")

    # -------------------------------------------------------------------- host and virtio-mem
    plugged = per_page(bool, init=True, doc="host truth: there is memory behind the page")
    sb_plugged = per_page(bool, init=True, doc="virtio-mem's bitmap of plugged subblocks")
    never_onlined = per_page(bool, init=False, doc="in the request, and was PG_dirty")
    requested = per_page(bool, init=False, doc="in the request that virtio-mem works on")
    foreign = per_page(bool, init=False, doc="given to the hypervisor by a balloon driver")
    mb_state = var(BlockState, init=BlockState.ONLINE)
    driver_loaded = var(bool, init=True, doc="virtio-mem's callback and notifier are registered")
    removing = var(bool, init=False, doc="the driver is being unloaded")
    hotplug_active = var(bool, init=False, doc="virtio-mem saw MEM_GOING_*, the end is to come")

    # ---------------------------------------------------------------------- the memory block
    section_online = var(bool, init=True, doc="SECTION_IS_ONLINE: pfn_to_online_page() finds it")
    memmap = var(bool, init=True, doc="the struct pages exist")
    memmap_valid = var(bool, init=True, doc="the struct pages were initialised since then")
    refused = var(bool, init=False, doc="another notifier has refused to offline the block")
    commit_broken = var(bool, init=False, doc="a BUG_ON() of __offline_isolated_pages() is due")
    poisoned_pages = var(bool, init=False, doc="memory_block.nr_hwpoison is not 0")

    # ------------------------------------------------------- the contribution to the counters
    managed = per_page(Range(LEAST, MOST), init=1, doc="what the page adds to zone->managed_pages")
    totalram = per_page(Range(LEAST, MOST), init=1, doc="what it adds to totalram_pages (RFC v3)")
    present = per_page(bool, init=True, doc="whether it counts in zone->present_pages")
    sized = per_page(Range(LEAST, MOST), init=1, doc="what it adds to virtio-mem's plugged_size")

    # ----------------------------------------------------------- where CPUs are with the page
    holders = per_page(Count, init=0, doc="CPUs that hold a reference from get_page_unless_zero()")
    putting = per_page(Count, init=0, doc="CPUs that dropped the last reference, before the hook")
    freeing = per_page(Count, init=0, doc="CPUs that are going to free the page next")
    walkers = per_page(Count, init=0, doc="CPUs between pfn_to_online_page() and the get")
    readers = per_page(Count, init=0, doc="CPUs that are going to read the content")

    # ------------------------------------------------------------------------------- locks
    device_hotplug_lock = mutex(doc="serialises on-, offlining and removal of devices")
    mem_hotplug_lock = rwsem(doc="serialises changes of the memory map")
    hotplug_mutex = mutex(
        guards=("sb_plugged", "mb_state", "driver_loaded", "requested", "never_onlined"),
        doc="virtio-mem's: held from MEM_GOING_* to MEM_*LINE or MEM_CANCEL_*",
    )
    page_offline_rwsem = rwsem(doc="readers of memory content keep PageOffline from being set")
    pcp_disabled = var(bool, init=False, doc="pages are freed to the buddy's lists at once")

    # ------------------------------------------------------------------------------- ghosts
    claimed = per_page(bool, init=False, ghost=True, doc="marked by a driver, not given back")
    was_offline = per_page(bool, init=False, ghost=True, doc="PageOffline at MEM_GOING_OFFLINE")
    contained = per_page(bool, init=False, ghost=True, doc="memory_failure() is done with it")
    read_hole = var(bool, init=False, ghost=True, doc="unplugged memory was just read")
    read_garbage = var(bool, init=False, ghost=True, doc="an uninitialised memmap was just read")
    without_consent = var(bool, init=False, ghost=True, doc="offlined, its owner did not agree")
    cancelled = var(bool, init=False, ghost=True, doc="MEM_CANCEL_OFFLINE was just handled")
    revived = var(bool, init=False, ghost=True, doc="a page was just given back to the buddy")
    marking = var(bool, init=False, ghost=True, doc="a driver waits for page_offline_rwsem")
    operations = var(Range(0, 2), init=0, ghost=True, doc="operations that change counters")

    @derived
    def driver_share(self) -> int:
        """References that the driver has of an unplugged page, except while it is offlined."""
        return 0 if rule == "unreferenced" else 1

    @derived
    def isolated(self, page: Page) -> bool:
        """MIGRATE_ISOLATE."""
        return self.isolation[page] != Isolation.NONE

    @derived
    def quiet(self) -> bool:
        """No operation that changes counters is going on."""
        return self.operations == 0

    @derived
    def being_offlined(self) -> bool:
        """Some pageblock of the online section is isolated for hotplug."""
        hotplug = any(self.isolation[p] == Isolation.HOTPLUG for p in self.pages)
        return self.section_online and hotplug

    @derived
    def buddy(self, page: Page) -> bool:
        """PageBuddy."""
        return self.free[page] and not self.pcp[page]
