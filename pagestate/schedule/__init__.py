"""Schedules: who moves next, and what the pages look like then; bugs are declared with them."""

from pagestate.schedule.bug import Bug, Variant
from pagestate.schedule.items import Actor, Item, Schedule, showing
from pagestate.schedule.watch import Watch

__all__ = ["Actor", "Bug", "Item", "Schedule", "Variant", "Watch", "showing"]
