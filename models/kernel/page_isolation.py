"""Isolating pageblocks: mm/page_isolation.c, has_unmovable_pages() and alloc_contig_range().

The pageblock flag is changed under zone->lock, one pageblock at a time.
"""

from pagestate import Page, atomic, derived, inline
from pagestate.models.kernel.state import Isolation, Memory
from pagestate.models.kernel.switches import drain, skip_offline


@derived
def unwatched(m: Memory, page: Page) -> bool:
    """Nobody is between finding the page and the end of put_page()."""
    gone = m.holders[page] == 0 and m.putting[page] == 0 and m.freeing[page] == 0
    return gone and m.walkers[page] == 0


@derived
def unmovable(m: Memory, page: Page) -> bool:
    """has_unmovable_pages() of a kernel zone: in use, not on an LRU list, not poisoned."""
    return m.refcount[page] > 0 and not m.user[page] and not m.hwpoison[page]


@atomic("set_migratetype_isolate({page})", src="mm/page_isolation.c: set_migratetype_isolate")
def isolate_for_offlining(m: Memory, page: Page) -> bool:
    """Fails with -EBUSY if somebody else isolated the pageblock, or it has an unmovable page."""
    if m.isolation[page] != Isolation.NONE:
        return False
    if unmovable(m, page):
        return False
    m.isolation[page] = Isolation.OFFLINE
    return True


@atomic("unset_migratetype_isolate({page})", src="mm/page_isolation.c: unset_migratetype_isolate")
def undo_isolation(m: Memory, page: Page) -> None:
    """Back to a pageblock that pages are allocated from, if the offliner isolated it."""
    if m.isolation[page] == Isolation.OFFLINE:
        m.isolation[page] = Isolation.NONE


@inline(src="mm/page_isolation.c: undo_isolate_page_range")
def undo_isolate_page_range(m: Memory) -> None:
    """Undo the isolation of every pageblock of the block."""
    for page in m.pages:
        undo_isolation(m, page)


@inline(src="mm/page_isolation.c: start_isolate_page_range")
def start_isolate_page_range(m: Memory) -> bool:
    """Isolate every pageblock of the block, or none."""
    for page in m.pages:
        isolated = isolate_for_offlining(m, page)
        if not isolated:
            undo_isolate_page_range(m)
            return False
    return True


@atomic(src="mm/page_isolation.c: test_pages_isolated")
def test_pages_isolated(m: Memory) -> bool:
    """Under zone->lock: every page is free, poisoned, or offline and unreferenced.

    A poisoned page that is still mapped fails: the scan before this finds it on its LRU list.
    With ``drain`` one that some CPU is working on fails, too; the kernel takes it as it is.
    """
    return all(
        m.buddy[p]
        or (m.hwpoison[p] and not m.user[p] and (not drain or unwatched(m, p)))
        or (skip_offline and m.offline[p] and m.refcount[p] == 0)
        for p in m.pages
    )


@atomic("set_migratetype_isolate({page})", src="mm/page_isolation.c: set_migratetype_isolate")
def isolate_for_contig(m: Memory, page: Page) -> bool:
    """As for offlining, but an unreferenced offline page is unmovable, too."""
    if m.isolation[page] != Isolation.NONE or m.user[page]:
        return False
    if unmovable(m, page) or (skip_offline and m.offline[page] and m.refcount[page] == 0):
        return False
    m.isolation[page] = Isolation.CONTIG
    return True


@atomic(src="mm/compaction.c: isolate_freepages_range")
def isolate_freepages_range(m: Memory, page: Page) -> bool:
    """Under zone->lock: take the page off the free list if it is there."""
    if not m.buddy[page]:
        return False
    m.buddy[page] = False
    return True


@inline(src="mm/page_alloc.c: alloc_contig_range")
def alloc_contig_range(m: Memory, page: Page) -> bool:
    """Allocate this very page: isolate it, take it off the free list, end the isolation."""
    isolated = isolate_for_contig(m, page)
    if not isolated:
        return False
    taken = isolate_freepages_range(m, page)
    if taken:
        m.refcount[page] = 1
    m.isolation[page] = Isolation.NONE
    return taken
