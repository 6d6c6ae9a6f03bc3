"""Two threads mark all pages, and each waits for pages that the other one has marked.

In pfn order one of them gets ahead of the other; in any order they can wait for each other.
"""

from pagestate import (
    Model,
    Page,
    State,
    atomic,
    deadlock_free,
    eventually,
    per_page,
    thread,
    var,
    wait_until,
)


class Memory(State):
    marked = per_page(bool, init=False)
    done = var(bool, init=False)


@atomic
def mark(m: Memory, page: Page) -> None:
    wait_until(not m.marked[page])
    m.marked[page] = True


@atomic
def unmark(m: Memory) -> None:
    for p in m.pages:
        m.marked[p] = False


@thread()
def one(m: Memory) -> None:
    for p in m.pages:
        mark(m, p)
    unmark(m)


@thread()
def two(m: Memory) -> None:
    for p in m.pages:
        mark(m, p)
    unmark(m)
    m.done = True


@eventually("both are done")
def two_is_done(m: Memory) -> bool:
    return m.done


model = Model(
    "scanning",
    state=Memory,
    threads=[one, two],
    properties=[two_is_done, deadlock_free],
    sizes={"page": 2},
)
