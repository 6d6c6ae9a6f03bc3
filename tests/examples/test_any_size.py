"""The examples that are proved for every size, certificate re-checked, and what is out of form."""

from pathlib import Path

import pytest

from pagestate.check.request import make_request
from pagestate.check.verify import verified
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.interface import Task
from pagestate.engines.parametric import Parametric
from tests.examples.looking import model_of

PROVED = [
    ("mesi.py", ["owner_is_alone"]),
    ("german.py", ["owner_is_alone", "latest_data"]),
    ("refcount.py", ["used_is_not_freed"]),
    ("specifications/lock.py", ["exclusive"]),
    ("specifications/two_phase_commit.py", ["obedient"]),
]
BROKEN = [
    ("mesi.py", "owner_is_alone", {"invalidate": "false"}),
    ("german.py", "latest_data", {"invalidate_for_shared": "false"}),
    ("refcount.py", "used_is_not_freed", {"careful": "false"}),
    ("specifications/lock.py", "exclusive", {"test_and_set": "false"}),
]


def answers(
    name: str, properties: list[str], settings: dict[str, str], where: Path | None = None
) -> list[Answer]:
    """What the engine for every size says, re-checked."""
    model = model_of(name)
    finite = make_request(model, settings, {}, properties)
    request = make_request(model, settings, dict.fromkeys(finite.sizes, "any"), properties)
    task = Task(request.compiled.system, request.properties, request.bounds(4), request.unbounded)
    assert task.unbounded
    engine = Parametric(task, lambda progress: None)
    while not engine.advance(10**6):
        pass
    return [verified(request, task, a, where).answer for a in engine.answers()]


@pytest.mark.parametrize("name, properties", PROVED, ids=[name for name, _ in PROVED])
def test_proved_for_every_size(name: str, properties: list[str], tmp_path: Path) -> None:
    for answer in answers(name, properties, {}, tmp_path):
        assert answer.verdict == Verdict.PROVED, answer.reason


@pytest.mark.parametrize("name, prop, settings", BROKEN, ids=[name for name, _, _ in BROKEN])
def test_a_violation_is_one_for_any_size(name: str, prop: str, settings: dict[str, str]) -> None:
    (answer,) = answers(name, [prop], settings)
    assert answer.verdict == Verdict.VIOLATED


def test_tickets_run_out_at_some_size() -> None:
    """Five CPUs are too many for four tickets: whatever is found, it is no proof."""
    (answer,) = answers("ticket_lock.py", ["exclusive"], {})
    assert answer.verdict in (Verdict.VIOLATED, Verdict.UNKNOWN)
