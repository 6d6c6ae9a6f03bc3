"""The first alternative of the thread (2019): the driver keeps its reference, offlining skips."""

from pagestate import Model
from pagestate.models.kernel.assumptions import DRAIN, DRIVER, GENERAL, PROMPT
from pagestate.models.kernel.expectations import expecting, violated
from pagestate.models.kernel.generation import generation
from pagestate.models.kernel.reasons import CONSENT_STAYS, EARLY, STORED_ZERO, UNASKED
from pagestate.models.kernel.scenarios import (
    LOST_COUNT,
    balloon,
    getters,
    lru,
    plugging,
    properties_of,
    settled,
    unloading,
)
from pagestate.models.kernel.state import Memory
from pagestate.properties.dumping import mark_is_kept, unplugged_is_offline
from pagestate.properties.handing_out import (
    claimed_never_free,
    handed_out_only_online,
    unplugged_never_free,
    unplugged_never_handed_out,
)
from pagestate.properties.offlining import commit_is_safe, offlined_with_consent

SCENARIOS = [
    getters,
    expecting(plugging, violated(STORED_ZERO, LOST_COUNT)),
    lru,
    expecting(settled, violated(EARLY, [handed_out_only_online])),
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
    expecting(
        balloon,
        violated(
            UNASKED,
            [
                *LOST_COUNT,
                unplugged_is_offline,
                mark_is_kept,
                offlined_with_consent,
                commit_is_safe,
            ],
        ),
    ),
]

model = Model(
    "hocko_ref1",
    state=Memory,
    switches=generation(
        rule="owned",
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
