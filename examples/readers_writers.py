"""A reader/writer lock: the first reader locks writers out, the last one lets them in again.

From Courtois, Heymans and Parnas, Concurrent Control with "Readers" and "Writers" (1971), the first
problem.  The lock that keeps writers out is taken by one reader and released by another, so it is
no mutex of this language but a semaphore of its own.

With ``count_under_lock`` off readers are counted by an atomic increment, but which one is the first
is decided later.

    pagestate check examples/readers_writers.py
    pagestate check examples/readers_writers.py --set count_under_lock=false
"""

from pagestate import (
    Count,
    Expect,
    Model,
    State,
    always,
    atomic,
    deadlock_free,
    idle,
    inline,
    leads_to,
    mutex,
    mutex_lock,
    mutex_unlock,
    reachable,
    switch,
    thread,
    var,
    wait_until,
)

count_under_lock = switch("count_under_lock", True, "a lock is held around counting readers")


class Shared(State):
    """The two locks and the number of readers."""

    count_lock = mutex(doc="of the number of readers")
    data_locked = var(bool, init=False, doc="a writer, or all readers together, have the data")
    readers = var(Count, init=0)
    reading = var(Count, init=0, ghost=True)
    writing = var(Count, init=0, ghost=True)


@inline
def lock_data(m: Shared) -> None:
    with atomic("P(data)"):
        wait_until(not m.data_locked)
        m.data_locked = True


@atomic
def add_reader(m: Shared) -> None:
    m.readers += 1


@atomic
def remove_reader(m: Shared) -> None:
    m.readers -= 1


@thread(replicated=True, repeat=True)
def reader(m: Shared) -> None:
    if count_under_lock:
        mutex_lock(m.count_lock)
    add_reader(m)
    if m.readers == 1:
        lock_data(m)
    if count_under_lock:
        mutex_unlock(m.count_lock)
    with atomic("read"):
        m.reading += 1
    with atomic("have read"):
        m.reading -= 1
    if count_under_lock:
        mutex_lock(m.count_lock)
    remove_reader(m)
    if m.readers == 0:
        m.data_locked = False
    if count_under_lock:
        mutex_unlock(m.count_lock)


@thread(replicated=True, repeat=True)
def writer(m: Shared) -> None:
    lock_data(m)
    with atomic("write"):
        m.writing += 1
    with atomic("have written"):
        m.writing -= 1
    m.data_locked = False


@always("a writer is alone")
def exclusive(m: Shared) -> bool:
    return m.writing == 0 or (m.writing == 1 and m.reading == 0)


@leads_to("a writer gets in once it wants to")
def writers_get_in(m: Shared) -> tuple[bool, bool]:
    return not idle(writer), m.writing == 1


@reachable("two read at the same time")
def two_read(m: Shared) -> bool:
    return m.reading == 2


@reachable("somebody writes")
def somebody_writes(m: Shared) -> bool:
    return m.writing == 1


model = Model(
    "readers_writers",
    state=Shared,
    threads=[reader, writer],
    switches=[count_under_lock],
    properties=[exclusive, writers_get_in, deadlock_free, two_read, somebody_writes],
    sizes={"reader": 2, "writer": 2},
    expect=[
        Expect(exclusive, "exhausted", "Courtois, Heymans and Parnas 1971"),
        Expect(
            exclusive,
            "violated",
            "two readers count to two, and neither is the first",
            when={"count_under_lock": False},
        ),
        *(
            Expect(
                writers_get_in,
                "violated",
                "readers keep coming: the second problem of the paper is to prevent that",
                when=when,
            )
            for when in ({}, {"count_under_lock": False})
        ),
    ],
)
