"""The policy, row by row."""

from datetime import date

import pytest

from pagestate.check.outcome import Exit
from pagestate.core.verdict import Verdict
from pagestate.gate.baseline import Known
from pagestate.gate.config import Expectation
from pagestate.gate.jobs import Job
from pagestate.gate.policy import Policy, Status, judge, policy_from
from pagestate.gate.records import BROKEN, CRASHED, DONE, HUNG, STOPPED, Finding, Record

TODAY = date(2026, 11, 23)


def job(enough="proof", switches=None, sizes=None, scenario=None) -> Job:
    switches = switches or {}
    return Job(
        model="models/m.py",
        name="m",
        file="models/m.py",
        digest="0",
        switches=switches,
        valuation={"hook": "true", "lock": "none", **switches},
        scenario=scenario,
        sizes=sizes or {},
        properties=(),
        expects=("p",),
        engine="auto",
        depth=None,
        enough=enough,
        timeout=1.0,
        grace=1.0,
        memory=None,
        rlimit=0,
    )


def expects(verdict="violated", until=None, switches=None, sizes=None, scenario=None, name="p"):
    return Expectation(
        "m", (name,), Verdict(verdict), "why", switches or {}, sizes or {}, scenario, until, "f:1"
    )


def judged(verdict, *expectations, depth=None, own=None, known=None, work=None, whole=True):
    work = work or job()
    finding = Finding("p", Verdict(verdict), depth=depth, expected=own and Verdict(own))
    policy = Policy(TODAY, expectations, known, whole)
    return judge([work], {work.id: Record(work.id, DONE, findings=(finding,))}, policy)


@pytest.mark.parametrize(
    ("verdict", "enough", "depth", "code"),
    [
        ("proved", "proof", None, Exit.OK),
        ("exhausted", "proof", None, Exit.OK),
        ("bounded", "proof", 99, Exit.INCONCLUSIVE),
        ("bounded", "bounded:10", 10, Exit.OK),
        ("bounded", "bounded:10", 9, Exit.INCONCLUSIVE),
        ("bounded", "bounded:10", None, Exit.INCONCLUSIVE),
        ("exhausted", "bounded:10", 3, Exit.OK),
        ("violated", "proof", None, Exit.FAILED),
        ("violated", "bounded:0", None, Exit.FAILED),
        ("vacuous", "bounded:0", None, Exit.FAILED),
        ("unknown", "proof", None, Exit.INCONCLUSIVE),
        ("unknown", "bounded:0", None, Exit.INCONCLUSIVE),
        ("skipped", "proof", None, Exit.NOTHING),
    ],
)
def test_what_is_enough(verdict, enough, depth, code):
    assert judged(verdict, depth=depth, work=job(enough)).code == code


@pytest.mark.parametrize(
    ("verdict", "expected", "code", "status"),
    [
        ("violated", "violated", Exit.OK, Status.EXPECTED),
        ("proved", "violated", Exit.FAILED, Status.FAILED),
        ("exhausted", "violated", Exit.FAILED, Status.FAILED),
        ("vacuous", "violated", Exit.FAILED, Status.FAILED),
        ("unknown", "violated", Exit.INCONCLUSIVE, Status.OPEN),
        ("bounded", "violated", Exit.INCONCLUSIVE, Status.OPEN),
        ("vacuous", "vacuous", Exit.OK, Status.EXPECTED),
        ("exhausted", "vacuous", Exit.FAILED, Status.FAILED),
        ("unknown", "unknown", Exit.OK, Status.EXPECTED),
        ("bounded", "unknown", Exit.OK, Status.OK),
        ("proved", "unknown", Exit.OK, Status.OK),
        ("violated", "unknown", Exit.FAILED, Status.FAILED),
        ("bounded", "bounded", Exit.OK, Status.EXPECTED),
        ("unknown", "bounded", Exit.INCONCLUSIVE, Status.OPEN),
    ],
)
def test_expectations(verdict, expected, code, status):
    found = judged(verdict, expects(expected), depth=3)
    assert (found.code, found.items[0].status) == (code, status)


def test_the_models_own_expectation_counts_and_the_configured_one_goes_before():
    assert judged("violated", own="violated").code == Exit.OK
    assert judged("proved", own="violated").code == Exit.FAILED
    assert judged("vacuous", expects("vacuous"), own="violated").code == Exit.OK


@pytest.mark.parametrize(("until", "code"), [(TODAY, Exit.OK), (date(2026, 11, 22), Exit.FAILED)])
def test_an_excuse_ends_after_its_day(until, code):
    assert judged("violated", expects(until=until)).code == code
    assert ("expired" in judged("violated", expects(until=until)).items[0].why) == (code == 1)


