"""Linux v5.10: pageblocks are isolated while onlining, per-CPU lists are drained again."""

from pagestate import Model
from pagestate.models.kernel.assumptions import DRAIN, DRIVER, GENERAL, PROMPT
from pagestate.models.kernel.expectations import expecting, violated
from pagestate.models.kernel.generation import generation
from pagestate.models.kernel.reasons import (
    FORGOTTEN,
    NOT_TRIED_AGAIN,
    READS_ALL,
    TRANSIENT,
    WARN_ONLY,
)
from pagestate.models.kernel.scenarios import (
    LOST_COUNT,
    PUT_IN_THE_WINDOW,
    accounts,
    balloon,
    contig,
    dump,
    emptied,
    errors,
    getters,
    lists,
    lru,
    notifiers,
    plugging,
    progress,
    properties_of,
    removal,
    settled,
    unloading,
)
from pagestate.models.kernel.state import Memory
from pagestate.properties.accounting import unplugged_is_not_managed
from pagestate.properties.dumping import reads_plugged_memory
from pagestate.properties.handing_out import poisoned_never_handed_out
from pagestate.properties.progress import emptied_block_is_removed

SCENARIOS = [
    expecting(
        getters,
        violated(
            WARN_ONLY,
            PUT_IN_THE_WINDOW,
        ),
    ),
    expecting(plugging, violated(WARN_ONLY, LOST_COUNT)),
    expecting(lru, violated(WARN_ONLY, LOST_COUNT)),
    settled,
    contig,
    expecting(errors, violated(FORGOTTEN, [poisoned_never_handed_out])),
    expecting(dump, violated(READS_ALL, [reads_plugged_memory])),
    lists,
    expecting(accounts, violated(TRANSIENT, [unplugged_is_not_managed])),
    unloading,
    notifiers,
    removal,
    balloon,
    progress,
    expecting(emptied, violated(NOT_TRIED_AGAIN, [emptied_block_is_removed])),
]

model = Model(
    "v5_10",
    state=Memory,
    switches=generation(
        rule="notifier",
        type_bits=True,
        retry_removal=False,
        handlable=False,
        kcore="reads",
        redrain=True,
        isolate_on_online=True,
    ),
    scenarios=SCENARIOS,
    properties=properties_of(SCENARIOS),
    sizes={"page": 2, "getter": 2},
    assumptions=[*GENERAL, DRAIN, PROMPT, *DRIVER],
)
