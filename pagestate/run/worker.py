"""One engine at work in a process of its own: search, check, report.

The process is forked from the one that loaded the model, so the model is not loaded again; it
ignores SIGINT (Z3 swallows it inside a check) and is killed by its parent when it is not needed.
"""

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pagestate.check.request import COUNT_BOUND, Request
from pagestate.check.verify import CheckFailed, verified
from pagestate.core.verdict import CONCLUSIVE, Answer, Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Engine, Progress, Report, Task
from pagestate.run.messages import Broken, Covered, Decided, Finished, Message, Working, dump

BMC_DEPTH = 25
"""How deep bounded model checking goes when no depth is asked for."""
LOOK_EVERY = 0.5
"""Seconds between looks at what an engine has decided so far."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How an engine is to work: its name, the depth bound, where certificates go."""

    engine: str
    depth: int | None
    certificates: Path | None


def build(name: str, task: Task, report: Report) -> Engine:
    """The engine called ``name``; imports it (and its solver) only now."""
    if name == "explicit":
        return Explicit(task, report)
    if name == "bmc":
        from pagestate.engines.bmc import Bmc

        return Bmc(task, report)
    if name == "parametric":
        from pagestate.engines.parametric.engine import Parametric

        return Parametric(task, report)
    raise KeyError(name)


def work(request: Request, plan: Plan, send: Callable[[bytes], None]) -> None:
    """The life of the process: everything goes out through ``send``; never raises."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def tell(message: Message) -> None:
        send(dump(message))

    try:
        _Work(request, plan, tell).run()
    except MemoryError:
        tell(Broken(plan.engine, "out of memory"))
    except CheckFailed as failed:
        tell(Broken(plan.engine, str(failed)))
    except Exception as error:  # the parent turns it into exit code 4, with the traceback
        tell(Broken(plan.engine, f"{type(error).__name__}: {error}", traceback.format_exc()))
    sys.stdout.flush()
    os._exit(0)


class _Work:
    """One engine on one request, with one raise of the counters' bound."""

    def __init__(self, request: Request, plan: Plan, tell: Callable[[Message], None]) -> None:
        self.request, self.plan, self.tell = request, plan, tell
        self.told = dict[str, Verdict]()

    def run(self) -> None:
        bound = COUNT_BOUND
        while True:
            properties = tuple(p for p in self.request.properties if p.name not in self.told)
            sizes = self.request.bounds(bound)
            system = self.request.compiled.system
            task = Task(system, properties, sizes, self.request.unbounded)
            engine = build(self.plan.engine, task, self.progress)
            self.search(engine, task)
            answers = engine.answers()
            raised = bound > COUNT_BOUND
            if isinstance(engine, Explicit) and _complete(answers):
                self.tell(Covered(dict(engine.fired)))
            narrow = [a for a in answers if a.overflow and a.property not in self.told]
            for answer in answers:
                if answer not in narrow or raised:
                    self.answer(task, answer)
            if not narrow or raised:
                break
            bound = 2 * bound + 1
        self.tell(Finished(engine.name, tuple(getattr(engine, "notes", ()))))

    def progress(self, progress: Progress) -> None:
        self.tell(Working(progress.engine, progress.depth, progress.states, progress.note))

    def search(self, engine: Engine, task: Task) -> None:
        """Advance step by step, so that what is decided is told at once."""
        limit = self.plan.depth
        if limit is None and engine.name == "bmc":
            limit = BMC_DEPTH
        depth, looked = 0, time.monotonic()
        while not engine.advance(depth) and (limit is None or depth < limit):
            depth += 1
            if time.monotonic() - looked > LOOK_EVERY:
                for answer in engine.answers():
                    if answer.verdict == Verdict.VIOLATED:
                        self.answer(task, answer)
                looked = time.monotonic()

    def answer(self, task: Task, answer: Answer) -> None:
        """Check an answer and pass it on, once."""
        if answer.property in self.told:
            return
        checked = verified(self.request, task, answer, self.plan.certificates)
        self.told[answer.property] = answer.verdict
        reason = answer.reason
        if answer.overflow and not reason:
            reason = f"bound of {answer.overflow} too small"
        self.tell(
            Decided(
                answer.property,
                answer.verdict,
                answer.engine,
                answer.depth,
                answer.states,
                reason,
                checked.trace,
                checked.certificate,
            )
        )


def _complete(answers: tuple[Answer, ...]) -> bool:
    """Whether the search visited every reachable state: an answer says so, none was cut short."""
    decided = all(a.verdict in CONCLUSIVE for a in answers)
    return decided and any(a.verdict in (Verdict.EXHAUSTED, Verdict.VACUOUS) for a in answers)
