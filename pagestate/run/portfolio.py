"""The parent's side: start engines, take the first conclusive answer, stop the rest.

``auto`` tries the exhaustive search first and adds bounded model checking when it takes longer, and
property directed reachability when it takes longer still; for any size it asks the engine for every
size.  Two engines that both decide a property must
agree: disagreement is an internal error.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from pathlib import Path

from pagestate.check.request import Request, size_words
from pagestate.core.property import Property
from pagestate.core.verdict import Result, Verdict
from pagestate.run.child import Child, Send, Work
from pagestate.run.interrupt import Interrupt, caught
from pagestate.run.larger import Larger, upgrade
from pagestate.run.messages import (
    Broken,
    Covered,
    Decided,
    Exhausted,
    Finished,
    Garbled,
    Message,
    Unwritable,
    Working,
)
from pagestate.run.outcome import Outcome, best, disagreement, enough
from pagestate.run.plan import ENGINES, Plan, decides

__all__ = ["ENGINES", "Options", "Outcome", "run"]

SECOND_AFTER = 20.0
"""Seconds after which ``auto`` adds its second engine; ``LAST`` waits twice as long."""
LAST = "pdr"
_LONGEST_WAIT = 3600.0
_LEAST = 0.01


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: engine, depth bound, seconds (None: no limit), where certificates go.

    ``memory`` bounds the bytes of each engine's process (None: what the machine has), ``rlimit``
    the work of each call of the solver, in Z3's units (0: no bound).  ``cross_check``: ``auto``
    runs every engine that fits to its end, one after the other, and compares their answers.
    ``larger``: whether ``auto`` asks for every size what a finite search exhausted (``alone``: no
    other scenario is checked, so there is more time for it).  ``proof`` bounds the processor time
    of a proof for every size, in seconds (None: the engine's limit).
    """

    engine: str = "auto"
    depth: int | None = None
    timeout: float | None = None
    certificates: Path | None = None
    memory: int | None = None
    rlimit: int = 0
    cross_check: bool = False
    larger: Larger = Larger.NEVER
    alone: bool = False
    proof: float | None = None


def engine_work(request: Request, plan: Plan, send: Send) -> None:
    """Run an engine; solvers are imported in the engine's process only."""
    from pagestate.run.worker import work

    work(request, plan, send)


def run(
    request: Request,
    options: Options,
    watch: Callable[[Working], None],
    work: Work = engine_work,
    interrupt: Interrupt | None = None,
) -> Outcome:
    """Decide the properties of ``request``.

    ``watch`` is told how far the engines are.  SIGINT and SIGTERM end the run with what is decided
    (``Outcome.interrupted``), or what the caller caught of them as ``interrupt``.  ``work`` is what
    an engine's process does.
    """
    with caught() if interrupt is None else nullcontext(interrupt) as interrupt:
        running = _Run(request, options, watch, work, interrupt)
        outcome = running.run()
        if options.engine == "auto" and options.depth is None and not request.unbounded:

            def ask(wider: Request, seconds: float | None) -> Outcome:
                left = None
                if options.timeout is not None:
                    left = max(options.timeout - running.elapsed(), _LEAST)
                more = replace(options, engine="parametric", timeout=left, proof=seconds)
                return _Run(wider, more, watch, work, interrupt).run()

            upgrade(request, outcome, options.larger, ask, alone=options.alone)
        return outcome


