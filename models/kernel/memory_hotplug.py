"""On- and offlining of a memory block, its removal: mm/memory_hotplug.c.

As of v5.4; what the RFC changes is behind ``skip_offline``.  The notifier of virtio-mem is called
where the chain is called.  When the driver is not loaded nobody else takes ``hotplug_mutex``, so
taking it then has no effect.
"""

from pagestate import (
    Page,
    atomic,
    bug_on,
    choose,
    down_write,
    either,
    inline,
    mutex_lock,
    mutex_unlock,
    thread,
    up_write,
    wait_until,
)
from pagestate.models.kernel.page_alloc import free_pages_core
from pagestate.models.kernel.page_isolation import (
    start_isolate_page_range,
    test_pages_isolated,
    undo_isolate_page_range,
    unwatched,
)
from pagestate.models.kernel.page_ref import get_page_unless_zero, put_page
from pagestate.models.kernel.state import BlockState, Isolation, Memory
from pagestate.models.kernel.switches import (
    drain,
    migrate,
    reorder,
    skip_offline,
    virtio_mem_loaded,
)


@thread(repeat=True, src="drivers/base/memory.c: state_store")
def sysfs(m: Memory) -> None:
    """Whoever writes to the block's state file; one at a time, so one thread stands for all."""
    mutex_lock(m.device_hotplug_lock)
    if m.memmap:
        if m.section_online:
            offline_pages(m)
        else:
            online_pages(m)
    mutex_unlock(m.device_hotplug_lock)


# ------------------------------------------------------------------------------------ offlining


@inline(src="mm/memory_hotplug.c: __offline_pages")
def offline_pages(m: Memory) -> None:
    """Isolate, ask the notifiers, empty the block, commit; undone where something fails."""
    down_write(m.mem_hotplug_lock)
    isolated = start_isolate_page_range(m)
    if isolated:
        if either():  # a callback before that of virtio-mem refuses
            undo_isolate_page_range(m)
        else:
            mutex_lock(m.hotplug_mutex)
            going_offline(m)
            emptied = empty_block(m)
            if emptied:
                m.section_online = False
                offline_isolated_pages(m)
                notify_offline(m)
            else:
                undo_isolate_page_range(m)
                cancel_offline(m)
            mutex_unlock(m.hotplug_mutex)
    up_write(m.mem_hotplug_lock)


@inline(src="mm/memory_hotplug.c: __offline_pages")
def empty_block(m: Memory) -> bool:
    """Migrate and test until every page is isolated; false if a signal is pending.

    The page that is migrated is any page: the scan can be outdated, and everything behind the
    page it found is tried, too.
    """
    while True:
        if either():  # signal_pending()
            return False
        if scan_movable_pages(m):
            page = choose(m.pages)
            migrate_page(m, page)
        elif test_pages_isolated(m):
            return True


@inline(src="mm/memory_hotplug.c: scan_movable_pages")
def scan_movable_pages(m: Memory) -> bool:
    """Whether the scan reports a page; without a lock the answer can be outdated."""
    if not migrate:
        return False
    found = either()
    return found


@inline(src="mm/memory_hotplug.c: do_migrate_range")
def migrate_page(m: Memory, page: Page) -> None:
    """Take a reference to any page in use, move its content elsewhere if nobody else holds it."""
    got = get_page_unless_zero(m, page)
    if got:
        move_content(m, page)
        put_page(m, page)


@atomic("unmap_and_move({page})", src="mm/migrate.c: unmap_and_move")
def move_content(m: Memory, page: Page) -> None:
    """The user's reference goes to the new page, unless somebody else holds this one.

    A poisoned page is only unmapped.
    """
    if m.user[page] and (m.hwpoison[page] or m.refcount[page] == 2):
        m.user[page] = False
        m.refcount[page] -= 1


@atomic("memory_notify(MEM_GOING_OFFLINE)", src="drivers/virtio/virtio_mem.c: going_offline")
def going_offline(m: Memory) -> None:
    """With the hotplug mutex held; RFC v3 does nothing with the pages here."""
    for p in m.pages:
        m.was_offline[p] = m.offline[p]


@atomic("__offline_isolated_pages()", src="mm/page_alloc.c: __offline_isolated_pages")
def offline_isolated_pages(m: Memory) -> None:
    """Under zone->lock: take the pages off the free list; there is no way back any more."""
    bug_on(
        any(
            m.buddy[p]
            if skip_offline and m.offline[p] and m.refcount[p] == 0
            else (m.buddy[p] or not m.hwpoison[p]) and (m.refcount[p] > 0 or not m.buddy[p])
            for p in m.pages
        )
    )
    m.without_consent = any(
        not m.plugged[p] and not (virtio_mem_loaded and m.driver_loaded) for p in m.pages
    )
    for p in m.pages:
        m.buddy[p] = False
        m.isolation[p] = Isolation.NONE


