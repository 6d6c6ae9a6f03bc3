"""References to a page: include/linux/page_ref.h, include/linux/mm.h, mm/swap.c.

With ``frozen_bit`` a count of 0 is a frozen one: attempts to get the page leave junk in its low
bits, which nobody reads (page_count() is 0 while the bit is set) and which freezing and
set_page_count() overwrite, so one value stands for all of them.
"""

from pagestate import Page, atomic, derived, inline, thread
from pagestate.models.kernel.page_alloc import free_unref_page
from pagestate.models.kernel.state import Memory
from pagestate.models.kernel.switches import drain, frozen_bit, getters, hook

# ------------------------------------------------------------------------------------- getting


@derived
def gettable(m: Memory, page: Page) -> bool:
    """Whether get_page_unless_zero() succeeds: whoever owns the page, whatever its type."""
    return m.refcount[page] > 0 or (frozen_bit and m.thawed[page])


@derived
def unwatched(m: Memory, page: Page) -> bool:
    """Nobody is between finding the page and the end of put_page()."""
    gone = m.holders[page] == 0 and m.putting[page] == 0 and m.freeing[page] == 0
    return gone and m.walkers[page] == 0


@derived
def undisturbed(m: Memory, page: Page) -> bool:
    """Nobody is at work on the page, nor going to read its content."""
    return unwatched(m, page) and m.readers[page] == 0


@atomic(src="include/linux/mm.h: get_page_unless_zero")
def get_page_unless_zero(m: Memory, page: Page) -> bool:
    """One atomic add-unless-zero: succeeds at any count >= 1, whoever owns the page."""
    if not gettable(m, page):
        return False
    take(m, page)
    return True


@atomic
def take(m: Memory, page: Page) -> None:
    """The count goes up by one, of a page that can be got."""
    m.refcount[page] += 1
    m.holders[page] += 1
    if frozen_bit:
        m.thawed[page] = False


@atomic(src="include/linux/memory_hotplug.h: pfn_to_online_page")
def pfn_to_online_page(m: Memory, page: Page) -> bool:
    """Whether there is a memmap to look at; nothing keeps it after this."""
    if not m.section_online:
        return False
    m.walkers[page] += 1
    return True


@atomic("PageLRU({page})", src="mm/compaction.c: isolate_migratepages_block")
def page_is_lru(m: Memory, page: Page) -> bool:
    """The test before the get: a page in use, on an LRU list, of an online section."""
    if not m.user[page]:
        return False
    m.walkers[page] += 1
    return True


@atomic("get_page_unless_zero({page})", src="include/linux/mm.h: get_page_unless_zero")
def get_walked_page(m: Memory, page: Page) -> bool:
    """``get_page_unless_zero()`` on a page that was looked at some time ago."""
    m.walkers[page] -= 1
    if not gettable(m, page):
        return False
    take(m, page)
    return True


@atomic("get_page_unless_zero({page})", src="include/linux/mm.h: get_page_unless_zero")
def get_online_page(m: Memory, page: Page) -> bool:
    """``pfn_to_online_page()`` and ``get_page_unless_zero()``, not torn by offlining."""
    if not m.section_online or not gettable(m, page):
        return False
    take(m, page)
    return True


# ------------------------------------------------------------------------------------- putting


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
        if frozen_bit:
            m.thawed[page] = True
        if hook or frozen_bit:
            m.putting[page] += 1
        else:
            m.freeing[page] += 1


@atomic("cmpxchg({page}, 0, FROZEN)", src="include/linux/page_ref.h: page_ref_dec_and_test")
def freeze(m: Memory, page: Page) -> bool:
    """The second half of dec-and-test: whoever freezes the count was the last one."""
    m.putting[page] -= 1
    if m.refcount[page] > 0 or not m.thawed[page]:
        return False
    m.thawed[page] = False
    m.freeing[page] += 1
    return True


@atomic("PageOffline({page})", src="mm/swap.c: __put_page")
def put_hook(m: Memory, page: Page) -> bool:
    """The hook of the RFC: an offline page is not freed."""
    m.putting[page] -= 1
    if not m.offline[page]:
        m.freeing[page] += 1
    return m.offline[page]


@inline(src="mm/swap.c: __put_page")
def release_page(m: Memory, page: Page) -> None:
    """What follows when the count became 0; other CPUs can run in between."""
    if hook:
        keep = put_hook(m, page)
        if keep:
            return
    if frozen_bit:
        last = freeze(m, page)
        if not last:
            return
    free_unref_page(m, page)


@inline(src="include/linux/mm.h: put_page")
def put_page(m: Memory, page: Page) -> None:
    """Drop a reference taken with ``get_page_unless_zero()``; the last one frees the page."""
    if put_page_testzero(m, page):
        release_page(m, page)


@inline(src="mm/page_alloc.c: __free_page")
def free_page(m: Memory, page: Page) -> None:
    """Drop the reference of an allocation; this path has no hook."""
    last = allocation_put_testzero(m, page)
    if last:
        if frozen_bit:
            won = freeze(m, page)
            if not won:
                return
        free_unref_page(m, page)


@atomic("put_page_testzero({page})", src="include/linux/mm.h: put_page_testzero")
def allocation_put_testzero(m: Memory, page: Page) -> bool:
    """Atomic decrement and test, by whoever allocated the page."""
    m.refcount[page] -= 1
    if m.refcount[page] == 0:
        if frozen_bit:
            m.thawed[page] = True
            m.putting[page] += 1
        else:
            m.freeing[page] += 1
    return m.refcount[page] == 0


# ---------------------------------------------------- by drivers, which know what they are doing


@atomic(src="include/linux/page_ref.h: page_ref_inc")
def page_ref_inc(m: Memory, page: Page) -> None:
    """Unconditional: also from 0."""
    m.refcount[page] += 1


@atomic(src="include/linux/page_ref.h: page_ref_dec")
def page_ref_dec(m: Memory, page: Page) -> None:
    """Nobody looks at the result."""
    m.refcount[page] -= 1


@atomic(src="include/linux/page_ref.h: set_page_count")
def set_page_count(m: Memory, page: Page, count: int) -> None:
    """A plain store: whatever other CPUs contributed is lost."""
    m.refcount[page] = count
    if frozen_bit:
        m.thawed[page] = False


# ------------------------------------------------------------------------------------ the actor


@thread(replicated=True, repeat=True, src="mm/memory-failure.c, mm/compaction.c, fs/proc/page.c")
def getter(m: Memory, page: Page) -> None:
    """A speculative getter: any page of an online section, any time; tested or not."""
    if getters != "any":
        looked = page_is_lru(m, page)
        if looked:
            got = get_walked_page(m, page)
            if got:
                put_page(m, page)
    elif drain:
        caught = get_online_page(m, page)
        if caught:
            put_page(m, page)
    else:
        online = pfn_to_online_page(m, page)
        if online:
            held = get_walked_page(m, page)
            if held:
                put_page(m, page)


@derived
def may_claim(m: Memory, page: Page) -> bool:
    """With ``getters=prompt`` no getter is at work on a page when its driver marks it."""
    return getters != "prompt" or unwatched(m, page)
