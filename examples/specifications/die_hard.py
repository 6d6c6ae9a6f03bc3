"""The jug puzzle: measure four gallons with two jugs and a tap.

From the film Die Hard 3; published as DieHard in the TLA+ examples (Lamport), where TLC finds the
solution as a counterexample.  With jugs of 3 and 5 gallons the shortest one takes six steps; with
jugs of 3 and 6 gallons there is none, because every amount stays a multiple of three.

    pagestate check examples/specifications/die_hard.py
    pagestate check examples/specifications/die_hard.py --set big_jug=6
"""

from pagestate import Expect, Model, Range, State, always, atomic, switch, thread, var

SMALL = 3
big_jug = switch("big_jug", 5, "the gallons that the big jug holds", choices=[5, 6])


class Jugs(State):
    """How many gallons are in the jugs."""

    small = var(Range(0, 3), init=0)
    big = var(Range(0, 6), init=0)


@thread(repeat=True)
def fill_small_jug(m: Jugs) -> None:
    m.small = SMALL


@thread(repeat=True)
def fill_big_jug(m: Jugs) -> None:
    m.big = big_jug


@thread(repeat=True)
def empty_small_jug(m: Jugs) -> None:
    m.small = 0


@thread(repeat=True)
def empty_big_jug(m: Jugs) -> None:
    m.big = 0


@thread(repeat=True)
def small_to_big(m: Jugs) -> None:
    with atomic("pour the small jug into the big one"):
        both = m.small + m.big
        m.big = both if both < big_jug else big_jug
        m.small = both - m.big


@thread(repeat=True)
def big_to_small(m: Jugs) -> None:
    with atomic("pour the big jug into the small one"):
        both = m.small + m.big
        m.small = both if both < SMALL else SMALL
        m.big = both - m.small


@always("four gallons cannot be measured")
def not_solved(m: Jugs) -> bool:
    return m.big != 4


model = Model(
    "die_hard",
    state=Jugs,
    threads=[
        fill_small_jug,
        fill_big_jug,
        empty_small_jug,
        empty_big_jug,
        small_to_big,
        big_to_small,
    ],
    switches=[big_jug],
    properties=[not_solved],
    expect=[
        Expect(not_solved, "violated", "the puzzle has a solution, in six steps"),
        Expect(not_solved, "exhausted", "multiples of three stay so", when={"big_jug": 6}),
    ],
)
