"""German's cache coherence protocol: clients ask a home node for shared or exclusive access.

From German's challenge of 2000, as published by Pnueli, Ruah and Zuck, Automatic Deductive
Verification with Invisible Invariants (2001), and by Chou, Mannava and Park (2004), with data.
Messages go through three channels for each client: requests, answers of the home node (grants and
invalidations), and acknowledgements.  The home node serves one request at a time.

With ``invalidate_for_shared`` off a request for shared access is granted although somebody has
exclusive access.

    pagestate check examples/german.py
    pagestate check examples/german.py --set invalidate_for_shared=false
    pagestate check examples/german.py --size client=any --property owner_is_alone \
        --property latest_data
"""

from enum import Enum

from pagestate import (
    Expect,
    Index,
    Model,
    State,
    always,
    atomic,
    derived,
    members,
    per,
    reachable,
    switch,
    thread,
    var,
    wait_until,
)

invalidate_for_shared = switch(
    "invalidate_for_shared", True, "exclusive access is taken back before access is shared"
)


class Client(Index):
    """A client with a cache for one memory line."""


class Access(Enum):
    """What a client may do with the line."""

    NONE = "invalid"
    SHARED = "shared"
    EXCLUSIVE = "exclusive"


class Answer(Enum):
    """A message of the home node."""

    NONE = "no message"
    INVALIDATE = "invalidate"
    GRANT_SHARED = "grant shared"
    GRANT_EXCLUSIVE = "grant exclusive"


class Protocol(State):
    """The clients, their channels, and what the home node remembers."""

    clients = members(Client)
    access = per(Client, Access, init=Access.NONE)
    request = per(Client, Access, init=Access.NONE, doc="channel 1, to the home node")
    answer = per(Client, Answer, init=Answer.NONE, doc="channel 2, from the home node")
    acked = per(Client, bool, init=False, doc="channel 3, to the home node")

    current = var(Access, init=Access.NONE, doc="the request that is served")
    current_client = var(Client, init=None)
    sharers = per(Client, bool, init=False, doc="clients with access, as the home node knows")
    to_invalidate = per(Client, bool, init=False, doc="sharers that were not told yet")
    exclusive_granted = var(bool, init=False)

    memory = var(bool, init=False, doc="the data of the home node")
    cached = per(Client, bool, init=False, doc="the data of a client")
    answer_data = per(Client, bool, init=False, doc="the data in channel 2")
    ack_data = per(Client, bool, init=False, doc="the data in channel 3")
    latest = var(bool, init=False, ghost=True, doc="what was written last")
    owner = var(Client, init=None, ghost=True, doc="who was granted exclusive access")

    @derived
    def must_invalidate(self) -> bool:
        """Whether access has to be taken back for the current request."""
        if_shared = invalidate_for_shared and self.exclusive_granted
        return self.current == Access.EXCLUSIVE or (self.current == Access.SHARED and if_shared)


@thread(repeat=True)
def ask_for_shared(m: Protocol, client: Client) -> None:
    with atomic("{client} asks for shared access"):
        wait_until(m.request[client] == Access.NONE and m.access[client] == Access.NONE)
        m.request[client] = Access.SHARED


@thread(repeat=True)
def ask_for_exclusive(m: Protocol, client: Client) -> None:
    with atomic("{client} asks for exclusive access"):
        wait_until(m.request[client] == Access.NONE and m.access[client] != Access.EXCLUSIVE)
        m.request[client] = Access.EXCLUSIVE


@thread(repeat=True)
def take_request(m: Protocol, client: Client) -> None:
    with atomic("home: the request of {client} is next"):
        wait_until(m.current == Access.NONE and m.request[client] != Access.NONE)
        m.current = m.request[client]
        m.current_client = client
        m.request[client] = Access.NONE
        for c in m.clients:
            m.to_invalidate[c] = m.sharers[c]


@thread(repeat=True)
def send_invalidate(m: Protocol, client: Client) -> None:
    with atomic("home: tell {client} to give up access"):
        wait_until(m.to_invalidate[client] and m.answer[client] == Answer.NONE)
        wait_until(m.must_invalidate())
        m.answer[client] = Answer.INVALIDATE
        m.to_invalidate[client] = False


@thread(repeat=True)
def acknowledge(m: Protocol, client: Client) -> None:
    with atomic("{client} gives up access"):
        wait_until(m.answer[client] == Answer.INVALIDATE and not m.acked[client])
        m.answer[client] = Answer.NONE
        m.acked[client] = True
        if m.access[client] == Access.EXCLUSIVE:
            m.ack_data[client] = m.cached[client]
        m.access[client] = Access.NONE


