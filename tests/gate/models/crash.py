"""Loads well, and takes its process down when it is to be checked."""

import os
import sys

from pagestate import Model, State, always, thread, var

if "pagestate.gate.perform" in sys.modules:
    print("about to die", file=sys.stderr, flush=True)
    os.abort()


class Shared(State):
    on = var(bool, init=False)


@thread()
def turn(m: Shared) -> None:
    m.on = True


@always("nothing")
def nothing(m: Shared) -> bool:
    return m.on or not m.on


model = Model("crash", state=Shared, threads=[turn], properties=[nothing])
