"""The step case of induction: executions that start anywhere, along which facts are supposed.

Facts are numbered by the caller.  Each is stated of every state that the execution has, under the
fact's name, so that a query can suppose some of them only; the steps are stated under names too,
so that a shorter execution can be asked for again.
"""

from collections.abc import Iterable, Mapping

import z3

from pagestate.core.expr import Expr
from pagestate.core.ground import GroundSystem
from pagestate.smt.relation import Constant, Relation
from pagestate.smt.stepcheck import Undecided


class StepCase:
    """Executions of ``length`` steps from any state in which ``laws`` hold (as in all others).

    The facts ``of_steps`` are about the step to a state, also where they read nothing after it.
    """

    def __init__(
        self,
        ground: GroundSystem,
        facts: Mapping[int, Expr],
        of_steps: Iterable[int] = (),
        laws: Iterable[Expr] = (),
        rlimit: int = 0,
    ) -> None:
        self._relation = relation = Relation(ground)
        self._solver = relation.solver(rlimit)
        self._facts = {n: relation.terms.truth(f) for n, f in facts.items()}
        self._of_steps = frozenset(of_steps)
        self._marks = {n: z3.Bool(f"fact {n}", relation.context) for n in facts}
        self._known = [relation.terms.truth(law) for law in laws]
        self._states = [relation.copies(relation.before, 0)]
        self._taken = list[z3.BoolRef]()
        self._escape = relation.any([term for _, term in relation.escapes])
        self._solver.add([self._at(-1, t) for t in (*relation.now.within(ground), *self._known)])

    @property
    def length(self) -> int:
        """The number of steps."""
        return len(self._taken)

    def suppose(self) -> None:
        """State the facts, by name, of the last state (and of the step to it)."""
        for number, mark in self._marks.items():
            if number not in self._of_steps or self.length:
                self._solver.add(z3.Implies(mark, self._end(number)))

    def distinct(self) -> None:
        """State that the last state is none of those before it."""
        cells = len(self._relation.ground.cells)
        last = self._states[-1][:cells]
        for earlier in self._states[:-1]:
            pairs = zip(earlier, last, strict=False)
            self._solver.add(self._relation.any([z3.Not(a == b) for a, b in pairs]))

    def extend(self) -> None:
        """Make the executions one step longer."""
        relation, number = self._relation, self.length
        state = relation.copies(relation.before, number + 1)
        move = relation.copies((*relation.fire, *relation.bits), number)
        taken = z3.Bool(f"step {number}", relation.context)
        pairs = (
            *zip(relation.before, self._states[-1], strict=True),
            *zip(relation.rest, (*state, *move), strict=True),
        )
        self._solver.add(z3.Implies(taken, z3.substitute(relation.step, *pairs)))
        self._states.append(state)
        self._taken.append(taken)
        within = relation.now.within(relation.ground)
        self._solver.add([self._at(-1, term) for term in (*within, *self._known)])

    def breaks(self, supposed: Iterable[int], claimed: Iterable[int]) -> frozenset[int]:
        """Which of the facts claimed of the last state an execution breaks (none: all hold).

        Where it breaks one, the others claimed that it breaks are named too.  Raises Undecided.
        """
        lost = {n: z3.Not(self._end(n)) for n in claimed}
        model = self._find(list(lost.values()), supposed, self._taken)
        if model is None:
            return frozenset()
        return frozenset(n for n, term in lost.items() if z3.is_true(model.eval(term, True)))

    def escapes(self, supposed: Iterable[int]) -> bool:
        """Whether from the last state but one a step can leave the sorts.  Raises Undecided."""
        there = self._at(-2, self._escape)
        return self._find([there], supposed, self._taken[:-1]) is not None

    def _find(
        self, wanted: list[z3.BoolRef], supposed: Iterable[int], taken: Iterable[z3.BoolRef]
    ) -> z3.ModelRef | None:
        if not wanted:
            return None
        some = z3.FreshBool("wanted", self._relation.context)
        self._solver.add(z3.Implies(some, z3.Or(wanted)))
        found = self._solver.check(some, *(self._marks[n] for n in supposed), *taken)
        if found == z3.unknown:
            raise Undecided(self._solver.reason_unknown())
        return self._solver.model() if found == z3.sat else None

    def _end(self, number: int) -> z3.BoolRef:
        """Fact ``number`` at the end of the executions."""
        term = self._facts[number]
        if number not in self._of_steps:
            return self._at(-1, term)
        after = zip(self._relation.after.cells, self._states[-1], strict=False)
        return z3.substitute(term, *self._pairs(-2), *after)

    def _at(self, position: int, term: z3.BoolRef) -> z3.BoolRef:
        return z3.substitute(term, *self._pairs(position))

    def _pairs(self, position: int) -> list[tuple[Constant, Constant]]:
        return list(zip(self._relation.before, self._states[position], strict=True))
