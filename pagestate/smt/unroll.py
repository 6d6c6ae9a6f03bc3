"""The unrolling of a finite instance: one Z3 formula for all executions of a given length.

The transition relation (:mod:`pagestate.smt.relation`) is copied to each depth by substitution;
executions that differ by a renaming of members are kept once.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import z3

from pagestate.core.expr import Expr
from pagestate.core.ground import GroundSystem
from pagestate.core.sorts import Value, decode
from pagestate.core.trace import CellName
from pagestate.core.verdict import Move, Path
from pagestate.smt.orbits import Swap
from pagestate.smt.relation import Constant, Escape, Relation, code_of, move_of


@dataclass(frozen=True, slots=True)
class Found:
    """An execution; ``targets`` are the positions of the targets it satisfies at its end."""

    targets: frozenset[int]
    path: Path


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no such execution."""


@dataclass(frozen=True, slots=True)
class GaveUp:
    """The solver did not decide; ``reason`` is its own word for it."""

    reason: str


Outcome: TypeAlias = Found | Absent | GaveUp


class Unrolling:
    """All executions of ``depth`` steps, as assertions of one incremental solver.

    ``swaps`` must leave the system and every target unchanged.  ``rlimit`` bounds the work of each
    call of the solver (0: no bound), in Z3's own units, the same on every machine.
    """

    def __init__(self, ground: GroundSystem, swaps: Sequence[Swap] = (), rlimit: int = 0) -> None:
        self.ground = ground
        self._relation = Relation(ground, swaps)
        self._ctx = self._relation.context
        self._rlimit = rlimit
        self._solver = self._relation.solver(rlimit)
        self._now, self._after = self._relation.now, self._relation.after
        self._terms = self._relation.terms
        self._escapes = self._relation.escapes
        self._step = self._relation.step
        self._before, self._rest = self._relation.before, self._relation.rest
        fires = (*self._relation.fire, *self._relation.bits)
        self._fires: tuple[Constant, ...] = fires
        self._states: list[tuple[Constant, ...]] = [self._relation.copies(self._before, 0)]
        self._moves: list[tuple[Constant, ...]] = []
        self._laws: list[z3.BoolRef] = []
        self._first_state = self._relation.initial()
        self._solver.add([self._at_end(term) for term in self._first_state])

    @property
    def depth(self) -> int:
        """The number of steps unrolled."""
        return len(self._moves)

    def extend(self) -> None:
        """Make the executions one step longer."""
        state = self._relation.copies(self._before, self.depth + 1)
        move = self._relation.copies(self._fires, self.depth)
        self._states.append(state)
        self._moves.append(move)
        pairs = zip(self._rest, (*state, *move), strict=True)
        earlier = zip(self._before, self._states[-2], strict=True)
        self._solver.add(z3.substitute(self._step, *earlier, *pairs))
        self._solver.add([self._at_end(law) for law in self._laws])

    def assume(self, laws: Iterable[Expr]) -> tuple[Expr, ...]:
        """Assert at every depth those of ``laws`` that hold by induction; which ones.

        The largest inductive subset is found by dropping what a counterexample to it breaks
        (Flanagan and Leino, Houdini, 2001).
        """
        kept = {law: self._terms.truth(law) for law in laws}
        after = list(zip(self._now.cells, self._after.cells, strict=True))
        then = {law: z3.substitute(term, *after) for law, term in kept.items()}
        if not self._drop(kept, kept, self._first_state):
            return ()
        if not self._drop(kept, then, [self._step, *self._now.within(self.ground)]):
            return ()
        self._laws.extend(kept.values())
        for state in self._states:
            pairs = list(zip(self._before, state, strict=True))
            self._solver.add([z3.substitute(term, *pairs) for term in kept.values()])
        return tuple(kept)

    def _drop(
        self,
        kept: dict[Expr, z3.BoolRef],
        claims: Mapping[Expr, z3.BoolRef],
        given: Sequence[z3.BoolRef],
    ) -> bool:
        """Drop from ``kept`` until ``given`` and, for steps, what is kept imply the claims."""
        while kept:
            solver = self._relation.solver(self._rlimit)
            solver.add(list(given))
            if claims is not kept:
                solver.add(list(kept.values()))
            solver.add(z3.Not(self._relation.all([claims[law] for law in kept])))
            result = solver.check()
            if result == z3.unsat:
                return True
            if result == z3.unknown:
                return False
            model = solver.model()
            broken = [law for law in kept if not z3.is_true(model.eval(claims[law], True))]
            for law in broken:
                del kept[law]
        return True

    def find(self, targets: Sequence[Expr], of_steps: Collection[int] = ()) -> Outcome:
        """An execution whose last state meets one of ``targets``.

        Those at the positions ``of_steps`` are about the last step.
        """
        return self._search([self._here(t, n in of_steps) for n, t in enumerate(targets)])

    def exclude(self, targets: Sequence[Expr], of_steps: Collection[int] = ()) -> None:
        """Assert what was found: no execution of this length meets any of ``targets``."""
        terms = [self._here(t, n in of_steps) for n, t in enumerate(targets)]
        self._solver.add([z3.Not(term) for term in terms])

    def find_any(self) -> Outcome:
        """Any execution of this length."""
        return self._search([z3.BoolVal(True, self._ctx)])

    def find_escape(self) -> tuple[Outcome, Escape | None]:
        """An execution after which a step could leave the sorts; such steps are never taken.

        Where there is none this is asserted.  Asking above and below apart is twice as fast.
        """
        for overflow in (False, True):
            some = [(e, term) for e, term in self._escapes if e.overflow == overflow]
            if not some:
                continue
            any_here = self._at_end(self._relation.any([term for _, term in some]))
            outcome = self._search([any_here])
            match outcome:
                case Found():
                    met = self._met([self._at_end(term) for _, term in some])
                    return outcome, some[min(met)][0]
                case Absent():
                    self._solver.add(z3.Not(any_here))
                case GaveUp():
                    return outcome, None
        return Absent(), None

    def _search(self, terms: Sequence[z3.BoolRef]) -> Outcome:
        wanted = z3.FreshBool("wanted", self._ctx)
        self._solver.add(z3.Implies(wanted, z3.Or(list(terms))))
        result = self._solver.check(wanted)
        if result == z3.unsat:
            return Absent()
        if result == z3.unknown:
            reason = self._solver.reason_unknown()
            cut = self._rlimit and "cancel" in reason
            return GaveUp(f"resource limit of {self._rlimit} reached" if cut else reason)
        return Found(self._met(terms), self._path(self._solver.model()))

    def _met(self, terms: Sequence[z3.BoolRef]) -> frozenset[int]:
        """Which of ``terms`` hold in the execution found last."""
        model = self._solver.model()
        return frozenset(i for i, t in enumerate(terms) if z3.is_true(model.eval(t, True)))

    def _at_end(self, term: z3.BoolRef) -> z3.BoolRef:
        return z3.substitute(term, *zip(self._before, self._states[-1], strict=True))

    def _here(self, target: Expr, of_step: bool) -> z3.BoolRef:
        term = self._terms.truth(target)
        if not of_step:
            return self._at_end(term)
        assert self._moves, "no last step"
        last = zip(self._after.cells, self._states[-1], strict=False)
        return z3.substitute(term, *zip(self._before, self._states[-2], strict=True), *last)

    def _path(self, model: z3.ModelRef) -> Path:
        initial = list[tuple[CellName, Value]]()
        for cell, term in zip(self.ground.cells, self._states[0], strict=False):
            if cell.init is None:
                initial.append((cell.name, decode(cell.sort, code_of(model, term))))
        moves = list[Move]()
        for move in self._moves:
            taken = [
                g for g, f in zip(self.ground.actions, move, strict=False) if code_of(model, f)
            ]
            assert len(taken) == 1
            moves.append(move_of(taken[0]))
        return Path(tuple(initial), tuple(moves))
