"""The newest tree known (2026): a count of 0 is frozen, MEM_CANCEL_OFFLINE sets the count."""

from pagestate import Model
from pagestate.models.kernel.assumptions import DRAIN, DRIVER, GENERAL, PROMPT
from pagestate.models.kernel.expectations import changed, expecting, violated
from pagestate.models.kernel.generation import generation
from pagestate.models.kernel.reasons import SUBTRACTED_TWICE, WARN_ONLY
from pagestate.models.kernel.scenarios import (
    LOST_COUNT,
    accounts,
    balloon,
    big_block,
    contig,
    dump,
    dump_progress,
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
from pagestate.properties.offlining import (
    cancel_restores,
    cancel_returns_references,
    commit_is_safe,
)
from pagestate.properties.references import memmap_outlives_its_users

SCENARIOS = [
    expecting(
        getters,
        violated(
            WARN_ONLY,
            [
                *LOST_COUNT,
                commit_is_safe,
                cancel_restores,
                cancel_returns_references,
                memmap_outlives_its_users,
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
]

model = Model(
    "newest",
    state=Memory,
    switches=generation(
        rule="notifier",
        isolate_on_online=True,
        pcp_disable=True,
        memmap_offline=True,
        poison_refuses_online=True,
        clear_type_on_free=True,
        cancel_sets=True,
        frozen_bit=True,
    ),
    scenarios=SCENARIOS,
    properties=properties_of(SCENARIOS),
    sizes={"page": 2, "getter": 2},
    assumptions=[*GENERAL, DRAIN, PROMPT, *DRIVER],
)
