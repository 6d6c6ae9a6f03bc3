"""The switches that decide which generation of the kernel the actors are.

A model lists the ones a user may set, and the others as ``fixed(switch, value)``.
"""

from dataclasses import replace
from typing import TypeVar, cast

from pagestate import switch
from pagestate.lang.declare import Switch

T = TypeVar("T", bool, str)


def fixed(which: T, value: T) -> T:
    """``which`` with one possible value: what makes a generation."""
    declared = cast(Switch, which)
    return cast(T, replace(declared, default=value, choices=(value,)))


def default(which: T, value: T) -> T:
    """``which`` with another default."""
    return cast(T, replace(cast(Switch, which), default=value))


skip_offline = switch(
    "skip_offline",
    True,
    "offlining skips PageOffline pages with reference count 0",
    src="mm/page_isolation.c: SKIP_OFFLINE",
)
hook = switch(
    "hook",
    True,
    "the last put of a page tests PageOffline before it frees",
    src="mm/swap.c: __put_page",
)
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
unload = switch(
    "unload",
    True,
    "the driver can be unloaded while its block stays online",
    src="drivers/virtio/virtio_mem.c: virtio_mem_remove",
)
unload_takes_references = switch(
    "unload_takes_references",
    False,
    "unloading takes a reference on every unplugged page of an online block again",
    src="drivers/virtio/virtio_mem.c: virtio_mem_remove",
)
reorder = switch(
    "reorder",
    False,
    "the relaxed page_ref_dec() may become visible before the plain store of PageOffline",
    src="include/linux/page_ref.h: page_ref_dec",
)
drain = switch(
    "drain",
    True,
    "no CPU is between pfn_to_online_page() and the end of put_page() of a page "
    "while its memmap is initialised again or removed",
    src="include/linux/memory_hotplug.h: pfn_to_online_page",
)
migrate = switch(
    "migrate",
    True,
    "offlining migrates pages in use (otherwise it waits until they are freed)",
    src="mm/memory_hotplug.c: do_migrate_range",
)
offlining = switch(
    "offlining",
    True,
    "the memory block is offlined, removed, added and onlined",
    src="drivers/base/memory.c: state_store",
)
hwpoison = switch(
    "hwpoison",
    True,
    "memory errors are reported",
    src="mm/memory-failure.c: memory_failure",
)
balloon = switch(
    "balloon",
    True,
    "a balloon driver (Hyper-V, Xen, VMware) gives single pages to the hypervisor",
    src="drivers/hv/hv_balloon.c: alloc_balloon_pages",
)
