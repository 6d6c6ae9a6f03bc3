"""PG_offline_skippable as proposed in May 2025: consent is a flag, the count is left alone."""

from pagestate import Model
from pagestate.models.kernel.assumptions import DRAIN, DRIVER, GENERAL, PROMPT
from pagestate.models.kernel.expectations import changed, expecting, violated
from pagestate.models.kernel.generation import generation
from pagestate.models.kernel.reasons import STORED_ZERO, SUBTRACTED_TWICE
from pagestate.models.kernel.scenarios import (
    LOST_COUNT,
    accounts,
    balloon,
    big_block,
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
from pagestate.models.v6_12 import SWITCHES
from pagestate.properties.accounting import managed_is_right

SCENARIOS = [
    getters,
    expecting(plugging, violated(STORED_ZERO, LOST_COUNT)),
    lru,
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
    emptied,
]

model = Model(
    "skippable",
    state=Memory,
    switches=generation(**{**SWITCHES, "rule": "flag", "unload_revokes": True}),
    scenarios=SCENARIOS,
    properties=properties_of(SCENARIOS),
    sizes={"page": 2, "getter": 2},
    assumptions=[*GENERAL, DRAIN, PROMPT, *DRIVER],
)
