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
