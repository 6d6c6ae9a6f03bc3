"""A balloon driver that marks its pages PageOffline and keeps its reference: Hyper-V, Xen, VMware.

It has no memory notifier, so it never agrees that memory with its pages is offlined.
"""

from pagestate import Page, atomic, either, inline, thread, wait_until
from pagestate.models.kernel.page_alloc import free_unref_page
from pagestate.models.kernel.page_ref import count_last_put
from pagestate.models.kernel.state import Isolation, Memory
from pagestate.models.kernel.switches import balloon


@thread(repeat=True, src="drivers/hv/hv_balloon.c: balloon_up, balloon_down")
def balloon_driver(m: Memory, page: Page) -> None:
    """Gives one page to the hypervisor, or takes one back."""
    if not balloon:
        wait_until(False)
    if either():
        inflate(m, page)
    else:
        deflate(m, page)


@inline(src="drivers/hv/hv_balloon.c: alloc_balloon_pages")
def inflate(m: Memory, page: Page) -> None:
    """Allocate a page, mark it, tell the hypervisor."""
    alloc_page(m, page)
    m.offline[page] = True
    m.plugged[page] = False


@inline(src="drivers/hv/hv_balloon.c: free_balloon_pages")
def deflate(m: Memory, page: Page) -> None:
    """Get the memory back, unmark the page, free it."""
    take_back(m, page)
    m.offline[page] = False
    last = free_page(m, page)
    if last:
        free_unref_page(m, page)


@atomic(src="mm/page_alloc.c: __alloc_pages_nodemask")
def alloc_page(m: Memory, page: Page) -> None:
    """Any free page, not from an isolated pageblock, not a poisoned one."""
    free = m.buddy[page] and not m.hwpoison[page]
    wait_until(free and m.isolation[page] == Isolation.NONE)
    m.buddy[page] = False
    m.refcount[page] = 1


@atomic("hypervisor returns {page}", src="drivers/hv/hv_balloon.c: balloon_down")
def take_back(m: Memory, page: Page) -> None:
    """The hypervisor backs the page again."""
    wait_until(m.offline[page] and m.memmap)
    m.plugged[page] = True


@atomic("put_page_testzero({page})", src="mm/page_alloc.c: __free_page")
def free_page(m: Memory, page: Page) -> bool:
    """Drop the driver's reference."""
    m.refcount[page] -= 1
    count_last_put(m, page)
    return m.refcount[page] == 0
