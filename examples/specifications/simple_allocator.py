"""An allocator of resources: clients ask for sets of them, get some, and give them back.

From Merz, The Specification Language TLA+ (2008); published as SimpleAllocator in the TLA+
examples.  The set of resources a client wants, or holds, is a bit for each resource; with three
clients and two resources there are 400 states.

With ``test_free`` off the allocator gives out what somebody else holds.

    pagestate check examples/specifications/simple_allocator.py
    pagestate check examples/specifications/simple_allocator.py --set test_free=false
"""

from pagestate import (
    Expect,
    Index,
    Model,
    State,
    always,
    atomic,
    count,
    members,
    per,
    reachable,
    switch,
    thread,
    wait_until,
)

test_free = switch("test_free", True, "only what nobody holds is given out")


class Client(Index):
    """A client of the allocator."""


class Resources(State):
    """Who wants and who holds the two resources, a disk and a tape."""

    clients = members(Client)
    wants_disk = per(Client, bool, init=False)
    wants_tape = per(Client, bool, init=False)
    has_disk = per(Client, bool, init=False)
    has_tape = per(Client, bool, init=False)


@thread(repeat=True)
def request(m: Resources, client: Client, disk: bool, tape: bool) -> None:
    with atomic("{client} asks for: disk {disk}, tape {tape}"):
        wait_until(disk or tape)
        wait_until(not m.wants_disk[client] and not m.wants_tape[client])
        wait_until(not m.has_disk[client] and not m.has_tape[client])
        m.wants_disk[client] = disk
        m.wants_tape[client] = tape


@thread(repeat=True)
def allocate(m: Resources, client: Client, disk: bool, tape: bool) -> None:
    with atomic("{client} gets: disk {disk}, tape {tape}"):
        wait_until(disk or tape)
        wait_until((m.wants_disk[client] or not disk) and (m.wants_tape[client] or not tape))
        if test_free:
            wait_until(not disk or all(not m.has_disk[c] for c in m.clients))
            wait_until(not tape or all(not m.has_tape[c] for c in m.clients))
        if disk:
            m.wants_disk[client] = False
            m.has_disk[client] = True
        if tape:
            m.wants_tape[client] = False
            m.has_tape[client] = True


@thread(repeat=True)
def give_back(m: Resources, client: Client, disk: bool, tape: bool) -> None:
    with atomic("{client} gives back: disk {disk}, tape {tape}"):
        wait_until(disk or tape)
        wait_until((m.has_disk[client] or not disk) and (m.has_tape[client] or not tape))
        if disk:
            m.has_disk[client] = False
        if tape:
            m.has_tape[client] = False


@always("a resource has one holder")
def one_holder(m: Resources) -> bool:
    disks = count(m.has_disk[c] for c in m.clients)
    tapes = count(m.has_tape[c] for c in m.clients)
    return disks <= 1 and tapes <= 1


@reachable("a client holds both")
def both_held(m: Resources) -> bool:
    return any(m.has_disk[c] and m.has_tape[c] for c in m.clients)


model = Model(
    "simple_allocator",
    state=Resources,
    threads=[request, allocate, give_back],
    switches=[test_free],
    properties=[one_holder, both_held],
    sizes={"client": 3},
    expect=[
        Expect(one_holder, "exhausted", "Merz 2008"),
        Expect(one_holder, "violated", "two clients want the same", when={"test_free": False}),
    ],
)
