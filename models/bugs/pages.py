"""How bugs and traces tell the state of a page: ``rc1 off1 skip0 OWNED plug0 type=offline``."""

from collections.abc import Mapping
from typing import Any

from pagestate.schedule import Actor, Watch

PAGE = {"page": 1}
ONE = {"page": 1, "getter": 1}

getter = Actor("getter", 0)
user = Actor("user")
driver = Actor("virtio_mem")
offliner = Actor("sysfs")
reader = Actor("dumper")
device = Actor("acpi_memory_device")
poisoner = Actor("memory_failure")
balloon = Actor("balloon_driver")


def page_state(page: Mapping[str, Any]) -> str:
    """The reference count, PageOffline, PG_offline_skippable, where it is, the host, the type."""
    buddy = page["free"] and not page["pcp"]
    types = [t for t, has in (("offline", page["offline"]), ("buddy", buddy)) if has]
    return (
        f"rc{page['refcount']} off{page['offline']:d} skip{page['skippable']:d} {place(page)} "
        f"plug{page['plugged']:d} type={'+'.join(types) or 'none'}"
    )


def place(page: Mapping[str, Any]) -> str:
    """On a list (the buddy's, that of isolated pageblocks, a CPU's own), in use, or nowhere."""
    if page["free"]:
        if page["pcp"]:
            return "PCP"
        return "FREELIST" if page["isolation"] == "NONE" else "ISOLATED"
    return "OWNED" if page["user"] or page["refcount"] else "NOWHERE"


WATCH = Watch(
    ["refcount", "offline", "skippable", "free", "pcp", "isolation", "user", "plugged"], page_state
)
"""What counts as a change: the count, PageOffline, the flag, the place, the host, the type."""
