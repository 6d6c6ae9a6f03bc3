"""H4: offlining unmaps a poisoned page, whose lock somebody else may hold, or nobody.

The entry that is left in the page table of a poisoned page is made by make_hwpoison_entry(), which
insists on a locked page; so does whoever finds a migration entry.
"""

from enum import Enum

from pagestate import (
    Model,
    State,
    bug_on,
    either,
    inline,
    mutex,
    mutex_lock,
    mutex_unlock,
    reachable,
    switch,
    thread,
    var,
)

locks_poisoned = switch(
    "locks_poisoned",
    False,
    "do_migrate_range() locks a poisoned page before it unmaps it (v6.14)",
    src="mm/memory_hotplug.c: do_migrate_range",
)


class Entry(Enum):
    """What the page table has for the page."""

    NONE = "none"
    MAPPED = "mapped"
    POISONED = "poisoned"


class Mapping(State):
    """One poisoned page, still on its LRU list, and the page table of its user."""

    page_lock = mutex(doc="PG_locked")
    locked = var(bool, init=False, doc="somebody holds it")
    entry = var(Entry, init=Entry.MAPPED)


@thread(src="mm/memory_hotplug.c: do_migrate_range")
def offliner(m: Mapping) -> None:
    """Poisoned pages are not migrated, only unmapped."""
    if locks_poisoned:
        mutex_lock(m.page_lock)
        m.locked = True
    mapped = m.entry == Entry.MAPPED
    if mapped:
        bug_on(not m.locked)
        m.entry = Entry.POISONED
    if locks_poisoned:
        m.locked = False
        mutex_unlock(m.page_lock)


@thread(repeat=True, src="mm/memory.c: do_swap_page, zap_pte_range")
def process(m: Mapping) -> None:
    """Maps the page again, under its lock, or unmaps it."""
    mutex_lock(m.page_lock)
    m.locked = True
    map_or_unmap(m)
    m.locked = False
    mutex_unlock(m.page_lock)


@inline(src="mm/memory.c: do_swap_page")
def map_or_unmap(m: Mapping) -> None:
    """A page with a poisoned entry is not mapped any more: that is a SIGBUS."""
    poisoned = m.entry == Entry.POISONED
    if not poisoned:
        if either():
            m.entry = Entry.NONE
        else:
            m.entry = Entry.MAPPED


@reachable("the poisoned page is unmapped")
def unmapped(m: Mapping) -> bool:
    """What offlining does it for."""
    return m.entry == Entry.POISONED


model = Model(
    "bugs.unmapping",
    state=Mapping,
    threads=[offliner, process],
    switches=[locks_poisoned],
    properties=[unmapped],
    assumptions=["a small page; the process that maps it is the only other one to lock it"],
)
