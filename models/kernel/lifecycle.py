"""The states in the life of a page: what `pagestate graph` draws."""

from collections.abc import Mapping
from typing import Any

from pagestate import Lifecycle


def stage(page: Mapping[str, Any]) -> str:
    """Where a page is in its life; ``isolated``: its pageblock is, for offlining or allocation.

    A page that changes hands is neither free nor a user's nor marked: it is being allocated or
    freed, or the driver has it before the mark and after it.
    """
    if not page["memmap"]:
        return "removed: no struct page"
    isolated = "" if page["isolation"] == "NONE" else ", isolated"
    if not page["section_online"]:
        marked = ", PageOffline" if page["offline"] else ""
        return f"offline section{marked}"
    if page["offline"]:
        return f"PageOffline, count {page['refcount']}{isolated}"
    if page["free"]:
        return f"free{isolated}"
    if page["user"]:
        return f"in use{isolated}"
    return "changes hands"


LIFECYCLE = Lifecycle(
    ["memmap", "section_online", "offline", "refcount", "free", "user", "isolation"], stage
)
