"""What holds for every test."""

import signal

import pytest


@pytest.fixture(autouse=True)
def interrupts_arrive():
    """A shell starts background commands with SIGINT ignored; tests that send it would hang."""
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:
        yield
        return
    signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
