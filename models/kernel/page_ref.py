"""References to a page: include/linux/page_ref.h, include/linux/mm.h, mm/swap.c."""

from pagestate import Page, atomic, inline, thread
from pagestate.models.kernel.page_alloc import free_unref_page
from pagestate.models.kernel.state import Memory
from pagestate.models.kernel.switches import drain, hook


@atomic(src="include/linux/mm.h: get_page_unless_zero")
def get_page_unless_zero(m: Memory, page: Page) -> bool:
    """One atomic add-unless-zero: succeeds at any count >= 1, whoever owns the page."""
    if m.refcount[page] == 0:
        return False
    m.refcount[page] += 1
    m.holders[page] += 1
    return True


@atomic(src="include/linux/memory_hotplug.h: pfn_to_online_page")
def pfn_to_online_page(m: Memory, page: Page) -> bool:
    """Whether there is a memmap to look at; nothing keeps it after this."""
    if not m.section_online:
        return False
    m.walkers[page] += 1
    return True


@atomic(src="include/linux/mm.h: get_page_unless_zero")
def get_walked_page(m: Memory, page: Page) -> bool:
    """``get_page_unless_zero()`` on a page found by ``pfn_to_online_page()`` some time ago."""
    m.walkers[page] -= 1
    if m.refcount[page] == 0:
        return False
    m.refcount[page] += 1
    m.holders[page] += 1
    return True


@atomic(src="include/linux/mm.h: get_page_unless_zero")
def get_online_page(m: Memory, page: Page) -> bool:
    """``pfn_to_online_page()`` and ``get_page_unless_zero()``, not torn by offlining."""
    if not m.section_online or m.refcount[page] == 0:
        return False
    m.refcount[page] += 1
    m.holders[page] += 1
    return True


@atomic(src="include/linux/mm.h: put_page_testzero")
def put_page_testzero(m: Memory, page: Page) -> bool:
    """Atomic decrement and test."""
    m.refcount[page] -= 1
    m.holders[page] -= 1
    count_last_put(m, page)
    return m.refcount[page] == 0


@atomic
def count_last_put(m: Memory, page: Page) -> None:
    """Bookkeeping of the model: whoever dropped the last reference frees the page."""
    if m.refcount[page] == 0:
        if hook:
            m.putting[page] += 1
        else:
            m.freeing[page] += 1


@atomic("PageOffline({page})", src="mm/swap.c: __put_page")
def put_hook(m: Memory, page: Page) -> bool:
    """The hook of the RFC: an offline page is not freed."""
    m.putting[page] -= 1
    if not m.offline[page]:
        m.freeing[page] += 1
    return m.offline[page]


@inline(src="mm/swap.c: __put_page")
def release_page(m: Memory, page: Page) -> None:
    """What follows when the last reference is gone; other CPUs can run in between."""
    if hook:
        keep = put_hook(m, page)
        if keep:
            return
    free_unref_page(m, page)


@inline(src="include/linux/mm.h: put_page")
def put_page(m: Memory, page: Page) -> None:
    """Drop a reference taken with ``get_page_unless_zero()``; the last one frees the page."""
    if put_page_testzero(m, page):
        release_page(m, page)


@thread(replicated=True, repeat=True, src="mm/memory-failure.c, mm/compaction.c, fs/proc/page.c")
def getter(m: Memory, page: Page) -> None:
    """A speculative getter: any page of an online section, any time, no test of the page."""
    if drain:
        got = get_online_page(m, page)
        if got:
            put_page(m, page)
    else:
        online = pfn_to_online_page(m, page)
        if online:
            held = get_walked_page(m, page)
            if held:
                put_page(m, page)
