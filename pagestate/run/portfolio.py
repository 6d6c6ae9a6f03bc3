"""The parent's side: start engines, take the first conclusive answer, stop the rest.

``auto`` tries the exhaustive search first and adds bounded model checking when it takes longer;
for any size it asks the engine for every size.  Two engines that both decide a property must
agree: disagreement is an internal error.
"""

import multiprocessing
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path

from pagestate.check.request import Request
from pagestate.core.verdict import CONCLUSIVE, PROOFS, Result, Verdict
from pagestate.run.messages import Broken, Covered, Decided, Finished, Message, Working, load
from pagestate.run.worker import Plan, work

ENGINES = ("auto", "explicit", "bmc", "parametric")
SECOND_AFTER = 1.0
"""Seconds after which ``auto`` adds its second engine."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to run: engine, depth bound, seconds (None: no limit), where certificates go."""

    engine: str = "auto"
    depth: int | None = None
    timeout: float | None = None
    certificates: Path | None = None


@dataclass
class Outcome:
    """What a run found out, also when it was interrupted.

    ``errors`` are internal errors; ``fired`` counts how often each step was taken, after a
    complete search; ``notes`` are remarks of the engines.
    """

    results: list[Result] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    fired: Mapping[str, int] | None = None
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False


@dataclass
class _Child:
    engine: str
    process: ForkProcess
    pipe: Connection
    latest: Working | None = None


def run(request: Request, options: Options, watch: Callable[[Working], None]) -> Outcome:
    """Decide the properties of ``request``.

    ``watch`` is told how far the engines are.  KeyboardInterrupt ends the run with what is decided
    (``Outcome.interrupted``).
    """
    return _Run(request, options, watch).run()


