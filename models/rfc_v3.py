"""RFC v3 (September 2019): PageOffline pages without references may be skipped when offlining."""

from pagestate import Model
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
        unplugged_never_free,
        unplugged_never_handed_out,
        offline_never_free,
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
)
