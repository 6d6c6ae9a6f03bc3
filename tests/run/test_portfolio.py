"""The parent's side, with engines that say what a test makes them say."""

import faulthandler
import multiprocessing
import os
import signal
import time

import pytest

from pagestate.core.verdict import Verdict
from pagestate.run import portfolio
from pagestate.run.messages import (
    Broken,
    Covered,
    Exhausted,
    Finished,
    Garbled,
    Unwritable,
    Working,
    dump,
    load,
)
from pagestate.run.portfolio import Options, run
from tests.run.requests import FIRST, SECOND, ignore, real_trace, request, says, verdicts

FOREVER = 3600.0


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    """The second engine starts at once."""
    monkeypatch.setattr(portfolio, "SECOND_AFTER", 0.05)


@pytest.fixture(scope="module")
def trace():
    found = real_trace()
    assert found is not None
    return found


def sleep():
    time.sleep(FOREVER)


def die(number):
    faulthandler.disable()
    os.kill(os.getpid(), number)


def play(**scripts):
    """Engines that play their scripts: messages to send, bytes to send, functions to call.

    The last engine of ``auto`` finds nothing unless it has a script.
    """
    scripts = {"pdr": [Finished("pdr")], **scripts}

    def work(request, plan, send):
        for act in scripts[plan.engine]:
            if callable(act):
                act()
            else:
                send(act if isinstance(act, bytes) else dump(act))

    return work


def go(work, *names, engine="auto", **options):
    return run(request(*(names or (FIRST,))), Options(engine, **options), ignore, work)


def exhausted(engine, name=FIRST):
    return says(name, Verdict.EXHAUSTED, engine)


# ------------------------------------------------------------------------------ who answers


def test_the_first_conclusive_answer_wins_and_the_other_engine_is_stopped(tmp_path):
    pid = tmp_path / "pid"

    def slow():
        pid.write_text(str(os.getpid()))
        sleep()

    outcome = go(play(explicit=[slow], bmc=[exhausted("bmc"), sleep]))
    (result,) = outcome.results
    assert (result.verdict, result.engine) == (Verdict.EXHAUSTED, "bmc")
    assert not outcome.errors
    assert not os.path.exists(f"/proc/{pid.read_text()}")


def test_the_second_engine_is_not_started_when_the_first_is_quick(tmp_path, monkeypatch):
    monkeypatch.setattr(portfolio, "SECOND_AFTER", FOREVER)
    started = tmp_path / "started"
    work = play(explicit=[exhausted("explicit"), Finished("explicit")], bmc=[started.touch])
    assert go(work).results[0].engine == "explicit"
    assert not started.exists()


def test_the_second_engine_starts_when_the_first_gives_up(monkeypatch):
    monkeypatch.setattr(portfolio, "SECOND_AFTER", FOREVER)
    unknown = says(FIRST, Verdict.UNKNOWN, "explicit")
    work = play(explicit=[unknown, Finished("explicit")], bmc=[exhausted("bmc")])
    assert go(work).results[0].engine == "bmc"


def test_the_second_engine_starts_when_the_first_takes_long():
    outcome = go(play(explicit=[sleep], bmc=[exhausted("bmc")]))
    assert outcome.results[0].engine == "bmc"


def test_a_named_engine_works_alone():
    outcome = go(play(bmc=[says(FIRST, Verdict.BOUNDED, "bmc", 5), Finished("bmc")]), engine="bmc")
    assert outcome.results[0].verdict == Verdict.BOUNDED


def test_answers_of_two_engines_complete_each_other():
    work = play(
        explicit=[exhausted("explicit", FIRST), sleep],
        bmc=[exhausted("bmc", SECOND), sleep],
    )
    outcome = go(work, FIRST, SECOND)
    assert [r.engine for r in outcome.results] == ["explicit", "bmc"]


def test_results_come_in_the_order_of_the_model():
    both = [exhausted("explicit", SECOND), exhausted("explicit", FIRST), sleep]
    assert list(verdicts(go(play(explicit=both), SECOND, FIRST))) == [FIRST, SECOND]


