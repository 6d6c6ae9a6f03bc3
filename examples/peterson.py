"""Peterson's lock for two CPUs, with its two stores in the right order or exchanged.

From Peterson, Myths about the Mutual Exclusion Problem (1981); published as Peterson in the TLA+
examples, where it has the same 42 states.  Each CPU says that it is interested, then gives way to
the other one, then waits.

With ``interested_first`` off the two stores are exchanged, and both CPUs get in.

    pagestate check examples/peterson.py
    pagestate check examples/peterson.py --set interested_first=false
"""

from enum import Enum

from pagestate import (
    Expect,
    Model,
    State,
    always,
    atomic,
    deadlock_free,
    leads_to,
    reachable,
    switch,
    thread,
    var,
    wait_until,
)


class Turn(Enum):
    """Whose turn it is to go first."""

    LEFT = "left"
    RIGHT = "right"


class Shared(State):
    """What the two CPUs share."""

    left_wants = var(bool, init=False)
    right_wants = var(bool, init=False)
    turn = var(Turn, init=Turn.LEFT)
    left_inside = var(bool, init=False, ghost=True)
    right_inside = var(bool, init=False, ghost=True)


interested_first = switch("interested_first", True, "the flag is stored before the turn")


@thread(repeat=True)
def left(m: Shared) -> None:
    with atomic("work outside the critical section"):
        pass
    if interested_first:
        m.left_wants = True
        m.turn = Turn.RIGHT
    else:
        m.turn = Turn.RIGHT
        m.left_wants = True
    with atomic("spin while it is the other's turn"):
        wait_until(not m.right_wants or m.turn == Turn.LEFT)
        m.left_inside = True
    with atomic("work in the critical section"):
        pass
    with atomic("left_wants = false"):
        m.left_wants = False
        m.left_inside = False


@thread(repeat=True)
def right(m: Shared) -> None:
    with atomic("work outside the critical section"):
        pass
    if interested_first:
        m.right_wants = True
        m.turn = Turn.LEFT
    else:
        m.turn = Turn.LEFT
        m.right_wants = True
    with atomic("spin while it is the other's turn"):
        wait_until(not m.left_wants or m.turn == Turn.RIGHT)
        m.right_inside = True
    with atomic("work in the critical section"):
        pass
    with atomic("right_wants = false"):
        m.right_wants = False
        m.right_inside = False


@always("at most one CPU is inside")
def exclusive(m: Shared) -> bool:
    return not (m.left_inside and m.right_inside)


@leads_to("the left CPU gets in once it wants to")
def left_not_starved(m: Shared) -> tuple[bool, bool]:
    return m.left_wants, m.left_inside


@leads_to("the right CPU gets in once it wants to")
def right_not_starved(m: Shared) -> tuple[bool, bool]:
    return m.right_wants, m.right_inside


@reachable("the right CPU gets in")
def right_gets_in(m: Shared) -> bool:
    return m.right_inside


model = Model(
    "peterson",
    state=Shared,
    threads=[left, right],
    switches=[interested_first],
    properties=[exclusive, left_not_starved, right_not_starved, deadlock_free, right_gets_in],
    expect=[
        Expect(exclusive, "exhausted", "Peterson 1981"),
        Expect(
            exclusive,
            "violated",
            "the turn is given away before the other can see the interest",
            when={"interested_first": False},
        ),
    ],
)
