"""How a model says what it expects of several properties at once."""

from collections.abc import Mapping, Sequence

from pagestate import Expect
from pagestate.lang.functions import PropertyDecl

Properties = Sequence[PropertyDecl | str]
"""Properties, the built-in ones by their names."""


def expected(
    verdict: str,
    reason: str,
    properties: Properties,
    when: Mapping[str, bool | str | int],
) -> list[Expect]:
    """One expectation per property, for the defaults changed by ``when``."""
    return [Expect(p, verdict, reason, when) for p in properties]
