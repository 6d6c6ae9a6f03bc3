"""Ctrl-C as an event to wait for, so that it never hits the middle of something.

A terminal sends SIGINT to every process of the group; the engines' processes ignore it, and their
parent decides what to do.  SIGTERM counts as the same wish.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupt:
    """Whether somebody wants the run to end; ``pipe`` becomes readable at that moment."""

    def __init__(self) -> None:
        self.wanted = False
        self.pipe, self._end = os.pipe()
        os.set_blocking(self._end, False)

    def request(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        self.wanted = True
        with suppress(BlockingIOError):
            os.write(self._end, b"!")

    def close(self) -> None:
        """Give the descriptors back."""
        os.close(self.pipe)
        os.close(self._end)


@contextmanager
def caught() -> Iterator[Interrupt]:
    """Collect SIGINT and SIGTERM instead of raising; a signal that is ignored stays ignored.

    Outside the main thread, where Python delivers no signals, nothing is collected.
    """
    interrupt = Interrupt()
    before = {}
    if threading.current_thread() is threading.main_thread():
        before = {n: h for n in SIGNALS if (h := signal.getsignal(n)) is not signal.SIG_IGN}
    try:
        for number in before:
            signal.signal(number, interrupt.request)
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        interrupt.close()


@contextmanager
def held_back() -> Iterator[None]:
    """Signals wait until the block has ended; a process forked inside has them blocked."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def left_to_the_parent() -> None:
    """In a forked process: ignore SIGINT, let SIGTERM end it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
