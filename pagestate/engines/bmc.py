"""Bounded model checking: shortest counterexamples from an incremental unrolling.

After Biere, Cimatti, Clarke and Zhu, Symbolic model checking without BDDs (1999), with the
incremental assumptions of Een and Sorensson, Temporal induction by incremental SAT solving (2003).
The variant: every depth is decided for all open properties at once, a property found safe at a
depth is asserted there, and executions that differ by a renaming of interchangeable members are
searched once (lex-leader constraints on the sequence of actions).  Satisfiable queries settle all
properties that their model violates; the others are asked again at the same depth, so that each
counterexample is a shortest one.

Where it is incomplete: a bound is no proof; only when no execution is longer than the bound has
everything been searched.  A step that would push a counter over the bound of the instance is never
taken; that one is enabled is itself asked at every depth, and turns what is open into `unknown`.
Violations found later are real, but a shorter one through larger counts may exist.
"""

from dataclasses import dataclass, replace

from pagestate.core.evaluate import initial_state
from pagestate.core.expr import Expr, neg
from pagestate.core.ground import ground
from pagestate.core.property import Property
from pagestate.core.verdict import Answer, Path, Verdict
from pagestate.engines.finite import escaped, steps_of
from pagestate.engines.interface import Progress, Report, Task, refuse_liveness
from pagestate.engines.ledger import ledger_laws
from pagestate.smt.orbits import interchangeable, swaps
from pagestate.smt.relation import Escape
from pagestate.smt.unroll import Absent, Found, GaveUp, Unrolling

_LAWS_FROM = 8


@dataclass(frozen=True, slots=True)
class _Stop:
    """Why the search cannot go on: all executions are searched, or the solver gave up."""

    complete: bool
    reason: str
    empty: bool = False


class Bmc:
    """The bmc engine at work on one task (an ``engines.interface.Engine``).

    ``symmetry`` prunes by renamings of members; ``laws`` looks for ledger laws.  ``rlimit`` bounds
    each call of the solver, in
    Z3's units (0: no bound).  Building it raises KeyError for a sort without a size and ValueError
    for a system that has no finite instance.
    """

    def __init__(
        self,
        task: Task,
        report: Report,
        *,
        symmetry: bool = True,
        laws: bool = True,
        rlimit: int = 0,
    ) -> None:
        refuse_liveness(task)
        self._properties = task.properties
        self._report = report
        self._laws = laws
        made = ground(task.system, task.sizes)
        sorts = interchangeable(task.system, [p.formula for p in task.properties])
        self.symmetric = tuple(s.name for s in sorts) if symmetry else ()
        self._unrolling = Unrolling(made, swaps(made, sorts) if symmetry else (), rlimit)
        formulas = {k: made.expr(p.formula) for k, p in enumerate(task.properties)}
        self._targets: dict[int, Expr] = {
            k: f if task.properties[k].kind == "reachable" else neg(f) for k, f in formulas.items()
        }
        self._decided = dict[int, Path]()
        self._safe = -1
        self._escape: tuple[int, Escape] | None = None
        self._stop: _Stop | None = None

    @property
    def name(self) -> str:
        """The engine's name on the command line."""
        return "bmc"

    def advance(self, bound: int) -> bool:
        """Search up to ``bound`` steps; true when more depth cannot change an answer."""
        while not self._finished() and self._safe < bound:
            self._deepen()
        return self._finished()

    def answers(self) -> tuple[Answer, ...]:
        """One answer per property, in the task's order; a goal that was met is ``proved``."""
        return tuple(self._answer(k, p) for k, p in enumerate(self._properties))

    def _finished(self) -> bool:
        return self._stop is not None or len(self._decided) == len(self._properties)

    def _deepen(self) -> None:
        """Decide one more depth: the steps to its states, the states, and the steps from them."""
        depth = self._safe + 1
        if depth > self._unrolling.depth:
            self._unrolling.extend()
        if not self._exists(depth) or not self._settle(depth) or not self._contained(depth):
            return
        self._safe = depth
        self._report(Progress(self.name, depth, note=self._note()))

    def _exists(self, depth: int) -> bool:
        match self._unrolling.find_any():
            case Found(path=path):
                if self._laws and depth == _LAWS_FROM:
                    self._learn(path)
                return True
            case Absent() if depth == 0:
                self._stop = _Stop(True, "there is no initial state", True)
            case Absent():
                self._stop = _Stop(True, f"no execution is longer than {steps_of(depth - 1)}")
            case GaveUp(reason=reason):
                self._stop = _Stop(False, reason)
        return False

    def _learn(self, path: Path) -> None:
        """Assert the ledger laws that hold by induction."""
        made = self._unrolling.ground
        start = initial_state(made.system, made.sizes, dict(path.initial))
        self._unrolling.assume(ledger_laws(made, made.codes(start)))

    def _settle(self, depth: int) -> bool:
        """Find what is violated or met at ``depth``; assert the rest."""
        while targets := self._open(depth):
            kinds = enumerate(self._properties[k].kind for k in targets)
            steps = {n for n, kind in kinds if kind == "step"}
            outcome = self._unrolling.find(list(targets.values()), steps)
            match outcome:
                case Absent():
                    self._unrolling.exclude(list(targets.values()), steps)
                    return True
                case Found(targets=hits, path=path):
                    assert hits, "a model that meets no target"
                    numbers = list(targets)
                    self._decided.update((numbers[i], path) for i in hits)
                case GaveUp(reason=reason):
                    self._stop = _Stop(False, reason)
                    return False
        return True

    def _open(self, depth: int) -> dict[int, Expr]:
        """The targets not decided yet; step properties say nothing of the initial states."""
        return {
            k: target
            for k, target in self._targets.items()
            if k not in self._decided and (depth > 0 or self._properties[k].kind != "step")
        }

    def _contained(self, depth: int) -> bool:
        """Ask whether a step after ``depth`` steps leaves the sorts, until one has."""
        if self._escape is not None or self._finished():
            return True
        outcome, escape = self._unrolling.find_escape()
        if escape is not None:
            self._escape = depth, escape
        if isinstance(outcome, GaveUp):
            self._stop = _Stop(False, outcome.reason)
            return False
        return True

    def _note(self) -> str:
        return f"{len(self._properties) - len(self._decided)} open"

    def _answer(self, number: int, prop: Property) -> Answer:
        depth = self._safe if self._safe >= 0 else None
        open_answer = Answer(prop.name, Verdict.UNKNOWN, self.name, depth)
        path = self._decided.get(number)
        if path is not None:
            met = Verdict.PROVED if prop.kind == "reachable" else Verdict.VIOLATED
            late = self._escape is not None and self._escape[0] < len(path.moves)
            return replace(
                open_answer,
                verdict=met,
                depth=len(path.moves),
                path=path,
                reason="larger counts may give a shorter path" if late else "",
            )
        if self._escape is not None:
            return escaped(open_answer, *self._escape)
        if self._stop is not None:
            return _stopped(open_answer, self._stop, prop)
        if self._safe < 0:
            return replace(open_answer, reason="not started")
        return replace(open_answer, verdict=Verdict.BOUNDED)


def _stopped(answer: Answer, stop: _Stop, prop: Property) -> Answer:
    if not stop.complete:
        return replace(answer, reason=stop.reason)
    vacuous = prop.kind == "reachable" or stop.empty
    verdict = Verdict.VACUOUS if vacuous else Verdict.EXHAUSTED
    return replace(answer, verdict=verdict, reason=stop.reason)
