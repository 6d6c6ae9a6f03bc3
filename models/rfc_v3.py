"""RFC v3 (September 2019): PageOffline pages without references may be skipped when offlining."""

from pagestate import Model
from pagestate.models.kernel.assumptions import DRAIN, GENERAL
from pagestate.models.kernel.expectations import Properties, expected
from pagestate.models.kernel.memory_hotplug import sysfs
from pagestate.models.kernel.page_ref import getter
from pagestate.models.kernel.process import user
from pagestate.models.kernel.state import Memory
from pagestate.models.kernel.switches import (
    drain,
    fixed,
    hook,
    migrate,
    reorder,
    revive,
    skip_offline,
    unload,
    unload_takes_references,
    virtio_mem_loaded,
)
from pagestate.models.kernel.virtio_mem import virtio_mem
from pagestate.properties.goals import (
    driver_unloaded,
    goes_offline_partially_plugged,
    offlining_cancelled,
    onlined_partially_plugged,
    page_revived,
    removed,
)
from pagestate.properties.handing_out import (
    offline_never_free,
    unplugged_never_free,
    unplugged_never_handed_out,
)
from pagestate.properties.offlining import (
    cancel_restores,
    offlined_with_consent,
    unplugged_is_offline,
)
from pagestate.properties.references import (
    free_is_unreferenced,
    freed_once,
    holders_are_counted,
    memmap_outlives_its_users,
)

DOUBLE_FREE: Properties = [
    freed_once,
    free_is_unreferenced,
    holders_are_counted,
    unplugged_never_free,
    unplugged_never_handed_out,
    offline_never_free,
    memmap_outlives_its_users,
    cancel_restores,
    "no_crash",
    "no_underflow",
]
UNLOADED: Properties = [offlined_with_consent, unplugged_is_offline]
EXPOSED: Properties = [unplugged_never_free, unplugged_never_handed_out, "no_crash"]
BY_HOOK = (
    "the hook is not atomic with the decrement: a CPU that stalls between them frees the page "
    "again after it was revived, and what follows from the wrong count"
)
BY_UNLOAD = (
    "consent is permanent: without the driver the block can be offlined, and onlined again with "
    "its unplugged pages exposed"
)

model = Model(
    "rfc_v3",
    state=Memory,
    threads=[getter, user, virtio_mem, sysfs],
    switches=[
        hook,
        revive,
        unload,
        unload_takes_references,
        reorder,
        drain,
        migrate,
        fixed(skip_offline, True),
        fixed(virtio_mem_loaded, True),
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
        cancel_restores,
        goes_offline_partially_plugged,
        onlined_partially_plugged,
        removed,
        offlining_cancelled,
        page_revived,
        driver_unloaded,
    ],
    sizes={"page": 2, "getter": 2},
    expect=[
        *expected("violated", BY_HOOK, DOUBLE_FREE, {}),
        *expected("violated", BY_UNLOAD, UNLOADED, {}),
        *expected("violated", BY_HOOK, DOUBLE_FREE, {"unload": False}),
        *expected("violated", BY_UNLOAD, [*UNLOADED, *EXPOSED], {"revive": False}),
        *expected("vacuous", "nothing is unloaded", [driver_unloaded], {"unload": False}),
        *expected("vacuous", "nothing is revived", [page_revived], {"revive": False}),
        *expected(
            "vacuous",
            "neither revive nor unload",
            [page_revived, driver_unloaded],
            {"revive": False, "unload": False},
        ),
    ],
    assumptions=[
        *GENERAL,
        DRAIN,
        "the driver unplugs free pages only; memory errors and balloon drivers take no part",
        "I8 is checked in v5_4: onlining is the same here, and so is the violation",
    ],
)
