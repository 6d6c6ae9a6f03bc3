"""A driver takes pages away while others hold references: the race, in eight states."""

from pagestate import (
    Count,
    Expect,
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
    wait_until,
)

hook = switch("hook", True, "the last put of a page tests PageOffline", src="mm/swap.c: __put_page")
lock = switch("lock", "none", "a lock that changes nothing", choices=["none", "mutex"])


class Memory(State):
    refcount = per_page(Count, init=0)
    offline = per_page(bool, init=False)
    buddy = per_page(bool, init=True)


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


@atomic
def free_to_buddy(m: Memory, page: Page) -> None:
    m.buddy[page] = True


@inline
def put_page(m: Memory, page: Page) -> None:
    if put_page_testzero(m, page):
        if hook and m.offline[page]:
            return
        free_to_buddy(m, page)


@atomic
def take(m: Memory, page: Page) -> None:
    wait_until(m.buddy[page])
    m.buddy[page] = False
    m.refcount[page] = 1


@thread(replicated=True, repeat=True)
def getter(m: Memory, page: Page) -> None:
    if get_page_unless_zero(m, page):
        put_page(m, page)


@thread(repeat=True)
def unplug(m: Memory, page: Page) -> None:
    take(m, page)
    m.offline[page] = True
    page_ref_dec(m, page)


@atomic
def page_ref_dec(m: Memory, page: Page) -> None:
    m.refcount[page] -= 1


@always("an offline page is on no free list")
def offline_never_free(m: Memory) -> bool:
    return all(not (m.offline[p] and m.buddy[p]) for p in m.pages)


@always("a free page is not offline")
def free_not_offline(m: Memory) -> bool:
    return all(not m.buddy[p] or not m.offline[p] for p in m.pages)


@reachable("a page goes offline")
def goes_offline(m: Memory) -> bool:
    return any(m.offline[p] for p in m.pages)


model = Model(
    "race",
    state=Memory,
    threads=[getter, unplug],
    switches=[hook, lock],
    properties=[offline_never_free, free_not_offline, goes_offline],
    sizes={"page": 1, "getter": 1},
    expect=[
        Expect(offline_never_free, "violated", "the race of 2019", {"hook": False}),
        Expect(free_not_offline, "violated", "the same", {"hook": False}),
        Expect(offline_never_free, "violated", "wrongly", {"lock": "mutex"}),
    ],
    assumptions=["pages are of order 0"],
)