def test_the_deepest_bound_counts():
    work = play(
        explicit=[says(FIRST, Verdict.BOUNDED, "explicit", 3), Finished("explicit")],
        bmc=[says(FIRST, Verdict.BOUNDED, "bmc", 9), Finished("bmc")],
    )
    (result,) = go(work).results
    assert (result.engine, result.depth) == ("bmc", 9)


def test_a_bound_counts_more_than_unknown():
    work = play(
        explicit=[says(FIRST, Verdict.UNKNOWN, "explicit"), Finished("explicit")],
        bmc=[says(FIRST, Verdict.BOUNDED, "bmc", 9), Finished("bmc")],
    )
    assert go(work).results[0].verdict == Verdict.BOUNDED


def test_nobody_goes_deeper_than_asked(tmp_path):
    started = tmp_path / "started"
    bounded = says(FIRST, Verdict.BOUNDED, "explicit", 3)
    work = play(explicit=[bounded, Finished("explicit")], bmc=[started.touch])
    assert go(work, depth=3).results[0].verdict == Verdict.BOUNDED
    assert not started.exists()


def test_a_bound_that_is_too_low_is_not_enough():
    work = play(
        explicit=[says(FIRST, Verdict.BOUNDED, "explicit", 3), Finished("explicit")],
        bmc=[exhausted("bmc")],
    )
    assert go(work, depth=4).results[0].verdict == Verdict.EXHAUSTED


def test_progress_and_coverage_are_passed_on():
    seen = []
    work = play(
        explicit=[
            Working("explicit", 4, 17, "note"),
            Covered({"a": 1}),
            exhausted("explicit"),
        ]
    )
    outcome = run(request(FIRST), Options("explicit"), seen.append, work)
    assert seen == [Working("explicit", 4, 17, "note")]
    assert outcome.fired == {"a": 1}


def test_an_expectation_is_passed_on():
    work = play(explicit=[exhausted("explicit")])
    outcome = run(request(FIRST, hook="false"), Options("explicit"), ignore, work)
    assert outcome.results[0].expected == Verdict.VIOLATED


def test_no_property_no_engine(tmp_path):
    started = tmp_path / "started"
    asked = request(FIRST)
    empty = type(asked)(asked.compiled, (), asked.sizes, asked.unbounded)
    outcome = run(empty, Options(), ignore, play(explicit=[started.touch]))
    assert outcome.results == [] and not started.exists()


# ------------------------------------------------------------------------------ giving up


def given_up(*acts, **options):
    outcome = go(play(explicit=acts), engine="explicit", **options)
    (result,) = outcome.results
    assert result.verdict == Verdict.UNKNOWN
    return outcome, result.reason


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT])
def test_a_killed_engine_is_unknown(number):
    outcome, reason = given_up(lambda: die(number))
    assert reason == f"explicit: its process was killed by signal {int(number)}"
    assert not outcome.errors


def test_an_engine_that_leaves_without_a_word_is_unknown():
    assert given_up(lambda: os._exit(7))[1] == "explicit: its process ended with status 7"


def test_an_engine_that_closes_its_pipe_is_unknown():
    def close():
        os.closerange(3, 256)
        sleep()

    assert given_up(close)[1] == "explicit: its process has fallen silent"


def test_an_engine_that_says_nothing_of_a_property():
    outcome, reason = given_up(Finished("explicit", ("a note",)))
    assert reason == "no engine answered"
    assert outcome.notes == ["explicit: a note"]


def test_half_a_message_and_death():
    half = dump(exhausted("explicit"))[:-2]
    outcome, reason = given_up(half, lambda: die(signal.SIGKILL))
    assert "signal 9" in reason and not outcome.errors


def test_half_a_message_and_silence():
    _, reason = given_up(dump(exhausted("explicit"))[:-2], sleep, timeout=0.2)
    assert reason == "timeout after 0.2 s"


def test_a_message_in_pieces():
    whole = dump(exhausted("explicit"))
    pieces = [whole[:1], lambda: time.sleep(0.05), whole[1:9], lambda: time.sleep(0.05), whole[9:]]
    assert go(play(explicit=pieces), engine="explicit").results[0].verdict == Verdict.EXHAUSTED


def test_a_message_larger_than_a_pipe():
    big = Working("explicit", 1, 2, "x" * 1_000_000)
    work = play(explicit=[big, exhausted("explicit")])
    assert go(work, engine="explicit").results[0].verdict == Verdict.EXHAUSTED


