"""What must happen in the end, if every thread is scheduled fairly.

None of it holds against signals, or a host that never answers: models leave those out when they
ask for it.
"""

from typing import Protocol

from pagestate import Field, Members, Page, leads_to


class Isolated(Protocol):
    """A block whose pageblocks are isolated while it is offlined."""

    def being_offlined(self) -> bool:
        """Whether some pageblock of the online section is isolated for hotplug."""
        ...


class Notified(Protocol):
    """A driver between MEM_GOING_* and its end."""

    hotplug_active: bool


class Emptied(Protocol):
    """A block that the driver removes when nothing of it is plugged."""

    pages: Members[Page]
    plugged: Field[Page, bool]
    memmap: bool


class Waiting(Protocol):
    """A driver that waits for the readers of memory content."""

    marking: bool


@leads_to("L1: offlining comes to an end")
def offlining_ends(m: Isolated) -> tuple[bool, bool]:
    """With success or with an error; a pageblock does not stay isolated in an online section."""
    return m.being_offlined(), not m.being_offlined()


@leads_to("L2: MEM_GOING_OFFLINE is followed by MEM_OFFLINE or MEM_CANCEL_OFFLINE")
def notifiers_are_paired(m: Notified) -> tuple[bool, bool]:
    """The driver holds its mutex in between: nothing of it can go on."""
    return m.hotplug_active, not m.hotplug_active


@leads_to("L4: a fully unplugged block is removed")
def emptied_block_is_removed(m: Emptied) -> tuple[bool, bool]:
    """Its memmap is memory, too: 2 MiB of each 128 MiB."""
    return (
        m.memmap and all(not m.plugged[p] for p in m.pages),
        not m.memmap or any(m.plugged[p] for p in m.pages),
    )


@leads_to("L5: readers of memory content do not starve a driver")
def writers_are_not_starved(m: Waiting) -> tuple[bool, bool]:
    """/proc/kcore gives up the lock from time to time; new readers queue behind the writer."""
    return m.marking, not m.marking
