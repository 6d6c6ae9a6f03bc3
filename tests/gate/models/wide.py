"""Forty switches that are no pages: more states than any search visits."""

from pagestate import Index, Model, State, always, members, per, thread


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


model = Model("wide", state=Panel, threads=[push, pull], properties=[never_all], sizes={"slot": 40})
