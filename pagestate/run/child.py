"""A process at work for this one, and that of an engine, as their parent sees them.

The process is forked, so the model (functions and all) need not be loaded again.  It writes lines
into a pipe (an engine's are JSON); the parent reads what is there and never waits for the rest of
a line.
"""

import multiprocessing
import os
import threading
import time
import warnings
from collections.abc import Callable
from functools import partial
from typing import TypeAlias

from pagestate.check.request import Request
from pagestate.run.interrupt import held_back, left_to_the_parent
from pagestate.run.messages import Message, Working, load
from pagestate.run.plan import Plan

Send: TypeAlias = Callable[[bytes], None]
Work: TypeAlias = Callable[[Request, Plan, Send], None]

_CHUNK = 1 << 16
_LOOK_EVERY = 0.5


class Forked:
    """A process that tells its parent lines; ``pipe`` is readable when it has said something."""

    def __init__(self, work: Callable[[Send], None]) -> None:
        self._rest = b""
        self.pipe, end = os.pipe()
        context = multiprocessing.get_context("fork")
        self._process = context.Process(target=_live, args=(work, end, os.getpid()), daemon=True)
        with held_back(), warnings.catch_warnings():
            # Newer Pythons warn of threads of other libraries; the child starts its solver itself.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process.start()
        os.close(end)

    def lines(self) -> list[bytes] | None:
        """The lines that have arrived, or None if the process has ended."""
        data = os.read(self.pipe, _CHUNK)
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return lines

    def death(self) -> str:
        """How a process that has ended came to its end, in words."""
        patience = time.monotonic() + _LOOK_EVERY
        while (code := self._process.exitcode) is None and time.monotonic() < patience:
            time.sleep(0.005)
        if code is None:
            return "has fallen silent"
        return f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"

    def stop(self) -> None:
        """Kill the process and wait until it is gone."""
        self._process.kill()
        self._process.join()
        self._process.close()
        os.close(self.pipe)


class Child(Forked):
    """An engine at work in a process of its own.  ``latest`` is its last sign of life."""

    def __init__(self, request: Request, plan: Plan, work: Work) -> None:
        self.engine = plan.engine
        self.latest: Working | None = None
        super().__init__(partial(work, request, plan))

    def read(self) -> list[Message] | None:
        """The messages that have arrived, or None if the process has ended.

        Raises Garbled.
        """
        lines = self.lines()
        return None if lines is None else [load(line) for line in lines]


def _live(work: Callable[[Send], None], end: int, parent: int) -> None:
    """The process; it ends with its parent, whatever the parent dies of."""
    left_to_the_parent()
    os.dup2(2, 1)  # whatever a library prints must not get into the results
    threading.Thread(target=follow, args=(parent,), daemon=True).start()

    def send(data: bytes) -> None:
        while data:
            data = data[os.write(end, data) :]

    status = 1
    try:
        work(send)
        status = 0
    except BrokenPipeError:
        pass
    finally:
        os._exit(status)


def follow(parent: int) -> None:
    """End this process when it is no longer a child of ``parent``."""
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY)
    os._exit(1)
