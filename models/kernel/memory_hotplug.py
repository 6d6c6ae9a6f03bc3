"""On- and offlining of a memory block, its removal: mm/memory_hotplug.c, drivers/base/memory.c."""

from enum import Enum

from pagestate import (
    Page,
    atomic,
    bug_on,
    derived,
    down_write,
    either,
    inline,
    mutex_lock,
    mutex_unlock,
    thread,
    up_write,
    wait_until,
)
from pagestate.models.kernel.accounting import (
    account_offlined,
    account_onlined,
    begin_operation,
    end_operation,
)
from pagestate.models.kernel.page_alloc import (
    drain_all_pages,
    zone_pcp_disable,
    zone_pcp_enable,
)
from pagestate.models.kernel.page_isolation import (
    start_isolate_page_range,
    test_pages_isolated,
    undo_isolate_page_range,
)
from pagestate.models.kernel.page_ref import get_page_unless_zero, put_page, undisturbed
from pagestate.models.kernel.state import Isolation, Memory
from pagestate.models.kernel.switches import (
    busy_is_final,
    drain,
    isolate_on_online,
    memmap_offline,
    migrate,
    mutant,
    pcp,
    pcp_disable,
    poison_offlines,
    poison_refuses_online,
    redrain,
    remove_reads_memmap,
    rule,
    signals,
    veto_once,
    vetoes,
    virtio_mem_loaded,
)
from pagestate.models.kernel.virtio_mem_notifier import (
    cancel_offline,
    going_offline,
    going_online,
    notify_offline,
    notify_online,
    online_page,
)


@thread(repeat=True, src="drivers/base/memory.c: state_store")
def sysfs(m: Memory) -> None:
    """Whoever writes to the block's state file; one at a time, so one thread stands for all."""
    begin_operation(m)
    mutex_lock(m.device_hotplug_lock)
    if m.memmap:
        if m.section_online:
            offline_pages(m)
        else:
            online_pages(m)
    mutex_unlock(m.device_hotplug_lock)
    end_operation(m)


# ------------------------------------------------------------------------------------ offlining


@inline(src="mm/memory_hotplug.c: offline_pages")
def offline_pages(m: Memory) -> bool:
    """Isolate, ask the notifiers, empty the block, commit; undone where something fails."""
    down_write(m.mem_hotplug_lock)
    if pcp and pcp_disable:
        zone_pcp_disable(m)
    done = False
    isolated = start_isolate_page_range(m)
    if isolated:
        if pcp and not pcp_disable:
            drain_all_pages(m)
        done = offline_isolated(m)
    if pcp and pcp_disable:
        zone_pcp_enable(m)
    up_write(m.mem_hotplug_lock)
    return done


@inline(src="mm/memory_hotplug.c: offline_pages")
def offline_isolated(m: Memory) -> bool:
    """From MEM_GOING_OFFLINE on; a failure undoes the isolation before MEM_CANCEL_OFFLINE."""
    if vetoes:
        refused_before = either()
        if refused_before:
            undo_isolate_page_range(m)
            cancel_offline(m)
            return False
    agreed = going_offline(m)
    if not agreed:
        undo_isolate_page_range(m)
        return False
    emptied = not_refused_after(m)
    if emptied:
        emptied = empty_block(m)
    if emptied:
        commit(m)
        return True
    if mutant == "undo_last":
        cancel_offline(m)
        undo_isolate_page_range(m)
    else:
        undo_isolate_page_range(m)
        cancel_offline(m)
    return False


@inline(src="kernel/notifier.c: blocking_notifier_call_chain")
def not_refused_after(m: Memory) -> bool:
    """Whether the callbacks after that of virtio-mem agree."""
    if veto_once:
        later = agrees_later(m)
        return later
    if not vetoes:
        return True
    answer = either()
    return answer


