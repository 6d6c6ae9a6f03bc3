"""The page allocator without per-CPU lists: mm/page_alloc.c.

Everything done under zone->lock is one step.
"""

from pagestate import Page, atomic, bug_on, wait_until
from pagestate.models.kernel.state import Isolation, Memory


@atomic(src="mm/page_alloc.c: free_unref_page")
def free_unref_page(m: Memory, page: Page) -> None:
    """To the free list (of isolated pages, if the pageblock is isolated).

    What happens after a page in use or a free page is freed is not explored: the kernel would go
    on with a broken list, or say "Bad page state".
    """
    bug_on(m.buddy[page] or m.user[page] or m.refcount[page] > 0)
    m.buddy[page] = True
    m.freeing[page] -= 1


@atomic(src="mm/page_alloc.c: __free_pages_core")
def free_pages_core(m: Memory, page: Page) -> None:
    """To the free list for the first time since the memmap was initialised."""
    bug_on(m.buddy[page] or m.user[page] or m.refcount[page] > 0)
    m.buddy[page] = True


@atomic(src="mm/page_alloc.c: rmqueue")
def rmqueue(m: Memory, page: Page) -> None:
    """Take a free page off its list, not from an isolated pageblock, not a poisoned one."""
    free = m.buddy[page] and not m.hwpoison[page]
    wait_until(free and m.isolation[page] == Isolation.NONE)
    m.buddy[page] = False
    m.user[page] = True


@atomic(src="mm/page_alloc.c: prep_new_page")
def prep_new_page(m: Memory, page: Page) -> None:
    """A plain store of 1, and the page is cleared: there must be memory behind it."""
    bug_on(not m.plugged[page])
    m.refcount[page] = 1


@atomic("put_page_testzero({page})", src="mm/swap.c: put_page")
def put_user_page(m: Memory, page: Page) -> bool:
    """The user drops its reference."""
    wait_until(m.user[page])
    m.user[page] = False
    m.refcount[page] -= 1
    if m.refcount[page] == 0:
        m.putting[page] += 1
    return m.refcount[page] == 0
