"""Lamport's bakery: who comes in draws a number, the lowest number is served.

From Lamport, A New Solution of Dijkstra's Concurrent Programming Problem (1974).  Numbers grow
without bound there; here a CPU that would draw a number above the highest waits, so that the
search ends.  The members of a sort have no order, so the tie between equal numbers is decided by
ranks, handed out in any way.

With ``choosing`` off nobody waits for a CPU that is about to draw its number.

    pagestate check examples/bakery.py
    pagestate check examples/bakery.py --set choosing=false
    pagestate check examples/bakery.py --size cpu=3 --size process=3
"""

from pagestate import (
    Expect,
    Field,
    Index,
    Model,
    Range,
    State,
    always,
    atomic,
    count,
    free,
    inline,
    members,
    per,
    reachable,
    switch,
    thread,
    wait_until,
)

HIGHEST = 3
choosing = switch("choosing", True, "others wait for a CPU that draws its number")


class Cpu(Index):
    """A CPU; a process runs on one."""


class Bakery(State):
    """Who draws a number, and who has which one."""

    cpus = members(Cpu)
    rank: Field[Cpu, int] = per(Cpu, Range(0, 2), init=free(), doc="decides between equal numbers")
    running = per(Cpu, bool, init=False, doc="a process has the CPU")
    draws = per(Cpu, bool, init=False)
    number = per(Cpu, Range(0, HIGHEST), init=0, doc="0: wants nothing")
    inside = per(Cpu, bool, init=False, ghost=True)


def ranked(m: Bakery) -> bool:
    """No two CPUs are of the same rank."""
    return all(all(p == q or m.rank[p] != m.rank[q] for q in m.cpus) for p in m.cpus)


@inline
def draw_number(m: Bakery, me: Cpu) -> None:
    m.draws[me] = True
    highest = 0
    for cpu in m.cpus:
        seen = m.number[cpu]
        if seen > highest:
            highest = seen
    wait_until(highest < HIGHEST)
    m.number[me] = highest + 1
    m.draws[me] = False


@inline
def wait_for_turn(m: Bakery, me: Cpu) -> None:
    for cpu in m.cpus:
        if choosing:
            wait_until(not m.draws[cpu])
        with atomic("wait until {cpu} is not before {me}"):
            theirs = m.number[cpu]
            mine = m.number[me]
            wait_until(
                theirs == 0 or mine < theirs or (mine == theirs and not m.rank[cpu] < m.rank[me])
            )


@thread(replicated=True, repeat=True)
def process(m: Bakery, me: Cpu) -> None:
    with atomic("run on {me}"):
        wait_until(not m.running[me])
        m.running[me] = True
    draw_number(m, me)
    wait_for_turn(m, me)
    with atomic("enter the critical section"):
        m.inside[me] = True
    with atomic("number[{me}] = 0"):
        m.number[me] = 0
        m.inside[me] = False
    m.running[me] = False


@always("one is served at a time")
def exclusive(m: Bakery) -> bool:
    return count(m.inside[c] for c in m.cpus) <= 1


@reachable("somebody is served who has drawn the second number")
def second_is_served(m: Bakery) -> bool:
    return any(m.inside[c] and m.number[c] == 2 for c in m.cpus)


model = Model(
    "bakery",
    state=Bakery,
    threads=[process],
    switches=[choosing],
    properties=[exclusive, second_is_served],
    sizes={"cpu": 2, "process": 2},
    init=ranked,
    assumptions=["numbers end at 3: who would draw a higher one waits"],
    expect=[
        Expect(exclusive, "exhausted", "Lamport 1974"),
        Expect(
            exclusive,
            "violated",
            "a CPU is overlooked while it draws, and has then the same number and the lower rank",
            when={"choosing": False},
        ),
    ],
)