@atomic("memory_notify(MEM_GOING_OFFLINE)", src="kernel/notifier.c: notifier_call_chain")
def agrees_later(m: Memory) -> bool:
    """The callback behind that of virtio-mem has a reason to refuse, once."""
    if m.refused:
        return True
    m.refused = True
    return False


class Scan(Enum):
    """What scan_movable_pages() finds: a page, -EBUSY, -ENOENT."""

    MOVABLE = "movable"
    BUSY = "busy"
    NOTHING = "nothing"


@inline(src="mm/memory_hotplug.c: offline_pages")
def empty_block(m: Memory) -> bool:
    """Migrate and test until every page is isolated; false after a signal or -EBUSY."""
    while True:
        if signals:
            pending = either()
            if pending:
                return False
        found = scan_movable_pages(m)
        if found == Scan.BUSY:
            return False
        if found == Scan.NOTHING:
            if test_pages_isolated(m):
                return True
            if pcp and redrain and not pcp_disable:
                drain_all_pages(m)


@inline(src="mm/memory_hotplug.c: scan_movable_pages, do_migrate_range")
def scan_movable_pages(m: Memory) -> Scan:
    """Look at every page, without a lock; migrate from the first movable one on."""
    for page in m.pages:
        seen = look_at(m, page)
        if seen == Scan.MOVABLE:
            do_migrate_range(m, page)
            return Scan.MOVABLE
        if seen == Scan.BUSY:
            return Scan.BUSY
    return Scan.NOTHING


@atomic("scan_movable_pages({page})", src="mm/memory_hotplug.c: scan_movable_pages")
def look_at(m: Memory, page: Page) -> Scan:
    """One page of the scan: pages on an LRU list can be moved, PageOffline pages in use never."""
    if migrate and m.user[page]:
        return Scan.MOVABLE
    if is_busy(m, page):
        return Scan.BUSY
    return Scan.NOTHING


@derived
def is_busy(m: Memory, page: Page) -> bool:
    """-EBUSY: a PageOffline page that nobody is going to let go of."""
    by_notifier = rule in ("notifier", "give_back") and m.refcount[page] > 0
    stays = not m.skippable[page] if rule == "flag" else by_notifier
    return busy_is_final and m.offline[page] and stays


