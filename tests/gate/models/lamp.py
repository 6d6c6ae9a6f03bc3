"""Somebody turns the lamp on; with ``lazy`` nobody does."""

from pagestate import Model, State, eventually, leads_to, switch, thread, var

lazy = switch("lazy", False, "the lamp stays off")


class Shared(State):
    day = var(bool, init=False)
    lamp = var(bool, init=False)


@thread()
def dawn(m: Shared) -> None:
    m.day = True


@thread()
def turn(m: Shared) -> None:
    if not lazy:
        m.lamp = True


@eventually("the lamp is on")
def lit(m: Shared) -> bool:
    return m.lamp


@leads_to("by day the lamp is on")
def lit_by_day(m: Shared) -> tuple[bool, bool]:
    return m.day, m.lamp


model = Model(
    "lamp", state=Shared, threads=[dawn, turn], switches=[lazy], properties=[lit, lit_by_day]
)
