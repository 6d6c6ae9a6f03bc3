"""The state all models are about: the pages of one memory block, the block, the locks.

A page stands for a pageblock, which is also one subblock of virtio-mem: it is isolated, plugged
and allocated as a whole.
"""

from enum import Enum

from pagestate import Count, State, mutex, per_page, rwsem, var


class Isolation(Enum):
    """Who isolated a pageblock (the kernel keeps one bit; who may undo it knows)."""

    NONE = "none"
    OFFLINE = "offline"
    CONTIG = "contig"


class BlockState(Enum):
    """What virtio-mem knows of the memory block (mb_state)."""

    UNUSED = "unused"
    OFFLINE = "offline"
    ONLINE = "online"


class Memory(State):
    """One memory block; fields a generation does not use are folded away."""

    refcount = per_page(Count, init=0, doc="_refcount")
    offline = per_page(bool, init=False, doc="PageOffline")
    buddy = per_page(bool, init=True, doc="PageBuddy: on a free list")
    isolation = per_page(Isolation, init=Isolation.NONE, doc="MIGRATE_ISOLATE, and whose")
    user = per_page(bool, init=False, doc="allocated to a user (movable, on an LRU list)")
    dirty = per_page(bool, init=False, doc="PG_dirty on an offline page: was never onlined")
    hwpoison = per_page(bool, init=False, doc="PG_hwpoison")

    plugged = per_page(bool, init=True, doc="host truth: there is memory behind the page")
    sb_plugged = per_page(bool, init=True, doc="virtio-mem's bitmap of plugged subblocks")

    holders = per_page(Count, init=0, doc="CPUs that hold a reference from get_page_unless_zero()")
    putting = per_page(Count, init=0, doc="CPUs that dropped the last reference, before the hook")
    freeing = per_page(Count, init=0, doc="CPUs that are going to free the page next")
    walkers = per_page(Count, init=0, doc="CPUs between pfn_to_online_page() and the get")

    section_online = var(bool, init=True, doc="SECTION_IS_ONLINE: pfn_to_online_page() finds it")
    memmap = var(bool, init=True, doc="the struct pages exist")
    mb_state = var(BlockState, init=BlockState.ONLINE)
    driver_loaded = var(bool, init=True, doc="virtio-mem's callback and notifier are registered")

    device_hotplug_lock = mutex(doc="serialises on-, offlining and removal of devices")
    mem_hotplug_lock = rwsem(doc="serialises changes of the memory map")
    hotplug_mutex = mutex(
        guards=("sb_plugged", "mb_state"),
        doc="virtio-mem's: held from MEM_GOING_* to MEM_*LINE or MEM_CANCEL_*",
    )

    was_offline = per_page(bool, init=False, ghost=True, doc="PageOffline at MEM_GOING_OFFLINE")
    contained = per_page(bool, init=False, ghost=True, doc="memory_failure() is done with it")
    without_consent = var(bool, init=False, ghost=True, doc="offlined, its owner did not agree")
    cancelled = var(bool, init=False, ghost=True, doc="MEM_CANCEL_OFFLINE was just sent")
    revived = var(bool, init=False, ghost=True, doc="a page was just given back to the buddy")