@inline(src="mm/memory_hotplug.c: do_migrate_range")
def do_migrate_range(m: Memory, found: Page) -> None:
    """The page found and any of those behind it (in no order here)."""
    migrate_page(m, found)
    for page in m.pages:
        if page != found:
            tried = either()
            if tried:
                migrate_page(m, page)


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

    A poisoned page is only unmapped (and its content lost).
    """
    if m.user[page] and ((poison_offlines and m.hwpoison[page]) or m.refcount[page] == 2):
        m.user[page] = False
        m.refcount[page] -= 1


@inline(src="mm/memory_hotplug.c: offline_pages")
def commit(m: Memory) -> None:
    """There is no way back: the section is offline first, then its pages leave the free lists."""
    m.section_online = False
    offline_isolated_pages(m)
    bug_on(m.commit_broken)
    account_offlined(m)
    notify_offline(m)


@derived
def must_not_be(m: Memory, page: Page) -> bool:
    """What the BUG_ON()s of __offline_isolated_pages() look at."""
    poisoned = m.hwpoison[page] and not m.buddy(page)
    marked = m.offline[page] and (rule != "unreferenced" or m.refcount[page] == 0)
    counted = m.refcount[page] > 0 and rule in ("notifier", "give_back")
    of_marked = m.buddy(page) or counted
    of_free = m.refcount[page] > 0 or not m.buddy(page)
    return not poisoned and (of_marked if rule != "refuse" and marked else of_free)


@atomic("__offline_isolated_pages()", src="mm/page_alloc.c: __offline_isolated_pages")
def offline_isolated_pages(m: Memory) -> None:
    """Under zone->lock: take the pages off the free list; they stay isolated."""
    m.commit_broken = any(must_not_be(m, p) for p in m.pages)
    m.without_consent = any(
        not m.plugged[p] and (m.foreign[p] or not virtio_mem_loaded or not m.driver_loaded)
        for p in m.pages
    )
    for p in m.pages:
        m.free[p] = False
        m.pcp[p] = False


# ------------------------------------------------------------------------------------- onlining


@inline(src="mm/memory_hotplug.c: online_pages")
def online_pages(m: Memory) -> None:
    """Initialise the memmap, ask the notifiers, give the pages to the allocator.

    The section is marked online after that: until v5.10 pages are allocatable before it.
    """
    if poison_refuses_online:
        poisoned = m.poisoned_pages
        if poisoned:
            return
    down_write(m.mem_hotplug_lock)
    for page in m.pages:
        init_single_page(m, page)
    accepted = going_online(m)
    if accepted:
        for page in m.pages:
            online_page(m, page)
        m.section_online = True
        account_onlined(m)
        if isolate_on_online:
            undo_isolate_page_range(m)
        notify_online(m)
    up_write(m.mem_hotplug_lock)


@atomic("__init_single_page({page})", src="mm/mm_init.c: memmap_init_range")
def init_single_page(m: Memory, page: Page) -> None:
    """Whatever the struct page said before is forgotten; it has one reference.

    Reserved until v6.10, which nobody reads before the callback decides; PageOffline since.
    """
    wait_until(not drain or undisturbed(m, page))
    m.memmap_valid = True
    m.refcount[page] = 1
    m.offline[page] = memmap_offline
    m.skippable[page] = False
    m.dirty[page] = False
    m.hwpoison[page] = False
    m.isolation[page] = Isolation.HOTPLUG if isolate_on_online else Isolation.NONE
    m.without_consent = False


# ------------------------------------------------------------------------------ remove and add


@inline(src="mm/memory_hotplug.c: offline_and_remove_memory")
def offline_and_remove_memory(m: Memory) -> bool:
    """Called without the hotplug mutex: nobody can online the block in between."""
    mutex_lock(m.device_hotplug_lock)
    gone = True
    if m.section_online:
        gone = offline_pages(m)
    if gone:
        remove_memory(m)
    mutex_unlock(m.device_hotplug_lock)
    return gone


@inline(src="mm/memory_hotplug.c: remove_memory")
def remove_memory(m: Memory) -> None:
    """The caller holds the device hotplug lock and made sure that the block is offline."""
    down_write(m.mem_hotplug_lock)
    if remove_reads_memmap:
        page_zone_of_block(m)
    arch_remove_memory(m)
    up_write(m.mem_hotplug_lock)


@atomic("page_zone(pfn_to_page(start_pfn))", src="mm/memory_hotplug.c: __remove_pages")
def page_zone_of_block(m: Memory) -> None:
    """Of memory that was never onlined the memmap holds garbage."""
    m.read_garbage = not m.memmap_valid


@atomic(src="mm/memory_hotplug.c: arch_remove_memory")
def arch_remove_memory(m: Memory) -> None:
    """The memmap is gone; what the struct pages said does not matter any more."""
    wait_until(not drain or all(undisturbed(m, p) for p in m.pages))
    m.memmap = False
    m.memmap_valid = False
    m.read_garbage = False
    m.without_consent = False
    m.poisoned_pages = False
    for p in m.pages:
        m.refcount[p] = 0
        m.offline[p] = False
        m.skippable[p] = False
        m.dirty[p] = False
        m.hwpoison[p] = False
        m.contained[p] = False
        m.isolation[p] = Isolation.NONE


@inline(src="mm/memory_hotplug.c: add_memory")
def add_memory(m: Memory) -> None:
    """The block is there again, offline; the caller holds the device hotplug lock."""
    down_write(m.mem_hotplug_lock)
    m.memmap = True
    up_write(m.mem_hotplug_lock)
