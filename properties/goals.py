"""What must be able to happen: a model where it cannot proves nothing."""

from typing import Protocol

from pagestate import Field, Members, Page, reachable


class Lifecycle(Protocol):
    """A memory block that goes offline, away, and comes back."""

    pages: Members[Page]
    offline: Field[Page, bool]
    dirty: Field[Page, bool]
    section_online: bool
    memmap: bool
    cancelled: bool


class Revivable(Protocol):
    """A block whose pages can be given back to the allocator."""

    revived: bool


class Plugged(Protocol):
    """Pages that the host can take back."""

    pages: Members[Page]
    plugged: Field[Page, bool]


class Failing(Protocol):
    """Pages with memory errors."""

    pages: Members[Page]
    contained: Field[Page, bool]


class Unloadable(Protocol):
    """A block whose driver can be unloaded."""

    driver_loaded: bool


@reachable("a block goes offline")
def goes_offline(m: Lifecycle) -> bool:
    """Otherwise everything said of offline blocks is empty."""
    return not m.section_online


@reachable("a block goes offline with unplugged pages in it")
def goes_offline_partially_plugged(m: Lifecycle) -> bool:
    """What the whole series is for."""
    return not m.section_online and any(m.offline[p] for p in m.pages)


@reachable("a block is onlined with unplugged pages in it")
def onlined_partially_plugged(m: Lifecycle) -> bool:
    """The online page callback keeps pages from the allocator."""
    return m.section_online and any(m.dirty[p] for p in m.pages)


@reachable("a block is removed")
def removed(m: Lifecycle) -> bool:
    """The memmap goes away."""
    return not m.memmap


@reachable("offlining is cancelled")
def offlining_cancelled(m: Lifecycle) -> bool:
    """MEM_CANCEL_OFFLINE after MEM_GOING_OFFLINE."""
    return m.cancelled


@reachable("an unplugged page comes back")
def page_revived(m: Revivable) -> bool:
    """PageOffline is cleared on a page of an online section."""
    return m.revived


@reachable("the driver is unloaded")
def driver_unloaded(m: Unloadable) -> bool:
    """Its callbacks are gone while its memory stays."""
    return not m.driver_loaded


@reachable("the host takes a page back")
def page_unplugged(m: Plugged) -> bool:
    """Otherwise what must not happen to such pages is empty."""
    return any(not m.plugged[p] for p in m.pages)


@reachable("a memory error is contained")
def error_contained(m: Failing) -> bool:
    """The page is out of use, and marked."""
    return any(m.contained[p] for p in m.pages)
