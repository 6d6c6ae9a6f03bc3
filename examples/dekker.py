"""Dekker's lock for two CPUs: the first one that was correct.

From Dijkstra, EWD 123, Cooperating sequential processes (1965).  Each CPU says that it wants in and
looks at the other one; who finds that both want and that it is not its turn steps back.

With ``flag_first`` off a CPU looks at the other one before it says that it wants in.  With
``hand_over`` off the turn stays with the left CPU, and the right one can wait for ever.

    pagestate check examples/dekker.py
    pagestate check examples/dekker.py --set flag_first=false
    pagestate check examples/dekker.py --set hand_over=false
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
    """Who may insist when both want in."""

    LEFT = "left"
    RIGHT = "right"


class Shared(State):
    """What the two CPUs share."""

    left_wants = var(bool, init=False)
    right_wants = var(bool, init=False)
    turn = var(Turn, init=Turn.LEFT)
    left_inside = var(bool, init=False, ghost=True)
    right_inside = var(bool, init=False, ghost=True)


hand_over = switch("hand_over", True, "who leaves gives the turn to the other one")
flag_first = switch("flag_first", True, "a CPU says that it wants in before it looks")


@thread(repeat=True)
def left(m: Shared) -> None:
    if flag_first:
        m.left_wants = True
    while m.right_wants:
        my_turn = m.turn == Turn.LEFT
        if not my_turn:
            m.left_wants = False
            wait_until(m.turn == Turn.LEFT)
            m.left_wants = True
    if not flag_first:
        m.left_wants = True
    with atomic("enter the critical section"):
        m.left_inside = True
    if hand_over:
        m.turn = Turn.RIGHT
    with atomic("left_wants = false"):
        m.left_wants = False
        m.left_inside = False


@thread(repeat=True)
def right(m: Shared) -> None:
    if flag_first:
        m.right_wants = True
    while m.left_wants:
        my_turn = m.turn == Turn.RIGHT
        if not my_turn:
            m.right_wants = False
            wait_until(m.turn == Turn.RIGHT)
            m.right_wants = True
    if not flag_first:
        m.right_wants = True
    with atomic("enter the critical section"):
        m.right_inside = True
    if hand_over:
        m.turn = Turn.LEFT
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


@reachable("the left CPU gets in")
def left_gets_in(m: Shared) -> bool:
    return m.left_inside


@reachable("the right CPU gets in")
def right_gets_in(m: Shared) -> bool:
    return m.right_inside


model = Model(
    "dekker",
    state=Shared,
    threads=[left, right],
    switches=[flag_first, hand_over],
    properties=[
        exclusive,
        left_not_starved,
        right_not_starved,
        deadlock_free,
        left_gets_in,
        right_gets_in,
    ],
    expect=[
        Expect(exclusive, "exhausted", "Dijkstra 1965"),
        Expect(
            exclusive,
            "violated",
            "both look before either says that it wants in",
            when={"flag_first": False},
        ),
        Expect(right_not_starved, "exhausted", "after the left CPU it is its turn"),
        Expect(
            right_not_starved,
            "violated",
            "it has stepped back and waits for a turn that nobody gives",
            when={"hand_over": False},
        ),
    ],
)
