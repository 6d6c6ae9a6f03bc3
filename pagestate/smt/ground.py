"""Ground core terms as Z3 terms: booleans as Bool, everything else as bit-vectors.

A cell of ``n`` values is a bit-vector just wide enough for its codes (an ``int[lo..hi]`` is kept as
its value minus ``lo``).  Arithmetic never wraps: every numeric term is carried with the interval it
lies in, and operands are widened until the result fits.  One :class:`Frame` holds the constants of
one state of an unrolling; terms over it are cached.
"""

from dataclasses import dataclass
from typing import assert_never

import z3

from pagestate.core.expr import Cell, Expr, Lit, Op, Param, Quant, Read, Size
from pagestate.core.ground import GroundCell, GroundSystem
from pagestate.core.sorts import (
    BoolSort,
    CountSort,
    EnumSort,
    IndexSort,
    IntSort,
    Sort,
    Value,
    encode,
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number as an unsigned bit-vector ``bits`` plus ``base``; it lies in ``low..high``."""

    bits: z3.BitVecRef
    base: int
    low: int
    high: int


Term = z3.BoolRef | z3.BitVecRef | Number


def width_of(size: int) -> int:
    """How many bits hold ``size`` values."""
    return max(1, (size - 1).bit_length())


def is_number(sort: Sort) -> bool:
    """Whether terms of ``sort`` can be added and compared by order."""
    return isinstance(sort, IntSort | CountSort)


class Frame:
    """The Z3 constants of one state: ``cells[n]`` stands for the code of cell ``n``."""

    def __init__(self, ground: GroundSystem, ctx: z3.Context, tag: str) -> None:
        self.ctx = ctx
        self.cells: tuple[z3.BoolRef | z3.BitVecRef, ...] = tuple(
            self._constant(cell, f"{tag}.{cell.number}") for cell in ground.cells
        )

    def _constant(self, cell: GroundCell, name: str) -> z3.BoolRef | z3.BitVecRef:
        if isinstance(cell.sort, BoolSort):
            return z3.Bool(name, self.ctx)
        return z3.BitVec(name, width_of(cell.size), self.ctx)

    def within(self, ground: GroundSystem) -> list[z3.BoolRef]:
        """Constraints that every code is that of a value."""
        found = list[z3.BoolRef]()
        for cell, term in zip(ground.cells, self.cells, strict=True):
            if isinstance(term, z3.BitVecRef) and cell.size < 1 << term.size():
                found.append(z3.ULE(term, z3.BitVecVal(cell.size - 1, term.size(), self.ctx)))
        return found


class Terms:
    """Translates ground terms over a state (and, for primed cells, the state after a step)."""

    def __init__(self, ground: GroundSystem, now: Frame, after: Frame | None = None) -> None:
        self.ground = ground
        self.ctx = now.ctx
        self.now = now
        self.after = after
        self._known = dict[Expr, Term]()

    def truth(self, expr: Expr) -> z3.BoolRef:
        """A boolean term."""
        term = self.term(expr)
        assert isinstance(term, z3.BoolRef)
        return term

    def term(self, expr: Expr) -> Term:
        """The Z3 form of ``expr``."""
        known = self._known.get(expr)
        if known is None:
            known = self._known[expr] = self._build(expr)
        return known

    def equals(self, number: int, expr: Expr, frame: Frame) -> z3.BoolRef:
        """That cell ``number`` of ``frame`` has the value of ``expr`` (which must fit its sort)."""
        cell = self.ground.cells[number]
        left = self._cell(cell, frame)
        if isinstance(expr, Lit) and isinstance(cell.sort, BoolSort):
            assert isinstance(left, z3.BoolRef)
            return left if expr.value else z3.Not(left)
        return self._equal(left, self.term(expr))

    def escapes(self, number: int, expr: Expr) -> list[tuple[bool, z3.BoolRef]]:
        """When the value of ``expr`` lies above (true) or below (false) the sort of the cell."""
        cell = self.ground.cells[number]
        if not is_number(cell.sort):
            return []
        value = self._num(expr)
        low = cell.sort.lo if isinstance(cell.sort, IntSort) else 0
        high = low + cell.size - 1
        found = list[tuple[bool, z3.BoolRef]]()
        if value.high > high:
            found.append((True, self._less(self._number(high), value)))
        if value.low < low:
            found.append((False, self._less(value, self._number(low))))
        return found

    def _cell(self, cell: GroundCell, frame: Frame) -> Term:
        term = frame.cells[cell.number]
        if isinstance(term, z3.BoolRef) or not is_number(cell.sort):
            return term
        low = cell.sort.lo if isinstance(cell.sort, IntSort) else 0
        return Number(term, low, low, low + cell.size - 1)

    def _build(self, expr: Expr) -> Term:
        match expr:
            case Lit(value=value, sort=sort):
                return self._literal(value, sort)
            case Cell(number=number, primed=primed):
                frame = self.after if primed else self.now
                assert frame is not None, "a primed cell outside a step"
                return self._cell(self.ground.cells[number], frame)
            case Op(op=op, args=args):
                return self._apply(op, args)
            case Param() | Read() | Quant() | Size():
                raise TypeError(f"not a ground term: {expr!r}")
            case _:
                assert_never(expr)

    def _literal(self, value: Value, sort: Sort) -> Term:
        match sort:
            case BoolSort():
                return z3.BoolVal(bool(value), self.ctx)
            case IntSort() | CountSort():
                assert isinstance(value, int)
                return self._number(value)
            case IndexSort():
                assert isinstance(value, int)
                return z3.BitVecVal(value + 1, width_of(self.ground.sizes.of(sort) + 1), self.ctx)
            case EnumSort(members=members):
                return z3.BitVecVal(encode(sort, value), width_of(len(members)), self.ctx)
            case _:
                size = self.ground.sizes.of(sort.index) + 1
                return z3.BitVecVal(encode(sort, value), width_of(size), self.ctx)

    def _number(self, value: int) -> Number:
        return Number(z3.BitVecVal(0, 1, self.ctx), value, value, value)

    def _apply(self, op: str, args: tuple[Expr, ...]) -> Term:
        match op:
            case "not":
                return z3.Not(self.truth(args[0]))
            case "and":
                return z3.And([self.truth(a) for a in args])
            case "or":
                return z3.Or([self.truth(a) for a in args])
            case "ite":
                return self._choose(self.truth(args[0]), self.term(args[1]), self.term(args[2]))
            case "eq":
                return self._equal(self.term(args[0]), self.term(args[1]))
            case "lt":
                return self._less(self._num(args[0]), self._num(args[1]))
            case "le":
                return z3.Not(self._less(self._num(args[1]), self._num(args[0])))
            case "add":
                total = self._num(args[0])
                for arg in args[1:]:
                    total = self._sum(total, self._num(arg))
                return total
            case "sub":
                return self._difference(self._num(args[0]), self._num(args[1]))
            case _:
                raise AssertionError(op)

    def _num(self, expr: Expr) -> Number:
        term = self.term(expr)
        assert isinstance(term, Number)
        return term

    def _rebase(self, a: Number, base: int, width: int) -> z3.BitVecRef:
        """``a - base`` in ``width`` bits; it must be known to fit there."""
        wide = a.bits
        if a.low == a.high:
            return z3.BitVecVal(a.low - base, width, self.ctx)
        if wide.size() < width:
            wide = z3.ZeroExt(width - wide.size(), wide)
        elif wide.size() > width:
            wide = z3.Extract(width - 1, 0, wide)
        return wide if a.base == base else wide + z3.BitVecVal(a.base - base, width, self.ctx)

    def _aligned(self, a: Number, b: Number) -> tuple[z3.BitVecRef, z3.BitVecRef, int]:
        low, high = min(a.low, b.low), max(a.high, b.high)
        base = a.base if a.base == b.base and a.base <= low else low
        width = width_of(high - base + 1)
        return self._rebase(a, base, width), self._rebase(b, base, width), base

    def _sum(self, a: Number, b: Number) -> Number:
        low, high = a.low + b.low, a.high + b.high
        if b.low == b.high:
            return Number(a.bits, a.base + b.low, low, high)
        if a.low == a.high:
            return Number(b.bits, b.base + a.low, low, high)
        width = width_of(high - low + 1)
        return Number(self._rebase(a, a.low, width) + self._rebase(b, b.low, width), low, low, high)

    def _difference(self, a: Number, b: Number) -> Number:
        low, high = a.low - b.high, a.high - b.low
        if b.low == b.high:
            return Number(a.bits, a.base - b.low, low, high)
        width = width_of(high - low + 1)
        bits = self._rebase(a, a.low, width) - self._rebase(b, b.high, width)
        return Number(bits, low, low, high)

    def _choose(self, test: z3.BoolRef, a: Term, b: Term) -> Term:
        if isinstance(a, Number) and isinstance(b, Number):
            left, right, base = self._aligned(a, b)
            bits = z3.If(test, left, right)
            return Number(bits, base, min(a.low, b.low), max(a.high, b.high))
        assert not isinstance(a, Number) and not isinstance(b, Number)
        return z3.If(test, a, b)

    def _equal(self, a: Term, b: Term) -> z3.BoolRef:
        if isinstance(a, Number) and isinstance(b, Number):
            if a.high < b.low or b.high < a.low:
                return z3.BoolVal(False, self.ctx)
            left, right, _ = self._aligned(a, b)
            return left == right
        assert not isinstance(a, Number) and not isinstance(b, Number)
        return a == b

    def _less(self, a: Number, b: Number) -> z3.BoolRef:
        if a.high < b.low:
            return z3.BoolVal(True, self.ctx)
        if a.low >= b.high:
            return z3.BoolVal(False, self.ctx)
        left, right, _ = self._aligned(a, b)
        return z3.ULT(left, right)
