"""Giving pages to the buddy in MEM_GOING_OFFLINE, as powerpc's CMM did until v5.5."""

from pagestate import Model
from pagestate.models.kernel.assumptions import DRAIN, DRIVER, GENERAL, PROMPT
from pagestate.models.kernel.expectations import Properties, changed, expected, expecting, violated
from pagestate.models.kernel.generation import generation
from pagestate.models.kernel.reasons import EARLY, GIVEN_AWAY
from pagestate.models.kernel.scenarios import (
    getters,
    properties_of,
    settled,
    unloading,
)
from pagestate.models.kernel.state import Memory
from pagestate.properties.dumping import unplugged_is_offline
from pagestate.properties.goals import page_revived
from pagestate.properties.handing_out import (
    handed_out_only_online,
    unplugged_never_free,
    unplugged_never_handed_out,
)
from pagestate.properties.offlining import (
    cancel_restores,
    cancel_returns_references,
    offlined_with_consent,
)

EXPOSED: Properties = [
    unplugged_never_free,
    unplugged_never_handed_out,
    unplugged_is_offline,
    cancel_restores,
    cancel_returns_references,
    "no_crash",
    "no_underflow",
]

SCENARIOS = [
    expecting(getters, violated(GIVEN_AWAY, EXPOSED)),
    expecting(
        changed(settled, {"revive": False}),
        violated(GIVEN_AWAY, EXPOSED),
        violated(EARLY, [handed_out_only_online]),
        expected("vacuous", "nothing is plugged again", [page_revived]),
    ),
    expecting(
        changed(unloading, {"revive": False}),
        violated(GIVEN_AWAY, [*EXPOSED, offlined_with_consent]),
    ),
]

model = Model(
    "cmm_giveback",
    state=Memory,
    switches=generation(
        rule="give_back",
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
