"""Frames of property directed reachability: clauses by level in one incremental solver.

Frame ``k`` is the set of states that no clause of level ``k`` or above excludes; frame 0 has the
initial constraint too.  A query names the levels it assumes; what it alone needs (the clause that
is tried) is stated under a name that is given up afterwards, and when many have been given up the
solver is made anew.  A second solver, without the step, finds out which part of a state is enough
for it to take an action into a cube; a third knows the initial states.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import z3

from pagestate.core.expr import Cell, Expr, transform
from pagestate.core.ground import GroundSystem
from pagestate.smt.bulk import both, check, either, negation, state
from pagestate.smt.cubes import Cube, Literal, literals_of, meaning
from pagestate.smt.relation import Escape, Relation, code_of
from pagestate.smt.stepcheck import Undecided

_WORN = 1500
"""Names given up after which a solver is made anew."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A state, and the number of the action that it takes (None: where no step was asked for)."""

    codes: tuple[int, ...]
    action: int | None = None


class _Solver:
    """A solver with assertions for good and clauses for one query."""

    def __init__(self, relation: Relation, rlimit: int) -> None:
        self._relation, self._rlimit = relation, rlimit
        self._kept = list[z3.BoolRef]()
        self.solver = relation.solver(rlimit)
        self._used = 0

    def add(self, term: z3.BoolRef) -> None:
        """Assert for good."""
        self._kept.append(term)
        state(self.solver, term)

    def ask(
        self, assumed: Sequence[z3.BoolRef], clauses: Sequence[Sequence[z3.BoolRef]] = ()
    ) -> z3.ModelRef | frozenset[int]:
        """A model, or the assumptions (by the numbers of their terms) that exclude one.

        ``clauses`` hold in this query only.  Raises Undecided.
        """
        if self._used > _WORN:
            self.solver, self._used = self._relation.solver(self._rlimit), 0
            for term in self._kept:
                state(self.solver, term)
        name = z3.Bool(f"tried {self._used}", self._relation.context)
        for clause in clauses:
            state(self.solver, either([negation(name), *clause]))
        found = check(self.solver, [name, *assumed] if clauses else assumed)
        result: z3.ModelRef | frozenset[int]
        if found == z3.sat:
            result = self.solver.model()
        elif found == z3.unsat:
            result = frozenset(term.get_id() for term in self.solver.unsat_core())
        else:
            raise Undecided(self.solver.reason_unknown())
        if clauses:
            self._used += 1
            state(self.solver, negation(name))
        return result


