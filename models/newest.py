"""The newest tree known (2026): a count of 0 is frozen, MEM_CANCEL_OFFLINE sets the count."""

from pagestate import Model
from pagestate.models.kernel.assumptions import DRAIN, DRIVER, GENERAL, PROMPT
from pagestate.models.kernel.generation import generation
from pagestate.models.kernel.scenarios import properties_of
from pagestate.models.kernel.state import Memory
from pagestate.models.v6_12 import SCENARIOS, SWITCHES

CHANGED: dict[str, bool | str] = {
    "clear_type_on_free": True,
    "cancel_sets": True,
    "frozen_bit": True,
}

model = Model(
    "newest",
    state=Memory,
    switches=generation(**SWITCHES, **CHANGED),
    scenarios=SCENARIOS,
    properties=properties_of(SCENARIOS),
    sizes={"page": 2, "getter": 2},
    assumptions=[*GENERAL, DRAIN, PROMPT, *DRIVER],
)
