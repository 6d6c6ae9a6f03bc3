"""Dekker's lock for two CPUs: the first one that was correct.

From Dijkstra, EWD 123, Cooperating sequential processes (1965).  Each CPU says that it wants in and
looks at the other one; who finds that both want and that it is not its turn steps back.

With ``flag_first`` off a CPU looks at the other one before it says that it wants in.

    pagestate check examples/dekker.py
    pagestate check examples/dekker.py --set flag_first=false
"""

from enum import Enum

from pagestate import (
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
    with atomic("leave the critical section, turn = right"):
        m.turn = Turn.RIGHT
        m.left_inside = False
    m.left_wants = False


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
    with atomic("leave the critical section, turn = left"):
        m.turn = Turn.LEFT
        m.right_inside = False
    m.right_wants = False


@always("at most one CPU is inside")
def exclusive(m: Shared) -> bool:
    return not (m.left_inside and m.right_inside)


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
    switches=[flag_first],
    properties=[exclusive, left_gets_in, right_gets_in],
    expect=[
        Expect(exclusive, "exhausted", "Dijkstra 1965"),
        Expect(
            exclusive,
            "violated",
            "both look before either says that it wants in",
            when={"flag_first": False},
        ),
    ],
)
