"""Specifications of other people: as many states as they have under another model checker.

The numbers are those that the TLA+ examples state of an exhaustive search by TLC: distinct states,
generated ones, levels.  They are counted without symmetry.
"""

import pytest

from tests.examples.looking import Counts, compiled, counts, model_of

SEATINGS = 120
KNOWN = {
    "specifications/simple_allocator.py": Counts(400, 1633, 6),
    "specifications/two_phase_commit.py": Counts(288, 1146, 11),
    "specifications/transaction_commit.py": Counts(34, 94, 7),
    "specifications/dining_philosophers.py": Counts(67, 336, 29),
    "peterson.py": Counts(42, 77, 11),
    "specifications/lock.py": Counts(12, 21, 5),
    "specifications/barrier.py": Counts(64, 194, 7),
    "specifications/cigarette_smokers.py": Counts(6, 15, 2),
}


@pytest.mark.parametrize("name", KNOWN)
def test_as_many_states_as_elsewhere(name: str) -> None:
    found = counts(compiled(name, {}), model_of(name).sizes)
    times = SEATINGS if name.endswith("dining_philosophers.py") else 1
    known = KNOWN[name]
    assert found == Counts(known.distinct * times, known.generated * times, known.levels)


def test_the_seatings_are_the_same_up_to_names() -> None:
    made = compiled("specifications/dining_philosophers.py", {})
    assert counts(made, {"philosopher": 5}, symmetry=True) == Counts(67, 336, 29)
