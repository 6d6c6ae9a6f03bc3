"""Loads well, and never comes back when it is to be checked."""

import os
import subprocess
import sys
import time
from pathlib import Path

from pagestate import Model, State, always, thread, var

if "pagestate.gate.perform" in sys.modules:
    if "PID_FILE" in os.environ:
        started = subprocess.Popen(["sleep", "3600"])
        Path(os.environ["PID_FILE"]).write_text(str(started.pid))
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
