"""Offlining and a per-CPU list: a page that is freed late stays there, and offlining waits for it.

A miniature of a bug of v5.8 (drained again since v5.9): the freeing side reads the type of the
pageblock before it knows where the page goes; the lists are drained once, before that.
"""

from enum import Enum

from pagestate import (
    Model,
    State,
    atomic,
    deadlock_free,
    eventually,
    idle,
    leads_to,
    switch,
    thread,
    var,
)

drain_again = switch("drain_again", True, "the lists are drained in each round of the scan")


class Place(Enum):
    """Where the page is."""

    USED = "used"
    LIST = "per-CPU list"
    BUDDY = "buddy"


class Memory(State):
    isolated = var(bool, init=False)
    place = var(Place, init=Place.USED)


@atomic
def drain(m: Memory) -> None:
    if m.place == Place.LIST:
        m.place = Place.BUDDY


@thread()
def user(m: Memory) -> None:
    isolated = m.isolated
    m.place = Place.BUDDY if isolated else Place.LIST


@thread(repeat=True)
def offliner(m: Memory) -> None:
    m.isolated = True
    drain(m)
    place = m.place
    while place != Place.BUDDY:
        if drain_again:
            drain(m)
        place = m.place


@leads_to("offlining comes to an end")
def offlining_ends(m: Memory) -> tuple[bool, bool]:
    return not idle(offliner), idle(offliner)


@eventually("the page is freed")
def freed(m: Memory) -> bool:
    return m.place != Place.USED


model = Model(
    "percpu_list",
    state=Memory,
    threads=[user, offliner],
    switches=[drain_again],
    properties=[offlining_ends, freed, deadlock_free],
)
