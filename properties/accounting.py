"""Counters, as what each page contributes to them: a counter is right if every page's part is."""

from typing import Protocol

from pagestate import Field, Members, Page, always


class Managed(Protocol):
    """Pages that a zone counts."""

    pages: Members[Page]
    managed: Field[Page, int]
    plugged: Field[Page, bool]
    section_online: bool

    def quiet(self) -> bool:
        """Whether no operation that changes counters is going on."""
        ...


class Total(Protocol):
    """Pages that count in totalram."""

    pages: Members[Page]
    totalram: Field[Page, int]
    plugged: Field[Page, bool]
    section_online: bool

    def quiet(self) -> bool:
        """Whether no operation that changes counters is going on."""
        ...


class Present(Protocol):
    """Pages that a zone spans, and pageblocks that it counts as isolated."""

    pages: Members[Page]
    present: Field[Page, bool]
    section_online: bool

    def quiet(self) -> bool:
        """Whether no operation that changes counters is going on."""
        ...

    def isolated(self, page: Page) -> bool:
        """Whether the page is of an isolated pageblock."""
        ...


class Sized(Protocol):
    """Subblocks that a device counts."""

    pages: Members[Page]
    sized: Field[Page, int]
    plugged: Field[Page, bool]

    def quiet(self) -> bool:
        """Whether no operation that changes counters is going on."""
        ...


@always("I5: zone->managed_pages counts the plugged pages of online blocks")
def managed_is_right(m: Managed) -> bool:
    """Watermarks and limits are computed from it; what drifts once is wrong until reboot."""
    return not m.quiet() or all(
        m.managed[p] == (1 if m.section_online and m.plugged[p] else 0) for p in m.pages
    )


@always("I5: no unplugged page is counted as managed, not even for a moment")
def unplugged_is_not_managed(m: Managed) -> bool:
    """Whoever computes watermarks just then counts on memory that is not there."""
    return all(not m.section_online or m.plugged[p] or m.managed[p] <= 0 for p in m.pages)


@always("I5: plugged_size counts what the host plugged")
def plugged_size_is_right(m: Sized) -> bool:
    """The driver compares it with the size that the host requests."""
    return not m.quiet() or all(m.sized[p] == (1 if m.plugged[p] else 0) for p in m.pages)


@always("I5: totalram counts the plugged pages of online blocks")
def totalram_is_right(m: Total) -> bool:
    """Limits that are fractions of all memory are computed from it."""
    return not m.quiet() or all(
        m.totalram[p] == (1 if m.section_online and m.plugged[p] else 0) for p in m.pages
    )


@always("I5: zone->present_pages counts the pages of online blocks")
def present_is_right(m: Present) -> bool:
    """Unplugged pages are present and not managed; of an offline block no page is."""
    return not m.quiet() or all(m.present[p] == m.section_online for p in m.pages)


@always("I5: nr_isolate_pageblock is 0 when nobody is at work")
def isolation_is_undone(m: Present) -> bool:
    """A pageblock of an online block that stays isolated is lost to the allocator."""
    return not m.quiet() or not m.section_online or not any(m.isolated(p) for p in m.pages)
