"""What the reference count of a page means."""

from typing import Protocol

from pagestate import Field, Members, Page, always


class Counted(Protocol):
    """Pages with a reference count."""

    pages: Members[Page]
    refcount: Field[Page, int]
    free: Field[Page, bool]
    user: Field[Page, bool]
    holders: Field[Page, int]
    freeing: Field[Page, int]


class Walked(Protocol):
    """Pages looked at by walkers of page frame numbers."""

    pages: Members[Page]
    walkers: Field[Page, int]
    holders: Field[Page, int]
    putting: Field[Page, int]
    freeing: Field[Page, int]
    memmap: bool


@always("I4: a page is freed once, and only when nobody uses it")
def freed_once(m: Counted) -> bool:
    """A page freed while it is free is on two lists, or twice on one: it gets two users.

    Holds if a page is free, or in use, or about to be freed by one CPU, never two of these.
    Whoever frees it dropped the last reference.
    """
    return all(
        (m.freeing[p] == 0 and not (m.free[p] and m.user[p]))
        or (m.freeing[p] == 1 and m.refcount[p] == 0 and not m.free[p] and not m.user[p])
        for p in m.pages
    )


@always("I4: a free page has no references")
def free_is_unreferenced(m: Counted) -> bool:
    """A reference to a free page is a reference to its next user's page, dropped behind his back.

    It also means that nobody increments the count of a free page.
    """
    return all(not m.free[p] or m.refcount[p] == 0 for p in m.pages)


@always("I4: the reference count covers those who hold references")
def holders_are_counted(m: Counted) -> bool:
    """A lost reference shows up later, as a page freed while it is in use."""
    return all(m.holders[p] <= m.refcount[p] for p in m.pages)


@always("I7: nobody uses the memmap of removed memory")
def memmap_outlives_its_users(m: Walked) -> bool:
    """The struct page may be unmapped by then, or describe other memory."""
    return all(
        m.memmap
        or (m.walkers[p] == 0 and m.holders[p] == 0 and m.putting[p] == 0 and m.freeing[p] == 0)
        for p in m.pages
    )
