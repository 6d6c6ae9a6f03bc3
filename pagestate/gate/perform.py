"""Doing one job in this process: the cache is asked, engines decide the rest, answers are kept."""

import os
import resource
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from pagestate.check.request import Request, make_request
from pagestate.check.vacuity import coverage, dead_statements, idle_threads
from pagestate.core.verdict import Result
from pagestate.gate.answers import Answers
from pagestate.gate.jobs import Job
from pagestate.gate.records import BROKEN, CRASHED, DONE, Finding, Record
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.load import load_model
from pagestate.run.plan import misfit
from pagestate.run.portfolio import Options, Outcome, run
from pagestate.view.itf import to_itf


def perform(job: Job, cache: Path | None, root: Path) -> Record:
    """Do the job in this process (its engines have processes of their own).

    Raises nothing: a model with an error makes a record that says so.
    """
    began = time.monotonic()
    if job.memory:
        _limit_memory(job.memory)
    try:
        record = _decided(job, cache, root)
    except ModelError as error:
        starved = error.message.startswith("MemoryError")
        record = Record(job.id, CRASHED if starved else BROKEN, message=str(error))
    except MemoryError:
        record = Record(job.id, CRASHED, message="out of memory")
    return replace(record, seconds=round(time.monotonic() - began, 3))


def _limit_memory(most: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    limits = [n for n in (most, soft, hard) if n != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))


def _decided(job: Job, cache: Path | None, root: Path) -> Record:
    model = load_model(job.model)
    if job.scenario is not None:
        model = model.in_scenario(job.scenario)
    request = make_request(model, job.switches, job.sizes, job.properties)
    problem = misfit(job.engine, request)
    if problem:
        return Record(job.id, BROKEN, message=problem)
    answers = Answers(cache, job, request)
    known, dropped = answers.known()
    open_ = tuple(p for p in request.properties if p.name not in known)
    outcome = Outcome()
    if open_:
        folder = Path(tempfile.mkdtemp(prefix="pagestate-"))
        try:
            options = Options(
                job.engine, job.depth, job.timeout, folder, job.memory, rlimit=job.rlimit
            )
            outcome = run(replace(request, properties=open_), options, lambda working: None)
            notes = answers.keep(outcome)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        outcome.notes.extend(notes)
    fired = outcome.fired if outcome.fired is not None else answers.fired
    results = {r.name: r for r in outcome.results} | known
    listed = [results[p.name] for p in request.properties]
    dead = list[str]()
    if fired is not None:
        listed += idle_threads(request, fired)
        dead = [d.text for d in dead_statements([coverage(request, fired)])]
    return Record(
        job.id,
        DONE,
        findings=tuple(_finding(request, r, answers.how.get(r.name, ""), root) for r in listed),
        errors=tuple(outcome.errors),
        notes=(*outcome.notes, *outcome.failures, *outcome.problems),
        dead=tuple(dead),
        worker=f"{os.uname().nodename}:{os.getpid()}",
        dropped=tuple(dropped),
    )


def _finding(request: Request, result: Result, recheck: str, root: Path) -> Finding:
    prop = next((p for p in request.compiled.properties if p.name == result.name), None)
    span = (prop.span if prop else None) or request.compiled.model.span
    expected = request.compiled.expected.get(result.name)
    file = ""
    if span is not None:
        path = Path(span.file).resolve()
        file = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    return Finding(
        name=result.name,
        verdict=result.verdict,
        title=result.title,
        kind=prop.kind if prop else "always",
        scope=result.scope,
        engine=result.engine,
        depth=result.depth,
        states=result.states,
        seconds=result.seconds,
        reason=result.reason,
        file=file,
        line=span.line if span else 0,
        expected=expected[0] if expected else None,
        because=expected[1] if expected else "",
        recheck=recheck,
        assumptions=result.assumptions,
        trace=None if result.trace is None else to_itf(result.trace),
    )
