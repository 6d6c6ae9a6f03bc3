"""The gate at work: look at the models, plan the jobs, have them done, keep every result.

Jobs that are known from an earlier gate are looked at first, all those of a model in one process.

The loop waits for results and for Ctrl-C; a job that is lost with its executor is a job that
crashed.  When nothing at all comes back for longer than any job may take, the rest has hung.
"""

import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from pagestate.gate import executors, store
from pagestate.gate.baseline import load_baseline
from pagestate.gate.config import Config, ConfigError
from pagestate.gate.jobs import Described, Job, described_from, plan, unmatched
from pagestate.gate.known import Known, known_from
from pagestate.gate.names import targets
from pagestate.gate.policy import Policy
from pagestate.gate.records import CRASHED, HUNG, Record, record_from
from pagestate.gate.since import changed_files, changed_models
from pagestate.gate.supervise import Unanswered, ask
from pagestate.run.interrupt import Interrupt, caught

_LOOK_EVERY = 0.1
Tell = Callable[[Job, Record, int, int], None]


@dataclass(frozen=True, slots=True)
class Planned:
    """What is to be done, and by which policy it will be judged; ``problems`` are usage errors."""

    config: Config
    jobs: tuple[Job, ...]
    policy: Policy
    problems: tuple[str, ...]


def planned(
    config: Config, names: Sequence[str] = (), since: str = "", today: date | None = None
) -> Planned:
    """Look at the models (``names``: only these of the configured ones) and plan the jobs.

    Raises ConfigError and OSError; what is wrong with single models is in the answer.
    """
    found, problems = described(config, _targets(config, names))
    chosen = found
    if since:
        chosen = changed_models(config, found, changed_files(config.root, since))
    whole = not names and not since
    if whole and not problems:
        problems += unmatched(config, found)
    known = None
    if config.get("baseline"):
        known = load_baseline(config.root / config.get("baseline"))
    jobs = plan(config, chosen)
    policy = Policy(today or date.today(), config.expectations, known, whole, since)
    return Planned(config, tuple(jobs), policy, tuple(problems))


def _targets(config: Config, names: Sequence[str]) -> list[str]:
    patterns, exclude = config.get("models"), config.get("exclude")
    try:
        configured = targets(patterns, exclude, config.root)
        if not names:
            return configured
        some = [t for t in configured if any(_means(t, n) for n in names)]
        known = [n for n in names if any(_means(t, n) for t in configured)]
        return some + targets([n for n in names if n not in known], (), config.root)
    except ValueError as error:
        origin = config.settings["models"].origin
        raise ConfigError(f"{'models' if names else origin}: {error}") from None


def _means(target: str, name: str) -> bool:
    path = target if target.endswith(".py") else f"{target}.py"
    return name in (target, path, Path(path).stem)


def described(config: Config, names: Sequence[str]) -> tuple[list[Described], list[str]]:
    """Load every model in a process of its own; those that load, and what is wrong with others."""

    def look(name: str) -> Described | str:
        question = json.dumps({"model": name, "root": str(config.root)})
        try:
            answer = json.loads(ask(question, config.get("grace")))
        except Unanswered as gone:
            return f"{name}: loading it: {gone.status}: {gone}"
        if "error" in answer:
            return str(answer["error"])
        return described_from(answer["described"])

    with ThreadPoolExecutor(config.get("jobs") or executors.cpus()) as pool:
        answers = list(pool.map(look, names))
    found = [a for a in answers if isinstance(a, Described)]
    return found, [a for a in answers if isinstance(a, str)]


def run(todo: Planned, tell: Tell, fresh: bool = False) -> store.Results:
    """Do the jobs; what the results file then holds.

    ``tell`` is called for every job that has an answer, with how many have one and of how many;
    for those kept from a gate that was killed, too.  Raises ConfigError, store.BadResults, OSError.
    """
    config, jobs, began = todo.config, todo.jobs, time.monotonic()
    path = config.root / config.get("results")
    policy, started = todo.policy.to_json(), datetime.now(UTC).isoformat(timespec="seconds")
    policy["problems"] = list(todo.problems)
    kept_file, kept = store.open_store(path, config.root, jobs, policy, started, fresh)
    try:
        with caught() as interrupt:
            work = _Gate(todo, kept_file, kept, tell, interrupt)
            work.run()
            end = {
                "interrupted": interrupt.wanted,
                "seconds": round(time.monotonic() - began, 3),
                "kept": len(kept),
            }
            kept_file.add("end", end)
    finally:
        kept_file.close()
    return store.Results(str(config.root), jobs, policy, work.records, end, started)


