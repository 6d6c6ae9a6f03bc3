"""virtio-mem's part in on- and offlining: its memory notifier and its online page callback.

When the driver is not loaded nobody else takes ``hotplug_mutex``, so taking it then has no effect.
"""

from pagestate import (
    Page,
    atomic,
    down_write,
    either,
    expect_dead,
    inline,
    mutex_lock,
    mutex_unlock,
    up_write,
    wait_until,
    warn_on,
)
from pagestate.models.kernel.accounting import managed_add, managed_sub
from pagestate.models.kernel.page_alloc import free_pages_core
from pagestate.models.kernel.page_ref import (
    free_page,
    may_claim,
    page_ref_dec,
    page_ref_inc,
    set_page_count,
)
from pagestate.models.kernel.state import BlockState, Memory
from pagestate.models.kernel.switches import (
    accounting,
    big_block,
    cancel_sets,
    freeze,
    frozen_bit,
    going_sets,
    memmap_offline,
    mutant,
    reorder,
    rule,
    totalram_first,
    unload,
    vetoes,
    virtio_mem_loaded,
)

# ------------------------------------------------------------------------ marking and unmarking


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_set_fake_offline")
def set_fake_offline(m: Memory, page: Page) -> None:
    """Mark the page; RFC v3 drops the driver's reference, too, whatever remains of the count."""
    if reorder:
        early = either()
        if early:
            page_ref_dec(m, page)
            mark_offline(m, page)
            return
    if mutant == "drop_first" and rule == "unreferenced":
        page_ref_dec(m, page)
        mark_offline(m, page)
        return
    if freeze:
        page_offline_begin(m)
    mark_offline(m, page)
    if freeze:
        up_write(m.page_offline_rwsem)
    if rule == "unreferenced":
        page_ref_dec(m, page)


@inline(src="mm/util.c: page_offline_begin")
def page_offline_begin(m: Memory) -> None:
    """Wait for the readers of memory content."""
    with atomic("page_offline_begin()"):
        m.marking = True
    down_write(m.page_offline_rwsem)
    with atomic("page_offline_rwsem is taken"):
        m.marking = False


@atomic("__SetPageOffline({page})", src="include/linux/page-flags.h: __SetPageOffline")
def mark_offline(m: Memory, page: Page) -> None:
    """A plain store; PG_offline_skippable is set with it, under the hotplug mutex."""
    wait_until(may_claim(m, page))
    m.offline[page] = True
    m.claimed[page] = True
    if rule == "flag":
        m.skippable[page] = True


@atomic("__ClearPageOffline({page})", src="include/linux/page-flags.h: __ClearPageOffline")
def unmark_offline(m: Memory, page: Page) -> None:
    """The page is an ordinary one again."""
    m.offline[page] = False
    m.claimed[page] = False
    m.skippable[page] = False


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_fake_online")
def clear_fake_offline(m: Memory, page: Page) -> None:
    """Unmark the page, free it; in RFC v3 after taking a reference again.

    A page that was never onlined goes the way of onlining: the count is overwritten with 0.
    """
    if rule == "unreferenced":
        page_ref_inc(m, page)
    was_dirty = clear_marks(m, page)
    give_back(m, page, was_dirty)


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_clear_fake_offline")
def clear_marks(m: Memory, page: Page) -> bool:
    """Whether the page was never onlined; since v6.11 such a page stays PageOffline for now."""
    if not memmap_offline:
        clear_offline_mark(m, page)
        was_dirty = clear_dirty_mark(m, page)
        return was_dirty
    never_onlined = m.dirty[page]
    if never_onlined:
        clear_dirty_mark(m, page)
    else:
        clear_offline_mark(m, page)
    return never_onlined


@atomic("__ClearPageOffline({page})", src="drivers/virtio/virtio_mem.c")
def clear_offline_mark(m: Memory, page: Page) -> None:
    """The page no longer says that it is the driver's."""
    m.offline[page] = False
    m.claimed[page] = False
    m.skippable[page] = False
    m.revived = True