def test_out_of_memory():
    outcome, reason = given_up(Exhausted("explicit", "out of memory"), sleep)
    assert reason == "explicit: out of memory" and not outcome.errors


def test_the_timeout_says_how_far_the_engines_were():
    _, reason = given_up(Working("explicit", 12, 99, ""), sleep, timeout=0.3)
    assert reason == "timeout after 0.3 s (explicit at depth 12)"


def test_after_the_timeout_the_engines_own_reason_is_kept():
    unknown = says(FIRST, Verdict.UNKNOWN, "explicit")
    work = play(explicit=[unknown, Finished("explicit")], bmc=[sleep])
    (result,) = go(work, timeout=0.5).results
    assert result.reason.startswith("timeout after 0.5 s; explicit:")


def test_a_bound_survives_the_timeout():
    work = play(explicit=[sleep], bmc=[says(FIRST, Verdict.BOUNDED, "bmc", 9), Finished("bmc")])
    (result,) = go(work, timeout=1.0).results
    assert (result.verdict, result.depth) == (Verdict.BOUNDED, 9)


def test_a_very_long_timeout():
    work = play(explicit=[exhausted("explicit")])
    assert go(work, timeout=1e300).results[0].verdict == Verdict.EXHAUSTED


# ------------------------------------------------------------------------------ errors


@pytest.mark.parametrize(
    "line",
    [
        b"\x00\xff\n",
        b"\n",
        b"[]\n",
        b"17\n",
        b'{"kind": "Nonsense"}\n',
        b'{"kind": "Finished", "engine": "x", "notes": 5}\n',
        b'{"kind": "Decided"}\n',
        b'{"kind": "Working", "surplus": 1}\n',
        b'{"kind": "Decided", "property": "p", "verdict": "maybe", "trace": null}\n',
        b'{"kind": "Decided", "property": "p", "verdict": "violated", "trace": {}}\n',
    ],
)
def test_garbage_is_an_internal_error(line):
    with pytest.raises(Garbled):
        load(line)
    outcome, _ = given_up(line, sleep)
    assert len(outcome.errors) == 1 and "not a message" in outcome.errors[0]


def test_a_crash_is_an_internal_error():
    outcome, reason = given_up(Broken("explicit", "ValueError: x", "details"), sleep)
    assert outcome.errors == ["explicit: ValueError: x\ndetails"]
    assert reason == "explicit: internal error"


def test_the_other_engine_goes_on_after_a_crash():
    outcome = go(play(explicit=[Broken("explicit", "x")], bmc=[exhausted("bmc")]))
    assert outcome.results[0].verdict == Verdict.EXHAUSTED
    assert outcome.errors


def test_an_answer_nobody_asked_for():
    outcome, _ = given_up(exhausted("explicit", "other"), Finished("explicit"))
    assert outcome.errors == ["explicit: not an answer: other: exhausted"]


def test_a_violation_without_a_trace():
    outcome, _ = given_up(says(FIRST, Verdict.VIOLATED, "explicit"), Finished("explicit"))
    assert outcome.errors == [f"explicit: not an answer: {FIRST}: violated"]


def test_a_certificate_that_cannot_be_written():
    work = play(explicit=[Unwritable("explicit", "out: full"), exhausted("explicit")])
    outcome = go(work, engine="explicit")
    assert outcome.problems == ["out: full"]
    assert outcome.results[0].verdict == Verdict.EXHAUSTED


# ------------------------------------------------------------------------------ disagreement


def contest(one, other):
    """Two engines speak about FIRST, while SECOND stays open so that both are heard.

    The second one waits for the first, however late that is.
    """
    spoken = multiprocessing.get_context("fork").Event()
    work = play(
        explicit=[one, spoken.set, sleep],
        bmc=[spoken.wait, other, exhausted("bmc", SECOND), sleep],
    )
    return go(work, FIRST, SECOND)


