"""Linux v5.3/v5.4, before the series: PageOffline pages in use make offlining fail."""

from pagestate import Model
from pagestate.models.kernel.acpi import acpi_memory_device
from pagestate.models.kernel.assumptions import DRAIN, GENERAL
from pagestate.models.kernel.balloon import balloon_driver
from pagestate.models.kernel.expectations import Properties, expected
from pagestate.models.kernel.memory_failure import memory_failure
from pagestate.models.kernel.memory_hotplug import sysfs
from pagestate.models.kernel.page_ref import getter
from pagestate.models.kernel.process import user
from pagestate.models.kernel.state import Memory
from pagestate.models.kernel.switches import (
    balloon,
    default,
    drain,
    fixed,
    hook,
    hwpoison,
    migrate,
    skip_offline,
    virtio_mem_loaded,
)
from pagestate.properties.goals import (
    error_contained,
    goes_offline,
    offlining_cancelled,
    page_unplugged,
    removed,
)
from pagestate.properties.handing_out import (
    handed_out_only_online,
    offline_never_free,
    poisoned_never_handed_out,
    unplugged_never_free,
    unplugged_never_handed_out,
)
from pagestate.properties.offlining import (
    offlined_with_consent,
    unplugged_is_offline,
)
from pagestate.properties.references import (
    free_is_unreferenced,
    freed_once,
    holders_are_counted,
    memmap_outlives_its_users,
)

EARLY: Properties = [handed_out_only_online]
BY_ONLINING = "pages reach the free list before their section is marked online (fixed in v5.10)"
FORGOTTEN: Properties = [poisoned_never_handed_out]
BY_MEMMAP = "onlining initialises the memmap again and so forgets PG_hwpoison (fixed in v6.2)"
OVERRULED: Properties = [
    offlined_with_consent,
    unplugged_is_offline,
    offline_never_free,
    unplugged_never_free,
    unplugged_never_handed_out,
    freed_once,
    free_is_unreferenced,
    holders_are_counted,
    memmap_outlives_its_users,
    "no_crash",
    "no_underflow",
]
BY_POISON = (
    "a page of a balloon that is marked poisoned is skipped by offlining like any poisoned page, "
    "although its owner did not agree; onlining then gives it to the allocator"
)

model = Model(
    "v5_4",
    state=Memory,
    threads=[getter, user, balloon_driver, memory_failure, sysfs, acpi_memory_device],
    switches=[
        balloon,
        default(hwpoison, False),
        drain,
        migrate,
        fixed(hook, False),
        fixed(skip_offline, False),
        fixed(virtio_mem_loaded, False),
    ],
    properties=[
        offline_never_free,
        unplugged_never_free,
        unplugged_never_handed_out,
        unplugged_is_offline,
        freed_once,
        free_is_unreferenced,
        holders_are_counted,
        offlined_with_consent,
        memmap_outlives_its_users,
        handed_out_only_online,
        poisoned_never_handed_out,
        goes_offline,
        removed,
        offlining_cancelled,
        page_unplugged,
        error_contained,
    ],
    sizes={"page": 2, "getter": 2},
    expect=[
        *expected("violated", BY_ONLINING, EARLY, {}),
        *expected("vacuous", "no memory errors", [error_contained], {}),
        *expected("violated", BY_ONLINING, EARLY, {"balloon": False}),
        *expected(
            "vacuous",
            "neither balloon nor memory errors",
            [error_contained, page_unplugged],
            {"balloon": False},
        ),
        *expected("violated", BY_ONLINING, EARLY, {"hwpoison": True, "balloon": False}),
        *expected("violated", BY_MEMMAP, FORGOTTEN, {"hwpoison": True, "balloon": False}),
        *expected("vacuous", "no balloon", [page_unplugged], {"hwpoison": True, "balloon": False}),
        *expected("violated", BY_ONLINING, EARLY, {"hwpoison": True}),
        *expected("violated", BY_MEMMAP, FORGOTTEN, {"hwpoison": True}),
        *expected("violated", BY_POISON, OVERRULED, {"hwpoison": True}),
    ],
    assumptions=[
        *GENERAL,
        DRAIN,
        "memory errors are handled one at a time, as until v5.10",
    ],
)