def order(config: Config, job: Job) -> str:
    """What a worker is told: the job, and where the models and the cache are."""
    cache = config.get("cache")
    folder = str(config.root / cache) if cache else ""
    return json.dumps({"job": job.to_json(), "root": str(config.root), "cache": folder})


class _Gate:
    def __init__(
        self,
        todo: Planned,
        file: store.Store,
        kept: Mapping[str, Record],
        tell: Tell,
        interrupt: Interrupt,
    ) -> None:
        self.config, self.jobs = todo.config, todo.jobs
        self.file, self.tell, self.interrupt = file, tell, interrupt
        self.records = dict(kept)
        self.wrong = set[str]()
        self.stop = threading.Event()

    def run(self) -> None:
        """Do what is not done."""
        done = [job for job in self.jobs if job.id in self.records]
        for number, job in enumerate(done, 1):
            self.tell(job, self.records[job.id], number, len(self.jobs))
        if self.config.get("cache"):
            self.look_at_known()
        open_ = [job for job in self.jobs if job.id not in self.records]
        if not open_ or self.interrupt.wanted:
            return
        get = self.config.get
        with executors.executor(get("executor"), get("jobs"), self.config.root, self.stop) as (
            pool,
            perform,
        ):
            futures = {pool.submit(perform, order(self.config, job)): job for job in open_}
            self.collect(futures)

    def look_at_known(self) -> None:
        """Take over jobs that were done before as they are now, a process for those of a model."""
        models = dict[str, list[Job]]()
        for job in self.jobs:
            if job.id not in self.records:
                models.setdefault(job.model, []).append(job)
        with ThreadPoolExecutor(self.config.get("jobs") or executors.cpus()) as pool:
            futures = {pool.submit(self.known_of, jobs): jobs for jobs in models.values()}
            pending = set(futures)
            while pending:
                done, pending = wait(pending, _LOOK_EVERY, FIRST_COMPLETED)
                if self.interrupt.wanted:
                    self.stop.set()
                for future in done:
                    found = future.result()
                    self.wrong.update(found.wrong)
                    jobs = {job.id: job for job in futures[future]}
                    for record in found.records:
                        self.keep(jobs[record.id], record)

    def known_of(self, jobs: list[Job]) -> Known:
        """What is known of the jobs of a model; nothing where looking at it goes wrong."""
        root, folder = self.config.root, self.config.root / self.config.get("cache")
        question = {"known": [j.to_json() for j in jobs], "root": str(root), "cache": str(folder)}
        seconds = max(job.timeout + job.grace for job in jobs)
        try:
            answer = json.loads(ask(json.dumps(question), seconds, self.stop))
            return known_from(answer["known"])
        except (Unanswered, ValueError, KeyError, TypeError):
            return Known()

    def collect(self, futures: "dict[Future[str], Job]") -> None:
        """Take results as they come."""
        patience = 2 * max(j.timeout + j.grace for j in futures.values())
        pending, latest = set(futures), time.monotonic()
        while pending:
            done, pending = wait(pending, _LOOK_EVERY, FIRST_COMPLETED)
            for future in done:
                latest = time.monotonic()
                self.take(futures[future], future)
            if self.interrupt.wanted and not self.stop.is_set():
                self.stop.set()
                pending = {f for f in pending if not f.cancel()}
                if self.config.get("executor") != "local":
                    return
            if time.monotonic() - latest > patience:
                for future in pending:
                    future.cancel()
                    what = f"nothing came back for {patience:g} s"
                    self.keep(futures[future], Record(futures[future].id, HUNG, message=what))
                return

    def take(self, job: Job, future: "Future[str]") -> None:
        """The answer of a future, whatever became of it."""
        if future.cancelled():
            return
        error = future.exception()
        if error is None:
            try:
                record = record_from(json.loads(future.result()))
            except (ValueError, KeyError, TypeError):
                record = Record(job.id, CRASHED, message="the executor gave back no record")
        else:
            what = f"the executor lost it: {type(error).__name__}: {error}"
            record = Record(job.id, CRASHED, message=what)
        self.keep(job, replace(record, id=job.id))

    def keep(self, job: Job, record: Record) -> None:
        """Store a result, once."""
        if job.id in self.records:
            return
        if job.id in self.wrong:
            record = replace(record, dropped=(*record.dropped, "all properties"))
        self.records[job.id] = record
        self.file.add("record", record.to_json())
        self.tell(job, record, len(self.records), len(self.jobs))
