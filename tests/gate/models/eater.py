"""Loads well, and wants more memory than there is when it is to be checked."""

import sys

from pagestate import Model, State, always, thread, var

HELD = bytearray(1 << 40) if "pagestate.gate.perform" in sys.modules else b""


class Shared(State):
    on = var(bool, init=False)


@thread()
def turn(m: Shared) -> None:
    m.on = True


@always("nothing")
def nothing(m: Shared) -> bool:
    return m.on or not m.on


model = Model("eater", state=Shared, threads=[turn], properties=[nothing])
