"""Has an error."""

from pagestate import Model, State, thread, var


class Shared(State):
    on = var(bool, init=False)


@thread()
def turn(m: Shared) -> None:
    m.off = True


model = Model("wrong", state=Shared, threads=[turn])
