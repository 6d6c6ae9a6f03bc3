"""Isolating pageblocks: mm/page_isolation.c, has_unmovable_pages() and alloc_contig_range().

The pageblock flag is changed under zone->lock, one pageblock at a time.
"""

from pagestate import Page, atomic, derived, inline
from pagestate.models.kernel.page_alloc import drain_all_pages
from pagestate.models.kernel.page_ref import unwatched
from pagestate.models.kernel.state import Isolation, Memory
from pagestate.models.kernel.switches import drain, kept_reserved, pcp, rule, zone_movable

# ------------------------------------------------------------------------ what can be skipped


@derived
def may_be_offlined(m: Memory, page: Page) -> bool:
    """A PageOffline page that isolation lets pass when memory is offlined."""
    whoever_agrees = rule not in ("refuse", "unreferenced")
    return whoever_agrees and m.offline[page] and (rule != "flag" or m.skippable[page])


@derived
def has_unmovable_pages(m: Memory, page: Page) -> bool:
    """In a kernel zone: in use, not on an LRU list, not poisoned, not to be skipped.

    In ZONE_MOVABLE only reserved pages.  Without locks on the page the answer can be outdated.
    """
    reserved = kept_reserved and m.dirty[page]
    unskippable = rule == "flag" and m.offline[page] and not m.skippable[page]
    pinned = m.refcount[page] > 0 and not m.user[page] and not m.hwpoison[page]
    unmovable = unskippable or (pinned and not may_be_offlined(m, page))
    return reserved or (not zone_movable and unmovable)


@derived
def skipped(m: Memory, page: Page) -> bool:
    """A PageOffline page that the last test before offlining takes as it is."""
    let_go = m.refcount[page] == (1 if rule == "owned" else 0)
    agreed = m.skippable[page] if rule == "flag" else let_go
    return rule != "refuse" and m.offline[page] and agreed


# -------------------------------------------------------------------------------- by offlining


@atomic("set_migratetype_isolate({page})", src="mm/page_isolation.c: set_migratetype_isolate")
def isolate_for_offlining(m: Memory, page: Page) -> bool:
    """Fails with -EBUSY if somebody else isolated the pageblock, or it has an unmovable page."""
    if m.isolated(page) or has_unmovable_pages(m, page):
        return False
    m.isolation[page] = Isolation.HOTPLUG
    return True


@atomic("unset_migratetype_isolate({page})", src="mm/page_isolation.c: unset_migratetype_isolate")
def undo_isolation(m: Memory, page: Page) -> None:
    """Back to a pageblock that pages are allocated from, if the offliner isolated it."""
    if m.isolation[page] == Isolation.HOTPLUG:
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
    """Under zone->lock: every page is free, poisoned, or PageOffline and to be skipped.

    A poisoned page that is still mapped fails: the scan before this finds it on its LRU list.
    With ``drain`` one that some CPU is working on fails, too; the kernel takes it as it is.
    """
    return all(
        m.buddy(p)
        or (m.hwpoison[p] and not m.user[p] and (not drain or unwatched(m, p)))
        or skipped(m, p)
        for p in m.pages
    )


# ------------------------------------------------------------------------ by alloc_contig_range


@atomic("set_migratetype_isolate({page})", src="mm/page_isolation.c: set_migratetype_isolate")
def isolate_for_contig(m: Memory, page: Page) -> bool:
    """As for offlining, but a PageOffline page is never skipped; free pages only (see docs).

    With ``drain`` offlining does not come between finding the section online and this.
    """
    if drain and not m.section_online:
        return False
    if m.isolated(page) or m.user[page] or m.refcount[page] > 0:
        return False
    if rule == "unreferenced" and m.offline[page]:
        return False
    m.isolation[page] = Isolation.CONTIG
    return True


@atomic(src="mm/compaction.c: isolate_freepages_range")
def isolate_freepages_range(m: Memory, page: Page) -> bool:
    """Under zone->lock: take the page off the free list if it is there."""
    if not m.buddy(page):
        return False
    m.free[page] = False
    return True


@inline(src="mm/page_alloc.c: alloc_contig_range")
def alloc_contig_range(m: Memory, page: Page) -> bool:
    """Allocate this very page: isolate it, take it off the free list, end the isolation."""
    isolated = isolate_for_contig(m, page)
    if not isolated:
        return False
    if pcp:
        drain_all_pages(m)
    taken = isolate_freepages_range(m, page)
    if taken:
        m.refcount[page] = 1
    m.isolation[page] = Isolation.NONE
    return taken
