"""What offlining a memory block must not do."""

from typing import Protocol

from pagestate import Field, Members, Page, always, step


class Consenting(Protocol):
    """A block whose offlining an owner of pages can agree to."""

    without_consent: bool


class Allocating(Protocol):
    """Pages that can be allocated, in pageblocks that can be isolated."""

    pages: Members[Page]
    user: Field[Page, bool]
    pcp: Field[Page, bool]

    def isolated(self, page: Page) -> bool:
        """Whether the pageblock is isolated."""
        ...


class Committing(Protocol):
    """A block whose offlining has a point of no return."""

    commit_broken: bool


class Restored(Protocol):
    """A block whose offlining can be cancelled."""

    pages: Members[Page]
    offline: Field[Page, bool]
    free: Field[Page, bool]
    refcount: Field[Page, int]
    holders: Field[Page, int]
    was_offline: Field[Page, bool]
    cancelled: bool

    def driver_share(self) -> int:
        """How many references the driver has of an unplugged page of an online block."""
        ...


@always("I6: a block goes offline only if the owners of its unplugged pages agreed")
def offlined_with_consent(m: Consenting) -> bool:
    """Nobody but the owner can keep these pages from the allocator when it is onlined again."""
    return not m.without_consent


@step("I6b: nothing is allocated from an isolated pageblock")
def isolated_is_not_allocated(before: Allocating, after: Allocating) -> bool:
    """A free page of an isolated pageblock must stay free: offlining relies on its test.

    Pages on per-CPU lists are not free in this sense; offlining drains these lists.
    """
    return all(
        before.user[p] or not after.user[p] or not before.isolated(p) or before.pcp[p]
        for p in before.pages
    )


@always("I11: what offlining tested still holds when it takes the pages off the free lists")
def commit_is_safe(m: Committing) -> bool:
    """No lock spans the test and the commit, and after the section is offline nothing may fail."""
    return not m.commit_broken


@always("I12: a cancelled offlining leaves no trace")
def cancel_restores(m: Restored) -> bool:
    """User space may try to offline a block at any time; a failure must not cost anything."""
    return not m.cancelled or all(
        not m.was_offline[p] or (m.offline[p] and not m.free[p]) for p in m.pages
    )


@always("I12: a cancelled offlining gives the driver its references back")
def cancel_returns_references(m: Restored) -> bool:
    """As many as it has while a page is unplugged, besides those of whoever else holds one."""
    return not m.cancelled or all(
        not m.was_offline[p] or m.refcount[p] == m.holders[p] + m.driver_share() for p in m.pages
    )
