"""The virtio-mem driver of RFC v3 (sub-block mode): drivers/virtio/virtio_mem.c.

Its requests are handled by one work item, which holds the hotplug mutex all the time except where
memory is added or removed.  Unloading waits for the work item, so it is one of the things this
thread may do.
"""

from pagestate import (
    Page,
    atomic,
    bug_on,
    either,
    inline,
    mutex_lock,
    mutex_unlock,
    thread,
    wait_until,
)
from pagestate.models.kernel.memory_hotplug import (
    add_memory,
    generic_online_page,
    remove_memory,
    set_fake_offline,
)
from pagestate.models.kernel.page_alloc import free_unref_page
from pagestate.models.kernel.page_isolation import alloc_contig_range
from pagestate.models.kernel.state import BlockState, Memory
from pagestate.models.kernel.switches import (
    revive,
    unload,
    unload_takes_references,
)


@thread(repeat=True, src="drivers/virtio/virtio_mem.c: virtio_mem_run_wq")
def virtio_mem(m: Memory, page: Page) -> None:
    """Plug or unplug one subblock, as the host wishes; remove and add the block; unload."""
    if unload:
        wait_until(m.driver_loaded)
    mutex_lock(m.hotplug_mutex)
    state = m.mb_state
    if unload_requested(m):
        virtio_mem_remove(m, state == BlockState.ONLINE)
    elif state == BlockState.ONLINE:
        plug_or_unplug_online(m, page)
        mutex_unlock(m.hotplug_mutex)
    elif state == BlockState.OFFLINE:
        plug_or_unplug_offline(m, page)
    else:
        add_block(m, page)


@inline
def unload_requested(m: Memory) -> bool:
    """Whether the administrator unloads the driver now."""
    if not unload:
        return False
    answer = either()
    return answer


# ---------------------------------------------------------------------------- block is online


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_mb_unplug_any_sb_online")
def plug_or_unplug_online(m: Memory, page: Page) -> None:
    """Change one subblock of the online block."""
    if m.sb_plugged[page]:
        unplug_online(m, page)
    elif revive:
        plug_online(m, page)


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_mb_unplug_any_sb_online")
def unplug_online(m: Memory, page: Page) -> None:
    """Allocate the page, mark it and drop the reference, then let the host take the memory."""
    allocated = alloc_contig_range(m, page)
    if allocated:
        set_fake_offline(m, page)
        if refused_by_host(m):
            clear_fake_offline(m, page)
        else:
            m.plugged[page] = False
            m.sb_plugged[page] = False


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_mb_plug_any_sb")
def plug_online(m: Memory, page: Page) -> None:
    """Ask the host for the memory, then give the page back to the allocator."""
    m.plugged[page] = True
    m.sb_plugged[page] = True
    clear_fake_offline(m, page)


@inline
def refused_by_host(m: Memory) -> bool:
    """Whether the host refuses the request."""
    if not revive:
        return False
    answer = either()
    return answer


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_clear_fake_offline")
def clear_fake_offline(m: Memory, page: Page) -> None:
    """Take a reference, unmark the page, free it.

    A page that was never onlined goes the way of onlining: the count is overwritten with 0.
    """
    page_ref_inc(m, page)
    with atomic("__ClearPageOffline({page})"):
        m.offline[page] = False
        m.revived = True
    with atomic("ClearPageDirty({page})"):
        was_dirty = m.dirty[page]
        m.dirty[page] = False
        m.revived = False
    if was_dirty:
        generic_online_page(m, page)
    else:
        last = free_contig_range(m, page)
        if last:
            free_unref_page(m, page)


@atomic(src="include/linux/page_ref.h: page_ref_inc")
def page_ref_inc(m: Memory, page: Page) -> None:
    """Unconditional: also from 0."""
    m.refcount[page] += 1


@atomic("put_page_testzero({page})", src="mm/page_alloc.c: free_contig_range")
def free_contig_range(m: Memory, page: Page) -> bool:
    """Drop the driver's reference; this path has no hook."""
    m.refcount[page] -= 1
    if m.refcount[page] == 0:
        m.freeing[page] += 1
    return m.refcount[page] == 0


# --------------------------------------------------------------------------- block is offline


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_mb_unplug_any_sb_offline")
def plug_or_unplug_offline(m: Memory, page: Page) -> None:
    """Change one subblock of the offline block: no struct page is touched; or remove the block."""
    if any(m.sb_plugged[p] for p in m.pages):
        if m.sb_plugged[page]:
            m.plugged[page] = False
            m.sb_plugged[page] = False
        else:
            m.plugged[page] = True
            m.sb_plugged[page] = True
        mutex_unlock(m.hotplug_mutex)
    else:
        remove_block(m)


# ------------------------------------------------------------------------------ add and remove


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_mb_remove")
def remove_block(m: Memory) -> None:
    """Nobody can online the block from now on: MEM_GOING_ONLINE is refused."""
    m.mb_state = BlockState.UNUSED
    mutex_unlock(m.hotplug_mutex)
    mutex_lock(m.device_hotplug_lock)
    bug_on(m.section_online)
    remove_memory(m)
    mutex_unlock(m.device_hotplug_lock)


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_mb_plug_and_add")
def add_block(m: Memory, page: Page) -> None:
    """Plug one subblock, then add the block, which stays offline."""
    m.plugged[page] = True
    m.sb_plugged[page] = True
    m.mb_state = BlockState.OFFLINE
    mutex_unlock(m.hotplug_mutex)
    mutex_lock(m.device_hotplug_lock)
    add_memory(m)
    mutex_unlock(m.device_hotplug_lock)


# -------------------------------------------------------------------------------------- unload


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_remove")
def virtio_mem_remove(m: Memory, online: bool) -> None:
    """Remove an offline block with unplugged parts; leave an online one as it is."""
    if online:
        if unload_takes_references:
            for page in m.pages:
                if not m.sb_plugged[page]:
                    page_ref_inc(m, page)
    elif m.mb_state == BlockState.OFFLINE and any(not m.sb_plugged[p] for p in m.pages):
        remove_block(m)
        mutex_lock(m.hotplug_mutex)
    m.driver_loaded = False
    mutex_unlock(m.hotplug_mutex)
