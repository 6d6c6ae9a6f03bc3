"""Linux v6.12: page types are a byte, a fresh memmap is PageOffline."""

from pagestate import Model
from pagestate.models.kernel.assumptions import DRAIN, DRIVER, GENERAL, PROMPT
from pagestate.models.kernel.expectations import changed, expecting, violated
from pagestate.models.kernel.generation import generation
from pagestate.models.kernel.reasons import SUBTRACTED_TWICE, WARN_ONLY
from pagestate.models.kernel.scenarios import (
    LOST_COUNT,
    PUT_IN_THE_WINDOW,
    accounts,
    balloon,
    big_block,
    contig,
    dump,
    dump_progress,
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
from pagestate.properties.accounting import managed_is_right
from pagestate.properties.dumping import mark_is_kept, unplugged_is_offline

SCENARIOS = [
    expecting(
        getters,
        violated(
            WARN_ONLY,
            [
                *PUT_IN_THE_WINDOW,
                unplugged_is_offline,
                mark_is_kept,
            ],
        ),
    ),
    expecting(plugging, violated(WARN_ONLY, LOST_COUNT)),
    expecting(lru, violated(WARN_ONLY, LOST_COUNT)),
    settled,
    contig,
    errors,
    changed(dump, {"freeze": True}),
    lists,
    expecting(accounts, violated(SUBTRACTED_TWICE, [managed_is_right])),
    unloading,
    notifiers,
    removal,
    big_block,
    balloon,
    progress,
    dump_progress,
    emptied,
]
SWITCHES: dict[str, bool | str] = {
    "rule": "notifier",
    "isolate_on_online": True,
    "pcp_disable": True,
    "memmap_offline": True,
    "poison_refuses_online": True,
}

model = Model(
    "v6_12",
    state=Memory,
    switches=generation(**SWITCHES),
    scenarios=SCENARIOS,
    properties=properties_of(SCENARIOS),
    sizes={"page": 2, "getter": 2},
    assumptions=[*GENERAL, DRAIN, PROMPT, *DRIVER],
)
