"""Requests for several subblocks at once: drivers/virtio/virtio_mem.c.

The driver first tries to unplug all that is plugged of a block with one request, and plugs runs of
subblocks; it handles those of a request together, phase by phase.  Any set is a request here.
"""

from pagestate import Page, atomic, either, inline
from pagestate.models.kernel.page_isolation import isolate_for_contig, isolate_freepages_range
from pagestate.models.kernel.state import Isolation, Memory
from pagestate.models.kernel.virtio_mem_notifier import clear_marks, give_back, set_fake_offline


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_sbm_unplug_sb_online")
def unplug_requested_set(m: Memory) -> None:
    """Choose the subblocks, allocate all of them or none, mark them, let the host unplug them."""
    for page in m.pages:
        if m.sb_plugged[page]:
            wanted = either()
            m.requested[page] = wanted
    allocated = alloc_contig_pages(m)
    if allocated:
        for page in m.pages:
            if m.requested[page]:
                set_fake_offline(m, page)
        with atomic("host unplugs the requested subblocks"):
            for p in m.pages:
                m.plugged[p] = m.plugged[p] and not m.requested[p]
        with atomic("sbm_set_sb_unplugged(requested)"):
            for p in m.pages:
                m.sb_plugged[p] = m.sb_plugged[p] and not m.requested[p]
    forget_request(m)


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_sbm_plug_any_sb")
def plug_requested_set(m: Memory) -> None:
    """Choose the subblocks, let the host plug them, unmark all of them, give them back."""
    for page in m.pages:
        if not m.sb_plugged[page]:
            wanted = either()
            m.requested[page] = wanted
    with atomic("host plugs the requested subblocks"):
        for p in m.pages:
            m.plugged[p] = m.plugged[p] or m.requested[p]
    with atomic("sbm_set_sb_plugged(requested)"):
        for p in m.pages:
            m.sb_plugged[p] = m.sb_plugged[p] or m.requested[p]
    for page in m.pages:
        if m.requested[page]:
            was_dirty = clear_marks(m, page)
            m.never_onlined[page] = was_dirty
    for page in m.pages:
        if m.requested[page]:
            never_onlined = m.never_onlined[page]
            give_back(m, page, never_onlined)
    forget_request(m)


@inline(src="mm/page_alloc.c: alloc_contig_range")
def alloc_contig_pages(m: Memory) -> bool:
    """Isolate every pageblock of the range, take the pages off their lists, end the isolation."""
    for page in m.pages:
        if m.requested[page]:
            isolated = isolate_for_contig(m, page)
            if not isolated:
                end_isolation(m)
                return False
    for page in m.pages:
        if m.requested[page]:
            taken = isolate_freepages_range(m, page)
            if not taken:
                give_back_taken(m)
                end_isolation(m)
                return False
            m.refcount[page] = 1
    end_isolation(m)
    return True


@atomic("free_contig_range(taken)", src="mm/page_alloc.c: alloc_contig_range")
def give_back_taken(m: Memory) -> None:
    """Pages that were taken off their list go back to it."""
    for p in m.pages:
        if m.requested[p] and m.isolation[p] == Isolation.CONTIG and m.refcount[p] == 1:
            m.refcount[p] = 0
            m.free[p] = True


@inline(src="mm/page_isolation.c: undo_isolate_page_range")
def end_isolation(m: Memory) -> None:
    """Of the pageblocks that this request isolated."""
    for page in m.pages:
        if m.requested[page]:
            undo_contig_isolation(m, page)


@atomic("unset_migratetype_isolate({page})", src="mm/page_isolation.c: unset_migratetype_isolate")
def undo_contig_isolation(m: Memory, page: Page) -> None:
    """Back to a pageblock that pages are allocated from."""
    if m.isolation[page] == Isolation.CONTIG:
        m.isolation[page] = Isolation.NONE


@atomic("the request is done")
def forget_request(m: Memory) -> None:
    """The next request starts empty."""
    for p in m.pages:
        m.requested[p] = False
        m.never_onlined[p] = False