def test_engines_that_disagree(trace):
    for pair in (
        (exhausted("explicit"), says(FIRST, Verdict.VIOLATED, "bmc", 6, trace)),
        (says(FIRST, Verdict.VIOLATED, "explicit", 6, trace), exhausted("bmc")),
        (says(FIRST, Verdict.VIOLATED, "explicit", 6, trace), says(FIRST, Verdict.PROVED, "bmc")),
        (says(FIRST, Verdict.VACUOUS, "explicit"), exhausted("bmc")),
        (
            says(FIRST, Verdict.VACUOUS, "explicit"),
            says(FIRST, Verdict.VIOLATED, "bmc", 6, trace),
        ),
    ):
        outcome = contest(*pair)
        assert len(outcome.errors) == 1 and "engines disagree" in outcome.errors[0]
        assert verdicts(outcome) == {FIRST: Verdict.UNKNOWN, SECOND: Verdict.EXHAUSTED}


def test_a_violation_within_a_bound_of_the_other_is_a_disagreement(trace):
    length = len(trace.steps)
    violated = says(FIRST, Verdict.VIOLATED, "bmc", length, trace)
    outcome = contest(says(FIRST, Verdict.BOUNDED, "explicit", length), violated)
    assert "engines disagree" in outcome.errors[0]
    outcome = contest(says(FIRST, Verdict.BOUNDED, "explicit", length - 1), violated)
    assert not outcome.errors
    assert verdicts(outcome)[FIRST] == Verdict.VIOLATED


@pytest.mark.parametrize("verdict", [Verdict.PROVED, Verdict.EXHAUSTED])
def test_proofs_of_both_kinds_agree(verdict):
    assert not contest(exhausted("explicit"), says(FIRST, verdict, "bmc")).errors


# ------------------------------------------------------------------------------ interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_keeps_what_is_decided(number):
    before = signal.getsignal(number)
    acts = [exhausted("explicit", SECOND), lambda: os.kill(os.getppid(), number), sleep]
    outcome = go(play(explicit=acts, bmc=[sleep]), FIRST, SECOND)
    assert outcome.interrupted
    assert verdicts(outcome) == {FIRST: Verdict.UNKNOWN, SECOND: Verdict.EXHAUSTED}
    assert outcome.results[0].reason == "interrupted"
    assert signal.getsignal(number) is before


def test_engines_ignore_ctrl_c():
    def press():
        die(signal.SIGINT)

    outcome = go(play(explicit=[press, exhausted("explicit")]), engine="explicit")
    assert outcome.results[0].verdict == Verdict.EXHAUSTED and not outcome.interrupted


def test_an_interrupt_that_is_ignored_stays_ignored():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        acts = [lambda: os.kill(os.getppid(), signal.SIGINT), exhausted("explicit")]
        outcome = go(play(explicit=acts), engine="explicit")
    finally:
        signal.signal(signal.SIGINT, before)
    assert not outcome.interrupted and outcome.results[0].verdict == Verdict.EXHAUSTED


def test_the_last_engine_waits_twice_as_long():
    proof = says(FIRST, Verdict.EXHAUSTED, "pdr", 3)
    (result,) = go(play(explicit=[sleep], bmc=[sleep], pdr=[proof, sleep])).results
    assert result.engine == "pdr"
    assert result.seconds >= 2 * portfolio.SECOND_AFTER


# ------------------------------------------------------------------------------ cross-check


def test_a_cross_check_waits_for_every_engine(trace):
    late = says(FIRST, Verdict.VIOLATED, "induction", 6, trace)
    scripts = {
        "explicit": [exhausted("explicit"), Finished("explicit")],
        "bmc": [says(FIRST, Verdict.BOUNDED, "bmc", 3), Finished("bmc")],
        "induction": [late, Finished("induction")],
        "pdr": [exhausted("pdr"), Finished("pdr")],
    }
    (alone,) = go(play(**scripts)).results
    assert alone.verdict == Verdict.EXHAUSTED
    outcome = go(play(**scripts), cross_check=True)
    assert outcome.results[0].verdict == Verdict.UNKNOWN
    assert "explicit says exhausted, induction says violated in" in outcome.errors[0]


def test_a_cross_check_of_engines_that_agree_says_what_the_first_says():
    scripts = {e: [exhausted(e), Finished(e)] for e in ("explicit", "bmc", "induction", "pdr")}
    outcome = go(play(**scripts), cross_check=True)
    assert (outcome.results[0].engine, outcome.errors) == ("explicit", [])
