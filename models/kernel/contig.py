"""A user of alloc_contig_range(): CMA, gigantic pages."""

from pagestate import Page, thread
from pagestate.models.kernel.page_isolation import alloc_contig_range
from pagestate.models.kernel.page_ref import free_page
from pagestate.models.kernel.state import Memory


@thread(repeat=True, src="mm/page_alloc.c: alloc_contig_pages")
def contig_user(m: Memory, page: Page) -> None:
    """Allocates this very page, uses it, frees it."""
    online = m.section_online
    if online:
        allocated = alloc_contig_range(m, page)
        if allocated:
            free_page(m, page)
