"""MESI: caches that keep one memory line coherent by watching a bus.

From Papamarcos and Patel, A Low-Overhead Coherence Solution for Multiprocessors with Private Cache
Memories (1984), as modelled by Delzanno (2000) and by Cubicle: a step is a whole bus transaction.

With ``invalidate`` off a cache that writes to a shared line does not tell the others.

    pagestate check examples/mesi.py
    pagestate check examples/mesi.py --set invalidate=false
    pagestate check examples/mesi.py --size cache=any --property owner_is_alone
"""

from enum import Enum

from pagestate import (
    Expect,
    Index,
    Model,
    State,
    always,
    atomic,
    count,
    members,
    per,
    reachable,
    switch,
    thread,
    var,
    wait_until,
)

invalidate = switch("invalidate", True, "a write to a shared line makes other copies invalid")


class Cache(Index):
    """The cache of a processor."""


class Line(Enum):
    """What a cache knows of the line."""

    MODIFIED = "modified"
    EXCLUSIVE = "exclusive"
    SHARED = "shared"
    INVALID = "invalid"


class Caches(State):
    """The caches of all processors."""

    caches = members(Cache)
    line = per(Cache, Line, init=Line.INVALID)
    owner = var(Cache, init=None, ghost=True, doc="who has the only copy")
    owned = var(bool, init=False, ghost=True, doc="somebody has")


@thread(repeat=True)
def read_miss(m: Caches, cache: Cache) -> None:
    with atomic("{cache} reads the line from the bus"):
        wait_until(m.line[cache] == Line.INVALID)
        for other in m.caches:
            if m.line[other] != Line.INVALID:
                m.line[other] = Line.SHARED
        m.line[cache] = Line.SHARED
        m.owner = None
        m.owned = False


@thread(repeat=True)
def write_miss(m: Caches, cache: Cache) -> None:
    with atomic("{cache} reads the line to modify it"):
        wait_until(m.line[cache] == Line.INVALID)
        for other in m.caches:
            m.line[other] = Line.INVALID
        m.line[cache] = Line.EXCLUSIVE
        m.owner = cache
        m.owned = True


@thread(repeat=True)
def write_hit_exclusive(m: Caches, cache: Cache) -> None:
    with atomic("{cache} writes to a line that it alone has"):
        wait_until(m.line[cache] == Line.EXCLUSIVE)
        m.line[cache] = Line.MODIFIED


@thread(repeat=True)
def write_hit_shared(m: Caches, cache: Cache) -> None:
    with atomic("{cache} writes to a shared line"):
        wait_until(m.line[cache] == Line.SHARED)
        if invalidate:
            for other in m.caches:
                m.line[other] = Line.INVALID
        m.line[cache] = Line.EXCLUSIVE
        m.owner = cache
        m.owned = True


@always("who may write without asking has the only copy")
def no_stale_copy(m: Caches) -> bool:
    owners = count(m.line[c] in (Line.MODIFIED, Line.EXCLUSIVE) for c in m.caches)
    shared = any(m.line[c] == Line.SHARED for c in m.caches)
    return owners == 0 or (owners == 1 and not shared)


@always("who may write is the owner, and nobody shares a line that has one")
def owner_is_alone(m: Caches) -> bool:
    """Said of one cache at a time, so that it can be proved for every number of them.

    No stale copy follows: of two owners one would not be the owner.
    """
    return all(
        m.line[c] == Line.INVALID
        or (not m.owned if m.line[c] == Line.SHARED else m.owned and m.owner == c)
        for c in m.caches
    )


@reachable("two caches share the line")
def two_share(m: Caches) -> bool:
    return count(m.line[c] == Line.SHARED for c in m.caches) == 2


@reachable("a cache has modified the line")
def modified(m: Caches) -> bool:
    return any(m.line[c] == Line.MODIFIED for c in m.caches)


model = Model(
    "mesi",
    state=Caches,
    threads=[read_miss, write_miss, write_hit_exclusive, write_hit_shared],
    switches=[invalidate],
    properties=[no_stale_copy, owner_is_alone, two_share, modified],
    sizes={"cache": 4},
    expect=[
        Expect(no_stale_copy, "exhausted", "Papamarcos and Patel 1984"),
        Expect(
            no_stale_copy,
            "violated",
            "the other copies stay although one is written to",
            when={"invalidate": False},
        ),
        Expect(owner_is_alone, "exhausted", "the same, with the owner named"),
        Expect(
            owner_is_alone, "violated", "a shared copy beside the owner", when={"invalidate": False}
        ),
    ],
)
