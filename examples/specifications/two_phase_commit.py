"""Two-phase commit: a transaction manager asks resource managers whether they are prepared.

From Gray and Lamport, Consensus on Transaction Commit (2006), section 3; published as TwoPhase in
the TLA+ examples.  Messages are never taken out of the network, so one bit for each message that
can be sent is enough.  With three resource managers there are 288 states.

With ``wait_for_all`` off the transaction manager commits when somebody is prepared.

    pagestate check examples/specifications/two_phase_commit.py
    pagestate check examples/specifications/two_phase_commit.py --set wait_for_all=false
    pagestate check examples/specifications/two_phase_commit.py --size rm=any --property obedient
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
    var,
    wait_until,
)

wait_for_all = switch("wait_for_all", True, "it commits only when everybody is prepared")


class Rm(Index):
    """A resource manager."""


class RmState(Enum):
    """How far a resource manager is."""

    WORKING = "working"
    PREPARED = "prepared"
    COMMITTED = "committed"
    ABORTED = "aborted"


class TmState(Enum):
    """What the transaction manager has decided."""

    INIT = "init"
    COMMITTED = "committed"
    ABORTED = "aborted"


class Network(State):
    """The managers, and the messages that were sent."""

    rms = members(Rm)
    rm_state = per(Rm, RmState, init=RmState.WORKING)
    tm_state = var(TmState, init=TmState.INIT)
    known_prepared = per(Rm, bool, init=False, doc="the transaction manager has received it")
    prepared_sent = per(Rm, bool, init=False)
    commit_sent = var(bool, init=False)
    abort_sent = var(bool, init=False)


@thread(repeat=True)
def tm_receives_prepared(m: Network, rm: Rm) -> None:
    with atomic("receive that {rm} is prepared"):
        wait_until(m.tm_state == TmState.INIT and m.prepared_sent[rm])
        m.known_prepared[rm] = True


@thread(repeat=True)
def tm_commits(m: Network) -> None:
    with atomic("decide to commit"):
        wait_until(m.tm_state == TmState.INIT)
        if wait_for_all:
            wait_until(all(m.known_prepared[r] for r in m.rms))
        else:
            wait_until(any(m.known_prepared[r] for r in m.rms))
        m.tm_state = TmState.COMMITTED
        m.commit_sent = True


@thread(repeat=True)
def tm_aborts(m: Network) -> None:
    with atomic("decide to abort"):
        wait_until(m.tm_state == TmState.INIT)
        m.tm_state = TmState.ABORTED
        m.abort_sent = True


@thread(repeat=True)
def rm_prepares(m: Network, rm: Rm) -> None:
    with atomic("{rm} prepares"):
        wait_until(m.rm_state[rm] == RmState.WORKING)
        m.rm_state[rm] = RmState.PREPARED
        m.prepared_sent[rm] = True


@thread(repeat=True)
def rm_chooses_to_abort(m: Network, rm: Rm) -> None:
    with atomic("{rm} chooses to abort"):
        wait_until(m.rm_state[rm] == RmState.WORKING)
        m.rm_state[rm] = RmState.ABORTED


@thread(repeat=True)
def rm_receives_commit(m: Network, rm: Rm) -> None:
    with atomic("{rm} is told to commit"):
        wait_until(m.commit_sent)
        m.rm_state[rm] = RmState.COMMITTED


@thread(repeat=True)
def rm_receives_abort(m: Network, rm: Rm) -> None:
    with atomic("{rm} is told to abort"):
        wait_until(m.abort_sent)
        m.rm_state[rm] = RmState.ABORTED


@always("no two resource managers decide differently")
def consistent(m: Network) -> bool:
    committed = any(m.rm_state[r] == RmState.COMMITTED for r in m.rms)
    aborted = any(m.rm_state[r] == RmState.ABORTED for r in m.rms)
    return not (committed and aborted)


@always("nobody decides against the transaction manager")
def obedient(m: Network) -> bool:
    """Said of one resource manager at a time, so that it can be proved for every number of them."""
    return all(
        (m.rm_state[r] != RmState.COMMITTED or m.tm_state == TmState.COMMITTED)
        and (m.rm_state[r] != RmState.ABORTED or m.tm_state != TmState.COMMITTED)
        for r in m.rms
    )


@reachable("everybody commits")
def all_commit(m: Network) -> bool:
    return all(m.rm_state[r] == RmState.COMMITTED for r in m.rms)


@reachable("everybody aborts")
def all_abort(m: Network) -> bool:
    return all(m.rm_state[r] == RmState.ABORTED for r in m.rms)


model = Model(
    "two_phase_commit",
    state=Network,
    threads=[
        tm_receives_prepared,
        tm_commits,
        tm_aborts,
        rm_prepares,
        rm_chooses_to_abort,
        rm_receives_commit,
        rm_receives_abort,
    ],
    switches=[wait_for_all],
    properties=[consistent, obedient, all_commit, all_abort],
    sizes={"rm": 3},
    expect=[
        Expect(consistent, "exhausted", "Gray and Lamport 2006"),
        Expect(
            consistent,
            "violated",
            "who was not asked can still abort on its own",
            when={"wait_for_all": False},
        ),
        Expect(obedient, "exhausted", "the same, seen from the transaction manager"),
        Expect(obedient, "violated", "as above", when={"wait_for_all": False}),
    ],
)