class _Run:
    def __init__(
        self,
        request: Request,
        options: Options,
        watch: Callable[[Working], None],
        work: Work,
        interrupt: Interrupt,
    ) -> None:
        self.request, self.options, self.watch = request, options, watch
        self.work, self.interrupt = work, interrupt
        self.outcome = Outcome()
        self.began = time.monotonic()
        self.children = list[Child]()
        self.waiting = list(self.team())
        self.said: dict[str, list[Decided]] = {p.name: [] for p in request.properties}
        self.told_after = dict[tuple[str, str], float]()
        self.contested = set[str]()

    def team(self) -> tuple[str, ...]:
        """The engines to run, in the order in which they start."""
        if self.options.engine != "auto":
            return (self.options.engine,)
        if self.request.unbounded:
            return ("parametric",)
        kinds = {p.kind for p in self.request.properties}
        more = ("induction",) if self.options.cross_check else ()
        engines = ("explicit", "liveness", "bmc", *more, LAST)
        return tuple(e for e in engines if kinds & decides(e))

    def run(self) -> Outcome:
        expired = False
        far = dict[str, Working | None]()
        try:
            while not (self.settled() or self.interrupt.wanted or expired):
                if self.waiting and (not self.children or self.impatient()):
                    self.start()
                if not self.children:
                    break
                ready = wait([self.interrupt.pipe, *(c.pipe for c in self.children)], self.pause())
                for child in [c for c in self.children if c.pipe in ready]:
                    self.receive(child)
                limit = self.options.timeout
                expired = limit is not None and self.elapsed() > limit
        finally:
            far = {c.engine: c.latest for c in self.children}
            for child in self.children:
                child.stop()
        self.outcome.interrupted = self.interrupt.wanted
        self.conclude(expired and not self.settled(), far)
        return self.outcome

    def impatient(self) -> bool:
        """Whether to start an engine beside those at work."""
        return not self.options.cross_check and self.elapsed() > self.patience()

    def patience(self) -> float:
        """After how many seconds the next engine starts beside those at work."""
        return SECOND_AFTER * (2 if self.waiting[0] == LAST else 1)

    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def pause(self) -> float:
        """How long to wait for the next message."""
        times = [_LONGEST_WAIT]
        if self.waiting and not self.options.cross_check:
            times.append(self.patience() - self.elapsed() + 0.01)
        if self.options.timeout is not None:
            times.append(self.options.timeout - self.elapsed() + 0.01)
        return max(0.0, min(times))

    def start(self) -> None:
        """Start the next engine that has something to decide."""
        options = self.options
        while self.waiting:
            engine = self.waiting.pop(0)
            request = self.request
            if options.engine == "auto" and not request.unbounded:
                mine = tuple(p for p in request.properties if p.kind in decides(engine))
                settled = all(enough(best(self.said[p.name]), options.depth) for p in mine)
                if settled and not options.cross_check:
                    continue
                request = replace(request, properties=mine)
            where, most = options.certificates, options.memory
            plan = Plan(engine, options.depth, where, most, options.rlimit, options.proof)
            self.children.append(Child(request, plan, self.work))
            return

    def receive(self, child: Child) -> None:
        """Take what a child has said; its death is a message too."""
        try:
            messages = child.read()
        except Garbled as garbled:
            self.outcome.errors.append(f"{child.engine}: not a message: {garbled}")
            self.retire(child)
            return
        if messages is None:
            self.outcome.failures.append(f"{child.engine}: its process {child.death()}")
            self.retire(child)
            return
        for message in messages:
            if child in self.children:
                self.take(child, message)

    def take(self, child: Child, message: Message) -> None:
        """Act on one message of ``child``."""
        match message:
            case Working():
                child.latest = message
                self.watch(message)
            case Decided():
                self.decide(message)
            case Covered(fired=fired):
                self.outcome.fired = fired
            case Exhausted(engine=engine, what=what):
                self.outcome.failures.append(f"{engine}: {what}")
                self.retire(child)
            case Unwritable(what=what):
                self.outcome.problems.append(what)
            case Broken(engine=engine, what=what, details=details):
                self.outcome.errors.append(f"{engine}: {what}\n{details}".rstrip())
                self.outcome.failures.append(f"{engine}: internal error")
                self.retire(child)
            case Finished(engine=engine, notes=notes):
                self.outcome.notes.extend(f"{engine}: {n}" for n in notes)
                self.retire(child)

    def retire(self, child: Child) -> None:
        child.stop()
        self.children.remove(child)

    def decide(self, message: Decided) -> None:
        """Record an answer; answers about one property must agree."""
        earlier = self.said.get(message.property)
        if earlier is None or (message.verdict == Verdict.VIOLATED and message.trace is None):
            what = f"{message.property}: {message.verdict.value}"
            self.outcome.errors.append(f"{message.engine}: not an answer: {what}")
            return
        for other in earlier:
            clash = disagreement(other, message)
            if clash:
                self.outcome.errors.append(clash)
                self.contested.add(message.property)
        earlier.append(message)
        self.told_after[message.property, message.engine] = self.elapsed()

    def settled(self) -> bool:
        """Whether no property can get a better answer, or an answer to compare with."""
        if self.options.cross_check and (self.waiting or self.children):
            return False
        return all(enough(best(answers), self.options.depth) for answers in self.said.values())

    def conclude(self, expired: bool, far: Mapping[str, Working | None]) -> None:
        """Make the results: one per property, decided or given up."""
        for prop in self.request.properties:
            found = best(self.said[prop.name])
            if prop.name in self.contested:
                found = self.unknown(prop, "engines disagree")
            elif found is None:
                found = self.unknown(prop, self.why(expired, far))
            elif found.verdict == Verdict.UNKNOWN and (expired or self.outcome.interrupted):
                reason = f"{self.why(expired, far)}; {found.engine}: {found.reason}"
                found = replace(found, reason=reason)
            self.outcome.results.append(self.result(prop, found))

    def unknown(self, prop: Property, reason: str) -> Decided:
        engines = ", ".join(self.team())
        return Decided(prop.name, Verdict.UNKNOWN, engines, None, None, reason, None, None)

    def why(self, expired: bool, far: Mapping[str, Working | None]) -> str:
        """Why there is no answer."""
        reasons = list(self.outcome.failures)
        if self.outcome.interrupted or expired:
            what = "interrupted"
            if not self.outcome.interrupted:
                what = f"timeout after {self.options.timeout:g} s"
            depths = [f"{w.engine} at depth {w.depth}" for w in far.values() if w is not None]
            reasons.insert(0, f"{what} ({', '.join(depths)})" if depths else what)
        return "; ".join(reasons) or "no engine answered"

    def result(self, prop: Property, found: Decided) -> Result:
        """The result as users see it; an execution is of the sizes of its trace."""
        request, scope = self.request, self.request.scope
        if found.trace is not None and (request.unbounded or found.verdict == Verdict.VIOLATED):
            scope = size_words(found.trace.sizes)
        expected = request.compiled.expected.get(prop.name)
        after = self.told_after.get((prop.name, found.engine), self.elapsed())
        return Result(
            prop.name,
            found.verdict,
            scope,
            found.engine,
            found.depth,
            found.states,
            round(after, 3),
            found.reason,
            found.trace,
            found.certificate,
            expected[0] if expected else None,
            request.assumptions,
            prop.title,
            request.scenario,
        )
