"""The virtio-mem driver in sub-block mode: drivers/virtio/virtio_mem.c.

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
from pagestate.models.kernel.accounting import (
    begin_operation,
    end_operation,
    host_plugged,
    host_unplugged,
    managed_sub,
)
from pagestate.models.kernel.memory_hotplug import (
    add_memory,
    offline_and_remove_memory,
    online_pages,
    remove_memory,
)
from pagestate.models.kernel.page_isolation import alloc_contig_range
from pagestate.models.kernel.page_ref import page_ref_inc, undisturbed
from pagestate.models.kernel.state import BlockState, Memory
from pagestate.models.kernel.switches import (
    add_under_mutex,
    dirty_pages,
    drain,
    mutant,
    removes_online,
    requests,
    retry_removal,
    revive,
    revoke_wraps,
    rule,
    unload,
    unload_revokes,
)
from pagestate.models.kernel.virtio_mem_notifier import clear_fake_offline, set_fake_offline
from pagestate.models.kernel.virtio_mem_requests import plug_requested_set, unplug_requested_set


@thread(repeat=True, src="drivers/virtio/virtio_mem.c: virtio_mem_run_wq")
def virtio_mem(m: Memory, page: Page) -> None:
    """Plug or unplug one subblock, as the host wishes; remove and add the block; unload."""
    if unload:
        wait_until(m.driver_loaded)
    begin_operation(m)
    mutex_lock(m.hotplug_mutex)
    state = m.mb_state
    if unload_requested(m):
        virtio_mem_remove(m, state == BlockState.ONLINE)
    elif state == BlockState.ONLINE:
        plug_or_unplug_online(m, page)
    elif state == BlockState.OFFLINE:
        plug_or_unplug_offline(m, page)
    else:
        add_block(m, page)
    end_operation(m)


@inline
def unload_requested(m: Memory) -> bool:
    """Whether the administrator unloads the driver now."""
    if not unload:
        return False
    answer = either()
    return answer


# ---------------------------------------------------------------------------- block is online


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_sbm_unplug_any_sb_online")
def plug_or_unplug_online(m: Memory, page: Page) -> None:
    """Change one subblock of the online block; remove the block when nothing of it is plugged."""
    if m.sb_plugged[page]:
        if requests == "set":
            unplug_requested_set(m)
        else:
            unplug_online(m, page)
        if removes_online and not any(m.sb_plugged[p] for p in m.pages):
            remove_online_block(m)
            return
    elif removes_online and retry_removal and not any(m.sb_plugged[p] for p in m.pages):
        remove_online_block(m)
        return
    elif revive:
        if requests == "set":
            plug_requested_set(m)
        else:
            plug_online(m, page)
    mutex_unlock(m.hotplug_mutex)


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_sbm_unplug_sb_online")
def unplug_online(m: Memory, page: Page) -> None:
    """Allocate the page, mark it, let the host take the memory.

    The mark comes before the host unplugs, so that a dumper never reads what is not there.
    """
    allocated = alloc_contig_range(m, page)
    if allocated:
        if mutant == "unplug_first":
            m.plugged[page] = False
        set_fake_offline(m, page)
        managed_sub(m, page)
        if refused_by_host(m):
            clear_fake_offline(m, page)
        else:
            m.plugged[page] = False
            host_unplugged(m, page)
            m.sb_plugged[page] = False


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_sbm_plug_any_sb")
def plug_online(m: Memory, page: Page) -> None:
    """Ask the host for the memory, then give the page back to the allocator."""
    if not dirty_pages:
        never_onlined = m.dirty[page]
        if never_onlined:
            return
    if mutant == "clear_first":
        clear_fake_offline(m, page)
        m.plugged[page] = True
        m.sb_plugged[page] = True
        return
    m.plugged[page] = True
    host_plugged(m, page)
    m.sb_plugged[page] = True
    clear_fake_offline(m, page)


@inline
def refused_by_host(m: Memory) -> bool:
    """Whether the host refuses the request."""
    if not revive:
        return False
    answer = either()
    return answer


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_sbm_try_remove_unplugged_mb")
def remove_online_block(m: Memory) -> None:
    """Offline and remove the block, without the hotplug mutex: onlining takes it, too."""
    mutex_unlock(m.hotplug_mutex)
    removed = offline_and_remove_memory(m)
    mutex_lock(m.hotplug_mutex)
    if removed:
        m.mb_state = BlockState.UNUSED
    mutex_unlock(m.hotplug_mutex)


# --------------------------------------------------------------------------- block is offline


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_sbm_unplug_any_sb_offline")
def plug_or_unplug_offline(m: Memory, page: Page) -> None:
    """Change one subblock of the offline block: no struct page is touched; or remove the block."""
    if any(m.sb_plugged[p] for p in m.pages):
        if m.sb_plugged[page]:
            unplug_offline(m, page)
            host_unplugged(m, page)
            m.sb_plugged[page] = False
        else:
            m.plugged[page] = True
            host_plugged(m, page)
            with atomic("sbm_set_sb_plugged({page})"):
                m.sb_plugged[page] = True
                m.claimed[page] = False
        mutex_unlock(m.hotplug_mutex)
    else:
        remove_block(m)


@atomic("host unplugs {page}", src="drivers/virtio/virtio_mem.c: virtio_mem_sbm_unplug_sb")
def unplug_offline(m: Memory, page: Page) -> None:
    """With ``drain`` no CPU found the page while its section was online and still reads it."""
    wait_until(not drain or undisturbed(m, page))
    m.plugged[page] = False


# ------------------------------------------------------------------------------ add and remove


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_sbm_remove_mb")
def remove_block(m: Memory) -> None:
    """Nobody can online the block from now on: MEM_GOING_ONLINE is refused."""
    if mutant == "late_state":
        mutex_unlock(m.hotplug_mutex)
    else:
        m.mb_state = BlockState.UNUSED
        mutex_unlock(m.hotplug_mutex)
    mutex_lock(m.device_hotplug_lock)
    bug_on(m.section_online)
    remove_memory(m)
    mutex_unlock(m.device_hotplug_lock)
    if mutant == "late_state":
        mutex_lock(m.hotplug_mutex)
        m.mb_state = BlockState.UNUSED
        mutex_unlock(m.hotplug_mutex)


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_sbm_plug_and_add_mb")
def add_block(m: Memory, page: Page) -> None:
    """Plug one subblock, then add the block, which stays offline (or is onlined at once)."""
    m.plugged[page] = True
    host_plugged(m, page)
    with atomic("sbm_set_sb_plugged({page})"):
        m.sb_plugged[page] = True
        m.claimed[page] = False
    m.mb_state = BlockState.OFFLINE
    if not add_under_mutex:
        mutex_unlock(m.hotplug_mutex)
    mutex_lock(m.device_hotplug_lock)
    add_memory(m)
    if add_under_mutex:
        online_pages(m)
    mutex_unlock(m.device_hotplug_lock)
    if add_under_mutex:
        mutex_unlock(m.hotplug_mutex)


# -------------------------------------------------------------------------------------- unload


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_remove")
def virtio_mem_remove(m: Memory, online: bool) -> None:
    """Remove an offline block with unplugged parts; leave an online one as it is."""
    if rule != "unreferenced":
        m.removing = True
    if online:
        if unload_revokes and revoke_wraps:
            revoke_consent_and_more(m)
        elif unload_revokes:
            for page in m.pages:
                if not m.sb_plugged[page]:
                    revoke_consent(m, page)
    elif m.mb_state == BlockState.OFFLINE and any(not m.sb_plugged[p] for p in m.pages):
        remove_block(m)
        mutex_lock(m.hotplug_mutex)
    with atomic("unregister_memory_notifier()"):
        m.driver_loaded = False
        m.removing = False
    mutex_unlock(m.hotplug_mutex)


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_deinit_hotplug")
def revoke_consent(m: Memory, page: Page) -> None:
    """Without the driver nobody would keep the page from the allocator after onlining."""
    if rule == "unreferenced":
        page_ref_inc(m, page)
    elif rule == "flag":
        m.skippable[page] = False


@inline(src="drivers/virtio/virtio_mem.c: virtio_mem_remove")
def revoke_consent_and_more(m: Memory) -> None:
    """As RFC v3 had it: after the first subblock the counter of the loop has wrapped around.

    The pages come in any order here; those that come after the second unplugged one follow it.
    """
    first = True
    wild = False
    for page in m.pages:
        if wild:
            page_ref_inc(m, page)
        elif not m.sb_plugged[page]:
            page_ref_inc(m, page)
            wild = not first
            first = False
