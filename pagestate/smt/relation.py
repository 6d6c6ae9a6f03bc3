"""The transition relation of a finite instance over Z3 constants for the state before and after.

Built once; depths and frames are copies by substitution (one call into Z3; rebuilding the terms
from Python costs eight times as much).  The encoding is one of the best of
`benchmarks/encodings.py`: one Boolean per ground action, told apart by the bits of its number; a
cell keeps its value unless an action that writes it is taken; everything is bit-level, for Z3's
finite-domain solver.  A step that would leave the sorts is not part of the relation; when one is
enabled is said by ``escapes``.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import z3

from pagestate.core.ground import GroundAction, GroundSystem
from pagestate.core.sorts import CountSort
from pagestate.core.verdict import Move
from pagestate.smt.ground import Frame, Terms, width_of
from pagestate.smt.orbits import Swap

Constant: TypeAlias = z3.BoolRef | z3.BitVecRef


@dataclass(frozen=True, slots=True)
class Escape:
    """A step that would write a value outside the sort of a cell of ``variable``.

    ``overflow``: the value is above the bound of a counter, which can be raised.
    """

    action: GroundAction
    variable: str
    overflow: bool


class Relation:
    """Steps of ``ground`` as the formula ``step`` over ``before`` and ``rest``.

    With ``swaps``, which must leave the system unchanged, only the first of the executions that
    differ by a renaming of members in the order of the actions' numbers is kept: until an
    execution has told two members apart, it must not take an action whose renamed image comes
    first.  That is sound for executions from the initial states only.
    """

    def __init__(self, ground: GroundSystem, swaps: Sequence[Swap] = ()) -> None:
        self.ground = ground
        self.context = z3.Context()
        self.now = Frame(ground, self.context, "now")
        self.after = Frame(ground, self.context, "after")
        self.terms = Terms(ground, self.now, self.after)
        self._swaps = tuple(swaps)
        self._apart = [z3.Bool(f"apart.{i}", self.context) for i in range(len(swaps))]
        self._apart_after = [z3.Bool(f"apart'.{i}", self.context) for i in range(len(swaps))]
        self.fire = [z3.Bool(f"fire.{g.number}", self.context) for g in ground.actions]
        bits = width_of(len(ground.actions)) if ground.actions else 0
        self.bits = [z3.Bool(f"bit.{i}", self.context) for i in range(bits)]
        self.escapes = tuple(
            (escape, z3.And(self.terms.truth(escape.action.guard), term))
            for g in ground.actions
            for escape, term in _escapes(self.terms, g)
        )
        self.step = self.all((*self._choice(), *self._effects(), *self._kept(), *self._first()))
        self.before: tuple[Constant, ...] = (*self.now.cells, *self._apart)
        self.rest: tuple[Constant, ...] = (
            *self.after.cells,
            *self._apart_after,
            *self.fire,
            *self.bits,
        )

    def solver(self, rlimit: int = 0) -> z3.Solver:
        """A new solver; ``rlimit`` bounds the work of each of its calls (0: no bound)."""
        solver = z3.SolverFor("QF_FD", ctx=self.context)
        solver.set("rlimit", rlimit)
        return solver

    def all(self, terms: Sequence[z3.BoolRef]) -> z3.BoolRef:
        """The conjunction."""
        return z3.And(list(terms)) if terms else z3.BoolVal(True, self.context)

    def any(self, terms: Sequence[z3.BoolRef]) -> z3.BoolRef:
        """The disjunction."""
        return z3.Or(list(terms)) if terms else z3.BoolVal(False, self.context)

    def _choice(self) -> list[z3.BoolRef]:
        found = [self.any(self.fire)]
        for number, fire in enumerate(self.fire):
            for i, bit in enumerate(self.bits):
                found.append(z3.Implies(fire, bit if number >> i & 1 else z3.Not(bit)))
        return found

    def _effects(self) -> list[z3.BoolRef]:
        found = list[z3.BoolRef]()
        for g, fire in zip(self.ground.actions, self.fire, strict=True):
            found.append(z3.Implies(fire, self.terms.truth(g.guard)))
            for cell, value in g.updates:
                found.append(z3.Implies(fire, self.terms.equals(cell, value, self.after)))
        for escape, term in self.escapes:
            found.append(z3.Not(z3.And(self.fire[escape.action.number], term)))
        return found

    def _kept(self) -> list[z3.BoolRef]:
        writers: list[list[z3.BoolRef]] = [[] for _ in self.ground.cells]
        for g, fire in zip(self.ground.actions, self.fire, strict=True):
            for cell, _ in g.updates:
                writers[cell].append(fire)
        return [
            z3.Or([*fires, now == after])
            for fires, now, after in zip(writers, self.now.cells, self.after.cells, strict=True)
        ]

    def _first(self) -> list[z3.BoolRef]:
        found = list[z3.BoolRef]()
        for swap, apart, after in zip(self._swaps, self._apart, self._apart_after, strict=True):
            moved = [f for n, f in enumerate(self.fire) if swap.actions[n] != n]
            later = [f for n, f in enumerate(self.fire) if swap.actions[n] < n]
            found.append(z3.Or(apart, z3.Not(self.any(later))))
            found.append(after == z3.Or([apart, *moved]))
        return found

    def initial(self) -> list[z3.BoolRef]:
        """What is true of the initial states."""
        ground = self.ground
        pinned = list[z3.BoolRef]()
        for cell, term in zip(ground.cells, self.now.cells, strict=True):
            if cell.init is not None:
                if isinstance(term, z3.BoolRef):
                    pinned.append(term if cell.init else z3.Not(term))
                else:
                    pinned.append(term == z3.BitVecVal(cell.init, term.size(), self.context))
        pinned.extend(self.now.within(ground))
        pinned.append(self.terms.truth(ground.init))
        pinned.extend(z3.Not(apart) for apart in self._apart)
        return pinned

    def copies(self, constants: Sequence[Constant], time: int) -> tuple[Constant, ...]:
        """Fresh constants for the same at another time."""
        return tuple(
            z3.Bool(f"{c}@{time}", self.context)
            if isinstance(c, z3.BoolRef)
            else z3.BitVec(f"{c}@{time}", c.size(), self.context)
            for c in constants
        )


def _escapes(terms: Terms, g: GroundAction) -> Iterator[tuple[Escape, z3.BoolRef]]:
    for number, value in g.updates:
        cell = terms.ground.cells[number]
        counter = isinstance(cell.sort, CountSort)
        for above, term in terms.escapes(number, value):
            yield Escape(g, cell.name[0], counter and above), term


def code_of(model: z3.ModelRef, term: Constant) -> int:
    """The code that ``term`` has in ``model``."""
    value = model.eval(term, True)
    if isinstance(value, z3.BitVecNumRef):
        return value.as_long()
    return int(z3.is_true(value))


def move_of(g: GroundAction) -> Move:
    """A ground action as a step of a path."""
    picks = list[tuple[str, int | str | bool]]()
    for name, value in g.binding.items():
        assert value is not None, "a parameter has no value"
        picks.append((name, value))
    return Move(g.action, tuple(picks))
