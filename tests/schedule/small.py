"""A small model of pages whose memory the host takes: enough for the race of 2019."""

from collections.abc import Mapping
from typing import Any

from pagestate import (
    Count,
    Model,
    Page,
    State,
    always,
    atomic,
    either,
    eventually,
    inline,
    mutex,
    mutex_lock,
    mutex_unlock,
    per_page,
    reachable,
    switch,
    thread,
)
from pagestate.schedule import Actor, Watch

hook = switch("hook", True, "put_page() tests PageOffline before it frees", src="mm/swap.c")


class Memory(State):
    refcount = per_page(Count, init=0)
    offline = per_page(bool, init=False)
    free = per_page(bool, init=True)
    plugged = per_page(bool, init=True)
    spare = per_page(bool, init=True)
    hotplug_mutex = mutex()


@atomic(src="include/linux/mm.h: get_page_unless_zero")
def get_page_unless_zero(m: Memory, page: Page) -> bool:
    if m.refcount[page] == 0:
        return False
    m.refcount[page] += 1
    return True


@atomic
def put_page_testzero(m: Memory, page: Page) -> bool:
    m.refcount[page] -= 1
    return m.refcount[page] == 0


@inline(src="mm/swap.c: __put_page")
def put_page(m: Memory, page: Page) -> None:
    if put_page_testzero(m, page):
        if hook and m.offline[page]:
            return
        m.free[page] = True


@atomic("alloc_contig_range({page})", src="mm/page_alloc.c: alloc_contig_range")
def alloc_contig_range(m: Memory, page: Page) -> bool:
    if not m.free[page]:
        return False
    m.free[page] = False
    m.refcount[page] = 1
    return True


@atomic
def page_ref_dec(m: Memory, page: Page) -> None:
    m.refcount[page] -= 1


@inline
def set_fake_offline(m: Memory, page: Page) -> None:
    m.offline[page] = True
    page_ref_dec(m, page)


@thread(replicated=True, repeat=True)
def getter(m: Memory, page: Page) -> None:
    if get_page_unless_zero(m, page):
        put_page(m, page)


@thread(repeat=True)
def virtio_mem(m: Memory, page: Page) -> None:
    mutex_lock(m.hotplug_mutex)
    if alloc_contig_range(m, page):
        willing = either()
        if willing:
            set_fake_offline(m, page)
            m.plugged[page] = False
        else:
            put_page(m, page)
    mutex_unlock(m.hotplug_mutex)


@thread(repeat=True)
def rival(m: Memory) -> None:
    mutex_lock(m.hotplug_mutex)
    mutex_unlock(m.hotplug_mutex)


@always("an offline page is never free")
def offline_never_free(m: Memory) -> bool:
    return not any(m.offline[p] and m.free[p] for p in m.pages)


@always("never")
def never_offline(m: Memory) -> bool:
    return not any(m.offline[p] for p in m.pages)


@reachable("a page is unplugged")
def unplugged(m: Memory) -> bool:
    return any(not m.plugged[p] for p in m.pages)


@eventually("every page is unplugged")
def all_unplugged(m: Memory) -> bool:
    return all(not m.plugged[p] for p in m.pages)


model = Model(
    "small",
    state=Memory,
    threads=[getter, virtio_mem, rival],
    switches=[hook],
    properties=[offline_never_free, never_offline, unplugged, all_unplugged],
    sizes={"page": 1, "getter": 1},
)


def show(page: Mapping[str, Any]) -> str:
    place = "FREE" if page["free"] else "OUT"
    return f"rc{page['refcount']} off{page['offline']:d} plug{page['plugged']:d} {place}"


WATCH = Watch(["refcount", "offline", "plugged", "free", "spare"], show)
S, V, R = Actor("getter", 0), Actor("virtio_mem"), Actor("rival")
