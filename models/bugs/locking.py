"""Deadlocks and crashes of those who have too many locks, or too few."""

from pagestate.models.bugs.pages import PAGE
from pagestate.schedule import Bug, Variant

H4 = Bug(
    "H4",
    "offlining unmaps a poisoned page without its lock",
    "no_crash",
    Variant("bugs.unmapping"),
    Variant("bugs.unmapping", "", {"locks_poisoned": True}),
    fix='af288a426c3e "hwpoison, memory_hotplug: lock folio before unmap hwpoisoned folio" (v6.14)',
    note="a model of its own: one page, its lock, one page table entry",
)
H13 = Bug(
    "H13",
    "memory is added with the driver's mutex held, and onlined at once",
    "deadlock_free",
    Variant("v5_8", "removal", {"add_under_mutex": True}, PAGE),
    Variant("v5_8", "removal", {}, PAGE),
    fix="a rule of the driver: the mutex is not held where memory is added or removed",
    source="comment in drivers/virtio/virtio_mem.c: virtio_mem_sbm_add_mb",
)
H20 = Bug(
    "H20",
    "offlining that does not end stops everybody: cgroup_mutex is held for the hotplug lock",
    "deadlock_free",
    Variant("bugs.cgroup"),
    Variant("bugs.cgroup", "", {"caches_under_cgroup_mutex": False}),
    fix="the new slab controller (v5.9), by the reporter",
    source="report of 2020",
    note="a model of its own: why the offlining does not end (H2) is left open",
)
BUGS = [H4, H13, H20]
