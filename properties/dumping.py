"""What readers of all memory (kdump, /proc/kcore) may meet."""

from typing import Protocol

from pagestate import Field, Members, Page, always


class Dumped(Protocol):
    """Pages whose content may be read without their owner's knowing."""

    pages: Members[Page]
    plugged: Field[Page, bool]
    offline: Field[Page, bool]
    section_online: bool


class Reading(Protocol):
    """A machine with a reader of memory content."""

    read_hole: bool


class Claimed(Protocol):
    """Pages with a type that must not be overwritten."""

    pages: Members[Page]
    claimed: Field[Page, bool]
    offline: Field[Page, bool]
    section_online: bool


@always("I3: every unplugged page of an online section is PageOffline")
def unplugged_is_offline(m: Dumped) -> bool:
    """What reads all of memory skips a page because of this mark only.

    This is what a crash dump sees: its snapshot is taken at any moment.
    """
    return all(not m.section_online or m.plugged[p] or m.offline[p] for p in m.pages)


@always("I3: only memory that is plugged is read")
def reads_plugged_memory(m: Reading) -> bool:
    """Reading memory the host took back ends in a machine check, or costs the host memory."""
    return not m.read_hole


@always("I10: the mark of a driver stays until the driver removes it")
def mark_is_kept(m: Claimed) -> bool:
    """The type shares its word with the number of mappings: mapping the page destroys it."""
    return all(not m.section_online or not m.claimed[p] or m.offline[p] for p in m.pages)
