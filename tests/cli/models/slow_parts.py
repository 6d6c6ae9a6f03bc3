"""Three scenarios: one that ends at once, and two of 2**40 states."""

from pagestate import Index, Model, Scenario, State, always, members, per, thread


class Slot(Index, ordered=True):
    """A switch; ordered, so that no symmetry helps."""


class Panel(State):
    on = per(Slot, bool, init=False)


@thread(repeat=True)
def push(m: Panel, slot: Slot) -> None:
    m.on[slot] = True


@thread(repeat=True)
def pull(m: Panel, slot: Slot) -> None:
    m.on[slot] = False


@always("some switch is off")
def never_all(m: Panel) -> bool:
    return not all(m.on[s] for s in members(Slot))


model = Model(
    "slow_parts",
    state=Panel,
    properties=[never_all],
    sizes={"slot": 40},
    scenarios=[
        Scenario("quick", "nothing is switched on", threads=[pull]),
        Scenario("slow", "on and off", threads=[push, pull]),
        Scenario("again", "the same", threads=[pull, push]),
    ],
)
