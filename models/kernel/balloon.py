"""A balloon driver that marks its pages PageOffline and keeps its reference: Hyper-V, Xen, VMware.

It has no memory notifier, so it never agrees that memory with its pages is offlined.
"""

from pagestate import Page, atomic, either, inline, thread, wait_until
from pagestate.models.kernel.page_alloc import alloc_page
from pagestate.models.kernel.page_ref import free_page
from pagestate.models.kernel.state import Memory
from pagestate.models.kernel.switches import maps_offline


@thread(repeat=True, src="drivers/hv/hv_balloon.c: balloon_up, balloon_down")
def balloon_driver(m: Memory, page: Page) -> None:
    """Gives one page to the hypervisor, or takes one back."""
    if either():
        inflate(m, page)
    else:
        deflate(m, page)


@inline(src="drivers/hv/hv_balloon.c: alloc_balloon_pages")
def inflate(m: Memory, page: Page) -> None:
    """Allocate a page, mark it, tell the hypervisor."""
    alloc_page(m, page)
    with atomic("__SetPageOffline({page})", src="drivers/hv/hv_balloon.c: alloc_balloon_pages"):
        m.offline[page] = True
        m.claimed[page] = True
    with atomic("hypervisor takes {page}", src="drivers/hv/hv_balloon.c: balloon_up"):
        m.plugged[page] = False
        m.foreign[page] = True
    if maps_offline:
        with atomic("user space maps {page}", src="drivers/xen/gntdev.c: gntdev_mmap"):
            m.offline[page] = False


@inline(src="drivers/hv/hv_balloon.c: free_balloon_pages")
def deflate(m: Memory, page: Page) -> None:
    """Get the memory back, unmark the page, free it."""
    take_back(m, page)
    with atomic("__ClearPageOffline({page})", src="drivers/hv/hv_balloon.c: free_balloon_pages"):
        m.offline[page] = False
        m.claimed[page] = False
    free_page(m, page)


@atomic("hypervisor returns {page}", src="drivers/hv/hv_balloon.c: balloon_down")
def take_back(m: Memory, page: Page) -> None:
    """The hypervisor backs the page again."""
    wait_until(m.foreign[page] and m.memmap)
    m.plugged[page] = True
    m.foreign[page] = False
