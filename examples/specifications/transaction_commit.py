"""Transaction commit: resource managers that agree to commit or to abort.

From Gray and Lamport, Consensus on Transaction Commit (2006), section 2; published as TCommit in
the TLA+ examples.  It says what a commit protocol may do, not how: `two_phase_commit.py` is one.
With three resource managers there are 34 states.

With ``look_around`` off a resource manager aborts without looking at the others.

    pagestate check examples/specifications/transaction_commit.py
    pagestate check examples/specifications/transaction_commit.py --set look_around=false
"""

from enum import Enum

from pagestate import (
    Expect,
    Index,
    Model,
    State,
    always,
    atomic,
    members,
    per,
    reachable,
    switch,
    thread,
    wait_until,
)

look_around = switch("look_around", True, "nobody aborts when somebody has committed")


class Rm(Index):
    """A resource manager."""


class RmState(Enum):
    """How far a resource manager is."""

    WORKING = "working"
    PREPARED = "prepared"
    COMMITTED = "committed"
    ABORTED = "aborted"


class Transaction(State):
    """What the resource managers have decided."""

    rms = members(Rm)
    state = per(Rm, RmState, init=RmState.WORKING)


@thread(repeat=True)
def prepare(m: Transaction, rm: Rm) -> None:
    with atomic("{rm} prepares"):
        wait_until(m.state[rm] == RmState.WORKING)
        m.state[rm] = RmState.PREPARED


@thread(repeat=True)
def decide_to_commit(m: Transaction, rm: Rm) -> None:
    with atomic("{rm} commits"):
        wait_until(m.state[rm] == RmState.PREPARED)
        wait_until(all(m.state[r] in (RmState.PREPARED, RmState.COMMITTED) for r in m.rms))
        m.state[rm] = RmState.COMMITTED


@thread(repeat=True)
def decide_to_abort(m: Transaction, rm: Rm) -> None:
    with atomic("{rm} aborts"):
        wait_until(m.state[rm] in (RmState.WORKING, RmState.PREPARED))
        wait_until(not look_around or all(m.state[r] != RmState.COMMITTED for r in m.rms))
        m.state[rm] = RmState.ABORTED


@always("no two resource managers decide differently")
def consistent(m: Transaction) -> bool:
    committed = any(m.state[r] == RmState.COMMITTED for r in m.rms)
    aborted = any(m.state[r] == RmState.ABORTED for r in m.rms)
    return not (committed and aborted)


@reachable("everybody commits")
def all_commit(m: Transaction) -> bool:
    return all(m.state[r] == RmState.COMMITTED for r in m.rms)


model = Model(
    "transaction_commit",
    state=Transaction,
    threads=[prepare, decide_to_commit, decide_to_abort],
    switches=[look_around],
    properties=[consistent, all_commit],
    sizes={"rm": 3},
    expect=[
        Expect(consistent, "exhausted", "Gray and Lamport 2006"),
        Expect(consistent, "violated", "one has committed already", when={"look_around": False}),
    ],
)
