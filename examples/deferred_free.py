"""Deferred free in the style of RCU: an object is taken out, and freed when no reader can see it.

From McKenney and Slingwine, Read-Copy Update (1998); readers are counted as in sleepable RCU
(McKenney 2006): there are two counters, and an updater turns new readers to the other one before it
waits for those of the first to leave.  An object that was freed can be used again.

With ``wait_for_readers`` off the updater frees the old object at once.  With ``flip`` off it waits
without turning new readers to the other counter; that is safe, but while readers keep coming it
waits for ever.

    pagestate check examples/deferred_free.py
    pagestate check examples/deferred_free.py --set wait_for_readers=false
    pagestate check examples/deferred_free.py --set flip=false
"""

from pagestate import (
    Count,
    Expect,
    Index,
    Model,
    State,
    always,
    atomic,
    idle,
    inline,
    leads_to,
    members,
    per,
    reachable,
    switch,
    thread,
    var,
    wait_until,
)

wait_for_readers = switch("wait_for_readers", True, "an object is freed after a grace period")
flip = switch("flip", True, "readers that come later are counted apart")


class Obj(Index):
    """An object that readers look up."""


class Shared(State):
    """The pointer that readers follow, their counters, and the objects."""

    objs = members(Obj)
    head = var(Obj, init=None, doc="what readers find")
    second = var(bool, init=False, doc="new readers are counted by the second counter")
    first_readers = var(Count, init=0)
    second_readers = var(Count, init=0)
    used = per(Obj, bool, init=False, doc="allocated")
    readers = per(Obj, Count, init=0, ghost=True, doc="readers that look at it")


@inline
def read_lock(m: Shared) -> bool:
    with atomic("rcu_read_lock()"):
        counted_second = m.second
        if counted_second:
            m.second_readers += 1
        else:
            m.first_readers += 1
    return counted_second


@inline
def read_unlock(m: Shared, counted_second: bool) -> None:
    with atomic("rcu_read_unlock()"):
        if counted_second:
            m.second_readers -= 1
        else:
            m.first_readers -= 1


@inline
def synchronize(m: Shared) -> None:
    """Wait until all readers that are there now have left."""
    if not flip:
        wait_until(m.first_readers == 0)
    elif m.second:
        m.second = False
        wait_until(m.second_readers == 0)
    else:
        m.second = True
        wait_until(m.first_readers == 0)


@thread(replicated=True, repeat=True)
def reader(m: Shared) -> None:
    counted_second = read_lock(m)
    with atomic("rcu_dereference(head)"):
        obj = m.head
        if obj is not None:
            m.readers[obj] += 1
    if obj is not None:
        with atomic("have read {obj}"):
            m.readers[obj] -= 1
    read_unlock(m, counted_second)


@thread(repeat=True)
def updater(m: Shared, new: Obj) -> None:
    with atomic("{new} = kmalloc()"):
        wait_until(not m.used[new])
        m.used[new] = True
    with atomic("old = xchg(head, {new})"):
        old = m.head
        m.head = new
    if old is not None:
        if wait_for_readers:
            synchronize(m)
        m.used[old] = False


@always("an object that somebody reads is not freed")
def no_use_after_free(m: Shared) -> bool:
    return all(m.readers[o] == 0 or m.used[o] for o in m.objs)


@leads_to("an update comes to its end")
def updates_end(m: Shared) -> tuple[bool, bool]:
    return not idle(updater), idle(updater)


@reachable("an old object is read while there is a new one")
def both_are_read(m: Shared) -> bool:
    return any(m.readers[o] == 1 and m.head != o for o in m.objs)


@reachable("an object is used again")
def turned_over(m: Shared) -> bool:
    return any(not m.used[o] and m.readers[o] == 0 for o in m.objs) and m.head is not None


model = Model(
    "deferred_free",
    state=Shared,
    threads=[reader, updater],
    switches=[wait_for_readers, flip],
    properties=[no_use_after_free, updates_end, both_are_read, turned_over],
    sizes={"obj": 2, "reader": 2},
    expect=[
        Expect(no_use_after_free, "exhausted", "McKenney and Slingwine 1998"),
        Expect(
            no_use_after_free,
            "violated",
            "a reader still looks at the old object",
            when={"wait_for_readers": False},
        ),
        Expect(no_use_after_free, "exhausted", "waiting longer is safe", when={"flip": False}),
        Expect(updates_end, "exhausted", "readers that were there leave"),
        Expect(
            updates_end,
            "violated",
            "there is always one reader or the other",
            when={"flip": False},
        ),
    ],
)
