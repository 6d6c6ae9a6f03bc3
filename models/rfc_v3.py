"""RFC v3 (September 2019): PageOffline pages without references may be skipped when offlining."""

from pagestate import Model
from pagestate.models.kernel.assumptions import DRAIN, DRIVER, GENERAL, PROMPT
from pagestate.models.kernel.expectations import expecting, violated
from pagestate.models.kernel.generation import generation
from pagestate.models.kernel.reasons import (
    CONSENT_STAYS,
    EARLY,
    FORGOTTEN,
    NOT_ATOMIC,
    READS_ALL,
    STAYS_ON_PCP,
    TOTALRAM,
)
from pagestate.models.kernel.scenarios import (
    LOST_COUNT,
    balloon,
    contig,
    dump,
    errors,
    getters,
    lists,
    lru,
    notifiers,
    plugging,
    progress,
    properties_of,
    settled,
    totals,
    unloading,
)
from pagestate.models.kernel.state import Memory
from pagestate.properties.accounting import totalram_is_right
from pagestate.properties.dumping import mark_is_kept, reads_plugged_memory, unplugged_is_offline
from pagestate.properties.handing_out import (
    claimed_never_free,
    handed_out_only_online,
    poisoned_never_handed_out,
    unplugged_never_free,
    unplugged_never_handed_out,
)
from pagestate.properties.offlining import offlined_with_consent
from pagestate.properties.progress import notifiers_are_paired, offlining_ends

SCENARIOS = [
    getters,
    expecting(plugging, violated(NOT_ATOMIC, LOST_COUNT)),
    expecting(lru, violated(NOT_ATOMIC, LOST_COUNT)),
    expecting(settled, violated(EARLY, [handed_out_only_online])),
    contig,
    expecting(errors, violated(FORGOTTEN, [poisoned_never_handed_out])),
    expecting(dump, violated(READS_ALL, [reads_plugged_memory])),
    expecting(lists, violated(EARLY, [handed_out_only_online])),
    expecting(totals, violated(TOTALRAM, [totalram_is_right])),
    expecting(
        unloading,
        violated(
            CONSENT_STAYS,
            [
                claimed_never_free,
                unplugged_never_free,
                unplugged_never_handed_out,
                unplugged_is_offline,
                mark_is_kept,
                offlined_with_consent,
                "no_crash",
            ],
        ),
    ),
    notifiers,
    balloon,
    expecting(progress, violated(STAYS_ON_PCP, [offlining_ends, notifiers_are_paired])),
]

model = Model(
    "rfc_v3",
    state=Memory,
    switches=generation(
        rule="unreferenced",
        hook=True,
        totalram_first=True,
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
    assumptions=[*GENERAL, DRAIN, PROMPT, *DRIVER],
)
