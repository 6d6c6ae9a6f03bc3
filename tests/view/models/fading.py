"""A race with steps that matter to it and steps that do not, by threads of every kind."""

from pagestate import (
    Count,
    Model,
    Page,
    State,
    always,
    atomic,
    inline,
    mutex,
    mutex_lock,
    mutex_unlock,
    per_page,
    switch,
    thread,
    var,
)

hook = switch("hook", False, "who drops the last reference looks for the mark", src="mm/swap.c")
late = switch("late", False, "the page is marked after the reference was dropped")
locked = switch("locked", False, "references are dropped under a lock, pages are marked under it")


class Memory(State):
    refcount = per_page(Count, init=1)
    offline = per_page(bool, init=False)
    free = per_page(bool, init=False)
    seen = per_page(bool, init=False)
    busy = var(bool, init=False)
    marks = mutex()
    other = mutex()


@atomic
def get_page(m: Memory, page: Page) -> bool:
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
    if get_page(m, page):
        m.seen[page] = True
        if locked:
            mutex_lock(m.marks)
        put_page(m, page)
        if locked:
            mutex_unlock(m.marks)


@thread()
def unplug(m: Memory, page: Page) -> None:
    m.busy = True
    mutex_lock(m.marks)
    if late:
        put_page_testzero(m, page)
    m.offline[page] = True
    if not late:
        put_page_testzero(m, page)
    mutex_unlock(m.marks)


@thread(repeat=True)
def bystander(m: Memory) -> None:
    mutex_lock(m.other)
    m.busy = True
    mutex_unlock(m.other)


@always("an offline page is never free")
def offline_never_free(m: Memory) -> bool:
    return not any(m.offline[p] and m.free[p] for p in m.pages)


model = Model(
    "fading",
    state=Memory,
    threads=[getter, unplug, bystander],
    switches=[hook, late, locked],
    properties=[offline_never_free],
    sizes={"page": 2, "getter": 2},
)
