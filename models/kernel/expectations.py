"""How a generation says what it expects of its scenarios."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pagestate import Expect, Scenario
from pagestate.lang.functions import PropertyDecl

Properties = Sequence[PropertyDecl | str]
"""Properties, the built-in ones by their names."""
Values = Mapping[str, bool | str | int]


def expected(
    verdict: str, reason: str, properties: Properties, when: Values | None = None
) -> list[Expect]:
    """One expectation per property, for the defaults changed by ``when``."""
    return [Expect(p, verdict, reason, when or {}) for p in properties]


def violated(reason: str, properties: Properties, when: Values | None = None) -> list[Expect]:
    """These properties are violated, and everybody knows why."""
    return expected("violated", reason, properties, when)


def expecting(scenario: Scenario, *groups: list[Expect]) -> Scenario:
    """The scenario with what a generation expects of it; everything else holds."""
    return replace(scenario, expect=[each for group in groups for each in group])


def changed(scenario: Scenario, values: Values) -> Scenario:
    """The scenario with other values of switches."""
    return replace(scenario, switches={**scenario.switches, **values})
