"""Locks of memory hotplug: who may take what inside what.

``self_lock``: the driver adds memory with its own mutex held, and memory that is added goes online,
which asks the driver again (for the mutex).  ``inversion``: a process holds the cgroup mutex and
waits to read the hotplug lock, offlining holds that for writing and needs the cgroup mutex.
``readers`` come and go all the time.
"""

from pagestate import (
    Model,
    State,
    deadlock_free,
    down_read,
    down_write,
    idle,
    inline,
    leads_to,
    mutex,
    mutex_lock,
    mutex_unlock,
    rwsem,
    switch,
    thread,
    up_read,
    up_write,
    var,
)

self_lock = switch("self_lock", False, "the driver keeps its mutex while it adds memory")
inversion = switch("inversion", False, "offlining takes the cgroup mutex")


class Locks(State):
    seen = var(bool, init=False)
    hotplug_mutex = mutex(doc="of the driver")
    cgroup_mutex = mutex()
    mem_hotplug_lock = rwsem()
    other = rwsem()


@inline
def online(m: Locks) -> None:
    down_write(m.mem_hotplug_lock)
    mutex_lock(m.hotplug_mutex)
    mutex_unlock(m.hotplug_mutex)
    up_write(m.mem_hotplug_lock)


@thread(repeat=True)
def virtio_mem(m: Locks) -> None:
    mutex_lock(m.hotplug_mutex)
    if self_lock:
        online(m)
        mutex_unlock(m.hotplug_mutex)
    else:
        mutex_unlock(m.hotplug_mutex)
        online(m)


@thread(repeat=True)
def sysfs(m: Locks) -> None:
    down_write(m.mem_hotplug_lock)
    if inversion:
        mutex_lock(m.cgroup_mutex)
        mutex_unlock(m.cgroup_mutex)
    up_write(m.mem_hotplug_lock)


@thread(repeat=True)
def process(m: Locks) -> None:
    mutex_lock(m.cgroup_mutex)
    down_read(m.mem_hotplug_lock)
    up_read(m.mem_hotplug_lock)
    mutex_unlock(m.cgroup_mutex)


@thread(replicated=True, repeat=True, eager=True)
def reader(m: Locks) -> None:
    down_read(m.other)
    m.seen = True
    up_read(m.other)


@leads_to("offlining comes to an end")
def offlining_ends(m: Locks) -> tuple[bool, bool]:
    return not idle(sysfs), idle(sysfs)


model = Model(
    "notifier",
    state=Locks,
    threads=[virtio_mem, sysfs, process, reader],
    switches=[self_lock, inversion],
    properties=[offlining_ends, deadlock_free],
    sizes={"reader": 2},
)
