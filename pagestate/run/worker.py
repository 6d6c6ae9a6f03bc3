"""One engine at work in a process of its own: search, check, report."""

import resource
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from os import sysconf

from pagestate.check.request import COUNT_BOUND, Request
from pagestate.check.verify import CheckFailed, shared, verified
from pagestate.core.property import Property
from pagestate.core.slicing import sliced, unsliced
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Engine, Progress, Report, Task
from pagestate.run.messages import (
    Broken,
    Covered,
    Decided,
    Exhausted,
    Finished,
    Message,
    Unwritable,
    Working,
    dump,
)
from pagestate.run.plan import SLICING, Plan, decides

DEPTHS: Mapping[str, int] = {"bmc": 25, "induction": 8}
"""How deep engines go that find no end themselves, when no depth is asked for.

A proof over many steps takes far longer to re-check than to find.
"""
_SAY_EVERY = 0.05

Tell = Callable[[Message], None]


def build(
    name: str, task: Task, report: Report, rlimit: int = 0, proof: float | None = None
) -> Engine:
    """The engine called ``name``; imports it (and its solver) only now.

    ``rlimit`` bounds the work of each call of the solver (0: no bound), ``proof`` the seconds of a
    proof for every size.
    """
    if name == "explicit":
        return Explicit(task, report)
    if name == "liveness":
        from pagestate.engines.liveness import Liveness

        return Liveness(task, report)
    if name == "bmc":
        from pagestate.engines.bmc import Bmc

        return Bmc(task, report, rlimit=rlimit)
    if name == "induction":
        from pagestate.engines.induction import Induction

        return Induction(task, report, rlimit=rlimit)
    if name == "pdr":
        from pagestate.engines.pdr import Pdr

        return Pdr(task, report, rlimit=rlimit)
    if name == "parametric":
        from pagestate.engines.parametric.engine import Parametric
        from pagestate.smt.limits import limit_work

        if rlimit:
            limit_work(rlimit)
        return (
            Parametric(task, report) if proof is None else Parametric(task, report, seconds=proof)
        )
    raise KeyError(name)


def work(
    request: Request,
    plan: Plan,
    send: Callable[[bytes], None],
    make: Callable[..., Engine] = build,
) -> None:
    """The life of the process: everything goes out through ``send``.

    Raises nothing but what ``send`` raises.
    """

    def tell(message: Message) -> None:
        send(dump(message))

    try:
        _limit_memory(plan.memory)
        made = partial(make, rlimit=plan.rlimit) if plan.rlimit else make
        made = made if plan.proof is None else partial(made, proof=plan.proof)
        _Work(request, plan, tell, made).run()
    except CheckFailed as failed:
        tell(Broken(plan.engine, str(failed)))
    except BrokenPipeError:
        raise
    except Exception as error:  # the parent turns it into exit code 4, with the traceback
        if _out_of_memory(error):
            tell(Exhausted(plan.engine, "out of memory"))
        else:
            what = f"{type(error).__name__}: {error}"
            tell(Broken(plan.engine, what, traceback.format_exc()))


def _limit_memory(most: int | None) -> None:
    """More memory than the machine has ends the engine, not the machine."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = most or sysconf("SC_PAGE_SIZE") * sysconf("SC_PHYS_PAGES")
    limits = [n for n in (wanted, soft, hard) if n != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(limits), hard))


def _out_of_memory(error: Exception) -> bool:
    """Solvers have exceptions of their own for it."""
    return isinstance(error, MemoryError) or "out of memory" in str(error)


class _Work:
    """One engine on one request, with one raise of the counters' bound."""

    def __init__(
        self,
        request: Request,
        plan: Plan,
        tell: Tell,
        make: Callable[[str, Task, Report], Engine],
    ) -> None:
        self.request, self.plan, self.tell, self.make = request, plan, tell, make
        self.told = dict[str, Verdict]()
        self.shared = shared(request)
        self.said = 0.0

    def run(self) -> None:
        bound = COUNT_BOUND
        mine = decides(self.plan.engine)
        for prop in self.request.properties:
            if prop.kind not in mine:
                self.refuse(prop)
        while True:
            properties = tuple(p for p in self.request.properties if p.name not in self.told)
            sizes = self.request.bounds(bound)
            system = self.request.compiled.system
            task = Task(system, properties, sizes, self.request.unbounded)
            part = task
            if self.plan.engine in SLICING:
                part = replace(task, system=sliced(system, properties))
            engine = self.make(self.plan.engine, part, self.progress)
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

    def refuse(self, prop: Property) -> None:
        """Say that the engine is not for ``prop``."""
        name = self.plan.engine
        self.told[prop.name] = Verdict.UNKNOWN
        reason = f"engine {name} does not decide {prop.kind}"
        self.tell(
            Decided(prop.name, Verdict.UNKNOWN, name, None, None, reason, None, None),
        )

    def progress(self, progress: Progress) -> None:
        """A sign of life, not more often than anybody can read."""
        if time.monotonic() - self.said > _SAY_EVERY:
            self.said = time.monotonic()
            self.tell(Working(progress.engine, progress.depth, progress.states, progress.note))

    def search(self, engine: Engine, task: Task) -> None:
        """Advance step by step, so that a path is told as soon as it is found.

        Stops where a counter runs into its bound for the first time: deeper paths may not be
        shortest, and the search is repeated with a larger bound.
        """
        limit = self.plan.depth
        if limit is None:
            limit = DEPTHS.get(engine.name)
        depth = 0
        while not engine.advance(depth) and (limit is None or depth < limit):
            depth += 1
            answers = engine.answers()
            for answer in answers:
                if answer.path is not None:
                    self.answer(task, answer)
            if task.sizes.count_bound == COUNT_BOUND and any(a.overflow for a in answers):
                return

    def answer(self, task: Task, answer: Answer) -> None:
        """Check an answer and pass it on, once."""
        if answer.property in self.told:
            return
        if answer.path is not None and self.plan.engine in SLICING:
            answer = replace(answer, path=unsliced(answer.path, task.system, task.sizes))
        try:
            checked = verified(self.request, task, answer, self.plan.certificates, self.shared)
        except OSError as error:
            where = f"{error.filename or self.plan.certificates}"
            self.tell(Unwritable(self.plan.engine, f"{where}: {error.strerror or error}"))
            self.plan = replace(self.plan, certificates=None)
            checked = verified(self.request, task, answer, None, self.shared)
        answer = checked.answer
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
    """Whether the search visited every reachable state.

    A goal that was met (its answer has a path) does not say so: the search may have ended there.
    """
    everything = (Verdict.EXHAUSTED, Verdict.VACUOUS)
    return any(a.verdict in everything and a.path is None for a in answers)
