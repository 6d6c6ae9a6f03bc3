"""Z3 terms of the sorts of core: enumerations as codes in Bools, numbers as unbounded Ints.

The builder keeps constants constant, so that a guard on a switch or a label folds while the term
is made.
"""

from collections.abc import Iterator
from typing import TypeAlias, assert_never

import z3

from pagestate.core.sorts import (
    BoolSort,
    CountSort,
    EnumSort,
    IndexSort,
    IntSort,
    RefSort,
    Sort,
    Value,
)
from pagestate.smt.bulk import both, either, negation

Term: TypeAlias = z3.BoolRef | z3.ArithRef | tuple[z3.BoolRef, ...]


class NoView(Exception):
    """A term has no meaning over symbolic pages; the message names it."""


class Builder:
    """Makes terms in one context."""

    def __init__(self, context: z3.Context) -> None:
        self.context = context
        self.true = z3.BoolVal(True, context)
        self.false = z3.BoolVal(False, context)
        self._one, self._zero = z3.IntVal(1, context), z3.IntVal(0, context)
        self._equal = dict[tuple[int, int], tuple[Term, z3.BoolRef]]()

    def fresh(self, name: str, sort: Sort) -> Term:
        """An unknown; raises NoView for sorts without terms."""
        match sort:
            case BoolSort():
                return z3.Bool(name, self.context)
            case EnumSort(members=members):
                width = max(1, (len(members) - 1).bit_length())
                return tuple(z3.Bool(f"{name}:{k}", self.context) for k in range(width))
            case IntSort() | CountSort():
                return z3.Int(name, self.context)
            case RefSort() | IndexSort():
                raise NoView(f"a value of sort {sort}")
            case _:
                assert_never(sort)

    def codes(self, bits: Term, sort: EnumSort) -> list[z3.BoolRef]:
        """What excludes the codes without a member."""
        assert isinstance(bits, tuple)
        last = 1 << len(bits)
        return [z3.Not(self._code(bits, k)) for k in range(len(sort.members), last)]

    def _code(self, bits: tuple[z3.BoolRef, ...], code: int) -> z3.BoolRef:
        return z3.And([b if code >> k & 1 else z3.Not(b) for k, b in enumerate(bits)])

    def within(self, term: Term, sort: Sort) -> list[z3.BoolRef]:
        """What is true of a value of ``sort``."""
        match sort, term:
            case IntSort(lo=lo, hi=hi), z3.ArithRef():
                return [term >= lo, term <= hi]
            case EnumSort(), _:
                return self.codes(term, sort)
            case CountSort(), z3.ArithRef():
                return [term >= 0]
            case _:
                return []

    def literal(self, value: Value, sort: Sort) -> Term:
        """A constant."""
        match sort, value:
            case BoolSort(), _:
                return self.true if value else self.false
            case EnumSort(members=members), _:
                code = members.index(str(value))
                width = max(1, (len(members) - 1).bit_length())
                return tuple(self.true if code >> k & 1 else self.false for k in range(width))
            case ((IntSort() | CountSort()), int()):
                return z3.IntVal(value, self.context)
            case _:
                raise NoView(f"the constant {value}")

    def is_value(self, term: Term, value: Value, sort: Sort) -> z3.BoolRef:
        """The term has a constant value; built once per term of an enumeration."""
        if not isinstance(term, tuple) or not isinstance(sort, EnumSort):
            return self.equal(term, self.literal(value, sort))
        key = id(term), sort.members.index(str(value))
        if key not in self._equal:
            self._equal[key] = term, self.equal(term, self.literal(value, sort))
        return self._equal[key][1]

    def equal(self, a: Term, b: Term) -> z3.BoolRef:
        """Two terms of one sort are equal."""
        if isinstance(a, tuple):
            assert isinstance(b, tuple) and len(a) == len(b)
            return self.all([self._iff(x, y) for x, y in zip(a, b, strict=True)])
        assert not isinstance(b, tuple)
        return self._iff(a, b)

    def _iff(self, a: z3.ExprRef, b: z3.ExprRef) -> z3.BoolRef:
        if a is b:
            return self.true
        for x, y in ((a, b), (b, a)):
            if isinstance(x, z3.BoolRef) and y is self.true:
                return x
            if isinstance(x, z3.BoolRef) and y is self.false:
                return self.no(x)
        made = a == b
        assert isinstance(made, z3.BoolRef)
        return made

    def no(self, a: z3.BoolRef) -> z3.BoolRef:
        """The negation; constants stay constants (here and below)."""
        if a is self.true or a is self.false:
            return self.false if a is self.true else self.true
        return negation(a)

    def all(self, parts: list[z3.BoolRef]) -> z3.BoolRef:
        """The conjunction."""
        rest = [p for p in parts if p is not self.true]
        if any(p is self.false for p in rest) or not rest:
            return self.false if rest else self.true
        return both(rest)

    def any(self, parts: list[z3.BoolRef]) -> z3.BoolRef:
        """The disjunction."""
        rest = [p for p in parts if p is not self.false]
        if any(p is self.true for p in rest) or not rest:
            return self.true if rest else self.false
        return either(rest)

    def as_number(self, a: z3.BoolRef) -> z3.ArithRef:
        """1 if ``a`` holds, else 0."""
        if a is self.true or a is self.false:
            return self._one if a is self.true else self._zero
        return self.choose_number(a, self._one, self._zero)

    def choose_number(self, test: z3.BoolRef, a: z3.ArithRef, b: z3.ArithRef) -> z3.ArithRef:
        """``a`` where ``test`` holds, else ``b``."""
        made = z3.If(test, a, b)
        assert isinstance(made, z3.ArithRef)
        return made

    def sum(self, parts: list[z3.ArithRef]) -> z3.ArithRef:
        """The sum."""
        rest = [p for p in parts if p is not self._zero]
        if not rest:
            return self._zero
        return rest[0] if len(rest) == 1 else z3.Sum(rest)

    def choose(self, test: z3.BoolRef, a: Term, b: Term) -> Term:
        """``a`` where ``test`` holds, else ``b``."""
        if test is self.true or test is self.false or a is b:
            return b if test is self.false else a
        if isinstance(a, tuple):
            assert isinstance(b, tuple)
            return tuple(self._choose_bool(test, x, y) for x, y in zip(a, b, strict=True))
        if isinstance(a, z3.BoolRef):
            assert isinstance(b, z3.BoolRef)
            return self._choose_bool(test, a, b)
        assert isinstance(b, z3.ArithRef)
        if a is self._one and b is self._zero:
            return self.as_number(test)
        return self.choose_number(test, a, b)

    def _choose_bool(self, test: z3.BoolRef, a: z3.BoolRef, b: z3.BoolRef) -> z3.BoolRef:
        if a is b:
            return a
        made = z3.If(test, a, b)
        assert isinstance(made, z3.BoolRef)
        return made

    def value(self, model: z3.ModelRef, term: Term, sort: Sort) -> Value:
        """What a term is in a model."""
        if isinstance(term, tuple):
            assert isinstance(sort, EnumSort)
            bits = [z3.is_true(model.eval(b, True)) for b in term]
            code = sum(1 << k for k, b in enumerate(bits) if b)
            return sort.members[min(code, len(sort.members) - 1)]
        found = model.eval(term, True)
        return found.as_long() if isinstance(found, z3.IntNumRef) else z3.is_true(found)


def members(sort: Sort) -> Iterator[Value]:
    """The values of a finite data sort; raises NoView for others."""
    match sort:
        case BoolSort():
            yield from (False, True)
        case EnumSort(members=members):
            yield from members
        case IntSort(lo=lo, hi=hi):
            yield from range(lo, hi + 1)
        case _:
            raise NoView(f"a quantifier over {sort}")
