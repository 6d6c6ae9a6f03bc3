"""What may be on a free list or in the hands of a user."""

from typing import Protocol

from pagestate import Field, Members, Page, always


class HostMemory(Protocol):
    """Pages that the host can take back."""

    pages: Members[Page]
    free: Field[Page, bool]
    user: Field[Page, bool]
    plugged: Field[Page, bool]


class OfflinePages(Protocol):
    """Pages that a driver marks PageOffline."""

    pages: Members[Page]
    free: Field[Page, bool]
    offline: Field[Page, bool]


class ClaimedPages(Protocol):
    """Pages that drivers marked, and have not given back."""

    pages: Members[Page]
    free: Field[Page, bool]
    claimed: Field[Page, bool]


class OnlinePages(Protocol):
    """Pages of a block that can be offline."""

    pages: Members[Page]
    user: Field[Page, bool]
    section_online: bool


class MemmapReaders(Protocol):
    """A machine whose removal of memory may look at the memmap."""

    read_garbage: bool


class PoisonedPages(Protocol):
    """Pages with memory errors."""

    pages: Members[Page]
    user: Field[Page, bool]
    contained: Field[Page, bool]


@always("I1: memory the host took back is on no free list")
def unplugged_never_free(m: HostMemory) -> bool:
    """Whatever is on a free list can be allocated the next moment, by anybody."""
    return all(m.plugged[p] or not m.free[p] for p in m.pages)


@always("I1: memory the host took back is never handed out")
def unplugged_never_handed_out(m: HostMemory) -> bool:
    """Its user writes to memory that is not there: the hypervisor stops the machine, or worse."""
    return all(m.plugged[p] or not m.user[p] for p in m.pages)


@always("I2: a PageOffline page is on no free list")
def offline_never_free(m: OfflinePages) -> bool:
    """The driver that marked it owns it; if anybody else frees it, ownership means nothing."""
    return all(not (m.offline[p] and m.free[p]) for p in m.pages)


@always("I2: a page that a driver claimed is on no free list")
def claimed_never_free(m: ClaimedPages) -> bool:
    """As above, also where freeing the page wipes out PageOffline without a word."""
    return all(not (m.claimed[p] and m.free[p]) for p in m.pages)


@always("I8: users have pages of online sections only")
def handed_out_only_online(m: OnlinePages) -> bool:
    """Of a page in an offline section, pfn_to_online_page() says that there is no such page.

    Memory failure handling, for one, then takes a page in use for unmanaged memory.
    """
    return all(m.section_online or not m.user[p] for p in m.pages)


@always("I8: a memmap is read only if it was initialised")
def memmap_is_initialised(m: MemmapReaders) -> bool:
    """Memory that was added but never onlined has garbage there, or a poison pattern."""
    return not m.read_garbage


@always("I9: a page with a memory error is not handed out after the error was handled")
def poisoned_never_handed_out(m: PoisonedPages) -> bool:
    """The error was contained once; its next user is killed, or reads what is wrong."""
    return all(not (m.contained[p] and m.user[p]) for p in m.pages)
