"""Memory errors as handled until v5.10: mm/memory-failure.c."""

from pagestate import Page, atomic, thread, wait_until
from pagestate.models.kernel.page_ref import pfn_to_online_page
from pagestate.models.kernel.state import Memory
from pagestate.models.kernel.switches import hwpoison


@thread(repeat=True, src="mm/memory-failure.c: memory_failure")
def memory_failure(m: Memory, page: Page) -> None:
    """The hardware reports an error in some page."""
    if not hwpoison:
        wait_until(False)
    online = pfn_to_online_page(m, page)
    if online:
        first = test_set_hwpoison(m, page)
        if first:
            get_hwpoison_page(m, page)
            hwpoison_user_mappings(m, page)


@atomic("TestSetPageHWPoison({page})", src="mm/memory-failure.c: memory_failure")
def test_set_hwpoison(m: Memory, page: Page) -> bool:
    """Mark the page; nothing else to do if it was marked already."""
    if m.hwpoison[page]:
        m.walkers[page] -= 1
        return False
    m.hwpoison[page] = True
    return True


@atomic(src="mm/memory-failure.c: get_hwpoison_page")
def get_hwpoison_page(m: Memory, page: Page) -> None:
    """Of any page that is in use; the reference is kept for good."""
    if m.refcount[page] > 0:
        m.refcount[page] += 1
    elif m.buddy[page]:
        m.contained[page] = True


@atomic(src="mm/memory-failure.c: hwpoison_user_mappings")
def hwpoison_user_mappings(m: Memory, page: Page) -> None:
    """Unmap the page from its users, who drop their reference; then the error is contained."""
    if m.user[page] and m.refcount[page] > 1:
        m.user[page] = False
        m.refcount[page] -= 1
        m.contained[page] = True
    m.walkers[page] -= 1