class _Run:
    def __init__(
        self, request: Request, options: Options, watch: Callable[[Working], None]
    ) -> None:
        self.request, self.options, self.watch = request, options, watch
        self.outcome = Outcome()
        self.began = time.monotonic()
        self.children = list[_Child]()
        self.waiting = list(self.team())
        self.said = dict[str, dict[str, tuple[Decided, float]]]()

    def team(self) -> tuple[str, ...]:
        """The engines to run, in the order in which they start."""
        if self.options.engine != "auto":
            return (self.options.engine,)
        return ("parametric",) if self.request.unbounded else ("explicit", "bmc")

    def run(self) -> Outcome:
        expired = False
        try:
            self.start()
            while (self.children or self.waiting) and not self.settled():
                for pipe in wait([c.pipe for c in self.children], self.pause()):
                    self.receive(next(c for c in self.children if c.pipe is pipe))
                due = not self.children or self.elapsed() > SECOND_AFTER
                if self.waiting and due and not self.settled():
                    self.start()
                if self.options.timeout is not None and self.elapsed() > self.options.timeout:
                    expired = True
                    break
        except KeyboardInterrupt:
            self.outcome.interrupted = True
        finally:
            unfinished = {c.engine: c.latest for c in self.children}
            self.stop()
        self.conclude(expired, unfinished)
        return self.outcome

    def elapsed(self) -> float:
        return time.monotonic() - self.began

    def pause(self) -> float | None:
        """How long to wait for the next message."""
        times = []
        if self.waiting:
            times.append(SECOND_AFTER - self.elapsed() + 0.01)
        if self.options.timeout is not None:
            times.append(self.options.timeout - self.elapsed() + 0.01)
        return max(0.0, min(times)) if times else None

    def start(self) -> None:
        """Start the next engine."""
        engine = self.waiting.pop(0)
        context = multiprocessing.get_context("fork")
        mine, theirs = context.Pipe(duplex=False)
        plan = Plan(engine, self.options.depth, self.options.certificates)
        process = context.Process(
            target=work, args=(self.request, plan, theirs.send_bytes), daemon=True
        )
        process.start()
        theirs.close()
        self.children.append(_Child(engine, process, mine))

    def stop(self) -> None:
        """Kill whatever still runs."""
        for child in self.children:
            child.process.kill()
            child.process.join()
            child.pipe.close()
        self.children.clear()

    def receive(self, child: _Child) -> None:
        """Take one message of a child; its death is one too."""
        try:
            message: Message = load(child.pipe.recv_bytes())
        except (EOFError, OSError):
            child.process.join()
            status = child.process.exitcode
            self.retire(child)
            self.outcome.notes.append(f"{child.engine}: the engine's process died ({status})")
            return
        match message:
            case Working():
                child.latest = message
                self.watch(message)
            case Decided():
                self.take(message)
            case Covered(fired=fired):
                self.outcome.fired = fired
            case Broken(what="out of memory"):
                self.outcome.notes.append(f"{child.engine}: out of memory")
                self.retire(child)
            case Broken(engine=engine, what=what, details=details):
                self.outcome.errors.append(f"{engine}: {what}\n{details}".rstrip())
                self.retire(child)
            case Finished(engine=engine, notes=notes):
                self.outcome.notes.extend(f"{engine}: {n}" for n in notes)
                self.retire(child)

    def retire(self, child: _Child) -> None:
        child.process.kill()
        child.process.join()
        child.pipe.close()
        self.children.remove(child)

    def take(self, message: Decided) -> None:
        """Record an answer; engines that both decide must agree."""
        said = self.said.setdefault(message.property, {})
        for other, _ in said.values():
            both = {message.verdict, other.verdict}
            if both <= CONCLUSIVE and (both & PROOFS) and (both - PROOFS):
                self.outcome.errors.append(
                    f"engines disagree on {message.property}: {other.engine} says "
                    f"{other.verdict.value}, {message.engine} says {message.verdict.value}"
                )
        said[message.engine] = message, self.elapsed()

    def best(self, name: str) -> tuple[Decided, float] | None:
        """The answer that counts: the first conclusive one, else the most informative."""
        rank = {Verdict.BOUNDED: 1, Verdict.UNKNOWN: 2}
        answers = sorted(
            self.said.get(name, {}).values(), key=lambda a: (rank.get(a[0].verdict, 0), a[1])
        )
        return answers[0] if answers else None

    def settled(self) -> bool:
        """Whether every property has a conclusive answer."""
        return all(
            (found := self.best(p.name)) is not None and found[0].verdict in CONCLUSIVE
            for p in self.request.properties
        )

    def conclude(self, expired: bool, unfinished: Mapping[str, Working | None]) -> None:
        """Make the results: one per property that is decided, or given up."""
        for prop in self.request.properties:
            found = self.best(prop.name)
            if found is None and self.outcome.interrupted:
                continue
            if found is None:
                found = self.given_up(prop.name, expired, unfinished), self.elapsed()
            self.outcome.results.append(self.result(*found))

    def given_up(
        self, name: str, expired: bool, unfinished: Mapping[str, Working | None]
    ) -> Decided:
        """The answer where no engine gave one."""
        engines = ", ".join(self.team())
        reason = "; ".join(self.outcome.notes) or "no engine answered"
        if expired:
            far = [f"{w.engine} at depth {w.depth}" for w in unfinished.values() if w is not None]
            reason = f"timeout after {self.options.timeout:g} s"
            if far:
                reason += f" ({', '.join(far)})"
        return Decided(name, Verdict.UNKNOWN, engines, None, None, reason, None, None)

    def result(self, message: Decided, seconds: float) -> Result:
        """The result as users see it."""
        request = self.request
        prop = next(p for p in request.properties if p.name == message.property)
        expected = request.compiled.expected.get(prop.name)
        return Result(
            prop.name,
            message.verdict,
            request.scope if message.verdict != Verdict.VIOLATED else _scope_of(message, request),
            message.engine,
            message.depth,
            message.states,
            round(seconds, 3),
            message.reason,
            message.trace,
            message.certificate,
            expected[0] if expected else None,
            request.compiled.system.assumptions,
            prop.title,
        )


def _scope_of(message: Decided, request: Request) -> str:
    """A violation is of the sizes of its trace."""
    if message.trace is None:
        return request.scope
    sizes = message.trace.sizes.items()
    return ", ".join(f"{n} {s}{'' if n == 1 else 's'}" for s, n in sizes)
