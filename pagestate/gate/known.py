"""Jobs that were done before, exactly as they are now: same files, same program, same settings.

The record of such a job was kept whole.  Each of its counterexamples and witnesses is executed
again by the model's own functions.  Where there is none to show, a search of at most ``SMALL``
states is made again; otherwise nothing is compiled: the answer rests on the job being the same, and
the record says so.  All else takes the way through :mod:`pagestate.gate.answers`: certificates are
checked there, and models that have changed without meaning anything else are recognised.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pagestate.check.replay import ReplayMismatch, replay
from pagestate.check.request import BUILTIN, PROBE_SIZE, Request
from pagestate.core.expr import TRUE
from pagestate.core.property import Property, PropertyKind
from pagestate.core.trace import Trace
from pagestate.core.verdict import PROOFS, Verdict
from pagestate.gate.cache import Cache, Entry
from pagestate.gate.describe import Loaded, load
from pagestate.gate.digest import text_digest
from pagestate.gate.jobs import Job
from pagestate.gate.program import program_digest
from pagestate.gate.recheck import confirm
from pagestate.gate.records import DONE, Finding, Record, record_from
from pagestate.lang.compile import valuation_of
from pagestate.lang.concrete import Machine
from pagestate.lang.declare import Model
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.state import Free
from pagestate.view.wellformed import TraceError

SMALL = 2_000
"""Searches of no more states than this are made again."""


@dataclass(frozen=True, slots=True)
class _Program:
    """A model as far as running it needs to know, without having been compiled."""

    model: Model
    valuation: Mapping[str, bool | str | int]
    names: frozenset[str]
    threads: Mapping[str, tuple[str, str, str | None]]

    def ends(self, thread: str) -> tuple[str, str, str | None]:
        return self.threads[thread]


def keep(folder: Path, job: Job, request: Request, record: Record) -> None:
    """Keep the record of a job if its answers stand by themselves.  Raises OSError."""
    if record.errors or not _stands(job, record):
        return
    program = request.compiled
    body = {
        "record": replace(record, worker="", dropped=()).to_json(),
        "names": sorted(program.names),
        "threads": {t.name: program.ends(t.name) for t in program.system.threads},
        "when": datetime.now(UTC).date().isoformat(),
    }
    Cache(folder).store_body(_key(job), body)


def _stands(job: Job, record: Record) -> bool:
    """Whether there is an answer about every property, and each can be looked at here."""
    named = {f.name for f in record.findings}
    return named >= {*job.expects} and all(_lookable(job, f) for f in record.findings)


def _lookable(job: Job, finding: Finding) -> bool:
    if finding.trace is not None:
        return finding.kind != "deadlock_free"
    if finding.verdict == Verdict.BOUNDED:
        return job.depth is not None and (finding.depth or 0) >= job.depth
    return finding.verdict in (Verdict.EXHAUSTED, Verdict.VACUOUS)


def _key(job: Job) -> str:
    return text_digest("job", job.id, program_digest(everything=True))


@dataclass(frozen=True, slots=True)
class Known:
    """The records of jobs that are known; the identities of those whose record did not pass."""

    records: tuple[Record, ...] = ()
    wrong: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"records": [r.to_json() for r in self.records], "wrong": self.wrong}


def known_from(body: Mapping[str, Any]) -> Known:
    """What :meth:`Known.to_json` wrote.  Raises KeyError, TypeError, ValueError."""
    return Known(tuple(record_from(r) for r in body["records"]), tuple(body["wrong"]))


def known(jobs: Sequence[Job], folder: Path, root: Path) -> Known:
    """Those of ``jobs`` (all of one model) that are known and pass; what does not is removed.

    The working directory must be ``root``.  Raises ModelError where the model does not load.
    """
    cache, records, wrong = Cache(folder), list[Record](), list[str]()
    bodies = {job.id: body for job in jobs if (body := cache.body(_key(job))) is not None}
    if not bodies:
        return Known()
    loaded = load(jobs[0].model, root)
    machine: Machine | None = None
    for job in jobs:
        body = bodies.get(job.id)
        if body is None or not loaded.settled or loaded.described.digest != job.digest:
            continue
        began = time.monotonic()
        try:
            record, machine = _looked_at(job, loaded, body, machine)
        except _WRONG:
            cache.drop(_key(job))
            wrong.append(job.id)
        else:
            records.append(replace(record, seconds=round(time.monotonic() - began, 3)))
    return Known(tuple(records), tuple(wrong))


_WRONG = (
    ReplayMismatch,
    TraceError,
    ModelError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    AssertionError,
)


def _looked_at(
    job: Job, loaded: Loaded, body: Mapping[str, Any], machine: Machine | None
) -> tuple[Record, Machine | None]:
    """The record with what was done to it.  Raises one of ``_WRONG`` if it does not pass."""
    record = record_from(body["record"])
    if record.id != job.id or record.status != DONE:
        raise ValueError("the record of another job")
    part = loaded.part(job)
    threads = {str(n): (str(c), str(s), f) for n, (c, s, f) in body["threads"].items()}
    program = _Program(part, valuation_of(part, job.switches), frozenset(body["names"]), threads)
    if not _stands(job, record):
        raise ValueError("an answer is missing, or one that has to be looked at otherwise")
    again = _searched_again(job, loaded, record)
    findings, day = list[Finding](), str(body["when"])
    goals = {p.name for p in part.properties if p.kind == "reachable"}
    for finding in record.findings:
        trace = finding.opened()
        if trace is None and finding.name in goals and finding.verdict != Verdict.VACUOUS:
            raise ValueError("a goal that is met without a witness")
        how = again.get(finding.name, f"the same job as on {day}, not searched again")
        if trace is not None:
            how, machine = "replayed", _replayed(job, program, finding, trace, machine)
        findings.append(replace(finding, recheck=how))
    return replace(record, findings=tuple(findings)), machine


def _searched_again(job: Job, loaded: Loaded, record: Record) -> dict[str, str]:
    """What was done, by property, with what a small search says.  Raises ReplayMismatch."""
    entries = {
        f.name: Entry(f.verdict, f.engine, f.depth, f.states, f.reason, f.seconds)
        for f in record.findings
        if f.trace is None and f.states is not None and f.states <= SMALL
    }
    if not entries:
        return {}
    confirmed, _ = confirm(loaded.request(job), entries)
    if set(confirmed) != set(entries):
        raise ReplayMismatch("a search says otherwise")
    return {name: c.how for name, c in confirmed.items()}


def _replayed(
    job: Job, program: _Program, finding: Finding, trace: Trace, machine: Machine | None
) -> Machine:
    """The machine that has executed the trace; it decides the property, at the job's sizes."""
    if finding.verdict != Verdict.VIOLATED and finding.verdict not in PROOFS:
        raise ReplayMismatch("neither a violation nor a witness")
    if (finding.kind == "reachable") != (finding.verdict in PROOFS):
        raise ReplayMismatch(f"a trace says nothing of {finding.verdict}")
    for sort, size in trace.sizes.items():
        wanted = job.sizes.get(sort, str(program.model.sizes.get(sort, PROBE_SIZE)))
        if wanted not in ("any", str(size)):
            raise ReplayMismatch(f"a trace of {size} {sort}s")
    kinds: dict[str, PropertyKind] = {p.name: p.kind for p in program.model.properties}
    builtin = finding.name in BUILTIN and finding.name not in kinds
    kind: PropertyKind | None = "always" if builtin else kinds.get(finding.name)
    if kind is None or kind != finding.kind:
        raise ReplayMismatch(f"no {finding.kind} property {finding.name}")
    prop = Property(finding.name, kind, TRUE, builtin=builtin)
    machine = replay(program, prop, trace, machine)
    _begins(program, trace, machine)
    return machine


def _begins(program: _Program, trace: Trace, machine: Machine) -> None:
    """Whether the execution begins where executions of the model begin.  Raises ReplayMismatch."""
    first = trace.states[0]
    fresh = Machine(program, trace.sizes, {}, machine.library)
    free = {n for n, f in fresh.layout.fields.items() if isinstance(f.init, Free)}
    begins = fresh.shared()
    if any(begins.get(c, v) != v for c, v in first.items() if c[0] not in free):
        raise ReplayMismatch("it begins in another state")
    machine.restart(first)
    model = program.model
    conditions = (model.init, model.scenario.init if model.scenario else None)
    if not all(machine.evaluate(c) for c in conditions if c is not None):
        raise ReplayMismatch("it begins where the initial condition does not hold")
