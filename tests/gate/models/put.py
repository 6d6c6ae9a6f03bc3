"""A page handed back while somebody may hold a reference; ``hook`` off puts the race back."""

from pagestate import (
    Count,
    Model,
    Page,
    State,
    always,
    atomic,
    inline,
    per_page,
    reachable,
    switch,
    thread,
)

hook = switch("hook", True, "put_page() tests PageOffline before it frees")


class Memory(State):
    refcount = per_page(Count, init=1)
    offline = per_page(bool, init=False)
    free = per_page(bool, init=False)


@atomic
def get_page_unless_zero(m: Memory, page: Page) -> bool:
    if m.refcount[page] == 0:
        return False
    m.refcount[page] += 1
    return True


@atomic
def put_page_testzero(m: Memory, page: Page) -> bool:
    m.refcount[page] -= 1
    return m.refcount[page] == 0


@inline
def put_page(m: Memory, page: Page) -> None:
    if put_page_testzero(m, page):
        if hook and m.offline[page]:
            return
        m.free[page] = True


@thread(replicated=True, repeat=True)
def getter(m: Memory, page: Page) -> None:
    if get_page_unless_zero(m, page):
        put_page(m, page)


@thread()
def unplug(m: Memory, page: Page) -> None:
    m.offline[page] = True
    put_page_testzero(m, page)


@always("an offline page is never free")
def offline_never_free(m: Memory) -> bool:
    return not any(m.offline[p] and m.free[p] for p in m.pages)


@reachable("a page goes offline")
def goes_offline(m: Memory) -> bool:
    return any(m.offline[p] for p in m.pages)


model = Model(
    "put",
    state=Memory,
    threads=[getter, unplug],
    switches=[hook],
    properties=[offline_never_free, goes_offline],
    sizes={"page": 1, "getter": 1},
)