@atomic("TestClearPageDirty({page})", src="drivers/virtio/virtio_mem.c")
def clear_dirty_mark(m: Memory, page: Page) -> bool:
    """The page no longer says that it was never onlined; whether it did."""
    was_dirty = m.dirty[page]
    m.dirty[page] = False
    m.revived = True
    return was_dirty


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_fake_online")
def give_back(m: Memory, page: Page, never_onlined: bool) -> None:
    """To the buddy: for the first time, or by dropping the driver's reference."""
    if never_onlined:
        generic_online_page(m, page)
    else:
        free_page(m, page)
        managed_add(m, page)


# ------------------------------------------------------------------------------------ offlining


@atomic("virtio_mem_sbm_test_sb_unplugged({page})", src="drivers/virtio/virtio_mem.c")
def lets_go(m: Memory, page: Page) -> bool:
    """Whether the notifier handles this page: unplugged, or of a big block that is to go."""
    if big_block:
        return m.mb_state == BlockState.FAKE_OFFLINE
    return not m.sb_plugged[page] and m.driver_loaded


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_notify_going_offline")
def going_offline(m: Memory) -> bool:
    """MEM_GOING_OFFLINE: agree, with the hotplug mutex held until the end, or refuse."""
    mutex_lock(m.hotplug_mutex)
    if unload and rule != "unreferenced":
        refused = m.removing
        if refused:
            expect_dead("while removing, the mutex is given up for an offline block only")
            mutex_unlock(m.hotplug_mutex)
            return False
    with atomic("memory_notify(MEM_GOING_OFFLINE)"):
        m.hotplug_active = True
        for p in m.pages:
            m.was_offline[p] = m.offline[p] and not m.sb_plugged[p]
    if rule == "notifier" or rule == "give_back":
        for page in m.pages:
            if lets_go(m, page):
                fake_offline_going_offline(m, page)
    if rule == "unreferenced" and accounting:
        for page in m.pages:
            if lets_go(m, page):
                managed_add(m, page)
    return True


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_fake_offline_going_offline")
def fake_offline_going_offline(m: Memory, page: Page) -> None:
    """Drop the driver's reference, warn if somebody else holds one; or what else there was."""
    if not memmap_offline:
        managed_add(m, page)
    if rule == "give_back":
        unmark_offline(m, page)
        free_page(m, page)
    elif going_sets:
        set_page_count(m, page, 0)
    else:
        drop(m, page)
        if frozen_bit:
            freeze_dropped(m, page)


@atomic("page_ref_dec_and_test({page})", src="include/linux/page_ref.h: page_ref_dec_and_test")
def drop(m: Memory, page: Page) -> None:
    """The driver's reference is gone, whatever the result."""
    m.refcount[page] -= 1
    if frozen_bit:
        m.thawed[page] = m.refcount[page] == 0
    else:
        warn_on(m.refcount[page] > 0)


