"""An engine's process, with engines that are made up: told early, checked, raised once."""

import os
import signal
import time
from dataclasses import replace

import pytest

from pagestate.check.request import COUNT_BOUND
from pagestate.core.verdict import Answer, Path, Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.run import worker
from pagestate.run.portfolio import Options, run
from tests.run.requests import FIRST, GOAL, ignore, request, verdicts

RAISED = 2 * COUNT_BOUND + 1


class Fake:
    """An engine that answers what ``answer`` says, at once."""

    name = "explicit"

    def __init__(self, task, report):
        self.task = task

    def advance(self, bound):
        return True

    def answers(self):
        return tuple(self.answer(p) for p in self.task.properties)

    def answer(self, prop):
        raise NotImplementedError


def go(engine, *names, hook="true", **options):
    def work(asked, plan, send):
        worker.work(asked, plan, send, lambda name, task, report: engine(task, report))

    asked = request(*(names or (FIRST,)), hook=hook)
    return run(asked, Options("explicit", **options), ignore, work)


def test_a_counter_bound_is_raised_once():
    class Narrow(Fake):
        def answer(self, prop):
            bound = self.task.sizes.count_bound
            reason = f"bound {bound} of refcount too small"
            return Answer(prop.name, Verdict.UNKNOWN, "explicit", 1, 1, reason, overflow="refcount")

    (result,) = go(Narrow).results
    assert result.verdict == Verdict.UNKNOWN
    assert result.reason == f"bound {RAISED} of refcount too small"


def test_a_raised_bound_can_be_enough():
    class Wide(Fake):
        def answer(self, prop):
            if self.task.sizes.count_bound == RAISED:
                return Answer(prop.name, Verdict.EXHAUSTED, "explicit", 1, 1)
            return Answer(prop.name, Verdict.UNKNOWN, "explicit", 1, 1, overflow="refcount")

    assert go(Wide).results[0].verdict == Verdict.EXHAUSTED


def test_only_what_is_open_is_asked_again():
    class Half(Fake):
        def answer(self, prop):
            if prop.name == FIRST and self.task.sizes.count_bound == COUNT_BOUND:
                return Answer(prop.name, Verdict.EXHAUSTED, "explicit", 1, 1)
            return Answer(prop.name, Verdict.UNKNOWN, "explicit", 1, 1, "no", overflow="refcount")

    assert list(verdicts(go(Half, FIRST, GOAL)).values()) == [Verdict.EXHAUSTED, Verdict.UNKNOWN]


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (Answer(FIRST, Verdict.VIOLATED, "explicit", 1, 1), "without a trace"),
        (Answer(FIRST, Verdict.VIOLATED, "explicit", 0, 1, path=Path((), ())), "does not decide"),
        (Answer(FIRST, Verdict.PROVED, "explicit", 1, 1), "without a certificate"),
        (Answer(FIRST, Verdict.PROVED, "explicit", 1, 1, certificate="x"), "without a certificate"),
    ],
)
def test_an_answer_that_fails_its_check_is_an_internal_error(answer, what):
    class Wrong(Fake):
        def answer(self, prop):
            return answer

    outcome = go(Wrong)
    assert outcome.results[0].verdict == Verdict.UNKNOWN
    assert len(outcome.errors) == 1 and what in outcome.errors[0]


def test_a_trace_that_is_cut_short_fails_its_replay():
    class Short(Explicit):
        def answers(self):
            return tuple(
                replace(a, path=Path(a.path.initial, a.path.moves[:-1])) if a.path else a
                for a in super().answers()
            )

    outcome = go(Short, hook="false")
    assert outcome.errors and outcome.results[0].verdict == Verdict.UNKNOWN


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("z3: out of memory")])
def test_out_of_memory_is_unknown(error):
    class Greedy(Fake):
        def advance(self, bound):
            raise error

    outcome = go(Greedy)
    assert outcome.results[0].reason == "explicit: out of memory" and not outcome.errors


def test_the_memory_limit_holds():
    class Greedy(Fake):
        def advance(self, bound):
            return len(bytearray(3 << 30)) > 0

    outcome = go(Greedy, memory=2 << 30)
    assert outcome.results[0].reason == "explicit: out of memory" and not outcome.errors


def test_any_other_exception_is_an_internal_error():
    class Buggy(Fake):
        def advance(self, bound):
            raise ValueError("oops")

    outcome = go(Buggy)
    assert "ValueError: oops" in outcome.errors[0]
    assert outcome.results[0].reason == "explicit: internal error"


def test_a_violation_is_told_before_the_search_ends():
    class Stuck(Explicit):
        def advance(self, bound):
            if any(a.verdict == Verdict.VIOLATED for a in self.answers()):
                os.kill(os.getppid(), signal.SIGINT)
                time.sleep(3600)
            return super().advance(bound)

    outcome = go(Stuck, FIRST, "no_underflow", hook="false")
    assert outcome.interrupted
    assert verdicts(outcome) == {FIRST: Verdict.VIOLATED, "no_underflow": Verdict.UNKNOWN}


def test_a_goal_that_is_met_does_not_mean_that_everything_was_searched():
    outcome = go(Explicit, GOAL)
    assert outcome.results[0].verdict == Verdict.EXHAUSTED
    assert outcome.fired is None
    assert go(Explicit, GOAL, FIRST).fired is not None


def test_a_search_to_a_depth_does_not_count_steps():
    outcome = go(Explicit, FIRST, depth=2)
    assert outcome.results[0].verdict == Verdict.BOUNDED
    assert outcome.fired is None


def test_what_an_engine_prints_stays_out_of_the_results(capfd):
    class Chatty(Fake):
        def advance(self, bound):
            os.write(1, b"noise\n")
            return True

        def answer(self, prop):
            return Answer(prop.name, Verdict.EXHAUSTED, "explicit", 1, 1)

    go(Chatty)
    shown = capfd.readouterr()
    assert shown.out == "" and shown.err == "noise\n"
