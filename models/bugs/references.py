"""Bugs about who holds the last reference to a page."""

from collections.abc import Mapping
from typing import Any

from pagestate.schedule import Actor, Bug, Schedule, Variant, Watch


def page_state(page: Mapping[str, Any]) -> str:
    """A page as the traces of the bugs tell it: ``rc1 off0 OWNED plug1``."""
    place = "OWNED" if page["user"] or page["refcount"] else "NOWHERE"
    if page["free"]:
        place = "FREELIST"
    return f"rc{page['refcount']} off{page['offline']:d} {place} plug{page['plugged']:d}"


WATCH = Watch(["refcount", "offline", "free", "user", "plugged"], page_state)
S, V = Actor("getter", 0), Actor("virtio_mem")

allocated = Schedule(
    "allocated for unplug",
    [V("alloc_contig_range", "rc1 off0 OWNED plug1", page=0)],
    "virtio-mem has allocated the page, and is going to mark it",
    WATCH,
)
last_reference = allocated.then(
    "a getter drops the last reference",
    [
        S("get_page_unless_zero -> true", "rc2", page=0),
        V("__SetPageOffline", "off1", page=0),
        V("page_ref_dec", "rc1", page=0),
        S("put_page_testzero -> true", "rc0 off1 NOWHERE", page=0),
    ],
    "the driver has dropped its reference; the getter is about to test PageOffline",
)

H1 = Bug(
    "H1",
    "a speculative reference frees a page that the hypervisor takes back",
    "offline_never_free",
    Variant("rfc_v3", "getters", {"hook": False}, {"page": 1, "getter": 1}),
    Variant("rfc_v3", "getters", {"hook": True}, {"page": 1, "getter": 1}),
    fix="the hook in __put_page() (RFC v3, never merged)",
    source="RFC v3 6/9, September 2019: steps (a) to (c) of the commit message",
    setup=allocated,
    at_most=5,
    watch=WATCH,
)
N3 = Bug(
    "N3",
    "the hook is not atomic with the decrement: a revived page is freed twice",
    "freed_once",
    Variant("rfc_v3", "plugging", {"hook": True}, {"page": 1, "getter": 1}),
    None,
    setup=last_reference,
    at_most=6,
    watch=WATCH,
)
BUGS = [H1, N3]
