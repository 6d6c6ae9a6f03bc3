"""The virtio-mem driver in big block mode: drivers/virtio/virtio_mem.c.

A big block (here: one memory block) is plugged and unplugged as a whole; the host unplugs it after
its memory was removed, so no unplugged page ever has a struct page.
"""

from pagestate import atomic, inline, mutex_lock, mutex_unlock, thread
from pagestate.models.kernel.memory_hotplug import add_memory, offline_and_remove_memory
from pagestate.models.kernel.page_isolation import alloc_contig_range
from pagestate.models.kernel.state import BlockState, Memory
from pagestate.models.kernel.switches import safe_unplug
from pagestate.models.kernel.virtio_mem_notifier import clear_fake_offline, set_fake_offline


@thread(repeat=True, src="drivers/virtio/virtio_mem.c: virtio_mem_run_wq")
def virtio_mem_bbm(m: Memory) -> None:
    """Unplug the big block if it is there, plug and add it if it is not."""
    mutex_lock(m.hotplug_mutex)
    state = m.mb_state
    if state == BlockState.UNUSED:
        add_big_block(m)
    elif safe_unplug:
        unplug_big_block(m)
    else:
        mutex_unlock(m.hotplug_mutex)
        offline_remove_and_unplug(m)


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_bbm_offline_remove_and_unplug_bb")
def unplug_big_block(m: Memory) -> None:
    """Mark all pages first: what is onlined from now on stays offline, too."""
    m.mb_state = BlockState.FAKE_OFFLINE
    marked = mark_big_block(m)
    if marked:
        mutex_unlock(m.hotplug_mutex)
        removed = offline_remove_and_unplug(m)
        if removed:
            return
        mutex_lock(m.hotplug_mutex)
    roll_back(m)
    mutex_unlock(m.hotplug_mutex)


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_fake_offline")
def mark_big_block(m: Memory) -> bool:
    """Allocate and mark every page that is online; false if one cannot be allocated."""
    if m.section_online:
        for page in m.pages:
            allocated = alloc_contig_range(m, page)
            if not allocated:
                return False
            set_fake_offline(m, page)
    return True


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_bbm_offline_remove_and_unplug_bb")
def roll_back(m: Memory) -> None:
    """Give back what was marked."""
    if m.section_online:
        for page in m.pages:
            if m.offline[page]:
                clear_fake_offline(m, page)
    with atomic("bb_state = VIRTIO_MEM_BBM_BB_ADDED"):
        m.mb_state = BlockState.ONLINE
        for p in m.pages:
            m.claimed[p] = False


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_bbm_offline_remove_and_unplug_bb")
def offline_remove_and_unplug(m: Memory) -> bool:
    """Without the hotplug mutex; the host gets the memory when the struct pages are gone."""
    removed = offline_and_remove_memory(m)
    if removed:
        with atomic("host unplugs the big block"):
            for p in m.pages:
                m.plugged[p] = False
        mutex_lock(m.hotplug_mutex)
        m.mb_state = BlockState.UNUSED
        mutex_unlock(m.hotplug_mutex)
    return removed


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_bbm_plug_and_add_bb")
def add_big_block(m: Memory) -> None:
    """Plug the whole block, then add it, which leaves it offline."""
    with atomic("host plugs the big block"):
        for p in m.pages:
            m.plugged[p] = True
            m.claimed[p] = False
    m.mb_state = BlockState.ONLINE
    mutex_unlock(m.hotplug_mutex)
    mutex_lock(m.device_hotplug_lock)
    add_memory(m)
    mutex_unlock(m.device_hotplug_lock)
