"""Loads well, and never comes back when it is to be checked."""

import sys
import time

from pagestate import Model, State, always, thread, var

if "pagestate.gate.perform" in sys.modules:
    time.sleep(3600)


class Shared(State):
    on = var(bool, init=False)


@thread()
def turn(m: Shared) -> None:
    m.on = True


@always("nothing")
def nothing(m: Shared) -> bool:
    return m.on or not m.on


model = Model("hang", state=Shared, threads=[turn], properties=[nothing])
