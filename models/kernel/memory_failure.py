"""Memory errors: mm/memory-failure.c."""

from pagestate import Page, atomic, derived, either, inline, thread
from pagestate.models.kernel.page_ref import pfn_to_online_page
from pagestate.models.kernel.state import Memory
from pagestate.models.kernel.switches import handlable, poison_refuses_online, unmap_fails


@thread(repeat=True, src="mm/memory-failure.c: memory_failure")
def memory_failure(m: Memory, page: Page) -> None:
    """The hardware reports an error in some page (or user space injects one)."""
    online = pfn_to_online_page(m, page)
    if online:
        first = test_set_hwpoison(m, page)
        if first:
            handle_error(m, page)


@atomic("TestSetPageHWPoison({page})", src="mm/memory-failure.c: memory_failure")
def test_set_hwpoison(m: Memory, page: Page) -> bool:
    """Mark the page; nothing else to do if it was marked already."""
    if m.hwpoison[page]:
        m.walkers[page] -= 1
        return False
    m.hwpoison[page] = True
    if poison_refuses_online:
        m.poisoned_pages = True
    return True


@inline(src="mm/memory-failure.c: memory_failure")
def handle_error(m: Memory, page: Page) -> None:
    """Take the page out of use."""
    get_hwpoison_page(m, page)
    if unmap_fails:
        failed = either()
        if failed:
            leave_mapped(m, page)
            return
    hwpoison_user_mappings(m, page)


@derived
def can_be_got(m: Memory, page: Page) -> bool:
    """Until v5.10 any page in use; later those on an LRU list."""
    return m.refcount[page] > 0 and (not handlable or m.user[page])


@atomic(src="mm/memory-failure.c: get_hwpoison_page")
def get_hwpoison_page(m: Memory, page: Page) -> None:
    """The reference is kept for good.  A free page is taken off its list (later kernels)."""
    if can_be_got(m, page):
        m.refcount[page] += 1
    elif m.buddy(page):
        m.contained[page] = True
        if handlable:
            m.free[page] = False
            m.refcount[page] = 1


@atomic("try_to_unmap({page}) fails", src="mm/memory-failure.c: hwpoison_user_mappings")
def leave_mapped(m: Memory, page: Page) -> None:
    """The page stays where it is, marked, with the reference of ``get_hwpoison_page()``."""
    m.walkers[page] -= 1


@atomic(src="mm/memory-failure.c: hwpoison_user_mappings")
def hwpoison_user_mappings(m: Memory, page: Page) -> None:
    """Unmap the page from its users, who drop their reference; then the error is contained."""
    if m.user[page] and m.refcount[page] > 1:
        m.user[page] = False
        m.refcount[page] -= 1
        m.contained[page] = True
    m.walkers[page] -= 1
