"""Between a job and the cache: which answers are known, which are worth keeping."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pagestate.check.request import Request, size_words
from pagestate.core.property import Property
from pagestate.core.sorts import Value
from pagestate.core.trace import Trace
from pagestate.core.verdict import CONCLUSIVE, Result, Verdict
from pagestate.gate.cache import Cache, Coverage, Entry, Route
from pagestate.gate.digest import property_digests, system_digest, text_digest
from pagestate.gate.jobs import Job
from pagestate.gate.program import program_digest
from pagestate.gate.recheck import Confirmed, confirm
from pagestate.run.portfolio import Outcome

TERMS = "invariant.json"
"""The file of a certificate that has its invariant; see ``check.certificate``."""


class Answers:
    """The cached answers of one job; without a folder there are none.

    After :meth:`known`, ``fired`` is how often steps were taken (None: nobody knows) and ``how``
    says what was looked at again, by property.
    """

    def __init__(self, folder: Path | None, job: Job, request: Request) -> None:
        self.cache = None if folder is None else Cache(folder)
        self.request = request
        self.fired: Mapping[str, int] | None = None
        self.how = dict[str, str]()
        self.job = job
        self.base, self.digests = "", dict[str, str]()
        if folder is not None:
            self.digests = property_digests(request.compiled.system, request.properties)
            sizes = sorted(request.sizes.items())
            self.base = text_digest(
                system_digest(request.compiled.system, exact=bool(request.unbounded)),
                f"{sizes} {sorted(request.unbounded)}",
                f"{job.engine} {job.depth} {job.rlimit}",
                program_digest(),
            )

    def known(self) -> tuple[dict[str, Result], list[str]]:
        """The answers that are there and pass their re-check; the names of those that do not."""
        if self.cache is None:
            return {}, []
        entries = dict[str, Entry]()
        for prop in self.request.properties:
            entry = self.cache.entry(self._key(prop))
            if entry is not None:
                entries[prop.name] = entry
        coverage = self.cache.coverage(self._key(None)) if entries else None
        confirmed, steps = confirm(self.request, entries, coverage)
        dropped = [name for name in entries if name not in confirmed]
        for prop in self.request.properties:
            if prop.name in dropped:
                self.cache.drop(self._key(prop))
        if coverage is not None and steps:
            actions = self.request.compiled.system.actions
            self.fired = {a.name: n for a, n in zip(actions, coverage.fired, strict=True)}
        elif coverage is not None:
            self.cache.drop(self._key(None))
        self.how = {name: c.how for name, c in confirmed.items()}
        return {
            p.name: self._result(p, confirmed[p.name])
            for p in self.request.properties
            if (p.name in confirmed)
        }, dropped

    def keep(self, outcome: Outcome) -> list[str]:
        """Store what is conclusive; what could not be stored."""
        if self.cache is None or outcome.errors:
            return []
        kinds = {p.name: p for p in self.request.properties}
        try:
            for result in outcome.results:
                prop = kinds[result.name]
                entry = self._entry(prop, result)
                if entry is not None:
                    self.cache.store(self._key(prop), entry)
            if outcome.fired is not None:
                fired = outcome.fired
                times = tuple(fired.get(a.name, 0) for a in self.request.compiled.system.actions)
                self.cache.store(self._key(None), Coverage(times))
        except OSError as error:
            return [f"cache: {error.filename or self.cache.folder}: {error.strerror or error}"]
        return []

    def _key(self, prop: Property | None) -> str:
        """The key of the answer about ``prop`` (None: of the coverage)."""
        if prop is None:
            return text_digest(self.base, "coverage")
        return text_digest(self.base, self.digests[prop.name])

    def _entry(self, prop: Property, result: Result) -> Entry | None:
        searched = (
            result.verdict == Verdict.BOUNDED
            and self.job.depth is not None
            and (result.depth or 0) >= self.job.depth
        )
        if not (result.verdict in CONCLUSIVE or searched):
            return None
        trace, invariant, route = result.trace, None, None
        if trace is not None:
            route = self._route(trace)
            if route is None:
                return None
        elif result.verdict == Verdict.PROVED:
            with suppress(OSError):
                text = (Path(result.certificate or "") / TERMS).read_text(encoding="utf-8")
                invariant = text.strip()
            if invariant is None:
                return None
        elif self.request.unbounded:
            return None
        return Entry(
            result.verdict,
            result.engine,
            result.depth,
            result.states,
            result.reason,
            result.seconds,
            route,
            invariant,
        )

    def _route(self, trace: Trace) -> Route | None:
        """The trace as a path by places; None for steps that are none of the system's."""
        system = self.request.compiled.system
        place = {a.name: n for n, a in enumerate(system.actions)}
        moves = list[tuple[int, tuple[Value, ...]]]()
        for step in trace.steps:
            number = place.get(step.action)
            if number is None:
                return None
            names = [p.name for p in system.actions[number].params]
            if set(names) != set(step.picks):
                return None
            moves.append((number, tuple(step.picks[n] for n in names)))
        free = {v.name: n for n, v in enumerate(system.variables) if v.free}
        initial = ((free[c[0]], c[1], v) for c, v in trace.states[0].items() if c[0] in free)
        return Route(tuple(initial), tuple(moves), dict(trace.sizes), trace.loop)

    def _result(self, prop: Property, confirmed: Confirmed) -> Result:
        request, entry, trace = self.request, confirmed.entry, confirmed.trace
        expected = request.compiled.expected.get(prop.name)
        scope = request.scope
        if entry.verdict == Verdict.VIOLATED and trace is not None:
            scope = size_words(trace.sizes)
        return Result(
            prop.name,
            entry.verdict,
            scope,
            entry.engine,
            entry.depth,
            entry.states,
            entry.seconds,
            entry.reason,
            trace,
            None,
            expected[0] if expected else None,
            request.assumptions,
            prop.title,
        )
