"""Traces of a small model with locks, and what explains them."""

from pathlib import Path

from pagestate.check.retrace import retrace
from pagestate.cli.behind import Models
from pagestate.core.trace import Trace
from pagestate.view.background import Background
from pagestate.view.traceview import TraceView, view_of

ROOT = Path(__file__).parents[2]
MODEL = str(Path(__file__).parent / "models" / "plugging.py")

FREE = {("dirty", (0,)): False, ("dirty", (1,)): True}
OFFLINED = [
    ("getter 1", "get_page(page 1)", {"getter": 1, "page": 1}),
    ("driver", "mutex_lock(device)", {}),
    ("offliner", "mutex_lock(hotplug)", {"page": 1}),
    ("driver", "mode = Mode.ONLINE", {"either": True}),
    ("driver", "mutex_unlock(device)", {}),
    ("offliner", "mutex_lock(device)", {}),
    ("offliner", "offline[page 1] = True", {"page": 1}),
]
CROSSED = [
    ("offliner", "mutex_lock(hotplug)", {"page": 0}),
    ("driver", "mutex_lock(device)", {}),
]


def offlined() -> Trace:
    """A page with a reference goes offline; the offliner has to wait for the driver's lock."""
    return retrace(MODEL, OFFLINED, prop="offline_unused", initial=FREE)


def waiting() -> Trace:
    """The same, where the offliner also waits until the reference is dropped (it is, and comes
    back)."""
    dropped = ("getter 1", "put_page(page 1)", {"getter": 1, "page": 1})
    schedule = [*OFFLINED[:3], OFFLINED[3], OFFLINED[4], OFFLINED[5]]
    waited = ("offliner", "wait_until(refcount[page 1] == 0)", {"page": 1})
    schedule += [dropped, waited, OFFLINED[0], OFFLINED[6]]
    return retrace(MODEL, schedule, prop="offline_unused", switches={"waits": True}, initial=FREE)


def deadlocked() -> Trace:
    return retrace(MODEL, CROSSED, prop="deadlock_free", switches={"nested": True}, initial=FREE)


def background(trace: Trace) -> Background:
    found, remark = Models().background(trace, MODEL)
    assert found is not None and remark == ""
    return found


def explained(trace: Trace) -> TraceView:
    return view_of(trace, background(trace))
