"""Five philosophers, five forks: dirty forks are cleaned and handed over on request.

From Chandy and Misra, The Drinking Philosophers Problem (1984); published as DiningPhilosophers in
the TLA+ examples (Murray).  The members of a sort are interchangeable and have no neighbours, so
everybody is given a seat, and the seats are a ring.  Who sits where is open: a state of the
original is found in 120 ways, one for each seating, and up to renaming there are its 67 states.

With ``clean_forks`` off a philosopher eats as soon as both forks are there, dirty or not, and has
to hand them over while eating.

    pagestate check examples/specifications/dining_philosophers.py
    pagestate check examples/specifications/dining_philosophers.py --set clean_forks=false
"""

from enum import Enum

from pagestate import (
    Expect,
    Field,
    Index,
    Model,
    Range,
    State,
    always,
    atomic,
    derived,
    free,
    members,
    per,
    reachable,
    switch,
    thread,
    wait_until,
)

LAST = 4
clean_forks = switch("clean_forks", True, "who eats has two clean forks")


class Philosopher(Index):
    """A philosopher; there must be as many as there are seats."""


class Doing(Enum):
    """What a philosopher does next."""

    LOOK = "look at the forks"
    EAT = "eat"
    THINK = "think"


class Table(State):
    """The seats, the forks (each one left of a seat) and the philosophers."""

    philosophers = members(Philosopher)
    seat: Field[Philosopher, int] = per(Philosopher, Range(0, LAST), init=free())
    fork_here = per(Philosopher, bool, init=free(), doc="who sits there has the fork on the left")
    clean = per(Philosopher, bool, init=False, doc="the fork on the left is clean")
    hungry = per(Philosopher, bool, init=True)
    doing = per(Philosopher, Doing, init=Doing.LOOK)

    @derived
    def right_of(self, p: Philosopher, q: Philosopher) -> bool:
        """Whether ``q`` sits right of ``p``."""
        return self.seat[q] == (0 if self.seat[p] == LAST else self.seat[p] + 1)


def seated(m: Table) -> bool:
    """Everybody has a seat of their own, and of two neighbours the one in front has the fork."""
    own_seats = all(
        all(p == q or m.seat[p] != m.seat[q] for q in m.philosophers) for p in m.philosophers
    )
    return own_seats and all(m.fork_here[p] == (m.seat[p] != 1) for p in m.philosophers)


@thread(repeat=True)
def look(m: Table, me: Philosopher, right: Philosopher) -> None:
    """Hand over one dirty fork; then see whether there is something to eat."""
    with atomic("{me} looks at the forks"):
        wait_until(m.right_of(me, right) and m.doing[me] == Doing.LOOK)
        both_here = m.fork_here[me] and not m.fork_here[right]
        both_clean = m.clean[me] and m.clean[right]
        if m.fork_here[me] and not m.clean[me]:
            m.fork_here[me] = False
            m.clean[me] = True
        elif not m.fork_here[right] and not m.clean[right]:
            m.fork_here[right] = True
            m.clean[right] = True
        if not m.hungry[me]:
            m.doing[me] = Doing.THINK
        elif both_here and (both_clean or not clean_forks):
            m.doing[me] = Doing.EAT
        else:
            m.doing[me] = Doing.LOOK  # again


@thread(repeat=True)
def eat(m: Table, me: Philosopher, right: Philosopher) -> None:
    with atomic("{me} eats"):
        wait_until(m.right_of(me, right) and m.doing[me] == Doing.EAT)
        m.hungry[me] = False
        m.clean[me] = False
        m.clean[right] = False
        m.doing[me] = Doing.LOOK


@thread(repeat=True)
def think(m: Table, me: Philosopher) -> None:
    with atomic("{me} thinks"):
        wait_until(m.doing[me] == Doing.THINK)
        m.hungry[me] = True
        m.doing[me] = Doing.LOOK


@always("neighbours do not eat at the same time")
def exclusive(m: Table) -> bool:
    return all(
        m.doing[p] != Doing.EAT
        or all(not m.right_of(p, q) or m.doing[q] != Doing.EAT for q in m.philosophers)
        for p in m.philosophers
    )


@reachable("somebody eats")
def somebody_eats(m: Table) -> bool:
    return any(m.doing[p] == Doing.EAT for p in m.philosophers)


model = Model(
    "dining_philosophers",
    state=Table,
    threads=[look, eat, think],
    switches=[clean_forks],
    properties=[exclusive, somebody_eats],
    sizes={"philosopher": 5},
    init=seated,
    expect=[
        Expect(exclusive, "exhausted", "Chandy and Misra 1984"),
        Expect(
            exclusive,
            "violated",
            "a dirty fork is handed over by somebody who is about to eat",
            when={"clean_forks": False},
        ),
    ],
)
