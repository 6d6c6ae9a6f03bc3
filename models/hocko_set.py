"""A variant of the proposal that became v5.8: MEM_GOING_OFFLINE sets the count to 0."""

from pagestate import Model
from pagestate.models.kernel.assumptions import DRAIN, DRIVER, GENERAL, PROMPT
from pagestate.models.kernel.expectations import expecting, violated
from pagestate.models.kernel.generation import generation
from pagestate.models.kernel.reasons import COUNT_LOST, EARLY
from pagestate.models.kernel.scenarios import (
    LOST_COUNT,
    PUT_IN_THE_WINDOW,
    balloon,
    getters,
    lru,
    properties_of,
    settled,
    unloading,
)
from pagestate.models.kernel.state import Memory
from pagestate.properties.handing_out import handed_out_only_online

SCENARIOS = [
    expecting(
        getters,
        violated(
            COUNT_LOST,
            PUT_IN_THE_WINDOW,
        ),
    ),
    expecting(lru, violated(COUNT_LOST, LOST_COUNT)),
    expecting(settled, violated(EARLY, [handed_out_only_online])),
    unloading,
    balloon,
]

model = Model(
    "hocko_set",
    state=Memory,
    switches=generation(
        rule="notifier",
        type_bits=True,
        handlable=False,
        kcore="reads",
        redrain=False,
        going_sets=True,
        remove_reads_memmap=False,
    ),
    scenarios=SCENARIOS,
    properties=properties_of(SCENARIOS),
    sizes={"page": 2, "getter": 2},
    assumptions=[*GENERAL, DRAIN, PROMPT, *DRIVER],
)
