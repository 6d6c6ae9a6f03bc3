"""The scenarios in which generations are checked: who takes part, and what is looked at.

All actors at once have too many states.  A getter, a user, a driver and whoever writes to sysfs are
together in the first scenarios; in the others the driver and sysfs meet one more actor each.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from pagestate import Scenario, deadlock_free
from pagestate.lang.functions import PropertyDecl, ThreadDecl
from pagestate.models.kernel.acpi import acpi_memory_device
from pagestate.models.kernel.balloon import balloon_driver
from pagestate.models.kernel.contig import contig_user
from pagestate.models.kernel.kcore import dumper
from pagestate.models.kernel.memory_failure import memory_failure
from pagestate.models.kernel.memory_hotplug import sysfs
from pagestate.models.kernel.page_ref import getter
from pagestate.models.kernel.process import user
from pagestate.models.kernel.virtio_mem import virtio_mem
from pagestate.models.kernel.virtio_mem_bbm import virtio_mem_bbm
from pagestate.properties.accounting import (
    isolation_is_undone,
    managed_is_right,
    plugged_size_is_right,
    present_is_right,
    totalram_is_right,
    unplugged_is_not_managed,
)
from pagestate.properties.dumping import mark_is_kept, reads_plugged_memory, unplugged_is_offline
from pagestate.properties.goals import (
    driver_unloaded,
    error_contained,
    goes_offline,
    goes_offline_partially_plugged,
    offlining_cancelled,
    onlined_partially_plugged,
    page_revived,
    page_unplugged,
    removed,
)
from pagestate.properties.handing_out import (
    claimed_never_free,
    handed_out_only_online,
    memmap_is_initialised,
    offline_never_free,
    poisoned_never_handed_out,
    unplugged_never_free,
    unplugged_never_handed_out,
)
from pagestate.properties.offlining import (
    cancel_restores,
    cancel_returns_references,
    commit_is_safe,
    isolated_is_not_allocated,
    offlined_with_consent,
)
from pagestate.properties.progress import (
    emptied_block_is_removed,
    notifiers_are_paired,
    offlining_ends,
    writers_are_not_starved,
)
from pagestate.properties.references import (
    free_is_unreferenced,
    freed_once,
    holders_are_counted,
    memmap_outlives_its_users,
)

REFERENCES: list[PropertyDecl] = [
    offline_never_free,
    claimed_never_free,
    unplugged_never_free,
    unplugged_never_handed_out,
    freed_once,
    free_is_unreferenced,
    holders_are_counted,
]
"""Who owns a page, I1, I2 and I4: what a wrong reference count breaks."""
LOST_COUNT: list[PropertyDecl | str] = [*REFERENCES, "no_crash", "no_underflow"]
"""What is violated, sooner or later, once a reference is lost."""
PUT_IN_THE_WINDOW: list[PropertyDecl | str] = [
    *LOST_COUNT,
    commit_is_safe,
    cancel_restores,
    cancel_returns_references,
    memmap_outlives_its_users,
]
"""What the last put between MEM_GOING_OFFLINE and MEM_CANCEL_OFFLINE violates."""
OFFLINING: list[PropertyDecl] = [
    unplugged_is_offline,
    mark_is_kept,
    offlined_with_consent,
    commit_is_safe,
    cancel_restores,
    cancel_returns_references,
]
"""I3, I6, I10, I11 and I12."""
LIFECYCLE: list[PropertyDecl] = [
    goes_offline_partially_plugged,
    onlined_partially_plugged,
    removed,
    offlining_cancelled,
]
"""What must be able to happen to a block with unplugged pages."""


def properties_of(scenarios: Sequence[Scenario]) -> list[PropertyDecl]:
    """The properties that some scenario looks at."""
    return list(dict.fromkeys(p for s in scenarios for p in s.properties or ()))


# ------------------------------------------------------------------------ with virtio-mem: getters

getters = Scenario(
    "getters",
    "any CPU takes and drops a reference to any page, any time; nothing is plugged again",
    threads=[getter, user, virtio_mem, sysfs],
    switches={"getters": "any", "revive": False},
    properties=[*REFERENCES, *OFFLINING, memmap_outlives_its_users, *LIFECYCLE],
)
plugging = Scenario(
    "plugging",
    "the same, and unplugged memory is plugged again",
    threads=[getter, user, virtio_mem, sysfs],
    switches={"getters": "any"},
    properties=[*REFERENCES, page_revived],
)
lru = Scenario(
    "lru",
    "getters test PageLRU first, and may stall between the test and the get",
    threads=[getter, user, virtio_mem, sysfs],
    switches={"getters": "lru"},
    properties=[*REFERENCES, page_revived],
)
settled = Scenario(
    "settled",
    "getters test PageLRU first, and none is at work on a page when it is claimed",
    threads=[getter, user, virtio_mem, sysfs],
    properties=[
        *REFERENCES,
        *OFFLINING,
        memmap_outlives_its_users,
        handed_out_only_online,
        isolated_is_not_allocated,
        *LIFECYCLE,
        page_revived,
    ],
)

# ---------------------------------------------------------------- with virtio-mem: one more actor

contig = Scenario(
    "contig",
    "somebody else uses alloc_contig_range()",
    threads=[contig_user, user, virtio_mem, sysfs],
    properties=[*REFERENCES, *OFFLINING, *LIFECYCLE],
)
errors = Scenario(
    "errors",
    "memory errors are reported",
    threads=[memory_failure, user, virtio_mem, sysfs],
    properties=[
        *REFERENCES,
        *(p for p in OFFLINING if p is not cancel_returns_references),
        poisoned_never_handed_out,
        error_contained,
        goes_offline_partially_plugged,
    ],
)
dump = Scenario(
    "dump",
    "/proc/kcore reads the content of all pages",
    threads=[dumper, user, virtio_mem, sysfs],
    properties=[reads_plugged_memory, unplugged_is_offline, mark_is_kept, *LIFECYCLE],
)
lists = Scenario(
    "lists",
    "pages are freed to per-CPU lists",
    threads=[user, virtio_mem, sysfs],
    switches={"pcp": True},
    properties=[
        *REFERENCES,
        commit_is_safe,
        handed_out_only_online,
        isolated_is_not_allocated,
        *LIFECYCLE,
    ],
)
accounts = Scenario(
    "accounts",
    "what pages contribute to the counters of the zone and the device",
    threads=[memory_failure, virtio_mem, sysfs],
    switches={"accounting": True},
    properties=[
        managed_is_right,
        unplugged_is_not_managed,
        plugged_size_is_right,
        present_is_right,
        isolation_is_undone,
        goes_offline_partially_plugged,
        page_revived,
    ],
)
totals = Scenario(
    "accounts",
    "what pages contribute to totalram and to the counters of the device; other notifiers refuse",
    threads=[virtio_mem, sysfs],
    switches={"accounting": True, "vetoes": True},
    properties=[
        totalram_is_right,
        plugged_size_is_right,
        present_is_right,
        isolation_is_undone,
        goes_offline_partially_plugged,
        page_revived,
    ],
)
unloading = Scenario(
    "unloading",
    "the driver is unloaded while its block is online",
    threads=[user, virtio_mem, sysfs],
    switches={"unload": True},
    properties=[*REFERENCES, *OFFLINING, driver_unloaded, goes_offline],
)
notifiers = Scenario(
    "notifiers",
    "other memory notifiers refuse, before and after that of virtio-mem",
    threads=[user, virtio_mem, sysfs],
    switches={"vetoes": True},
    properties=[*REFERENCES, *OFFLINING, *LIFECYCLE],
)
removal = Scenario(
    "removal",
    "the driver offlines and removes a block when nothing of it is plugged",
    threads=[user, virtio_mem, sysfs],
    switches={"removes_online": True},
    properties=[*REFERENCES, *OFFLINING, handed_out_only_online, deadlock_free, *LIFECYCLE],
)
big_block = Scenario(
    "big_block",
    "virtio-mem in big block mode",
    threads=[getter, user, virtio_mem_bbm, sysfs],
    switches={"big_block": True},
    properties=[*REFERENCES, *OFFLINING, memmap_outlives_its_users, removed, offlining_cancelled],
)
progress = Scenario(
    "progress",
    "what must happen in the end, without signals",
    threads=[user, virtio_mem, sysfs],
    switches={"signals": False, "pcp": True},
    properties=[offlining_ends, notifiers_are_paired, deadlock_free],
)
dump_progress = Scenario(
    "dump_progress",
    "the driver waits for readers of memory content",
    threads=[dumper, virtio_mem, sysfs],
    switches={"signals": False, "freeze": True, "kcore": "tests"},
    properties=[writers_are_not_starved, deadlock_free],
)

worker = replace(cast(ThreadDecl, virtio_mem), eager=True)
"""The work item of virtio-mem with its retry timer: it always runs again."""
emptied = Scenario(
    "emptied",
    "the first time that the driver wants to remove its block, offlining fails",
    threads=[worker],
    switches={"signals": False, "revive": False, "removes_online": True, "veto_once": True},
    properties=[emptied_block_is_removed],
)

# --------------------------------------------------------------------------- without virtio-mem

NO_DRIVER = {"virtio_mem_loaded": False}
"""The block is ordinary memory."""

balloon = Scenario(
    "balloon",
    "a balloon driver (Hyper-V, Xen, VMware) gives single pages to the hypervisor",
    threads=[balloon_driver, getter, user, sysfs],
    switches={**NO_DRIVER, "getters": "any"},
    properties=[*REFERENCES, *OFFLINING, memmap_outlives_its_users, page_unplugged, goes_offline],
)
device = Scenario(
    "device",
    "memory is added and removed by ACPI",
    threads=[getter, user, sysfs, acpi_memory_device],
    switches={**NO_DRIVER, "getters": "any"},
    properties=[
        free_is_unreferenced,
        freed_once,
        holders_are_counted,
        memmap_outlives_its_users,
        memmap_is_initialised,
        handed_out_only_online,
        goes_offline,
        removed,
        offlining_cancelled,
    ],
)
balloon_errors = Scenario(
    "balloon_errors",
    "memory errors are reported for pages of a balloon",
    threads=[memory_failure, balloon_driver, user, sysfs],
    switches=NO_DRIVER,
    properties=[*REFERENCES, *OFFLINING, page_unplugged, error_contained, goes_offline],
)
plain_errors = Scenario(
    "errors",
    "memory errors are reported",
    threads=[memory_failure, user, sysfs],
    switches=NO_DRIVER,
    properties=[
        freed_once,
        free_is_unreferenced,
        commit_is_safe,
        poisoned_never_handed_out,
        error_contained,
        goes_offline,
    ],
)
balloon_dump = Scenario(
    "dump",
    "/proc/kcore reads the content of all pages, some of which a balloon driver gave away",
    threads=[dumper, balloon_driver, sysfs],
    switches=NO_DRIVER,
    properties=[reads_plugged_memory, mark_is_kept, page_unplugged, goes_offline],
)
plain_lists = Scenario(
    "lists",
    "pages are freed to per-CPU lists",
    threads=[user, sysfs],
    switches={**NO_DRIVER, "pcp": True},
    properties=[
        freed_once,
        free_is_unreferenced,
        commit_is_safe,
        handed_out_only_online,
        isolated_is_not_allocated,
        goes_offline,
    ],
)
plain_progress = Scenario(
    "progress",
    "what must happen in the end, without signals",
    threads=[user, balloon_driver, sysfs],
    switches={**NO_DRIVER, "signals": False, "pcp": True},
    properties=[offlining_ends, notifiers_are_paired, deadlock_free],
)
