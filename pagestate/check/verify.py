"""Nothing an engine says is passed on before it is re-checked: traces replayed, proofs too."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from pagestate.check.certificate import certify
from pagestate.check.minimise import Steps, minimised
from pagestate.check.names import file_stem
from pagestate.check.recertify import about
from pagestate.check.replay import ReplayMismatch, replay
from pagestate.check.request import Request
from pagestate.check.scans import OrderedScans
from pagestate.check.starts import nothing_starts
from pagestate.core.execute import NotAPath, trace_of
from pagestate.core.invariant import AnyInvariant, FiniteInvariant, Invariant
from pagestate.core.property import Property
from pagestate.core.sorts import IndexSort, Sizes
from pagestate.core.trace import Trace
from pagestate.core.verdict import PROOFS, Answer, Verdict
from pagestate.engines.interface import Task
from pagestate.lang.concrete import Machine

_MOST_MEMBERS = 4
"""The largest instance that an engine for every size looks at."""


class CheckFailed(Exception):
    """An answer did not survive its re-check: an internal error, exit code 4."""


@dataclass(frozen=True, slots=True)
class Checked:
    """An answer that survived: its replayed trace, where its certificate was written."""

    answer: Answer
    trace: Trace | None
    certificate: str | None


@dataclass(slots=True)
class Proofs:
    """The proofs already re-checked: properties that one invariant proves share a certificate."""

    kept: list[tuple[AnyInvariant, str | None]] = field(default_factory=list)

    def certificate(self, invariant: AnyInvariant) -> tuple[str | None] | None:
        """Where the certificate of a re-checked invariant is (nowhere: None); None: not checked."""
        return next(((where,) for known, where in self.kept if known is invariant), None)


@dataclass(slots=True)
class Shared:
    """What the answers to one request share: work that is done once.

    The search with ordered scans, the re-checked proofs, the compiled steps, and the machine that
    has replayed a trace.
    """

    scans: OrderedScans
    steps: Steps
    proofs: Proofs = field(default_factory=Proofs)
    machine: Machine | None = None


def shared(request: Request) -> Shared:
    """For the answers to ``request``."""
    return Shared(OrderedScans(request), Steps(request.compiled.system))


def verified(
    request: Request,
    task: Task,
    answer: Answer,
    directory: Path | None,
    known: Shared | None = None,
) -> Checked:
    """Replay the trace or re-check the certificate of an answer.  Raises CheckFailed.

    ``directory``: where to keep the certificate of a proof, if anywhere; ``known``: what earlier
    answers to the same request have left.
    """
    known = known or shared(request)
    prop = next(p for p in task.properties if p.name == answer.property)
    trace = _replayed(request, task, answer, prop, known)
    if answer.verdict == Verdict.VIOLATED and trace is None:
        raise CheckFailed(f"{answer.engine} reports {prop.name} as violated without a trace")
    if answer.verdict == Verdict.VIOLATED and trace is not None:
        remarks = [r for r in (answer.reason, known.scans.remark(prop, trace)) if r]
        answer = replace(answer, reason="; ".join(remarks))
    if prop.kind == "reachable" and answer.verdict in PROOFS and trace is None:
        raise CheckFailed(f"{answer.engine} reports {prop.name} as met without a trace")
    claimed = answer.verdict == Verdict.PROVED and prop.kind != "reachable"
    unreachable = answer.verdict == Verdict.VACUOUS and answer.certificate is not None
    if not claimed and not unreachable:
        return Checked(answer, trace, None)
    invariant = answer.certificate
    if not isinstance(invariant, Invariant | FiniteInvariant):
        raise CheckFailed(f"{answer.engine} reports {prop.name} as proved without a certificate")
    if prop.name not in invariant.properties:
        raise CheckFailed(f"the certificate of {prop.name} is about other properties")
    before = known.proofs.certificate(invariant)
    if before is not None:
        return Checked(answer, None, before[0])
    nothing = nothing_starts(task)
    if nothing:
        answer = replace(answer, verdict=Verdict.VACUOUS, reason=nothing, certificate=None)
        return Checked(answer, None, None)
    stem = file_stem(task.system.name, prop.name, request.scenario)
    where = None if directory is None else directory / stem
    failures = certify(task, invariant, where, about(request))
    if failures:
        raise CheckFailed(f"the certificate of {prop.name} fails: {failures[0]}")
    kept = None if where is None else str(where)
    known.proofs.kept.append((invariant, kept))
    return Checked(answer, None, kept)


def _replayed(
    request: Request, task: Task, answer: Answer, prop: Property, known: Shared
) -> Trace | None:
    if answer.path is None:
        return None
    compiled = request.compiled
    failure = ""
    for sizes in _rooms_for(task, answer):
        try:
            trace = trace_of(
                compiled.system,
                sizes,
                minimised(compiled.system, sizes, prop, answer.path, known.steps),
                prop,
                answer.verdict.value,
                answer.engine,
                compiled.valuation,
            )
            if request.scenario:
                trace = replace(trace, meta={**trace.meta, "scenario": request.scenario})
            known.machine = replay(compiled, prop, trace, known.machine)
            return trace
        except (NotAPath, ReplayMismatch) as error:
            failure = str(error)
    raise CheckFailed(f"{answer.engine}, {prop.name}: {failure}")


def _rooms_for(task: Task, answer: Answer) -> Iterator[Sizes]:
    """The instances that a path may be one of: where sizes are open, the smallest first."""
    if not task.unbounded:
        yield _room_for(task, answer)
        return
    for least in range(1, _MOST_MEMBERS + 1):
        index = dict(task.sizes.index) | dict.fromkeys(task.unbounded, least)
        yield _room_for(replace(task, sizes=replace(task.sizes, index=index)), answer)


def _room_for(task: Task, answer: Answer) -> Sizes:
    """The instance a path needs: as many members as it names, counters as high as it is long."""
    assert answer.path is not None
    index = dict(task.sizes.index)
    for move in answer.path.moves:
        picks = dict(move.picks)
        for param in move.action.params:
            if isinstance(param.sort, IndexSort):
                chosen = picks[param.name]
                assert isinstance(chosen, int)
                index[param.sort.name] = max(index.get(param.sort.name, 0), chosen + 1)
    return Sizes(index, task.sizes.count_bound + len(answer.path.moves))