class Frames:
    """The frames of ``ground`` and the questions asked about them; at first there is frame 0.

    ``targets`` are the conditions looked for, by number; those in ``of_steps`` are about a step.
    ``order``: numbers are described by comparisons, not by their value.  ``rlimit`` bounds each
    call of a solver (0: no bound); every question raises Undecided where the solver gives up.
    """

    def __init__(
        self,
        ground: GroundSystem,
        targets: Mapping[int, Expr],
        of_steps: frozenset[int],
        order: bool = True,
        rlimit: int = 0,
    ) -> None:
        self.ground = ground
        self.queries = 0
        self._order, self._targets, self._of_steps = order, dict(targets), of_steps
        self._relation = relation = Relation(ground)
        self._main, self._lift = _Solver(relation, rlimit), _Solver(relation, rlimit)
        self._initial = _Solver(relation, rlimit)
        self._names = dict[tuple[Literal, bool], z3.BoolRef]()
        self._before = dict[tuple[int, Literal], z3.BoolRef]()
        self._levels = list[z3.BoolRef]()
        self._moving = z3.Bool("moving", relation.context)
        self._escaping = z3.Bool("escaping", relation.context)
        self._wanted = {n: z3.Bool(f"target {n}", relation.context) for n in targets}
        self._apart = {n: z3.Bool(f"no target {n}", relation.context) for n in targets}
        self._fits = [self._taken(number) for number in range(len(ground.actions))]
        self._state()

    def _taken(self, number: int) -> z3.BoolRef:
        """That an action can be taken and stays in the sorts."""
        relation = self._relation
        guard = relation.terms.truth(self.ground.actions[number].guard)
        out = [t for escape, t in relation.escapes if escape.action.number == number]
        return both([guard, *(negation(t) for t in out)])

    def _state(self) -> None:
        relation, main = self._relation, self._main
        self.add_level()
        for term in relation.initial():
            self._initial.add(term)
            main.add(either([negation(self._levels[0]), term]))
        for term in relation.now.within(self.ground):
            main.add(term)
            self._lift.add(term)
        main.add(either([negation(self._moving), relation.step]))
        for number, wanted in self._wanted.items():
            term = relation.terms.truth(self._targets[number])
            main.add(either([negation(wanted), term]))
            if number not in self._of_steps:
                main.add(either([negation(self._apart[number]), negation(term)]))
        escapes = relation.any([t for _, t in relation.escapes])
        main.add(either([negation(self._escaping), escapes]))

    def add_level(self) -> None:
        """One more frame."""
        self._levels.append(z3.Bool(f"level {len(self._levels)}", self._relation.context))

    def exclude(self, level: int, cubes: Iterable[Cube]) -> None:
        """No state of the frames up to ``level`` is in one of ``cubes``."""
        self._exclude(self._levels[level], cubes)

    def _exclude(self, name: z3.BoolRef, cubes: Iterable[Cube]) -> None:
        for cube in cubes:
            self._main.add(either([negation(name), *self._none_of(cube)]))

    def suppose(self, level: int, number: int) -> None:
        """State that no state of the frames up to ``level`` meets a target: it was found so."""
        self._main.add(either([negation(self._levels[level]), self._apart[number]]))

    def meets(self, level: int, number: int) -> Hit | None:
        """A state of a frame that meets a target, or takes a step that does."""
        moving = number in self._of_steps
        assumed = [self._wanted[number], *([self._moving] if moving else ())]
        found = self._ask([*self._levels[level:], *assumed])
        return self._hit(found, moving) if isinstance(found, z3.ModelRef) else None

    def escape(self, level: int) -> tuple[Hit, Escape] | None:
        """A state of a frame from which a step leaves the sorts."""
        found = self._ask([*self._levels[level:], self._escaping])
        if not isinstance(found, z3.ModelRef):
            return None
        met = (e for e, t in self._relation.escapes if z3.is_true(found.eval(t, True)))
        return self._hit(found, False), next(met)

    def step_into(self, level: int, cube: Cube, tried: Iterable[Cube]) -> Hit | Cube:
        """A state of a frame, in none of ``tried``, with a step into ``cube``.

        If there is none: a part of ``cube`` into which there is none either.
        """
        then = {self._name(x, True).get_id(): x for x in cube}
        assumed = [self._moving, *(self._name(x, True) for x in cube)]
        clauses = [self._none_of(other) for other in tried]
        found = self._ask([*self._levels[level:], *assumed], clauses)
        if isinstance(found, z3.ModelRef):
            return self._hit(found, True)
        return frozenset(then[k] for k in found & then.keys())

    def starts_in(self, cube: Iterable[Literal]) -> bool:
        """Whether an initial state is in a cube."""
        self.queries += 1
        found = self._initial.ask([self._name(x, False) for x in cube])
        return isinstance(found, z3.ModelRef)

    def enough_to_step(self, hit: Hit, cube: Cube) -> Cube:
        """A part of a state whose states all step into ``cube`` by the action of ``hit``."""
        assert hit.action is not None
        parts = [self._weakest(hit.action, x) for x in cube]
        return self._enough(hit, [self._fits[hit.action], *parts])

    def enough_to_meet(self, hit: Hit, number: int) -> Cube:
        """A part of a state whose states all meet a target."""
        target, terms = self._targets[number], self._relation.terms
        if hit.action is None:
            return self._enough(hit, [terms.truth(target)])
        updates = dict(self.ground.actions[hit.action].updates)

        def visit(e: Expr) -> Expr | None:
            if isinstance(e, Cell):
                return updates.get(e.number, Cell(e.number, e.sort)) if e.primed else e
            return None

        return self._enough(hit, [self._fits[hit.action], terms.truth(transform(target, visit))])

    def enough_to_escape(self, hit: Hit, escape: Escape) -> Cube:
        """A part of a state from which ``escape`` is possible everywhere."""
        return self._enough(hit, [next(t for e, t in self._relation.escapes if e is escape)])

    def named(self, orbits: Sequence[Iterable[Cube]]) -> list[z3.BoolRef]:
        """Names for sets of clauses, that can be supposed one by one."""
        names = [z3.Bool(f"clause {k}", self._relation.context) for k in range(len(orbits))]
        for name, cubes in zip(names, orbits, strict=True):
            self._exclude(name, cubes)
        return names

    def used(
        self,
        names: Sequence[z3.BoolRef],
        apart: Iterable[int],
        goal: Cube | int | None,
    ) -> frozenset[int]:
        """Which of the sets of clauses exclude ``goal``: a step into a cube, a target, an escape.

        The targets in ``apart`` are excluded as well.  Together they must exclude it.
        """
        away = [self._apart[n] for n in apart if n not in self._of_steps and n != goal]
        if isinstance(goal, frozenset):
            wanted = [self._moving, *(self._name(x, True) for x in goal)]
        elif goal is None:
            wanted = [self._escaping]
        else:
            wanted = [self._wanted[goal], *([self._moving] if goal in self._of_steps else ())]
        found = self._ask([*names, *away, *wanted])
        assert not isinstance(found, z3.ModelRef), "the clauses are not inductive"
        numbers = {name.get_id(): k for k, name in enumerate(names)}
        return frozenset(numbers[k] for k in found & numbers.keys())

    def _ask(
        self, assumed: Sequence[z3.BoolRef], clauses: Sequence[Sequence[z3.BoolRef]] = ()
    ) -> z3.ModelRef | frozenset[int]:
        self.queries += 1
        return self._main.ask(assumed, clauses)

    def _hit(self, model: z3.ModelRef, moving: bool) -> Hit:
        relation = self._relation
        codes = tuple(code_of(model, cell) for cell in relation.now.cells)
        if not moving:
            return Hit(codes)
        return Hit(codes, sum(code_of(model, bit) << i for i, bit in enumerate(relation.bits)))

    def _none_of(self, cube: Cube) -> list[z3.BoolRef]:
        return [negation(self._name(x, False)) for x in cube]

    def _name(self, literal: Literal, primed: bool) -> z3.BoolRef:
        """The literal before or after the step, as a Boolean constant or its negation."""
        found = self._names.get((literal, primed))
        if found is None:
            relation, cell = self._relation, self.ground.cells[literal.cell]
            value = Cell(cell.number, cell.sort, primed)
            found = relation.terms.truth(meaning(self.ground, literal, value))
            if not isinstance(relation.now.cells[cell.number], z3.BoolRef):
                term = found
                found = z3.Bool(f"{'then' if primed else 'now'} {literal}", relation.context)
                for solver in (self._main,) if primed else (self._main, self._lift, self._initial):
                    solver.add(found == term)
            self._names[literal, primed] = found
        return found

    def _weakest(self, action: int, literal: Literal) -> z3.BoolRef:
        """The literal after an action, said of the state before it."""
        found = self._before.get((action, literal))
        if found is None:
            updates = dict(self.ground.actions[action].updates)
            if literal.cell in updates:
                said = meaning(self.ground, literal, updates[literal.cell])
                found = self._relation.terms.truth(said)
            else:
                found = self._name(literal, False)
            self._before[action, literal] = found
        return found

    def _enough(self, hit: Hit, parts: Sequence[z3.BoolRef]) -> Cube:
        """A part of the state that implies all of ``parts``."""
        everything = literals_of(self.ground, hit.codes, self._order)
        said = {self._name(x, False).get_id(): x for x in everything}
        assumed = [self._name(x, False) for x in everything]
        self.queries += 1
        found = self._lift.ask(assumed, [[negation(part) for part in parts]])
        assert not isinstance(found, z3.ModelRef), "a state determines what it can do"
        return frozenset(said[k] for k in found & said.keys())
