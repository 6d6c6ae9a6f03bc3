"""Counters of the zone and of virtio-mem, page by page.

``zone->managed_pages`` is the sum over the pages of what each contributed, and so for the others: a
counter drifts if and only if the contributions of some page are not what its state says.  totalram
moves with ``managed_pages`` (one function changes both), except in RFC v3, whose driver corrects
totalram alone; ``present_pages`` changes for the whole block at once.
"""

from pagestate import Page, atomic, inline
from pagestate.models.kernel.state import LEAST, MOST, Memory
from pagestate.models.kernel.switches import accounting, memmap_offline, rule


@inline
def begin_operation(m: Memory) -> None:
    """Counters may be wrong from now on."""
    if accounting:
        with atomic("operation begins"):
            m.operations += 1


@inline
def end_operation(m: Memory) -> None:
    """The counters of what was done are right again."""
    if accounting:
        with atomic("operation ends"):
            m.operations -= 1


@inline(src="mm/page_alloc.c: adjust_managed_page_count")
def managed_add(m: Memory, page: Page) -> None:
    """The zone manages one page more; the driver of RFC v3 corrects totalram alone."""
    if accounting and rule == "unreferenced":
        with atomic("totalram_pages_add({page}, 1)", src="include/linux/mm.h: totalram_pages_add"):
            if m.totalram[page] < MOST:
                m.totalram[page] += 1
    elif accounting:
        with atomic("adjust_managed_page_count({page}, 1)"):
            if m.managed[page] < MOST:
                m.managed[page] += 1


@inline(src="mm/page_alloc.c: adjust_managed_page_count")
def managed_sub(m: Memory, page: Page) -> None:
    """The zone manages one page less; the driver of RFC v3 corrects totalram alone."""
    if accounting and rule == "unreferenced":
        with atomic("totalram_pages_add({page}, -1)", src="include/linux/mm.h: totalram_pages_add"):
            if m.totalram[page] > LEAST:
                m.totalram[page] -= 1
    elif accounting:
        with atomic("adjust_managed_page_count({page}, -1)"):
            if m.managed[page] > LEAST:
                m.managed[page] -= 1


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_send_plug_request")
def host_plugged(m: Memory, page: Page) -> None:
    """plugged_size, after the host acknowledged."""
    if accounting:
        with atomic("plugged_size += subblock of {page}"):
            m.sized[page] += 1


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_send_unplug_request")
def host_unplugged(m: Memory, page: Page) -> None:
    """plugged_size, after the host acknowledged."""
    if accounting:
        with atomic("plugged_size -= subblock of {page}"):
            m.sized[page] -= 1


@inline(src="mm/memory_hotplug.c: offline_pages")
def account_offlined(m: Memory) -> None:
    """managed -= nr_pages; since v6.11 less the PageOffline pages that were skipped as such."""
    if accounting:
        for page in m.pages:
            subtract_offlined(m, page)
        with atomic("present_pages -= nr_pages"):
            for p in m.pages:
                m.present[p] = False


@atomic("managed_pages -= nr_pages: {page}", src="mm/memory_hotplug.c: offline_pages")
def subtract_offlined(m: Memory, page: Page) -> None:
    """The part of one page; a poisoned page was not counted among the skipped ones."""
    skipped = memmap_offline and m.offline[page] and not m.hwpoison[page]
    if not skipped and m.managed[page] > LEAST:
        m.managed[page] -= 1
    if rule == "unreferenced" and m.totalram[page] > LEAST:
        m.totalram[page] -= 1


@inline(src="mm/memory_hotplug.c: online_pages")
def account_onlined(m: Memory) -> None:
    """present += nr_pages; what is managed was added page by page."""
    if accounting:
        with atomic("present_pages += nr_pages"):
            for p in m.pages:
                m.present[p] = True
