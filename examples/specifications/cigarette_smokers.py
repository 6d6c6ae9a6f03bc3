"""Cigarette smokers: a dealer offers two of three ingredients, who has the third one smokes.

From Patil, Limitations and Capabilities of Dijkstra's Semaphore Primitives (1971); published as
CigaretteSmokers in the TLA+ examples.  An offer is named by the smoker it is for, the one who has
the missing ingredient.  With three smokers there are 6 states.

With ``wait_for_smoker`` off the dealer makes an offer while somebody still smokes.

    pagestate check examples/specifications/cigarette_smokers.py
    pagestate check examples/specifications/cigarette_smokers.py --set wait_for_smoker=false
"""

from pagestate import (
    Expect,
    Index,
    Model,
    State,
    always,
    atomic,
    count,
    free,
    members,
    per,
    reachable,
    switch,
    thread,
    var,
    wait_until,
)

wait_for_smoker = switch("wait_for_smoker", True, "the dealer waits until nobody smokes")


class Smoker(Index):
    """A smoker, with plenty of one ingredient."""


class Table(State):
    """What the dealer has put on the table, and who smokes."""

    smokers = members(Smoker)
    offer_for = var(Smoker, init=free(), doc="who lacks just what is on the table")
    smoking = per(Smoker, bool, init=False)


def there_is_an_offer(m: Table) -> bool:
    return m.offer_for is not None


@thread(repeat=True)
def start_smoking(m: Table) -> None:
    with atomic("take the offer, smoke"):
        smoker = m.offer_for
        wait_until(smoker is not None)
        m.smoking[smoker] = True
        m.offer_for = None


@thread(repeat=True)
def stop_smoking(m: Table, smoker: Smoker, following: Smoker) -> None:
    with atomic("{smoker} has smoked, an offer for {following}"):
        wait_until(m.offer_for is None and m.smoking[smoker])
        if wait_for_smoker:
            m.smoking[smoker] = False
        m.offer_for = following


@always("one smokes at a time")
def at_most_one(m: Table) -> bool:
    return count(m.smoking[s] for s in m.smokers) <= 1


@reachable("somebody smokes")
def somebody_smokes(m: Table) -> bool:
    return any(m.smoking[s] for s in m.smokers)


model = Model(
    "cigarette_smokers",
    state=Table,
    threads=[start_smoking, stop_smoking],
    switches=[wait_for_smoker],
    properties=[at_most_one, somebody_smokes],
    sizes={"smoker": 3},
    init=there_is_an_offer,
    expect=[
        Expect(at_most_one, "exhausted", "Patil 1971"),
        Expect(
            at_most_one,
            "violated",
            "the next one starts while the first one smokes",
            when={"wait_for_smoker": False},
        ),
    ],
)
