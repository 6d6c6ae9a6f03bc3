"""What offlining a memory block must not do."""

from typing import Protocol

from pagestate import Field, Members, Page, always


class Dumped(Protocol):
    """Pages whose content may be read without their owner's knowing."""

    pages: Members[Page]
    plugged: Field[Page, bool]
    offline: Field[Page, bool]
    section_online: bool


class Consenting(Protocol):
    """A block whose offlining an owner of pages can agree to."""

    without_consent: bool


class Restored(Protocol):
    """A block whose offlining can be cancelled."""

    pages: Members[Page]
    offline: Field[Page, bool]
    buddy: Field[Page, bool]
    was_offline: Field[Page, bool]
    cancelled: bool


@always("I3: every unplugged page of an online section is PageOffline")
def unplugged_is_offline(m: Dumped) -> bool:
    """What reads all of memory (kdump, /proc/kcore) skips a page because of this mark only."""
    return all(not m.section_online or m.plugged[p] or m.offline[p] for p in m.pages)


@always("I6: a block goes offline only if the owners of its unplugged pages agreed")
def offlined_with_consent(m: Consenting) -> bool:
    """Nobody but the owner can keep these pages from the allocator when it is onlined again."""
    return not m.without_consent


@always("I12: a cancelled offlining leaves no trace")
def cancel_restores(m: Restored) -> bool:
    """User space may try to offline a block at any time; a failure must not cost anything."""
    return not m.cancelled or all(
        not m.was_offline[p] or (m.offline[p] and not m.buddy[p]) for p in m.pages
    )
