"""The built-in safety properties: what a step can do wrong all by itself."""

from collections.abc import Mapping, Sequence

from pagestate.core.expr import FALSE, Expr, Lit, Op, Param, Read, add, disj, eq, le, lit, lt, neg
from pagestate.core.sorts import CountSort, DataSort, IntSort

UNDERFLOW, RANGE, CRASH, LOCKING = "underflow", "out_of_range", "crash", "lock_rule"
FAULTS: Mapping[str, tuple[str, str]] = {
    UNDERFLOW: ("no_underflow", "no counter is decremented below zero"),
    RANGE: ("in_range", "no bounded integer leaves its range"),
    CRASH: ("no_crash", "no bug_on() is hit"),
    LOCKING: ("lock_rules", "locks are released by their holder, nothing sleeps in atomic context"),
}
"""For each kind of fault: the name and title of the built-in property it violates."""


def out_of_sort(sort: DataSort, value: Expr) -> Expr:
    """The condition under which ``value`` does not fit ``sort`` (too large a count aside)."""
    match sort:
        case CountSort():
            return _below(value, 0)
        case IntSort(lo=lo, hi=hi):
            if isinstance(value.sort, IntSort) and lo <= value.sort.lo and value.sort.hi <= hi:
                return FALSE
            return disj(_below(value, lo), lt(lit(hi), value))
        case _:
            return FALSE


def may_be_negative(value: Expr, known: Sequence[Expr]) -> bool:
    """Whether nothing says that ``value`` is at least zero; ``known`` are conditions that hold."""
    match value:
        case Lit(value=number):
            return isinstance(number, int) and number < 0
        case Op(op="add", args=args):
            return any(may_be_negative(a, known) for a in args)
        case Op(op="ite", args=(_, a, b)):
            return may_be_negative(a, known) or may_be_negative(b, known)
        case Op(op="sub", args=(a, b)):
            positive = (lt(lit(0), a), neg(eq(a, lit(0)))) if b == lit(1) else ()
            return not any(c in known for c in (neg(lt(a, b)), le(b, a), *positive))
        case _:
            return isinstance(value.sort, IntSort) and value.sort.lo < 0


def _below(value: Expr, low: int) -> Expr:
    match value:
        case Op(op="sub", args=(a, b)):
            return lt(a, add(b, lit(low)))
        case Op(op="add", args=args) if low == 0 and all(_natural(a) for a in args):
            return FALSE
        case _ if low == 0 and _natural(value):
            return FALSE
        case _:
            return lt(value, lit(low))


def _natural(value: Expr) -> bool:
    match value:
        case Lit(value=number):
            return isinstance(number, int) and number >= 0
        case Read(sort=CountSort()):
            return True
        case Param(sort=IntSort(lo=lo)):
            return lo >= 0
        case _:
            return False
