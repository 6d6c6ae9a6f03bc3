"""H20: an offlining that does not end, and a system that stops with it.

Creating a memory cgroup set up its slab caches with cgroup_mutex held, which takes the memory
hotplug lock for reading.  The task that would end the offlining needs cgroup_mutex.
"""

from pagestate import (
    Model,
    State,
    deadlock_free,
    down_read,
    down_write,
    mutex,
    mutex_lock,
    mutex_unlock,
    reachable,
    rwsem,
    switch,
    thread,
    up_read,
    up_write,
    var,
    wait_until,
)

caches_under_cgroup_mutex = switch(
    "caches_under_cgroup_mutex",
    True,
    "creating a cgroup sets up its slab caches, with the memory hotplug lock (before the new slab "
    "controller, v5.9)",
    src="mm/slab_common.c: kmem_cache_create_usercopy",
)


class Locks(State):
    """Two locks, and what the offliner waits for."""

    mem_hotplug_lock = rwsem(doc="held for writing as long as memory is offlined")
    cgroup_mutex = mutex(doc="serialises changes of the cgroup hierarchy")
    stop = var(bool, init=False, doc="the offlining can end: its page was freed, or a signal came")
    ended = var(bool, init=False, doc="the offlining has ended")


@thread(src="mm/memory_hotplug.c: __offline_pages")
def offliner(m: Locks) -> None:
    """Tries again and again under the lock, until somebody else lets it end."""
    down_write(m.mem_hotplug_lock)
    wait_until(m.stop)
    m.ended = True
    up_write(m.mem_hotplug_lock)


@thread(repeat=True, src="kernel/cgroup/cgroup.c: cgroup_mkdir")
def cgroup_mkdir(m: Locks) -> None:
    """Creates a cgroup."""
    mutex_lock(m.cgroup_mutex)
    if caches_under_cgroup_mutex:
        down_read(m.mem_hotplug_lock)
        up_read(m.mem_hotplug_lock)
    mutex_unlock(m.cgroup_mutex)


@thread(src="kernel/cgroup/cgroup.c: proc_cgroup_show")
def stopper(m: Locks) -> None:
    """The task that ends the offlining, which looks at cgroups before."""
    mutex_lock(m.cgroup_mutex)
    mutex_unlock(m.cgroup_mutex)
    m.stop = True


@reachable("offlining ends")
def offlining_can_end(m: Locks) -> bool:
    """Otherwise nothing is said."""
    return m.ended


model = Model(
    "bugs.cgroup",
    state=Locks,
    threads=[offliner, cgroup_mkdir, stopper],
    switches=[caches_under_cgroup_mutex],
    properties=[deadlock_free, offlining_can_end],
    assumptions=["who ends the offlining needs cgroup_mutex, as in the report of 2020"],
)
