"""A barrier: processes wait until all of them have arrived, then all of them go on.

Published as Barrier in the TLA+ examples.  With six processes there are 64 states.

With ``wait_for_all`` off the barrier opens when the first process arrives.

    pagestate check examples/specifications/barrier.py
    pagestate check examples/specifications/barrier.py --set wait_for_all=false
"""

from pagestate import (
    Expect,
    Index,
    Model,
    State,
    atomic,
    members,
    per,
    reachable,
    step,
    switch,
    thread,
    wait_until,
)

wait_for_all = switch("wait_for_all", True, "the barrier opens when everybody has arrived")


class Process(Index):
    """A process that arrives at the barrier again and again."""


class Barrier(State):
    """Who waits at the barrier."""

    processes = members(Process)
    waits = per(Process, bool, init=False)


@thread(repeat=True)
def arrive(m: Barrier, process: Process) -> None:
    with atomic("{process} arrives"):
        wait_until(not m.waits[process])
        m.waits[process] = True


@thread(repeat=True)
def open_barrier(m: Barrier) -> None:
    with atomic("the barrier opens"):
        if wait_for_all:
            wait_until(all(m.waits[p] for p in m.processes))
        else:
            wait_until(any(m.waits[p] for p in m.processes))
        for p in m.processes:
            m.waits[p] = False


@step("nobody leaves while somebody has not arrived")
def leave_together(before: Barrier, after: Barrier) -> bool:
    everybody = all(before.waits[p] for p in before.processes)
    return everybody or all(not before.waits[p] or after.waits[p] for p in before.processes)


@reachable("everybody waits")
def all_wait(m: Barrier) -> bool:
    return all(m.waits[p] for p in m.processes)


model = Model(
    "barrier",
    state=Barrier,
    threads=[arrive, open_barrier],
    switches=[wait_for_all],
    properties=[leave_together, all_wait],
    sizes={"process": 6},
    expect=[
        Expect(leave_together, "exhausted", "the barrier opens when everybody waits"),
        Expect(leave_together, "violated", "the first opens it", when={"wait_for_all": False}),
    ],
)