@atomic("cmpxchg({page}, 0, FROZEN)", src="include/linux/page_ref.h: page_ref_dec_and_test")
def freeze_dropped(m: Memory, page: Page) -> None:
    """The second half of dec-and-test."""
    warn_on(m.refcount[page] > 0 or not m.thawed[page])
    if m.refcount[page] == 0:
        m.thawed[page] = False


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_notify_cancel_offline")
def cancel_offline(m: Memory) -> None:
    """MEM_CANCEL_OFFLINE: take the references back; nothing to do if nothing was dropped."""
    if totalram_first:
        correct_totalram(m)
    if (vetoes or unload) and mutant != "cancel_always":
        active = m.hotplug_active
        if not active:
            return
    if not totalram_first:
        correct_totalram(m)
    if rule == "notifier" and virtio_mem_loaded:
        for page in m.pages:
            if lets_go(m, page):
                fake_offline_cancel_offline(m, page)
    with atomic("memory_notify(MEM_CANCEL_OFFLINE)"):
        m.hotplug_active = False
        m.cancelled = True
    with atomic("offline_pages() fails"):
        m.cancelled = False
        for p in m.pages:
            m.was_offline[p] = False
    mutex_unlock(m.hotplug_mutex)


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_memory_notifier_cb")
def correct_totalram(m: Memory) -> None:
    """RFC v3: what MEM_GOING_OFFLINE added for the core to subtract is taken off again."""
    if rule == "unreferenced" and accounting and virtio_mem_loaded:
        for page in m.pages:
            if lets_go(m, page):
                managed_sub(m, page)


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_fake_offline_cancel_offline")
def fake_offline_cancel_offline(m: Memory, page: Page) -> None:
    """Take the reference back."""
    if not memmap_offline:
        managed_sub(m, page)
    if cancel_sets:
        set_page_count(m, page, 1)
    else:
        page_ref_inc(m, page)


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_notify_offline")
def notify_offline(m: Memory) -> None:
    """MEM_OFFLINE: virtio-mem notes the new state."""
    with atomic("memory_notify(MEM_OFFLINE)"):
        m.hotplug_active = False
        if not big_block:
            m.mb_state = BlockState.OFFLINE
        for p in m.pages:
            m.was_offline[p] = False
    mutex_unlock(m.hotplug_mutex)


# ------------------------------------------------------------------------------------- onlining


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_notify_going_online")
def going_online(m: Memory) -> bool:
    """MEM_GOING_ONLINE: virtio-mem refuses a block that it is about to remove."""
    mutex_lock(m.hotplug_mutex)
    accepted = accepts_online(m)
    if accepted:
        return True
    mutex_unlock(m.hotplug_mutex)
    return False


@atomic("memory_notify(MEM_GOING_ONLINE)", src="drivers/virtio/virtio_mem.c: going_online")
def accepts_online(m: Memory) -> bool:
    """Only offline blocks, not while the driver is unloaded."""
    if not virtio_mem_loaded or not m.driver_loaded:
        return True
    if m.removing and rule != "unreferenced":
        return False
    return big_block or m.mb_state == BlockState.OFFLINE


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_online_page_cb")
def online_page(m: Memory, page: Page) -> None:
    """The online page callback: virtio-mem keeps unplugged pages from the allocator."""
    if virtio_mem_loaded:
        kept = keeps_offline(m, page)
        if kept:
            keep_offline(m, page)
            return
    generic_online_page(m, page)


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_set_fake_offline")
def keep_offline(m: Memory, page: Page) -> None:
    """The page is marked like an unplugged one, and remembered as never onlined."""
    if memmap_offline:
        with atomic("SetPageDirty({page})", src="drivers/virtio/virtio_mem.c"):
            m.dirty[page] = True
            m.claimed[page] = True
            m.skippable[page] = rule == "flag"
    else:
        set_fake_offline(m, page)
        m.dirty[page] = True


@atomic("virtio_mem_online_page_cb({page})", src="drivers/virtio/virtio_mem.c: online_page_cb")
def keeps_offline(m: Memory, page: Page) -> bool:
    """Whether the callback is virtio-mem's and the subblock is unplugged."""
    if big_block:
        return m.mb_state == BlockState.FAKE_OFFLINE
    return m.driver_loaded and not m.sb_plugged[page]


@inline(src="mm/memory_hotplug.c: generic_online_page")
def generic_online_page(m: Memory, page: Page) -> None:
    """A plain store of 0 (whatever others added is lost), then to the free list."""
    if memmap_offline:
        unmark_offline(m, page)
    set_page_count(m, page, 0)
    free_pages_core(m, page)


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_notify_online")
def notify_online(m: Memory) -> None:
    """MEM_ONLINE: virtio-mem notes the new state."""
    if not big_block:
        m.mb_state = BlockState.ONLINE
    mutex_unlock(m.hotplug_mutex)
