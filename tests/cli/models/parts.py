"""A page with a lock that not everybody takes: the actors come in scenarios."""

from pagestate import (
    Count,
    Expect,
    Model,
    Page,
    Scenario,
    State,
    always,
    atomic,
    idle,
    mutex,
    mutex_lock,
    mutex_unlock,
    per_page,
    reachable,
    switch,
    thread,
    var,
)

locked = switch("locked", True, "the writer takes the lock")
often = switch("often", False, "the reader reads twice")


class Memory(State):
    dirty = per_page(bool, init=False)
    seen = per_page(bool, init=False)
    readers = var(Count, init=0)
    busy = var(bool, init=False)
    lock = mutex()


@thread(repeat=True)
def writer(m: Memory, page: Page) -> None:
    if locked:
        mutex_lock(m.lock)
    m.busy = True
    m.dirty[page] = True
    m.busy = False
    if locked:
        mutex_unlock(m.lock)


@thread(repeat=True)
def cleaner(m: Memory, page: Page) -> None:
    mutex_lock(m.lock)
    m.dirty[page] = False
    mutex_unlock(m.lock)


@atomic
def get_page(m: Memory, page: Page) -> None:
    m.readers += 1
    m.seen[page] = m.dirty[page]


@atomic
def put_page(m: Memory) -> None:
    m.readers -= 1


@thread(replicated=True, repeat=True)
def reader(m: Memory, page: Page) -> None:
    get_page(m, page)
    if often:
        m.seen[page] = False
    put_page(m)


@always("nobody writes under the cleaner's eyes")
def writes_alone(m: Memory) -> bool:
    return idle(cleaner) or idle(writer) or not m.busy


@always("what was seen was written")
def seen_is_dirty(m: Memory) -> bool:
    return all(m.dirty[p] or not m.seen[p] for p in m.pages)


@reachable("a page is dirty")
def gets_dirty(m: Memory) -> bool:
    return any(m.dirty[p] for p in m.pages)


writing = Scenario(
    "writing",
    "two that change pages",
    threads=[writer, cleaner],
    properties=[writes_alone, gets_dirty],
)
reading = Scenario(
    "reading",
    "pages are read while they are written",
    threads=[writer, reader],
    sizes={"reader": 1},
    properties=[seen_is_dirty, gets_dirty],
    expect=[Expect(seen_is_dirty, "exhausted", "nothing gets clean again")],
)
everybody = Scenario(
    "everybody",
    "the cleaner does not wait for readers",
    threads=[writer, cleaner, reader],
    switches={"often": True},
    sizes={"page": 1, "reader": 1},
    expect=[Expect(seen_is_dirty, "violated", "the cleaner does not look for readers")],
)

model = Model(
    "parts",
    state=Memory,
    switches=[locked, often],
    properties=[writes_alone, seen_is_dirty, gets_dirty],
    sizes={"page": 2, "reader": 2},
    expect=[
        Expect(writes_alone, "violated", "the writer takes no lock", {"locked": False}),
    ],
    scenarios=[writing, reading, everybody],
)
