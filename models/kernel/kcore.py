"""What reads the content of all memory: fs/proc/kcore.c."""

from pagestate import Page, atomic, down_read, thread, up_read
from pagestate.models.kernel.state import Memory
from pagestate.models.kernel.switches import freeze, kcore


@thread(repeat=True, src="fs/proc/kcore.c: read_kcore")
def dumper(m: Memory, page: Page) -> None:
    """Reads one page after the other; the test and the read are one critical section, or not."""
    if kcore == "reads":
        present = is_mapped(m, page)
        if present:
            read_content(m, page)
    else:
        if freeze:
            down_read(m.page_offline_rwsem)
        readable = is_readable(m, page)
        if readable:
            read_content(m, page)
        if freeze:
            up_read(m.page_offline_rwsem)


@atomic("in kclist_head: {page}", src="fs/proc/kcore.c: read_kcore")
def is_mapped(m: Memory, page: Page) -> bool:
    """The block is there; nothing is asked about the page."""
    if not m.memmap:
        return False
    m.readers[page] += 1
    return True


@atomic("PageOffline({page})", src="fs/proc/kcore.c: read_kcore")
def is_readable(m: Memory, page: Page) -> bool:
    """pfn_to_online_page(), and the struct page says neither offline nor poisoned."""
    if not m.section_online or m.offline[page] or m.hwpoison[page]:
        return False
    m.readers[page] += 1
    return True


@atomic("memcpy from {page}", src="fs/proc/kcore.c: read_kcore")
def read_content(m: Memory, page: Page) -> None:
    """Copy the page from the direct map."""
    m.read_hole = not m.plugged[page]
    m.readers[page] -= 1