@atomic("memory_notify(MEM_OFFLINE)", src="drivers/virtio/virtio_mem.c: notify_offline")
def notify_offline(m: Memory) -> None:
    """virtio-mem notes the new state."""
    m.mb_state = BlockState.OFFLINE
    for p in m.pages:
        m.was_offline[p] = False


@inline(src="mm/memory_hotplug.c: __offline_pages")
def cancel_offline(m: Memory) -> None:
    """After the isolation was undone; RFC v3 has nothing to take back."""
    with atomic("memory_notify(MEM_CANCEL_OFFLINE)"):
        m.cancelled = True
    with atomic("__offline_pages() fails"):
        m.cancelled = False
        for p in m.pages:
            m.was_offline[p] = False


# ------------------------------------------------------------------------------------- onlining


@inline(src="mm/memory_hotplug.c: online_pages")
def online_pages(m: Memory) -> None:
    """Initialise the memmap, ask the notifiers, give the pages to the allocator.

    The section is marked online after that: until v5.10 pages are allocatable before it.
    """
    down_write(m.mem_hotplug_lock)
    for page in m.pages:
        init_single_page(m, page)
    mutex_lock(m.hotplug_mutex)
    accepted = going_online(m)
    if accepted:
        for page in m.pages:
            online_page(m, page)
        m.section_online = True
        m.mb_state = BlockState.ONLINE
    mutex_unlock(m.hotplug_mutex)
    up_write(m.mem_hotplug_lock)


@atomic("__init_single_page({page})", src="mm/page_alloc.c: memmap_init_zone")
def init_single_page(m: Memory, page: Page) -> None:
    """Whatever the struct page said before is forgotten; it is reserved, with one reference."""
    wait_until(not drain or (unwatched(m, page)))
    m.refcount[page] = 1
    m.offline[page] = False
    m.dirty[page] = False
    m.hwpoison[page] = False
    m.without_consent = False


@atomic("memory_notify(MEM_GOING_ONLINE)", src="drivers/virtio/virtio_mem.c: going_online")
def going_online(m: Memory) -> bool:
    """virtio-mem refuses a block that it is about to remove."""
    return not virtio_mem_loaded or not m.driver_loaded or m.mb_state == BlockState.OFFLINE


@inline(src="mm/memory_hotplug.c: online_pages_range")
def online_page(m: Memory, page: Page) -> None:
    """The online page callback: virtio-mem keeps unplugged pages from the allocator."""
    if virtio_mem_loaded:
        kept = keeps_offline(m, page)
        if kept:
            set_fake_offline(m, page)
            m.dirty[page] = True
            return
    generic_online_page(m, page)


@atomic("virtio_mem_online_page_cb({page})", src="drivers/virtio/virtio_mem.c: online_page_cb")
def keeps_offline(m: Memory, page: Page) -> bool:
    """Whether the callback is virtio-mem's and the subblock is unplugged."""
    return m.driver_loaded and not m.sb_plugged[page]


@inline(src="mm/memory_hotplug.c: generic_online_page")
def generic_online_page(m: Memory, page: Page) -> None:
    """A plain store of 0 (whatever others added is lost), then to the free list."""
    m.refcount[page] = 0
    free_pages_core(m, page)


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_set_fake_offline")
def set_fake_offline(m: Memory, page: Page) -> None:
    """Mark the page and drop the driver's reference, whatever remains of the count."""
    if reorder:
        early = either()
        if early:
            page_ref_dec(m, page)
            m.offline[page] = True
            return
    m.offline[page] = True
    page_ref_dec(m, page)


@atomic(src="include/linux/page_ref.h: page_ref_dec")
def page_ref_dec(m: Memory, page: Page) -> None:
    """Nobody looks at the result."""
    m.refcount[page] -= 1


# ------------------------------------------------------------------------------ remove and add


@inline(src="mm/memory_hotplug.c: remove_memory")
def remove_memory(m: Memory) -> None:
    """The caller holds the device hotplug lock and made sure that the block is offline."""
    down_write(m.mem_hotplug_lock)
    arch_remove_memory(m)
    up_write(m.mem_hotplug_lock)


@atomic(src="mm/memory_hotplug.c: arch_remove_memory")
def arch_remove_memory(m: Memory) -> None:
    """The memmap is gone; what the struct pages said does not matter any more."""
    wait_until(not drain or all(unwatched(m, p) for p in m.pages))
    m.memmap = False
    m.without_consent = False
    for p in m.pages:
        m.refcount[p] = 0
        m.offline[p] = False
        m.dirty[p] = False
        m.hwpoison[p] = False
        m.contained[p] = False


@inline(src="mm/memory_hotplug.c: add_memory")
def add_memory(m: Memory) -> None:
    """The block is there again, offline; the caller holds the device hotplug lock."""
    down_write(m.mem_hotplug_lock)
    m.memmap = True
    up_write(m.mem_hotplug_lock)
