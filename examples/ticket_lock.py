"""A ticket lock: take a ticket, wait until it is served, serve the next one.

From Mellor-Crummey and Scott, Algorithms for Scalable Synchronization (1991); the spinlock of Linux
from 2.6.25 to 4.1.  Tickets are small numbers that wrap, which is fine as long as there are no more
waiting CPUs than tickets.

With ``fetch_and_add`` off the ticket is read in one step and the counter moved on in another.  With
``last_ticket`` at 1 there are two tickets, too few for three CPUs.

    pagestate check examples/ticket_lock.py
    pagestate check examples/ticket_lock.py --set fetch_and_add=false
    pagestate check examples/ticket_lock.py --set last_ticket=1
"""

from pagestate import (
    Count,
    Expect,
    Model,
    Range,
    State,
    always,
    atomic,
    deadlock_free,
    inline,
    reachable,
    switch,
    thread,
    var,
    wait_until,
)

fetch_and_add = switch("fetch_and_add", True, "a ticket is taken in one step")
last_ticket = switch("last_ticket", 3, "the ticket after which they start again", choices=[1, 3])


class TicketLock(State):
    """The two halves of the lock word."""

    next_ticket = var(Range(0, 3), init=0)
    now_serving = var(Range(0, 3), init=0)
    inside = var(Count, init=0, ghost=True)


@inline
def take_ticket(m: TicketLock) -> int:
    if fetch_and_add:
        with atomic("xadd(next_ticket, 1)"):
            ticket = m.next_ticket
            m.next_ticket = 0 if ticket == last_ticket else ticket + 1
    else:
        ticket = m.next_ticket
        m.next_ticket = 0 if ticket == last_ticket else ticket + 1
    return ticket


@thread(replicated=True, repeat=True)
def cpu(m: TicketLock) -> None:
    ticket = take_ticket(m)
    with atomic("spin until {ticket} is served"):
        wait_until(m.now_serving == ticket)
        m.inside += 1
    with atomic("serve the next one"):
        m.now_serving = 0 if m.now_serving == last_ticket else m.now_serving + 1
        m.inside -= 1


@always("one CPU holds the lock")
def exclusive(m: TicketLock) -> bool:
    return m.inside <= 1


@reachable("the tickets have wrapped")
def wrapped(m: TicketLock) -> bool:
    return m.inside == 1 and m.next_ticket == 0


model = Model(
    "ticket_lock",
    state=TicketLock,
    threads=[cpu],
    switches=[fetch_and_add, last_ticket],
    properties=[exclusive, deadlock_free, wrapped],
    sizes={"cpu": 3},
    expect=[
        Expect(exclusive, "exhausted", "Mellor-Crummey and Scott 1991"),
        Expect(exclusive, "violated", "two CPUs have one ticket", when={"fetch_and_add": False}),
        Expect(
            exclusive,
            "violated",
            "the third CPU gets the ticket of the first",
            when={"last_ticket": 1},
        ),
        Expect(
            deadlock_free,
            "violated",
            "of two CPUs that have one ticket the second waits until it is served again",
            when={"fetch_and_add": False},
        ),
    ],
)
