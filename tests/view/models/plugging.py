"""A driver, an offliner and getters: locks that others wait for, a condition, a free choice."""

from enum import Enum

from pagestate import (
    Count,
    Model,
    Page,
    State,
    always,
    atomic,
    deadlock_free,
    either,
    free,
    inline,
    mutex,
    mutex_lock,
    mutex_unlock,
    per_page,
    reachable,
    switch,
    thread,
    var,
    wait_until,
)

waits = switch("waits", False, "the offliner waits until nobody has a reference", src="mm/x.c")
nested = switch("nested", False, "the driver takes the locks in the other order")


class Mode(Enum):
    ONLINE = "online"
    OFFLINE = "offline"


class Memory(State):
    refcount = per_page(Count, init=0)
    offline = per_page(bool, init=False)
    dirty = per_page(bool, init=free())
    mode = var(Mode, init=Mode.ONLINE)
    hotplug = mutex()
    device = mutex()


@atomic(src="mm/gup.c: get_page")
def get_page(m: Memory, page: Page) -> None:
    m.refcount[page] += 1


@atomic(src="mm/swap.c: put_page")
def put_page(m: Memory, page: Page) -> None:
    m.refcount[page] -= 1


@inline
def mark(m: Memory, page: Page) -> None:
    m.offline[page] = True


@thread(replicated=True, repeat=True)
def getter(m: Memory, page: Page) -> None:
    get_page(m, page)
    put_page(m, page)


@thread(src="mm/memory_hotplug.c: offline_pages")
def offliner(m: Memory, page: Page) -> None:
    mutex_lock(m.hotplug)
    mutex_lock(m.device)
    if waits:
        wait_until(m.refcount[page] == 0)
    mark(m, page)
    m.mode = Mode.OFFLINE
    mutex_unlock(m.device)
    mutex_unlock(m.hotplug)


@thread(repeat=True)
def driver(m: Memory) -> None:
    mutex_lock(m.device)
    if nested:
        mutex_lock(m.hotplug)
        mutex_unlock(m.hotplug)
    if either():
        m.mode = Mode.ONLINE
    mutex_unlock(m.device)


@always("an offline page has no references")
def offline_unused(m: Memory) -> bool:
    return all(not m.offline[p] or m.refcount[p] == 0 for p in m.pages)


@reachable("the block goes offline")
def goes_offline(m: Memory) -> bool:
    return m.mode == Mode.OFFLINE


model = Model(
    "plugging",
    state=Memory,
    threads=[getter, offliner, driver],
    switches=[waits, nested],
    properties=[offline_unused, goes_offline, deadlock_free],
    sizes={"page": 2, "getter": 2},
)
