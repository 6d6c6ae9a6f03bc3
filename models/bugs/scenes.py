"""Scenarios that only bugs need, in the protocol of v5.8: what must happen in the end."""

from dataclasses import replace
from typing import Protocol, cast

from pagestate import Field, Members, Model, Page, Scenario, leads_to, thread
from pagestate.lang.functions import ThreadDecl
from pagestate.models.kernel.assumptions import DRAIN, DRIVER, GENERAL, PROMPT
from pagestate.models.kernel.generation import generation
from pagestate.models.kernel.memory_failure import memory_failure
from pagestate.models.kernel.memory_hotplug import sysfs
from pagestate.models.kernel.page_alloc import alloc_page
from pagestate.models.kernel.process import user
from pagestate.models.kernel.scenarios import properties_of, worker
from pagestate.models.kernel.state import Memory
from pagestate.models.kernel.virtio_mem_bbm import virtio_mem_bbm
from pagestate.properties.progress import offlining_ends
from pagestate.properties.references import free_is_unreferenced


class Marked(Protocol):
    """A block with PageOffline pages."""

    pages: Members[Page]
    offline: Field[Page, bool]
    section_online: bool


@leads_to("L1: who tries again and again gets a block with PageOffline pages offline")
def offlined_in_the_end(m: Marked) -> tuple[bool, bool]:
    """Offlining may fail, but not for ever because of what an earlier failure left behind."""
    waiting = m.section_online and any(m.offline[p] for p in m.pages)
    return waiting, not waiting


@thread(src="mm/page_alloc.c: __alloc_pages")
def kernel_user(m: Memory, page: Page) -> None:
    """Allocates a page that cannot be moved, and keeps it: long-term pins, in-kernel users."""
    alloc_page(m, page)


persistent_sysfs = replace(cast(ThreadDecl, sysfs), eager=True)
"""Somebody who writes to the state file again and again."""

one_error = replace(cast(ThreadDecl, memory_failure), repeat=False)
"""An error is reported, once."""

NO_SIGNALS = {"signals": False}
STAYS_UNPLUGGED = {**NO_SIGNALS, "revive": False}

poisoned_lru = Scenario(
    "poisoned_lru",
    "a memory error is reported, the poisoned page may stay on its LRU list",
    threads=[one_error, user, persistent_sysfs],
    switches={**NO_SIGNALS, "virtio_mem_loaded": False, "unmap_fails": True},
    properties=[offlining_ends],
)
poisoned_offline = Scenario(
    "poisoned_offline",
    "a memory error is reported, somebody tries to offline the block again and again",
    threads=[one_error, worker, persistent_sysfs],
    switches=STAYS_UNPLUGGED,
    properties=[offlined_in_the_end],
)
kept = Scenario(
    "kept_offline",
    "somebody tries to offline and online the block again and again",
    threads=[worker, persistent_sysfs],
    switches=STAYS_UNPLUGGED,
    properties=[offlined_in_the_end],
)
pinned = Scenario(
    "pinned",
    "virtio-mem in big block mode unplugs a block of ZONE_MOVABLE with a page that cannot be moved",
    threads=[kernel_user, virtio_mem_bbm],
    switches={**NO_SIGNALS, "big_block": True, "zone_movable": True},
    properties=[offlining_ends],
)
unloaded = Scenario(
    "unloaded",
    "the driver of RFC v3 is unloaded while its block is online",
    threads=[worker],
    switches={"rule": "unreferenced", "unload": True, "unload_revokes": True, "revive": False},
    sizes={"page": 3},
    properties=[free_is_unreferenced],
)
SCENARIOS = [poisoned_lru, poisoned_offline, kept, pinned, unloaded]

model = Model(
    "bugs.scenes",
    state=Memory,
    switches=generation(
        rule="notifier", type_bits=True, handlable=False, kcore="reads", redrain=True
    ),
    scenarios=SCENARIOS,
    properties=properties_of(SCENARIOS),
    sizes={"page": 1},
    assumptions=[*GENERAL, DRAIN, PROMPT, *DRIVER],
)
