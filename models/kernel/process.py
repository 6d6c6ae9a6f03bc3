"""A process: allocates free pages and frees them."""

from pagestate import Page, atomic, either, inline, thread, wait_until
from pagestate.models.kernel.page_alloc import prep_new_page, rmqueue
from pagestate.models.kernel.page_ref import count_last_put, release_page
from pagestate.models.kernel.state import Memory


@thread(repeat=True, src="mm/page_alloc.c: __alloc_pages_nodemask")
def user(m: Memory, page: Page) -> None:
    """Allocates any free page, or frees any page that users have."""
    if either():
        rmqueue(m, page)
        prep_new_page(m, page)
    else:
        put_user_page(m, page)


@inline(src="mm/swap.c: put_page")
def put_user_page(m: Memory, page: Page) -> None:
    """Drop the user's reference."""
    last = user_put_testzero(m, page)
    if last:
        release_page(m, page)


@atomic("put_page_testzero({page})", src="include/linux/mm.h: put_page_testzero")
def user_put_testzero(m: Memory, page: Page) -> bool:
    """Atomic decrement and test, by a user of the page."""
    wait_until(m.user[page])
    m.user[page] = False
    m.refcount[page] -= 1
    count_last_put(m, page)
    return m.refcount[page] == 0
