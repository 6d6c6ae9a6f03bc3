"""What the results mean: one pure function from records and policy to a judgement.

For every answer: is it as expected, is it enough, is it known?  For the whole: the exit code, by
the precedence of :mod:`pagestate.check.outcome`.  Nothing here reads a file or a clock.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from pagestate.check.outcome import Exit, code_of, gravest
from pagestate.core.verdict import PROOFS, Result, Verdict
from pagestate.gate.baseline import Known, key_of, worse
from pagestate.gate.config import Expectation
from pagestate.gate.jobs import Job
from pagestate.gate.names import matches, near_names
from pagestate.gate.records import BROKEN, CRASHED, DONE, HUNG, STOPPED, Finding, Record
from pagestate.gate.values import enough_depth


class Status(StrEnum):
    """What an answer means for the gate."""

    OK = "ok"
    EXPECTED = "expected"
    KNOWN = "known"
    SKIPPED = "skipped"
    OPEN = "open"
    FAILED = "FAILED"


_STATUS = {Exit.FAILED: Status.FAILED, Exit.INCONCLUSIVE: Status.OPEN}


@dataclass(frozen=True, slots=True)
class Policy:
    """What results are measured against.

    ``whole``: everything that is configured was selected, so that what is missing is missing.
    ``known``: the baseline, by key; None where there is none.
    """

    today: date
    expectations: tuple[Expectation, ...] = ()
    known: Mapping[str, Known] | None = None
    whole: bool = True
    since: str = ""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        known = self.known
        return {
            "today": self.today.isoformat(),
            "expectations": [_expectation_json(e) for e in self.expectations],
            "known": None if known is None else {k: asdict(v) for k, v in known.items()},
            "whole": self.whole,
            "since": self.since,
        }


def policy_from(body: Mapping[str, Any]) -> Policy:
    """The policy that :meth:`Policy.to_json` wrote.  Raises KeyError, TypeError, ValueError."""
    known = body["known"]
    return Policy(
        date.fromisoformat(body["today"]),
        tuple(_expectation_from(e) for e in body["expectations"]),
        None if known is None else {k: Known(**v) for k, v in known.items()},
        bool(body["whole"]),
        str(body["since"]),
    )


def _expectation_json(expectation: Expectation) -> dict[str, Any]:
    until = expectation.until
    return {**asdict(expectation), "until": None if until is None else until.isoformat()}


def _expectation_from(body: Mapping[str, Any]) -> Expectation:
    until = body["until"]
    changes = {
        "properties": tuple(body["properties"]),
        "verdict": Verdict(body["verdict"]),
        "until": None if until is None else date.fromisoformat(until),
    }
    return Expectation(**{**body, **changes})


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer and what it means; ``why`` says so in words, ``excuse`` the reason somebody gave.

    ``missing``: the job did not live to give an answer.
    """

    job: Job
    finding: Finding
    status: Status
    code: Exit
    why: str = ""
    excuse: str = ""
    missing: bool = False

    @property
    def key(self) -> str:
        """What the baseline calls this answer."""
        return key_of(self.job, self.finding.name)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The whole: every answer, what is wrong with models, configuration and program, the code.

    ``stopped`` are jobs without an answer because the gate was stopped.
    """

    items: tuple[Judged, ...]
    problems: tuple[str, ...]
    errors: tuple[str, ...]
    stopped: tuple[Job, ...]
    gone: tuple[str, ...]
    code: Exit
    notes: tuple[str, ...] = field(default=())

    def of(self, *statuses: Status) -> list[Judged]:
        """The answers with one of ``statuses``."""
        return [item for item in self.items if item.status in statuses]


def judge(
    jobs: Sequence[Job],
    records: Mapping[str, Record],
    policy: Policy,
    *,
    interrupted: bool = False,
    problems: Sequence[str] = (),
) -> Judgement:
    """Judge the records of ``jobs``.  ``problems`` are usage errors found before the jobs."""
    items, wrong, errors = list[Judged](), list(problems), list[str]()
    stopped, notes, silent = list[Job](), list[str](), set[str]()
    for job in jobs:
        record = records.get(job.id)
        if record is None or record.status == STOPPED:
            stopped.append(job)
            continue
        if record.status == BROKEN:
            wrong.append(f"{job.label}: {record.message}")
            silent.add(job.model)
            continue
        errors += [f"{job.label}: {error}" for error in record.errors]
        notes += [f"{job.label}: a cached answer about {n} was wrong" for n in record.dropped]
        missing = record.status != DONE
        if missing:
            silent.add(job.model)
        for finding in _lost(job, record) if missing else record.findings:
            items.append(_judged(job, finding, policy, missing))
    done = not stopped and not interrupted
    if policy.whole and done:
        wrong += _useless(policy, [i for i in items if i.job.model not in silent])
    gone = tuple(_gone(policy, jobs, items)) if policy.whole and done else ()
    codes = {item.code for item in items if item.status != Status.SKIPPED}
    if gone:
        codes.add(Exit.FAILED)
    if interrupted or stopped:
        codes.add(Exit.INTERRUPTED)
    if errors:
        codes.add(Exit.INTERNAL)
    if wrong:
        codes.add(Exit.USAGE)
    return Judgement(
        tuple(items),
        tuple(wrong),
        tuple(errors),
        tuple(stopped),
        gone,
        gravest(codes),
        tuple(notes),
    )


def _lost(job: Job, record: Record) -> Iterator[Finding]:
    """What a job that gave no answer leaves: every property unknown."""
    reason = {HUNG: "hung", CRASHED: "crashed"}.get(record.status, record.status)
    for name in job.expects or ("all properties",):
        yield Finding(
            name, Verdict.UNKNOWN, reason=f"the job {reason}: {record.message}", file=job.file
        )


def _judged(job: Job, finding: Finding, policy: Policy, missing: bool) -> Judged:
    item = _by_expectation(job, finding, policy, missing)
    if policy.known is not None and item.code != Exit.OK:
        known = policy.known.get(item.key)
        if known is not None and not worse(finding, known):
            why = f"{known.verdict} in the baseline too"
            return replace(item, status=Status.KNOWN, code=Exit.OK, why=why)
        if known is not None:
            why = f"worse than in the baseline ({known.words})"
            return replace(item, why=", ".join(filter(None, (item.why, why))))
        return replace(item, why=", ".join(filter(None, (item.why, "not in the baseline"))))
    return item


def _by_expectation(job: Job, finding: Finding, policy: Policy, missing: bool) -> Judged:
    """The judgement without the baseline."""
    excuse = next((e for e in policy.expectations if _applies(e, job, finding.name)), None)
    expected = excuse.verdict if excuse else finding.expected
    because = excuse.reason if excuse else finding.because
    plain = Judged(job, finding, Status.OK, Exit.OK, missing=missing)
    if excuse is not None and excuse.until is not None and policy.today > excuse.until:
        why = f"its excuse has expired on {excuse.until.isoformat()} ({excuse.origin})"
        return replace(plain, status=Status.FAILED, code=Exit.FAILED, why=why, excuse=because)
    if excuse is not None and expected in (Verdict.UNKNOWN, Verdict.BOUNDED):
        if finding.verdict == expected:
            return replace(plain, status=Status.EXPECTED, excuse=because)
        if finding.verdict in PROOFS or (finding.verdict, expected) == (
            Verdict.BOUNDED,
            Verdict.UNKNOWN,
        ):
            return replace(plain, why=f"better than expected ({excuse.origin} can go)")
        expected = None
    depth = enough_depth(job.enough)
    code = code_of(_result(finding, expected), depth is None)
    why = ""
    if finding.verdict == Verdict.BOUNDED and depth is not None and (finding.depth or 0) < depth:
        code, why = Exit.INCONCLUSIVE, f"at least {depth} steps are asked for"
    elif finding.verdict == Verdict.BOUNDED and code == Exit.INCONCLUSIVE:
        why = "a proof is asked for"
    if expected is not None and finding.verdict != expected and code != Exit.OK:
        why = f"expected: {expected.value}"
        if expected in (Verdict.VIOLATED, Verdict.VACUOUS) and code == Exit.FAILED:
            why += "; it does not happen any more"
        if excuse is not None:
            why += f" ({excuse.origin})"
    status = _STATUS.get(code, Status.OK)
    if code == Exit.OK and expected in (Verdict.VIOLATED, Verdict.VACUOUS):
        status = Status.EXPECTED
    if finding.verdict == Verdict.SKIPPED and code == Exit.OK:
        status = Status.SKIPPED
    return replace(plain, status=status, code=code, why=why, excuse=because)


def _result(finding: Finding, expected: Verdict | None) -> Result:
    return Result(
        finding.name,
        finding.verdict,
        finding.scope,
        finding.engine,
        finding.depth,
        finding.states,
        finding.seconds,
        finding.reason,
        None,
        None,
        expected,
        (),
    )


def _applies(expectation: Expectation, job: Job, name: str) -> bool:
    """Whether the expectation is about this property of this job: of its very valuation."""
    named, switches = expectation.properties, expectation.switches
    return (
        name in named
        and matches(job, expectation.model)
        and all(job.valuation.get(n) == v for n, v in switches.items())
        and set(job.switches) <= set(switches)
        and (not expectation.sizes or dict(expectation.sizes) == dict(job.sizes))
        and (expectation.scenario or None) == job.scenario
    )


def _useless(policy: Policy, items: Sequence[Judged]) -> Iterator[str]:
    """Expectations that are about no answer: they would hide nothing, and are most likely slips."""
    for each in policy.expectations:
        mine = [i for i in items if matches(i.job, each.model)]
        for name in each.properties:
            if any(_applies(each, i.job, i.finding.name) for i in mine):
                continue
            if not mine:
                continue
            names = list(dict.fromkeys(i.finding.name for i in mine))
            more = (
                near_names(name, names) if name not in names else " with these switches and sizes"
            )
            yield f"{each.origin}: no answer is about {name} of {each.model}{more}"


def _gone(policy: Policy, jobs: Sequence[Job], items: Sequence[Judged]) -> Iterator[str]:
    """Proofs of the baseline that nobody asks for any more."""
    if policy.known is None:
        return
    have = {item.key for item in items}
    for key, known in policy.known.items():
        if key not in have and Verdict(known.verdict) in PROOFS:
            yield f"{key}: {known.verdict} in the baseline, not checked any more"
