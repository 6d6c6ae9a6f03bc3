"""The unrolling of a finite instance: one Z3 formula for all executions of a given length.

The transition relation is built once over constants for the state before and after, and copied to
each depth by substitution (one call into Z3; rebuilding the terms from Python costs eight times as
much).  The encoding is one of the best of `benchmarks/encodings.py`: one Boolean per ground action,
told apart by the bits of its number; a cell keeps its value unless an action that writes it is
taken; everything is bit-level, for Z3's finite-domain solver.  Of the executions that differ
by a renaming of members only the first in the order of the actions' numbers is kept: until an
execution has told two members apart, it must not take an action whose renamed image comes first.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import z3

from pagestate.core.expr import Cell, Expr, walk
from pagestate.core.ground import GroundAction, GroundSystem
from pagestate.core.sorts import CountSort, Value, decode
from pagestate.core.trace import CellName
from pagestate.core.verdict import Move, Path
from pagestate.smt.ground import Frame, Terms, width_of
from pagestate.smt.orbits import Swap

Constant: TypeAlias = z3.BoolRef | z3.BitVecRef


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


@dataclass(frozen=True, slots=True)
class Escape:
    """A step that would write a value outside the sort of a cell of ``variable``.

    ``overflow``: the value is above the bound of a counter, which can be raised.
    """

    action: GroundAction
    variable: str
    overflow: bool


class Unrolling:
    """All executions of ``depth`` steps, as assertions of one incremental solver.

    ``swaps`` must leave the system and every target unchanged.  ``rlimit`` bounds the work of each
    call of the solver (0: no bound), in Z3's own units, the same on every machine.
    """

    def __init__(self, ground: GroundSystem, swaps: Sequence[Swap] = (), rlimit: int = 0) -> None:
        self.ground = ground
        self._ctx = z3.Context()
        self._solver = z3.SolverFor("QF_FD", ctx=self._ctx)
        self._rlimit = rlimit
        self._solver.set("rlimit", rlimit)
        self._now = Frame(ground, self._ctx, "now")
        self._after = Frame(ground, self._ctx, "after")
        self._terms = Terms(ground, self._now, self._after)
        self._swaps = tuple(swaps)
        self._apart = [z3.Bool(f"apart.{i}", self._ctx) for i in range(len(swaps))]
        self._apart_after = [z3.Bool(f"apart'.{i}", self._ctx) for i in range(len(swaps))]
        self._fire = [z3.Bool(f"fire.{g.number}", self._ctx) for g in ground.actions]
        bits = width_of(len(ground.actions)) if ground.actions else 0
        self._bits = [z3.Bool(f"bit.{i}", self._ctx) for i in range(bits)]
        self._escapes = tuple(
            (escape, z3.And(self._terms.truth(escape.action.guard), term))
            for g in ground.actions
            for escape, term in _escapes(self._terms, g)
        )
        self._step = self._all((*self._choice(), *self._effects(), *self._kept(), *self._first()))
        self._before: tuple[Constant, ...] = (*self._now.cells, *self._apart)
        self._rest: tuple[Constant, ...] = (
            *self._after.cells,
            *self._apart_after,
            *self._fire,
            *self._bits,
        )
        self._states: list[tuple[Constant, ...]] = [self._copies(self._before, 0)]
        self._moves: list[tuple[Constant, ...]] = []
        self._laws: list[z3.BoolRef] = []
        self._first_state = self._initial()
        self._solver.add([self._at_end(term) for term in self._first_state])

    @property
    def depth(self) -> int:
        """The number of steps unrolled."""
        return len(self._moves)

    def extend(self) -> None:
        """Make the executions one step longer."""
        state = self._copies(self._before, self.depth + 1)
        move = self._copies((*self._fire, *self._bits), self.depth)
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
            solver = z3.SolverFor("QF_FD", ctx=self._ctx)
            solver.set("rlimit", self._rlimit)
            solver.add(list(given))
            if claims is not kept:
                solver.add(list(kept.values()))
            solver.add(z3.Not(self._all([claims[law] for law in kept])))
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

    def find(self, targets: Sequence[Expr]) -> Outcome:
        """An execution whose last state (with primed cells: last step) meets one of ``targets``."""
        terms = [self._here(t) for t in targets]
        return self._search(terms)

    def exclude(self, targets: Iterable[Expr]) -> None:
        """Assert what was found: no execution of this length meets any of ``targets``."""
        self._solver.add([z3.Not(self._here(t)) for t in targets])

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
            any_here = self._at_end(self._any([term for _, term in some]))
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

    def _all(self, terms: Sequence[z3.BoolRef]) -> z3.BoolRef:
        return z3.And(list(terms)) if terms else z3.BoolVal(True, self._ctx)

    def _any(self, terms: Sequence[z3.BoolRef]) -> z3.BoolRef:
        return z3.Or(list(terms)) if terms else z3.BoolVal(False, self._ctx)

    def _choice(self) -> list[z3.BoolRef]:
        found = [self._any(self._fire)]
        for number, fire in enumerate(self._fire):
            for i, bit in enumerate(self._bits):
                found.append(z3.Implies(fire, bit if number >> i & 1 else z3.Not(bit)))
        return found

    def _effects(self) -> list[z3.BoolRef]:
        found = list[z3.BoolRef]()
        for g, fire in zip(self.ground.actions, self._fire, strict=True):
            found.append(z3.Implies(fire, self._terms.truth(g.guard)))
            for cell, value in g.updates:
                found.append(z3.Implies(fire, self._terms.equals(cell, value, self._after)))
        for escape, term in self._escapes:
            found.append(z3.Not(z3.And(self._fire[escape.action.number], term)))
        return found

    def _kept(self) -> list[z3.BoolRef]:
        writers: list[list[z3.BoolRef]] = [[] for _ in self.ground.cells]
        for g, fire in zip(self.ground.actions, self._fire, strict=True):
            for cell, _ in g.updates:
                writers[cell].append(fire)
        return [
            z3.Or([*fires, now == after])
            for fires, now, after in zip(writers, self._now.cells, self._after.cells, strict=True)
        ]

    def _first(self) -> list[z3.BoolRef]:
        found = list[z3.BoolRef]()
        for swap, apart, after in zip(self._swaps, self._apart, self._apart_after, strict=True):
            moved = [f for n, f in enumerate(self._fire) if swap.actions[n] != n]
            later = [f for n, f in enumerate(self._fire) if swap.actions[n] < n]
            found.append(z3.Or(apart, z3.Not(self._any(later))))
            found.append(after == z3.Or([apart, *moved]))
        return found

    def _initial(self) -> list[z3.BoolRef]:
        ground = self.ground
        pinned = list[z3.BoolRef]()
        for cell, term in zip(ground.cells, self._now.cells, strict=True):
            if cell.init is not None:
                if isinstance(term, z3.BoolRef):
                    pinned.append(term if cell.init else z3.Not(term))
                else:
                    pinned.append(term == z3.BitVecVal(cell.init, term.size(), self._ctx))
        pinned.extend(self._now.within(ground))
        pinned.append(self._terms.truth(ground.init))
        pinned.extend(z3.Not(apart) for apart in self._apart)
        return pinned

    def _copies(self, constants: Sequence[Constant], time: int) -> tuple[Constant, ...]:
        return tuple(
            z3.Bool(f"{c}@{time}", self._ctx)
            if isinstance(c, z3.BoolRef)
            else z3.BitVec(f"{c}@{time}", c.size(), self._ctx)
            for c in constants
        )

    def _at_end(self, term: z3.BoolRef) -> z3.BoolRef:
        return z3.substitute(term, *zip(self._before, self._states[-1], strict=True))

    def _here(self, target: Expr) -> z3.BoolRef:
        term = self._terms.truth(target)
        if not _mentions_step(target):
            return self._at_end(term)
        assert self._moves, "no last step"
        last = zip(self._after.cells, self._states[-1], strict=False)
        return z3.substitute(term, *zip(self._before, self._states[-2], strict=True), *last)

    def _path(self, model: z3.ModelRef) -> Path:
        initial = list[tuple[CellName, Value]]()
        for cell, term in zip(self.ground.cells, self._states[0], strict=False):
            if cell.init is None:
                initial.append((cell.name, decode(cell.sort, _code(model, term))))
        moves = list[Move]()
        for move in self._moves:
            taken = [g for g, f in zip(self.ground.actions, move, strict=False) if _code(model, f)]
            assert len(taken) == 1
            moves.append(_move(taken[0]))
        return Path(tuple(initial), tuple(moves))


def _escapes(terms: Terms, g: GroundAction) -> Iterator[tuple[Escape, z3.BoolRef]]:
    for number, value in g.updates:
        cell = terms.ground.cells[number]
        counter = isinstance(cell.sort, CountSort)
        for above, term in terms.escapes(number, value):
            yield Escape(g, cell.name[0], counter and above), term


def _mentions_step(target: Expr) -> bool:
    return any(isinstance(part, Cell) and part.primed for part in walk(target))


def _code(model: z3.ModelRef, term: Constant) -> int:
    value = model.eval(term, True)
    if isinstance(value, z3.BitVecNumRef):
        return value.as_long()
    return int(z3.is_true(value))


def _move(g: GroundAction) -> Move:
    picks = list[tuple[str, int | str | bool]]()
    for name, value in g.binding.items():
        assert value is not None, "a parameter has no value"
        picks.append((name, value))
    return Move(g.action, tuple(picks))
