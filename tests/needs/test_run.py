"""The pool of processes: stages, deaths, limits, interruptions."""

import os
import signal
import threading
import time
from collections.abc import Callable

import pytest

from pagestate.engines.interface import Progress
from pagestate.needs.candidate import Candidate, candidates
from pagestate.needs.decide import Proved
from pagestate.needs.row import Row
from pagestate.needs.run import Decision, Limits, Rows, decide_all
from pagestate.run.interrupt import caught
from tests.needs.asking import base_of, file_of, request_of
from tests.needs.small import COUNTER

WANTED = tuple(Candidate("lock", name) for name in "abcd")


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> Proved:
    found = base_of(request_of(file_of(tmp_path_factory.mktemp("m"), COUNTER))).proved
    assert found is not None
    return found


def run(
    proved: Proved, *stages: Decision, limits: Limits | None = None, after: float | None = None
) -> Rows:
    """Decide four locks by ``stages``, interrupted ``after`` some seconds."""
    with caught() as interrupt:
        if after is not None:
            threading.Timer(after, interrupt.request, (signal.SIGINT, None)).start()
        return decide_all(proved, WANTED, limits or Limits(2), print, interrupt, stages)


def late(proved: Proved, candidate: Candidate, report: Callable[[Progress], None]) -> Row | None:
    """Decides all but ``d`` at once."""
    if candidate.name == "d":
        time.sleep(60)
    return Row(candidate, "not needed", scope="two pages")


def test_rows_come_in_the_order_of_the_candidates(proved: Proved) -> None:
    def stage(proved: Proved, candidate: Candidate, report: object) -> Row | None:
        time.sleep(0.2 if candidate.name == "a" else 0)
        return Row(candidate, "needed")

    found = run(proved, stage)
    assert [r.candidate for r in found.rows] == list(WANTED)
    assert {r.need for r in found.rows} == {"needed"} and not found.errors


def test_what_a_stage_leaves_open_is_for_the_next(proved: Proved) -> None:
    def first(proved: Proved, candidate: Candidate, report: object) -> Row | None:
        return None if candidate.name in "bd" else Row(candidate, "needed")

    def second(proved: Proved, candidate: Candidate, report: object) -> Row | None:
        return Row(candidate, "not needed")

    needs = [r.need for r in run(proved, first, second).rows]
    assert needs == ["needed", "not needed", "needed", "not needed"]


def test_a_process_that_dies_is_an_unknown(proved: Proved) -> None:
    def stage(proved: Proved, candidate: Candidate, report: object) -> Row | None:
        if candidate.name == "b":
            os.kill(os.getpid(), signal.SIGKILL)
        return Row(candidate, "needed")

    found = run(proved, stage)
    assert [r.need for r in found.rows] == ["needed", "unknown", "needed", "needed"]
    assert "signal 9" in found.rows[1].reason and not found.errors


def test_a_mistake_of_the_program_is_an_error(proved: Proved) -> None:
    def stage(proved: Proved, candidate: Candidate, report: object) -> Row | None:
        raise LookupError("lost")

    found = run(proved, stage)
    assert {r.need for r in found.rows} == {"unknown"}
    assert len(found.errors) == 4 and "LookupError: lost" in found.errors[0]


def test_processor_time_is_limited(proved: Proved) -> None:
    def stage(proved: Proved, candidate: Candidate, report: object) -> Row | None:
        while candidate.name == "c":
            pass
        return Row(candidate, "needed")

    found = run(proved, stage, limits=Limits(2, each=0.5))
    assert [r.need for r in found.rows] == ["needed", "needed", "unknown", "needed"]
    assert found.rows[2].reason == "not decided within 0.5 s of processor time"


def test_an_interrupted_run_keeps_what_was_decided(proved: Proved) -> None:
    found = run(proved, late, after=1.0)
    assert found.interrupted
    assert [r.need for r in found.rows] == ["not needed"] * 3 + ["unknown"]
    assert found.rows[3].reason == "interrupted"


def test_a_run_ends_at_its_deadline(proved: Proved) -> None:
    found = run(proved, late, limits=Limits(2, deadline=time.monotonic() + 1.0))
    assert not found.interrupted
    assert [r.reason for r in found.rows] == ["", "", "", "the time was over"]


def test_real_candidates(proved: Proved) -> None:
    wanted = candidates(proved.request)
    with caught() as interrupt:
        found = decide_all(proved, wanted, Limits(2), lambda working: None, interrupt)
    assert {r.candidate.name: r.need for r in found.rows if r.candidate.kind == "lock"} == {
        "lock": "needed",
        "spare": "not needed",
    }
