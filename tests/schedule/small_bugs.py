"""Bugs of the small model, as a user would declare them."""

from pathlib import Path

from pagestate.schedule import Bug, Schedule, Variant
from tests.schedule.small import WATCH, S, V

MODEL = str(Path(__file__).with_name("small.py"))
BROKEN, FIXED = Variant(MODEL, switches={"hook": False}), Variant(MODEL)
allocated = Schedule("allocated", [V("alloc_contig_range", "rc1", page=0)], "", WATCH)
backwards = Schedule("backwards", [S("put_page", page=0)], "", WATCH)

BUGS = [
    Bug("X10", "no fix", "offline_never_free", BROKEN, None, setup=allocated, watch=WATCH),
    Bug(
        "X2",
        "the race of 2019",
        "offline_never_free",
        BROKEN,
        FIXED,
        fix="the hook",
        setup=allocated,
        at_most=5,
        watch=WATCH,
    ),
    Bug("X3", "too long", "offline_never_free", BROKEN, FIXED, "", "", allocated, 4, WATCH),
    Bug("X4", "not broken", "offline_never_free", FIXED, None, setup=allocated),
    Bug("X5", "not fixed", "offline_never_free", BROKEN, BROKEN, watch=WATCH, at_most=6),
    Bug("X6", "no such schedule", "offline_never_free", BROKEN, FIXED, setup=backwards),
    Bug("X7", "nothing is watched", "offline_never_free", BROKEN, None, at_most=6),
]
