"""The page allocator: mm/page_alloc.c.

Everything done under zone->lock is one step.
"""

from pagestate import Page, atomic, bug_on, inline, wait_until
from pagestate.models.kernel.state import MOST, Memory
from pagestate.models.kernel.switches import (
    accounting,
    clear_type_on_free,
    free_checks,
    pcp,
    pcp_disable,
    rule,
    type_bits,
)

# ------------------------------------------------------------------------------------- freeing


@inline(src="mm/page_alloc.c: free_unref_page")
def free_unref_page(m: Memory, page: Page) -> None:
    """To a per-CPU list, or to the buddy's list of isolated pages if the pageblock is isolated.

    The pageblock is looked at some time before the page is on a list.
    """
    if pcp:
        isolated = pageblock_isolated(m, page)
        if not isolated:
            free_unref_page_commit(m, page)
            return
    free_one_page(m, page)


@atomic("get_pfnblock_migratetype({page})", src="mm/page_alloc.c: free_unref_page_prepare")
def pageblock_isolated(m: Memory, page: Page) -> bool:
    """Read without zone->lock."""
    return m.isolated(page)


@atomic("free_unref_page_commit({page})", src="mm/page_alloc.c: free_unref_page_commit")
def free_unref_page_commit(m: Memory, page: Page) -> None:
    """To this CPU's list, which is flushed at once while such lists are disabled."""
    put_on_list(m, page)
    m.pcp[page] = not pcp_disable or not m.pcp_disabled


@atomic(src="mm/page_alloc.c: free_one_page")
def free_one_page(m: Memory, page: Page) -> None:
    """To a list of the buddy, under zone->lock."""
    put_on_list(m, page)


@atomic
def put_on_list(m: Memory, page: Page) -> None:
    """The page is free, whatever type it had; or a bad page, which is on no list for good.

    What happens after a page in use or a free page is freed is not explored: the kernel would go
    on with a broken list, or say "Bad page state".
    """
    bug_on(m.free[page] or m.user[page] or m.refcount[page] > 0)
    m.freeing[page] -= 1
    m.revived = False
    m.free[page] = not free_checks or clear_type_on_free or not m.offline[page]
    if free_checks or clear_type_on_free or not type_bits:
        m.offline[page] = False


@atomic(src="mm/page_alloc.c: __free_pages_core")
def free_pages_core(m: Memory, page: Page) -> None:
    """To the free list for the first time since the memmap was initialised."""
    bug_on(m.free[page] or m.user[page] or m.refcount[page] > 0)
    m.free[page] = True
    m.revived = False
    if accounting and m.managed[page] < MOST:
        m.managed[page] += 1
    if accounting and rule == "unreferenced" and m.totalram[page] < MOST:
        m.totalram[page] += 1


@atomic(src="mm/page_alloc.c: drain_all_pages")
def drain_all_pages(m: Memory) -> None:
    """The pages of all per-CPU lists go to the buddy's lists."""
    for p in m.pages:
        m.pcp[p] = False


@atomic(src="mm/page_alloc.c: zone_pcp_disable")
def zone_pcp_disable(m: Memory) -> None:
    """No page stays on a per-CPU list from now on."""
    m.pcp_disabled = True
    for p in m.pages:
        m.pcp[p] = False


@atomic(src="mm/page_alloc.c: zone_pcp_enable")
def zone_pcp_enable(m: Memory) -> None:
    """As before."""
    m.pcp_disabled = False


# ---------------------------------------------------------------------------------- allocating


@atomic(src="mm/page_alloc.c: rmqueue")
def rmqueue(m: Memory, page: Page) -> None:
    """Take a free page off its list: not from an isolated pageblock, not a poisoned one.

    A page on a per-CPU list is taken whatever its pageblock says.
    """
    free = m.free[page] and not m.hwpoison[page]
    wait_until(free and (m.pcp[page] or not m.isolated(page)))
    m.free[page] = False
    m.pcp[page] = False
    m.user[page] = True


@atomic(src="mm/page_alloc.c: prep_new_page")
def prep_new_page(m: Memory, page: Page) -> None:
    """A plain store of 1, and the page is cleared: there must be memory behind it."""
    bug_on(not m.plugged[page])
    m.refcount[page] = 1


@atomic(src="mm/page_alloc.c: __alloc_pages")
def alloc_page(m: Memory, page: Page) -> None:
    """Any free page, for a driver: it is on no LRU list, and its content is not touched."""
    free = m.free[page] and not m.hwpoison[page]
    wait_until(free and (m.pcp[page] or not m.isolated(page)))
    m.free[page] = False
    m.pcp[page] = False
    m.refcount[page] = 1