@pytest.mark.parametrize(
    ("switches", "sizes", "scenario", "excused"),
    [
        ({}, {}, None, True),
        ({"hook": "false"}, {}, None, False),
        ({}, {"page": "3"}, None, True),
        ({}, {}, "one", False),
    ],
)
def test_an_expectation_is_for_the_valuation_it_names(switches, sizes, scenario, excused):
    work = job(switches=switches, sizes=sizes, scenario=scenario)
    found = judged("violated", expects(), work=work, whole=False)
    assert (found.code == Exit.OK) == excused


def test_an_expectation_names_a_valuation_by_its_differences():
    named = expects(switches={"hook": "false"})
    assert judged("violated", named, work=job(switches={"hook": "false"})).code == Exit.OK
    assert judged("violated", named, work=job(switches={"lock": "mutex"}), whole=False).code == 1
    both = job(switches={"hook": "false", "lock": "mutex"})
    assert judged("violated", named, work=both, whole=False).code == Exit.FAILED
    sized = expects(sizes={"page": "3"})
    assert judged("violated", sized, work=job(sizes={"page": "3"})).code == Exit.OK
    assert judged("violated", sized, whole=False).code == Exit.FAILED


def test_an_expectation_about_nothing_is_an_error_of_the_configuration():
    found = judged("proved", expects(name="q"))
    assert found.code == Exit.USAGE
    assert "f:1: no answer is about q of m" in found.problems[0]
    assert judged("proved", expects(name="q"), whole=False).code == Exit.OK


@pytest.mark.parametrize(
    ("verdict", "depth", "before", "code"),
    [
        ("violated", None, Known("violated"), Exit.OK),
        ("violated", None, Known("unknown"), Exit.FAILED),
        ("violated", None, Known("exhausted"), Exit.FAILED),
        ("vacuous", None, Known("violated"), Exit.OK),
        ("unknown", None, Known("violated"), Exit.OK),
        ("unknown", None, Known("unknown"), Exit.OK),
        ("unknown", None, Known("bounded", 3), Exit.INCONCLUSIVE),
        ("bounded", 5, Known("bounded", 5), Exit.OK),
        ("bounded", 4, Known("bounded", 5), Exit.INCONCLUSIVE),
        ("bounded", 4, Known("proved"), Exit.INCONCLUSIVE),
        ("violated", None, None, Exit.FAILED),
    ],
)
def test_a_baseline_lets_pass_what_is_not_worse(verdict, depth, before, code):
    known = {} if before is None else {"m p": before}
    assert judged(verdict, depth=depth, known=known).code == code


def test_a_proof_that_nobody_asks_for_any_more_fails_against_the_baseline():
    known = {"m p": Known("proved"), "m q": Known("proved"), "m r": Known("violated")}
    found = judged("proved", known=known)
    assert found.code == Exit.FAILED
    assert [g.partition(":")[0] for g in found.gone] == ["m q"]
    assert judged("proved", known=known, whole=False).code == Exit.OK


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (CRASHED, Exit.INCONCLUSIVE),
        (HUNG, Exit.INCONCLUSIVE),
        (BROKEN, Exit.USAGE),
        (STOPPED, Exit.INTERRUPTED),
        (None, Exit.INTERRUPTED),
    ],
)
def test_jobs_without_answers(status, code):
    work = job()
    records = {} if status is None else {work.id: Record(work.id, status, message="it said")}
    found = judge([work], records, Policy(TODAY))
    assert found.code == code
    if status in (CRASHED, HUNG):
        assert found.items[0].finding.verdict == Verdict.UNKNOWN
        assert "it said" in found.items[0].finding.reason


def test_precedence():
    one, two = job(), job(switches={"hook": "false"})
    bad = Record(one.id, DONE, findings=(Finding("p", Verdict.VIOLATED),))
    open_ = Record(two.id, DONE, findings=(Finding("p", Verdict.UNKNOWN),))
    records = {one.id: bad, two.id: open_}
    policy = Policy(TODAY)
    assert judge([], {}, policy).code == Exit.NOTHING
    assert judge([two], records, policy).code == Exit.INCONCLUSIVE
    assert judge([one, two], records, policy).code == Exit.FAILED
    assert judge([one, two], records, policy, problems=["x"]).code == Exit.USAGE
    broken = {**records, two.id: Record(two.id, DONE, errors=("engines disagree",))}
    assert judge([one, two], broken, policy, problems=["x"]).code == Exit.INTERNAL
    assert judge([one, two], broken, policy, interrupted=True).code == Exit.INTERRUPTED


def test_a_policy_reads_back():
    policy = Policy(
        TODAY, (expects(until=TODAY, switches={"a": "b"}),), {"k": Known("bounded", 3, "x")}, False
    )
    assert policy_from(policy.to_json()) == policy
