"""Property directed reachability (IC3): an invariant of one size, clause by clause.

After Bradley, SAT-based model checking without unrolling (2011), in the form of Een, Mishchenko and
Brayton, Efficient implementation of property directed reachability (2011), with the idea of Goel
and Sakallah, IC3PO (2021), that what is learned about some members holds of all that a renaming
maps them to.  Frame ``k`` over-approximates the states reachable in ``k`` steps, as clauses over
cells (``offline[page 0] or driver[page 0] != marked``).  A state of the last frame that violates a
property is an obligation: either it has a predecessor in the frame before, the next obligation, or
it is unreachable in so many steps.  Then a clause that excludes it is generalised, from the unsat
core and by leaving out one literal after the other, and learned for its whole orbit.  Clauses that
every step keeps are pushed on; a frame that equals the next is an invariant.

The variant: literals say that a cell has a value, of numbers that they are at least or at most one;
obligations are enlarged to what the step needs; the orbit of a clause is supposed whole where it is
tried (`benchmarks/pdr.py` measures both choices).  Obligations are not tried again at later frames,
so that a counterexample found at frame ``k`` has ``k`` steps and is a shortest one.  That a step
leaves its sorts, or pushes a counter over the bound of the instance, is looked for like a
violation; such a step is never taken, and once one can be reached the search ends.  All properties
are decided together: the invariant, reduced to the clauses that unsat cores mention, proves all
that are not violated, and is certified with one law for each orbit.

Where it is incomplete: in theory nowhere, at one size; in practice where no short clauses suffice
(sums over many members), and where orbits are large, since their clauses are spelled out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count

from pagestate.core.expr import neg
from pagestate.core.ground import ground
from pagestate.core.invariant import FiniteInvariant
from pagestate.core.property import Property
from pagestate.core.sorts import IndexSort, decode
from pagestate.core.verdict import Answer, Path, Verdict
from pagestate.engines.finite import escaped, fact_of, invariant_of, starts_anyhow
from pagestate.engines.interface import Progress, Report, Task, refuse_liveness
from pagestate.engines.pdr.clauses import Clauses
from pagestate.smt.cubes import Cube, Literal, Renamings, holds
from pagestate.smt.frames import Frames, Hit
from pagestate.smt.orbits import interchangeable, swaps
from pagestate.smt.relation import Escape, move_of
from pagestate.smt.stepcheck import Undecided

_ESCAPE = -1
"""The number of the target that a step leaves the sorts."""


@dataclass(frozen=True, slots=True)
class _Obligation:
    """States to exclude: all take ``action`` into ``then`` (None: they, or it, are the target)."""

    cube: Cube
    codes: tuple[int, ...]
    action: int | None
    then: "_Obligation | None" = None
    escape: Escape | None = None


class Pdr:
    """The pdr engine at work on one task (an ``engines.interface.Engine``).

    ``symmetry`` learns whole orbits; ``order`` describes numbers by comparisons.  ``rlimit`` bounds
    each call of the solver, in Z3's units (0: no bound).  Building it raises KeyError for a sort
    without a size and ValueError for a system that has no finite instance, or a property of
    infinite executions.
    """

    def __init__(
        self,
        task: Task,
        report: Report,
        *,
        symmetry: bool = True,
        order: bool = True,
        rlimit: int = 0,
    ) -> None:
        refuse_liveness(task)
        self._task, self._report, self._rlimit = task, report, rlimit
        self._ground = made = ground(task.system, task.sizes)
        self._targets = {k: made.expr(neg(fact_of(p))) for k, p in enumerate(task.properties)}
        steps = frozenset(k for k, p in enumerate(task.properties) if p.kind == "step")
        self._frames = Frames(made, self._targets, steps, order, rlimit)
        self._renamings = Renamings(made, self._symmetric() if symmetry else ())
        self._clauses = Clauses(self._frames, self._renamings)
        self._open = [*self._targets, _ESCAPE]
        self._paths = dict[int, Path]()
        self._escape: tuple[int, Escape] | None = None
        self._level = -1
        self._numbers = count()
        counter = starts_anyhow(task.system)
        self._why_not = f"no proof: {counter} starts with any number" if counter else ""
        self._invariant: FiniteInvariant | None = None

    @property
    def name(self) -> str:
        """The engine's name on the command line."""
        return "pdr"

    @property
    def symmetric(self) -> tuple[str, ...]:
        """The names of the sorts whose members are renamed."""
        return tuple(s.name for s in self._renamings.sorts)

    @property
    def learned(self) -> tuple[int, int]:
        """How many orbits of clauses there are, and how many questions the solvers answered."""
        return len(self._clauses), self._frames.queries

    def advance(self, bound: int) -> bool:
        """Search up to ``bound`` steps; true when more depth cannot change an answer."""
        try:
            while not self._finished() and self._level < bound:
                self._deepen()
        except Undecided as undecided:
            cut = self._rlimit and "cancel" in str(undecided)
            why = f"resource limit of {self._rlimit} reached" if cut else str(undecided)
            self._why_not = f"the solver gave up: {why}"
        return self._finished()

    def answers(self) -> tuple[Answer, ...]:
        """One answer per property, in the task's order.

        A goal that was met is ``proved``; one that is proved not to be reachable ``vacuous``.
        """
        return tuple(self._answer(k, p) for k, p in enumerate(self._task.properties))

    def _finished(self) -> bool:
        everything = len(self._paths) == len(self._targets)
        stuck = self._escape is not None or bool(self._why_not)
        return everything or stuck or self._invariant is not None

    def _symmetric(self) -> tuple[IndexSort, ...]:
        """The sorts whose renamings map actions to actions."""
        made = self._ground
        sorts = interchangeable(made.system, [p.formula for p in self._task.properties])
        moved = [swap.sort for swap in swaps(made, sorts)]
        return tuple(s for s in sorts if moved.count(s) == made.sizes.of(s) - 1)

    def _deepen(self) -> None:
        """Clear one more frame of all targets, and push clauses on."""
        level = self._level + 1
        for target in tuple(self._open):
            while (found := self._look(level, target)) is not None:
                if not self._exclude(level, found, target):
                    break
        self._level = level
        self._clauses.add_level()
        for target in self._open:
            if target != _ESCAPE:
                self._frames.suppose(level, target)
        if self._escape is None:
            self._push()
        self._tell(level)

    def _tell(self, level: int) -> None:
        note = f"{len(self._targets) - len(self._paths)} open, {len(self._clauses)} clauses"
        self._report(Progress(self.name, level, note=note))

    def _look(self, level: int, target: int) -> _Obligation | None:
        """States of the frame that meet the target."""
        frames = self._frames
        if target != _ESCAPE:
            hit = frames.meets(level, target)
            if hit is None:
                return None
            return _Obligation(frames.enough_to_meet(hit, target), hit.codes, hit.action)
        found = frames.escape(level)
        if found is None:
            return None
        hit, escape = found
        cube = frames.enough_to_escape(hit, escape)
        return _Obligation(cube, hit.codes, None, None, escape)

    def _exclude(self, level: int, first: _Obligation, target: int) -> bool:
        """Learn clauses until the states are excluded; false where an execution leads to them."""
        queue = [(level, next(self._numbers), first)]
        while queue:
            at, _, obligation = queue[0]
            if at == 0:
                self._settle(target, obligation)
                return False
            if self._clauses.excludes(at, obligation.cube):
                heappop(queue)
                continue
            cube = obligation.cube
            found = self._frames.step_into(at - 1, cube, [cube])
            if isinstance(found, Hit):
                before = self._frames.enough_to_step(found, cube)
                earlier = _Obligation(before, found.codes, found.action, obligation)
                heappush(queue, (at - 1, next(self._numbers), earlier))
            else:
                heappop(queue)
                self._learn(at, self._apart(found, cube))
                self._tell(level)
        return True

    def _settle(self, target: int, first: _Obligation) -> None:
        """An execution leads to the target."""
        chain = [first]
        while (following := chain[-1].then) is not None:
            chain.append(following)
        actions = [at.action for at in chain if at.action is not None]
        self._open.remove(target)
        if chain[-1].escape is not None:
            self._escape = len(actions), chain[-1].escape
            return
        initial = tuple(
            (cell.name, decode(cell.sort, code))
            for cell, code in zip(self._ground.cells, first.codes, strict=True)
            if cell.init is None
        )
        moves = tuple(move_of(self._ground.actions[number]) for number in actions)
        self._paths[target] = Path(initial, moves)

    def _starts_in(self, cube: Iterable[Literal]) -> bool:
        """Whether an initial state is in the cube."""
        for literal in cube:
            init = self._ground.cells[literal.cell].init
            if init is not None and not holds(literal, init):
                return False
        return self._frames.starts_in(cube)

    def _apart(self, part: Cube, whole: Cube) -> Cube:
        """``part`` with literals of ``whole`` until no initial state is in it."""
        for literal in sorted(whole - part):
            if not self._starts_in(part):
                break
            part |= {literal}
        return part

    def _learn(self, level: int, cube: Cube) -> None:
        """Exclude as many states with ``cube`` as possible, as far up as possible."""
        frames, orbit = self._frames, self._renamings.orbit
        for literal in sorted(cube):
            less = cube - {literal}
            if literal not in cube or self._starts_in(less):
                continue
            found = frames.step_into(level - 1, less, orbit(less))
            if not isinstance(found, Hit):
                cube = self._apart(found, less)
        every = orbit(cube)
        while level < self._clauses.top and not isinstance(
            frames.step_into(level, cube, every), Hit
        ):
            level += 1
        self._clauses.learn(level, cube)

    def _push(self) -> None:
        """Move clauses on; a frame that equals the next is an invariant."""
        for level in range(1, self._clauses.top):
            for cube in self._clauses.at(level):
                if cube in self._clauses.at(level) and not isinstance(
                    self._frames.step_into(level, cube, ()), Hit
                ):
                    self._clauses.learn(level + 1, cube)
            if not self._clauses.at(level):
                self._conclude(level)
                return

    def _conclude(self, level: int) -> None:
        """The clauses beyond ``level`` are inductive and exclude every open target."""
        targets = [k for k in self._open if k != _ESCAPE]
        cubes = self._clauses.needed(self._clauses.above(level), targets)
        laws = [self._renamings.law(cube) for cube in cubes]
        properties = [self._task.properties[k] for k in targets]
        self._invariant = invariant_of(self._ground, properties, laws)

    def _answer(self, number: int, prop: Property) -> Answer:
        depth = self._level if self._level >= 0 else None
        answer = Answer(prop.name, Verdict.UNKNOWN, self.name, depth)
        goal = prop.kind == "reachable"
        path = self._paths.get(number)
        if path is not None:
            met = Verdict.PROVED if goal else Verdict.VIOLATED
            return replace(answer, verdict=met, depth=len(path.moves), path=path)
        if self._escape is not None:
            return escaped(answer, *self._escape)
        if self._invariant is not None:
            laws = len(self._invariant.laws)
            return replace(
                answer,
                verdict=Verdict.VACUOUS if goal else Verdict.PROVED,
                reason=f"by an invariant with {laws} laws besides the properties" if goal else "",
                certificate=self._invariant,
            )
        if self._why_not:
            return replace(answer, reason=self._why_not)
        if self._level < 0:
            return replace(answer, reason="not started")
        return replace(answer, verdict=Verdict.BOUNDED)
