"""Traces of a race among steps that do not matter to it."""

from pathlib import Path

from pagestate.check.retrace import retrace
from pagestate.cli.behind import Models
from pagestate.core.trace import Trace
from pagestate.view.traceview import TraceView, view_of

MODEL = str(Path(__file__).parent / "models" / "fading.py")

START = ("unplug", "busy = True", {"page": 0})
GET = ("getter 0", "get_page", {"getter": 0, "page": 0})
NEIGHBOUR = ("getter 1", "get_page", {"getter": 1, "page": 1})
RACE = [
    START,
    ("bystander", "mutex_lock(other)", {}),
    GET,
    NEIGHBOUR,
    ("bystander", "busy = True", {}),
    ("bystander", "mutex_unlock(other)", {}),
    ("getter 0", "seen", {"getter": 0, "page": 0}),
    ("unplug", "mutex_lock(marks)", {}),
    ("unplug", "offline", {"page": 0}),
    ("unplug", "put_page_testzero", {"page": 0}),
    ("getter 0", "put_page_testzero", {"getter": 0, "page": 0}),
    ("getter 0", "free", {"getter": 0, "page": 0}),
]

# The getter looks for the mark just before it is there.
LOOKED = [
    START,
    GET,
    ("unplug", "mutex_lock(marks)", {}),
    ("unplug", "put_page_testzero", {"page": 0}),
    ("getter 0", "seen", {"getter": 0, "page": 0}),
    ("getter 0", "put_page_testzero", {"getter": 0, "page": 0}),
    ("getter 0", "offline", {"getter": 0, "page": 0}),
    ("unplug", "offline", {"page": 0}),
    ("getter 0", "free", {"getter": 0, "page": 0}),
]
# The getter can go on when the driver has given the lock back.
HANDED_OVER = [
    START,
    GET,
    ("getter 0", "seen", {"getter": 0, "page": 0}),
    *RACE[7:10],
    ("unplug", "mutex_unlock(marks)", {}),
    ("getter 0", "mutex_lock(marks)", {"getter": 0}),
    *RACE[10:],
]


def trace(schedule=tuple(RACE), **switches: bool) -> Trace:
    return retrace(MODEL, schedule, prop="offline_never_free", switches=switches)


def explained(found: Trace) -> TraceView:
    background, remark = Models().background(found, MODEL)
    assert background is not None and remark == ""
    return view_of(found, background)
