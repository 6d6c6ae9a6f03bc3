"""Variants side by side, each in a process of its own; what is decided stays decided.

The processes are forked, so the model need not be loaded again.  Each tells how far it is and, at
the end, its row as one line of JSON.  One that crashes, or needs too much time, is an assumption
about which nothing is known.  First all are glanced at, which decides most that are needed; only
then the long proofs begin.
"""

import json
import math
import os
import resource
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from multiprocessing.connection import wait
from typing import Any, TypeAlias

from pagestate.check.verify import CheckFailed
from pagestate.engines.interface import Progress
from pagestate.needs.candidate import Candidate
from pagestate.needs.decide import Proved, decide, glance
from pagestate.needs.row import Row, given_up, row_from
from pagestate.run.child import Forked, Send
from pagestate.run.interrupt import Interrupt
from pagestate.run.messages import Working
from pagestate.view.wellformed import TraceError

_SAY_EVERY = 0.1
_LONGEST_WAIT = 3600.0


@dataclass(frozen=True, slots=True)
class Limits:
    """How many variants at once; seconds of processor time for each (None: any).

    ``deadline`` ends the run, on the monotonic clock.
    """

    at_once: int
    each: float | None = None
    deadline: float | None = None


Decision: TypeAlias = Callable[[Proved, Candidate, Callable[[Progress], None]], Row | None]


@dataclass
class Rows:
    """The answers, in the order of the candidates; ``errors`` are internal errors."""

    rows: tuple[Row, ...] = ()
    errors: list[str] = field(default_factory=list)
    interrupted: bool = False


def decide_all(
    proved: Proved,
    wanted: Sequence[Candidate],
    limits: Limits,
    watch: Callable[[Working], None],
    interrupt: Interrupt,
    stages: Sequence[Decision] = (glance, decide),
) -> Rows:
    """Decide every candidate.  A signal that ``interrupt`` caught ends it with what is decided.

    What one of ``stages`` leaves open (None) is for the next, when all have had their turn.
    """
    return _Pool(proved, wanted, limits, watch, interrupt, stages).run()


@dataclass
class _Job:
    candidate: Candidate
    stage: int
    process: Forked


class _Pool:
    def __init__(
        self,
        proved: Proved,
        wanted: Sequence[Candidate],
        limits: Limits,
        watch: Callable[[Working], None],
        interrupt: Interrupt,
        stages: Sequence[Decision],
    ) -> None:
        self.proved, self.limits, self.watch = proved, limits, watch
        self.interrupt, self.stages = interrupt, stages
        self.wanted = wanted
        self.waiting = [(candidate, 0) for candidate in wanted]
        self.working = list[_Job]()
        self.rows = dict[Candidate, Row]()
        self.errors = list[str]()

    def run(self) -> Rows:
        try:
            while (self.waiting or self.working) and not self.ended():
                while self.waiting and len(self.working) < self.limits.at_once:
                    self.start(*self.waiting.pop(0))
                pipes = [self.interrupt.pipe, *(j.process.pipe for j in self.working)]
                ready = wait(pipes, self.pause())
                for job in [j for j in self.working if j.process.pipe in ready]:
                    self.listen(job)
        finally:
            for job in self.working:
                job.process.stop()
        why = "interrupted" if self.interrupt.wanted else "the time was over"
        rows = tuple(self.rows.get(c) or given_up(c, why) for c in self.wanted)
        return Rows(rows, self.errors, self.interrupt.wanted)

    def ended(self) -> bool:
        deadline = self.limits.deadline
        return self.interrupt.wanted or (deadline is not None and time.monotonic() > deadline)

    def pause(self) -> float:
        """How long to wait for the next message."""
        ends = [time.monotonic() + _LONGEST_WAIT]
        if self.limits.deadline is not None:
            ends.append(self.limits.deadline)
        return max(0.0, min(ends) - time.monotonic() + 0.01)

    def start(self, candidate: Candidate, stage: int) -> None:
        work = partial(_work, self.proved, candidate, self.stages[stage], self.limits.each)
        self.working.append(_Job(candidate, stage, Forked(work)))

    def listen(self, job: _Job) -> None:
        """Take what a process has said; its death is a message too."""
        try:
            lines = job.process.lines()
            for line in lines or ():
                self.take(job, json.loads(line))
        except (ValueError, KeyError, TypeError, AttributeError, TraceError) as error:
            self.fail(job, f"not a row: {error}")
            return
        if lines is None and job in self.working:
            death = job.process.death()
            late = death.endswith(f"signal {int(signal.SIGXCPU)}")
            slow = f"not decided within {self.limits.each or 0:g} s of processor time"
            self.give_up(job, slow if late else f"its process {death}")

    def take(self, job: _Job, message: dict[str, Any]) -> None:
        match message:
            case {"working": dict(body)}:
                done = f"{len(self.rows)} of {len(self.wanted)}: without {job.candidate.name}"
                self.watch(replace(Working(**body), engine=done))
            case {"row": None} if job.stage + 1 < len(self.stages):
                self.waiting.append((job.candidate, job.stage + 1))
                self.retire(job)
            case {"row": dict(body)}:
                self.rows[job.candidate] = row_from(job.candidate, body)
                self.retire(job)
            case {"broken": str(what)}:
                self.fail(job, what)
            case _:
                raise ValueError(repr(message)[:60])

    def fail(self, job: _Job, what: str) -> None:
        self.errors.append(f"without {job.candidate.name}: {what}")
        self.give_up(job, "internal error")

    def give_up(self, job: _Job, why: str) -> None:
        self.rows[job.candidate] = given_up(job.candidate, why)
        self.retire(job)

    def retire(self, job: _Job) -> None:
        job.process.stop()
        self.working.remove(job)


def _work(
    proved: Proved,
    candidate: Candidate,
    decision: Decision,
    each: float | None,
    send: Send,
) -> None:
    """The life of a process."""
    said = 0.0

    def tell(**message: Any) -> None:
        send(json.dumps(message).encode() + b"\n")

    def report(progress: Progress) -> None:
        nonlocal said
        if time.monotonic() - said > _SAY_EVERY:
            said = time.monotonic()
            tell(working=asdict(Working(progress.engine, progress.depth, progress.states, "")))

    if each is not None:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(each), math.ceil(each) + 5))
    try:
        row = decision(proved, candidate, report)
        tell(row=None if row is None else row.to_json())
    except CheckFailed as failed:
        tell(broken=str(failed))
    except BrokenPipeError:
        raise
    except MemoryError:
        tell(row=given_up(candidate, "out of memory").to_json())
    except Exception as error:  # the parent turns it into exit code 4, with the traceback
        tell(broken=f"{type(error).__name__}: {error}\n{traceback.format_exc()}".rstrip())


def processors() -> int:
    """How many variants to check at once."""
    return len(os.sched_getaffinity(0))