@thread(repeat=True)
def take_acknowledgement(m: Protocol, client: Client) -> None:
    with atomic("home: {client} has given up access"):
        wait_until(m.acked[client] and m.current != Access.NONE)
        m.acked[client] = False
        m.sharers[client] = False
        if m.exclusive_granted:
            m.exclusive_granted = False
            m.owner = None
            m.memory = m.ack_data[client]


@thread(repeat=True)
def grant_shared(m: Protocol, client: Client) -> None:
    with atomic("home: grant {client} shared access"):
        wait_until(m.current == Access.SHARED and m.current_client == client)
        wait_until(m.answer[client] == Answer.NONE)
        if invalidate_for_shared:
            wait_until(not m.exclusive_granted)
        m.answer[client] = Answer.GRANT_SHARED
        m.answer_data[client] = m.memory
        m.sharers[client] = True
        m.current = Access.NONE
        m.current_client = None


@thread(repeat=True)
def grant_exclusive(m: Protocol, client: Client) -> None:
    with atomic("home: grant {client} exclusive access"):
        wait_until(m.current == Access.EXCLUSIVE and m.current_client == client)
        wait_until(m.answer[client] == Answer.NONE and not m.exclusive_granted)
        wait_until(all(not m.sharers[c] for c in m.clients))
        m.answer[client] = Answer.GRANT_EXCLUSIVE
        m.answer_data[client] = m.memory
        m.sharers[client] = True
        m.exclusive_granted = True
        m.owner = client
        m.current = Access.NONE
        m.current_client = None


@thread(repeat=True)
def receive_shared(m: Protocol, client: Client) -> None:
    with atomic("{client} has shared access"):
        wait_until(m.answer[client] == Answer.GRANT_SHARED)
        m.access[client] = Access.SHARED
        m.cached[client] = m.answer_data[client]
        m.answer[client] = Answer.NONE


@thread(repeat=True)
def receive_exclusive(m: Protocol, client: Client) -> None:
    with atomic("{client} has exclusive access"):
        wait_until(m.answer[client] == Answer.GRANT_EXCLUSIVE)
        m.access[client] = Access.EXCLUSIVE
        m.cached[client] = m.answer_data[client]
        m.answer[client] = Answer.NONE


@thread(repeat=True)
def store(m: Protocol, client: Client, data: bool) -> None:
    with atomic("{client} stores {data}"):
        wait_until(m.access[client] == Access.EXCLUSIVE)
        m.cached[client] = data
        m.latest = data


@always("who has exclusive access is alone")
def exclusive_is_alone(m: Protocol) -> bool:
    return all(
        m.access[c] != Access.EXCLUSIVE
        or all(c == d or m.access[d] == Access.NONE for d in m.clients)
        for c in m.clients
    )


@always("who has exclusive access is the owner, and nobody shares what has an owner")
def owner_is_alone(m: Protocol) -> bool:
    """Said of one client at a time, so that it can be proved for every number of them."""
    return all(
        m.access[c] == Access.NONE
        or (m.owner == c and m.exclusive_granted)
        or (m.access[c] == Access.SHARED and not m.exclusive_granted)
        for c in m.clients
    )


@always("who has access has the latest data, and so has the memory while nobody has it alone")
def latest_data(m: Protocol) -> bool:
    cached = all(m.access[c] == Access.NONE or m.cached[c] == m.latest for c in m.clients)
    return cached and (m.exclusive_granted or m.memory == m.latest)


@reachable("a client writes")
def written(m: Protocol) -> bool:
    return m.latest


@reachable("everybody shares what was written")
def all_share(m: Protocol) -> bool:
    return m.memory and all(m.access[c] == Access.SHARED for c in m.clients)


model = Model(
    "german",
    state=Protocol,
    threads=[
        ask_for_shared,
        ask_for_exclusive,
        take_request,
        send_invalidate,
        acknowledge,
        take_acknowledgement,
        grant_shared,
        grant_exclusive,
        receive_shared,
        receive_exclusive,
        store,
    ],
    switches=[invalidate_for_shared],
    properties=[exclusive_is_alone, owner_is_alone, latest_data, written, all_share],
    sizes={"client": 2},
    expect=[
        Expect(exclusive_is_alone, "exhausted", "German 2000"),
        Expect(owner_is_alone, "exhausted", "German 2000"),
        Expect(latest_data, "exhausted", "Chou, Mannava and Park 2004"),
        *(
            Expect(
                prop,
                "violated",
                "access is shared beside the one who has it alone",
                when={"invalidate_for_shared": False},
            )
            for prop in (exclusive_is_alone, owner_is_alone, latest_data)
        ),
    ],
)
