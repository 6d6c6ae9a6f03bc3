"""A lock, taken and released by processes for ever.

Published as Lock in the TLA+ examples (from the course on parallel programming in Liège).  With two
processes there are 12 states.

With ``test_and_set`` off the lock is tested in one step and taken in another.

    pagestate check examples/specifications/lock.py
    pagestate check examples/specifications/lock.py --set test_and_set=false
    pagestate check examples/specifications/lock.py --size process=any --property exclusive
"""

from pagestate import (
    Count,
    Expect,
    Model,
    State,
    always,
    atomic,
    reachable,
    switch,
    thread,
    var,
    wait_until,
)

test_and_set = switch("test_and_set", True, "the lock is tested and taken in one step")


class Shared(State):
    """The lock."""

    taken = var(bool, init=False)
    inside = var(Count, init=0, ghost=True, doc="processes in their critical section")


@thread(replicated=True, repeat=True)
def process(m: Shared) -> None:
    with atomic("work outside the critical section"):
        pass
    if not test_and_set:
        wait_until(not m.taken)
    with atomic("lock"):
        if test_and_set:
            wait_until(not m.taken)
        m.taken = True
        m.inside += 1
    with atomic("work in the critical section"):
        pass
    with atomic("unlock"):
        m.taken = False
        m.inside -= 1


@always("one process is in its critical section")
def exclusive(m: Shared) -> bool:
    return m.inside <= 1


@reachable("a process is in its critical section")
def gets_in(m: Shared) -> bool:
    return m.inside == 1


model = Model(
    "lock",
    state=Shared,
    threads=[process],
    switches=[test_and_set],
    properties=[exclusive, gets_in],
    sizes={"process": 2},
    expect=[
        Expect(exclusive, "exhausted", "test and set are one step"),
        Expect(
            exclusive,
            "violated",
            "both see the lock free before either takes it",
            when={"test_and_set": False},
        ),
    ],
)
