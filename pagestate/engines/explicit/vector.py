"""Ground terms as lines of NumPy code over packed columns.

A :class:`Scope` is a straight piece of generated code.  It numbers values: two terms with the same
text are computed once, so tests of control points and field extractions are shared by all actions.
Every value carries the interval it lies in, which chooses array types in which no operation wraps
and folds comparisons that cannot fail.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, assert_never

import numpy as np

from pagestate.core.expr import Cell, Expr, Lit, Op, Param, Quant, Read, Size
from pagestate.core.ground import GroundCell
from pagestate.core.sorts import BoolSort, EnumSort, IndexSort, IntSort, RefSort, encode
from pagestate.engines.explicit.pack import Field, Layout

_TYPES = ("uint8", "int16", "int64")
_CHAIN = 16


@dataclass(frozen=True, slots=True)
class Val:
    """A term's value: a variable of the generated code, or (``lo == hi``) a constant.

    Enumerations and references are numbers here: their codes.  ``rank`` is the array type.
    """

    text: str
    lo: int
    hi: int
    boolean: bool
    rank: int = 0

    @property
    def const(self) -> bool:
        """Whether the value is the same in every row."""
        return self.lo == self.hi


def truth(value: bool) -> Val:
    """A boolean constant."""
    return Val(str(value), int(value), int(value), True)


def number(value: int) -> Val:
    """A numeric constant."""
    return Val(str(value), value, value, False, rank_of(value, value))


def rank_of(lo: int, hi: int) -> int:
    """The smallest array type for an interval."""
    if lo >= 0 and hi <= 0xFF:
        return 0
    return 1 if lo >= -0x8000 and hi <= 0x7FFF else 2


def interval(cell: GroundCell) -> tuple[int, int]:
    """The values a cell can take, as numbers."""
    low = cell.sort.lo if isinstance(cell.sort, IntSort) else 0
    return low, low + cell.size - 1


@dataclass(slots=True)
class Names:
    """Fresh variable names and the typed constants of one generated module."""

    constants: dict[str, Any] = field(default_factory=dict)
    used: int = 0

    def fresh(self) -> str:
        """A new variable."""
        self.used += 1
        return f"t{self.used}"

    def constant(self, kind: str, value: int) -> str:
        """The name of ``value`` as a NumPy scalar of type ``kind``."""
        name = f"k_{kind}_{'m' if value < 0 else ''}{abs(value)}"
        self.constants[name] = np.dtype(kind).type(value)
        return name


Unit: TypeAlias = Callable[[int], str]
_BINARY = {"and": " & ", "or": " | "}


class Scope:
    """Translates ground terms; ``lines`` are to be run where ``unit`` texts have a meaning."""

    def __init__(
        self, layout: Layout, cells: Sequence[GroundCell], names: Names, unit: Unit
    ) -> None:
        self._layout = layout
        self._cells = cells
        self._names = names
        self._unit = unit
        self._seen = dict[str, str]()
        self.lines = list[str]()

    def let(self, text: str) -> str:
        """A variable with the value of ``text``."""
        name = self._seen.get(text)
        if name is None:
            name = self._seen[text] = self._names.fresh()
            self.lines.append(f"{name} = {text}")
        return name

    def term(self, e: Expr) -> Val:
        """The value of a ground term.  Raises TypeError for terms that are not ground."""
        match e:
            case Lit():
                return _literal(e)
            case Cell(primed=False):
                return self._cell(e.number)
            case Op(op="not", args=(arg,)):
                return self._not(self.term(arg))
            case Op(op="and" | "or" as op, args=args):
                return self._junction(op, args)
            case Op(op="ite", args=(test, a, b)):
                return self._choice(self.term(test), self.term(a), self.term(b))
            case Op(op="eq", args=(a, b)):
                return self._equal(a, b)
            case Op(op="lt", args=(a, b)):
                return self._less(self.term(a), self.term(b))
            case Op(op="le", args=(a, b)):
                return self._not(self._less(self.term(b), self.term(a)))
            case Op(op="add", args=args):
                return self._sum([self.term(a) for a in args])
            case Op(op="sub", args=(a, b)):
                return self._difference(self.term(a), self.term(b))
            case Op() | Cell() | Read() | Param() | Quant() | Size():
                raise TypeError(f"not a ground term: {e!r}")
            case _:
                assert_never(e)

    def differs(self, unit: int, other: int) -> Val:
        """Whether two units of the row differ."""
        return Val(self.let(f"{self._unit(unit)} != {self._unit(other)}"), 0, 1, True)

    def any_of(self, parts: Sequence[Val]) -> Val:
        """The disjunction of values."""
        return self._join("or", parts)

    def all_of(self, parts: Sequence[Val]) -> Val:
        """The conjunction of values."""
        return self._join("and", parts)

    def outside(self, value: Val, lo: int, hi: int) -> tuple[Val, Val]:
        """Whether a number is below ``lo``, and whether it is above ``hi``."""
        return self._less(value, number(lo)), self._less(number(hi), value)

    def code(self, value: Val, cell: GroundCell) -> str:
        """A non-constant value, shifted into its place in the unit of ``cell``."""
        where = self._layout.fields[cell.number]
        text, lo = value.text, interval(cell)[0]
        if lo:
            text = self.let(f"{self._as(value, 2)} - {lo}")
        text = self.let(f"{text}.astype({self._layout.unit.name})")
        return self.let(f"{text} << {self._k(where.shift)}") if where.shift else text

    def _k(self, value: int) -> str:
        return self._names.constant(self._layout.unit.name, value)

    def _masked(self, where: Field) -> str:
        unit = self._unit(where.unit)
        if where.bits == 8 * self._layout.unit.itemsize:
            return unit
        return self.let(f"{unit} & {self._k(where.mask)}")

    def _cell(self, n: int) -> Val:
        cell, where = self._cells[n], self._layout.fields[n]
        boolean = isinstance(cell.sort, BoolSort)
        lo, hi = interval(cell)
        if lo == hi:
            return number(lo)
        text = self._masked(where)
        if boolean:
            return Val(self.let(f"{text} != 0"), 0, 1, True)
        if where.shift:
            text = self.let(f"{text} >> {self._k(where.shift)}")
        rank = max(rank_of(0, cell.size - 1), rank_of(lo, hi))
        text = self.let(f"{text}.astype({_TYPES[rank]})")
        if lo:
            text = self.let(f"{text} + {self._names.constant(_TYPES[rank], lo)}")
        return Val(text, lo, hi, False, rank)

    def _not(self, a: Val) -> Val:
        return truth(not a.lo) if a.const else Val(self.let(f"~{a.text}"), 0, 1, True)

    def _junction(self, op: str, args: Sequence[Expr]) -> Val:
        return self._join(op, [self.term(a) for a in args])

    def _join(self, op: str, parts: Sequence[Val]) -> Val:
        zero = op == "or"
        if any(p.const and bool(p.lo) == zero for p in parts):
            return truth(zero)
        texts = list(dict.fromkeys(p.text for p in parts if not p.const))
        if not texts:
            return truth(not zero)
        while len(texts) > 1:
            chunks = [texts[k : k + _CHAIN] for k in range(0, len(texts), _CHAIN)]
            texts = [self.let(_BINARY[op].join(c)) if len(c) > 1 else c[0] for c in chunks]
        return Val(texts[0], 0, 1, True)

    def _choice(self, test: Val, a: Val, b: Val) -> Val:
        if test.const:
            return a if test.lo else b
        if a == b:
            return a
        if a.boolean:
            yes = self._join("and", [test, a])
            return self._join("or", [yes, self._join("and", [self._not(test), b])])
        if (a.lo, a.hi, b.lo, b.hi) == (1, 1, 0, 0):
            return Val(self.let(f"{test.text}.view(uint8)"), 0, 1, False)
        lo, hi = min(a.lo, b.lo), max(a.hi, b.hi)
        rank = max(a.rank, b.rank, rank_of(lo, hi))
        text = f"where({test.text}, {self._as(a, rank)}, {self._as(b, rank)})"
        return Val(self.let(text), lo, hi, False, rank)

    def _equal(self, a: Expr, b: Expr) -> Val:
        if isinstance(a, Cell) and isinstance(b, Lit) and not isinstance(b.sort, BoolSort):
            (lo, hi), value = interval(self._cells[a.number]), _literal(b).lo
            if lo == hi or not lo <= value <= hi:
                return truth(value == lo == hi)
            where = self._layout.fields[a.number]
            code = self._k((value - lo) << where.shift)
            return Val(self.let(f"{self._masked(where)} == {code}"), 0, 1, True)
        x, y = self.term(a), self.term(b)
        if x.hi < y.lo or y.hi < x.lo:
            return truth(False)
        if x.text == y.text or (x.const and y.const):
            return truth(True)
        if x.boolean and (x.const or y.const):
            fixed, free = (x, y) if x.const else (y, x)
            return free if fixed.lo else self._not(free)
        return Val(self.let(f"{x.text} == {y.text}"), 0, 1, True)

    def _less(self, a: Val, b: Val) -> Val:
        if a.hi < b.lo:
            return truth(True)
        if a.lo >= b.hi:
            return truth(False)
        return Val(self.let(f"{a.text} < {b.text}"), 0, 1, True)

    def _sum(self, parts: Sequence[Val]) -> Val:
        lo, hi = sum(p.lo for p in parts), sum(p.hi for p in parts)
        fixed = sum(p.lo for p in parts if p.const)
        free = [p for p in parts if not p.const]
        if not free:
            return number(fixed)
        rank = max([p.rank for p in free] + [rank_of(lo, hi), rank_of(fixed, fixed)])
        texts = [self._as(free[0], rank), *(p.text for p in free[1:])]
        if fixed:
            texts.append(self._names.constant(_TYPES[rank], fixed))
        if len(texts) == 1:
            return Val(texts[0], lo, hi, False, rank)
        total = texts[0]
        for k in range(1, len(texts), _CHAIN):
            total = self.let(" + ".join([total, *texts[k : k + _CHAIN]]))
        return Val(total, lo, hi, False, rank)

    def _difference(self, a: Val, b: Val) -> Val:
        lo, hi = a.lo - b.hi, a.hi - b.lo
        if a.const and b.const:
            return number(lo)
        rank = max(a.rank, b.rank, rank_of(lo, hi))
        text = f"{self._as(a, rank)} - {self._as(b, rank)}"
        return Val(self.let(text), lo, hi, False, rank)

    def _as(self, value: Val, rank: int) -> str:
        """The value in the array type ``rank``."""
        kind = _TYPES[rank]
        if value.const:
            return self._names.constant(kind, value.lo)
        return value.text if value.rank == rank else self.let(f"{value.text}.astype({kind})")


def _literal(e: Lit) -> Val:
    match e.sort:
        case BoolSort():
            return truth(bool(e.value))
        case EnumSort():
            return number(encode(e.sort, e.value))
        case RefSort() | IndexSort():
            return number(
                encode(RefSort(e.sort) if isinstance(e.sort, IndexSort) else e.sort, e.value)
            )
        case _:
            assert isinstance(e.value, int)
            return number(int(e.value))
