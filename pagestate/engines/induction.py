"""Temporal induction: proofs for one size from executions that start anywhere.

After Sheeran, Singh and Stalmarck, Checking safety properties using induction and a SAT-solver
(2000), and Een and Sorensson, Temporal induction by incremental SAT solving (2003).  The variant:
the base case is the bmc engine, whose shortest counterexamples are this engine's; in the step case
``k`` states in a row, no two equal, satisfy all open and proved properties, and the largest set of
properties that then holds after one more step is found by dropping what fails (Houdini).  That no
step leaves its sorts, or pushes a counter over the bound of the instance, is proved with them: it
holds of the first ``k`` states only as long as nothing escapes, so a reachable overflow ends the
search with `unknown`.  Lemmas are the ledger laws of :mod:`pagestate.engines.ledger` that are
inductive, and what was proved at a smaller ``k``.  The certificate is the set of facts with ``k``;
its checker unrolls the steps again by itself.

Where it is incomplete: in practice many properties hold after no small ``k``, because the state
they start from can be any (they come out as `bounded`); the engine ``pdr`` finds more laws.
"""

from dataclasses import replace

from pagestate.core.evaluate import initial_state
from pagestate.core.expr import Expr
from pagestate.core.ground import ground
from pagestate.core.invariant import FiniteInvariant
from pagestate.core.property import Property
from pagestate.core.sorts import CountSort
from pagestate.core.verdict import PROOFS, Answer, Verdict
from pagestate.engines.bmc import Bmc
from pagestate.engines.finite import fact_of, invariant_of, starts_anyhow
from pagestate.engines.interface import Progress, Report, Task
from pagestate.engines.ledger import ledger_laws
from pagestate.smt.stepcase import StepCase
from pagestate.smt.stepcheck import Undecided
from pagestate.smt.unroll import Found, Unrolling


class Induction:
    """The induction engine at work on one task (an ``engines.interface.Engine``).

    ``laws`` looks for ledger laws, ``distinct`` asks for states of which no two are equal.
    ``rlimit`` bounds each call of the solver, in Z3's units (0: no bound).  Building it raises
    KeyError for a sort without a size and ValueError for a system that has no finite instance, or
    a property of infinite executions.
    """

    def __init__(
        self,
        task: Task,
        report: Report,
        *,
        laws: bool = True,
        distinct: bool = True,
        rlimit: int = 0,
    ) -> None:
        self._task, self._report = task, report
        self._mine, self._distinct, self._rlimit = laws, distinct, rlimit
        self._base = Bmc(task, lambda progress: None, rlimit=rlimit)
        self._ground = ground(task.system, task.sizes)
        self._facts = {
            k: self._ground.expr(fact_of(prop)) for k, prop in enumerate(task.properties)
        }
        self._laws: tuple[Expr, ...] = ()
        self._case: StepCase | None = None
        self._next = 0
        self._proved = dict[int, tuple[int, FiniteInvariant]]()
        self._why_not = ""
        counter = starts_anyhow(task.system)
        if counter:
            self._why_not = f"{counter} starts with any number"

    @property
    def name(self) -> str:
        """The engine's name on the command line."""
        return "induction"

    def advance(self, bound: int) -> bool:
        """Search up to ``bound`` steps; true when more depth cannot change an answer."""
        while self._next <= bound:
            ended = self._base.advance(self._next)
            if ended or self._stuck():
                return True
            if not self._why_not:
                self._step_case(self._next + 1)
            self._report(Progress(self.name, self._next, note=f"{len(self._open())} open"))
            self._next += 1
            if not self._open():
                return True
        return not self._open()

    def answers(self) -> tuple[Answer, ...]:
        """One answer per property, in the task's order.

        A goal that was met is ``proved``; one that is proved not to be reachable ``vacuous``.
        """
        given = zip(self._task.properties, self._base.answers(), strict=True)
        return tuple(self._answer(k, prop, found) for k, (prop, found) in enumerate(given))

    def _answer(self, number: int, prop: Property, found: Answer) -> Answer:
        if number in self._proved:
            depth, invariant = self._proved[number]
            goal = prop.kind == "reachable"
            return Answer(
                prop.name,
                Verdict.VACUOUS if goal else Verdict.PROVED,
                self.name,
                depth,
                reason=f"by induction over {depth} steps" if goal else "",
                certificate=invariant,
            )
        if found.verdict == Verdict.BOUNDED and self._why_not:
            found = replace(found, reason=f"no proof: {self._why_not}")
        return replace(found, engine=self.name)

    def _stuck(self) -> bool:
        """Whether something escapes, or the solver gave up: no proof can follow."""
        return any(a.verdict == Verdict.UNKNOWN for a in self._base.answers())

    def _open(self) -> dict[int, Expr]:
        """The properties without an answer that counts."""
        decided = PROOFS | {Verdict.VIOLATED, Verdict.VACUOUS}
        answers = self._base.answers()
        return {
            k: fact
            for k, fact in self._facts.items()
            if k not in self._proved and answers[k].verdict not in decided
        }

    def _step_case(self, depth: int) -> None:
        """Which facts hold after ``depth`` states in a row in which they hold?"""
        try:
            if self._case is None:
                self._laws = self._learn() if self._mine else ()
                kinds = enumerate(p.kind for p in self._task.properties)
                steps = [k for k, kind in kinds if kind == "step"]
                self._case = StepCase(self._ground, self._facts, steps, self._laws, self._rlimit)
            elif self._distinct:
                self._case.distinct()
            self._case.suppose()
            self._case.extend()
            kept = {*self._open(), *self._proved}
            if self._case.escapes(kept):
                return
            while kept and (broken := self._case.breaks(kept, kept)):
                kept -= broken
            if not kept or self._case.escapes(kept):
                return
        except Undecided as undecided:
            self._why_not = f"the solver gave up: {undecided}"
            return
        properties = [self._task.properties[k] for k in sorted(kept)]
        distinct = self._distinct and depth > 1
        invariant = invariant_of(self._ground, properties, self._laws, depth, distinct)
        for number in kept - self._proved.keys():
            self._proved[number] = depth, invariant

    def _learn(self) -> tuple[Expr, ...]:
        """The ledger laws that are inductive."""
        if not any(isinstance(c.sort, CountSort) for c in self._ground.cells):
            return ()
        unrolling = Unrolling(self._ground, (), self._rlimit)
        match unrolling.find_any():
            case Found(path=path):
                system, sizes = self._ground.system, self._ground.sizes
                start = initial_state(system, sizes, dict(path.initial))
                return unrolling.assume(ledger_laws(self._ground, self._ground.codes(start)))
            case _:
                return ()
