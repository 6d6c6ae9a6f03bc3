"""Linux v5.3/v5.4, before the series: PageOffline pages in use make offlining fail."""

from pagestate import Model
from pagestate.models.kernel.assumptions import DRAIN, GENERAL, PROMPT
from pagestate.models.kernel.expectations import expecting, violated
from pagestate.models.kernel.generation import generation
from pagestate.models.kernel.reasons import (
    EARLY,
    FORGOTTEN,
    POISON_FIRST,
    READS_ALL,
    STAYS_ON_PCP,
    UNINITIALISED,
)
from pagestate.models.kernel.scenarios import (
    LOST_COUNT,
    balloon,
    balloon_dump,
    balloon_errors,
    device,
    plain_errors,
    plain_lists,
    plain_progress,
    properties_of,
)
from pagestate.models.kernel.state import Memory
from pagestate.properties.dumping import mark_is_kept, reads_plugged_memory, unplugged_is_offline
from pagestate.properties.handing_out import (
    handed_out_only_online,
    memmap_is_initialised,
    poisoned_never_handed_out,
)
from pagestate.properties.offlining import offlined_with_consent
from pagestate.properties.progress import notifiers_are_paired, offlining_ends

SCENARIOS = [
    balloon,
    expecting(
        device,
        violated(UNINITIALISED, [memmap_is_initialised]),
        violated(EARLY, [handed_out_only_online]),
    ),
    expecting(plain_errors, violated(FORGOTTEN, [poisoned_never_handed_out])),
    expecting(
        balloon_errors,
        violated(
            POISON_FIRST, [*LOST_COUNT, unplugged_is_offline, mark_is_kept, offlined_with_consent]
        ),
    ),
    expecting(balloon_dump, violated(READS_ALL, [reads_plugged_memory])),
    expecting(plain_lists, violated(EARLY, [handed_out_only_online])),
    expecting(plain_progress, violated(STAYS_ON_PCP, [offlining_ends, notifiers_are_paired])),
]

model = Model(
    "v5_4",
    state=Memory,
    switches=generation(
        rule="refuse",
        type_bits=True,
        handlable=False,
        kcore="reads",
        remove_reads_memmap=True,
        redrain=False,
        busy_is_final=False,
    ),
    scenarios=SCENARIOS,
    properties=properties_of(SCENARIOS),
    sizes={"page": 2, "getter": 2},
    assumptions=[*GENERAL, DRAIN, PROMPT],
)
