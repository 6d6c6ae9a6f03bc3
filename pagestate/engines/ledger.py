"""Ledger laws of a finite instance: what every counter is the sum of, guessed from samples.

A reference count equals the number of those who hold a reference.  Such linear laws are easily
found (the affine hull of sampled states, as in Karr, Affine relationships among variables of a
program, 1976) and easily proved by one step of induction, while a solver that has to prove that a
counter stays in its bound without them counts cases.  The guesses are laws of the form ``counter =
constant + sum of (+-1, 2, 3) times (0 or 1)``, where the terms on the right are flags and, for each
thread, whether it is at a label with a reference to a member.  Guesses are not proofs: the caller
must keep the inductive ones only (`Unrolling.assume`).  Laws that hold only under a condition, and
initial states other than the given one, are not looked for.
"""

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from pagestate.core.expr import (
    TRUE,
    Cell,
    Expr,
    Lit,
    Op,
    Param,
    Quant,
    Read,
    Size,
    add,
    conj,
    eq,
    ite,
    lit,
)
from pagestate.core.ground import GroundCell, GroundSystem
from pagestate.core.sorts import CountSort, IndexSort, IntSort, RefSort, decode, encode

_PRIME = 2**31 - 1
_LARGEST = 3
_FEATURES = 1500
_SAMPLES = 3000

Codes: TypeAlias = tuple[int, ...]
Meaning: TypeAlias = Callable[[Codes], int]


def ledger_laws(ground: GroundSystem, start: Sequence[int], seed: int = 0) -> tuple[Expr, ...]:
    """Guessed laws, as ground terms, from random executions that start at the codes ``start``."""
    features = [TRUE, *_features(ground)]
    counters = [c for c in ground.cells if isinstance(c.sort, CountSort)]
    if not counters or len(features) > _FEATURES:
        return ()
    columns = [*features, *(Cell(c.number, c.sort) for c in counters)]
    count = min(_SAMPLES, 200 + len(columns))
    states = _sample(ground, tuple(start), count, Random(seed))
    meanings = [_meaning(ground, e) for e in columns]
    table = np.array([[m(s) for m in meanings] for s in states], dtype=np.int64)
    found = list[Expr]()
    for column, coefficients in _dependent(table):
        if column >= len(features) and all(abs(k) <= _LARGEST for _, k in coefficients):
            found.append(_law(columns[column], [(columns[i], k) for i, k in coefficients]))
    return tuple(found)


def _law(counter: Expr, terms: Sequence[tuple[Expr, int]]) -> Expr:
    """``counter + (terms taken away) = (terms added)``: nothing is ever negative."""
    left, right = [counter], list[Expr]()
    for term, factor in terms:
        amount = term if isinstance(term.sort, CountSort) else ite(term, lit(1), lit(0))
        (right if factor > 0 else left).extend([amount] * abs(factor))
    return eq(add(*left), add(*right))


def _features(ground: GroundSystem) -> Iterator[Expr]:
    """Flags, values, and for each thread its label together with each member it refers to."""
    variables = {v.name: v for v in ground.system.variables}
    control = {
        (variables[c.name[0]].thread, c.name[1]): c
        for c in ground.cells
        if variables[c.name[0]].control
    }
    for cell in sorted(ground.cells, key=lambda c: variables[c.name[0]].thread is None):
        var = variables[cell.name[0]]
        if isinstance(cell.sort, CountSort) or (isinstance(cell.sort, IntSort) and cell.size > 8):
            continue
        owner = control.get((var.thread, cell.name[1])) if var.thread else None
        for code in range(1, cell.size):
            here = _is(cell, code)
            if owner is not None and owner != cell and isinstance(cell.sort, RefSort):
                for label in range(owner.size):
                    yield conj(_is(owner, label), here)
            else:
                yield here


def _is(cell: GroundCell, code: int) -> Expr:
    return eq(Cell(cell.number, cell.sort), Lit(decode(cell.sort, code), cell.sort))


def _sample(ground: GroundSystem, start: Codes, count: int, random: Random) -> list[Codes]:
    """Reachable states, from random steps out of random known states."""
    actions = [
        (
            _meaning(ground, g.guard),
            [(c, ground.cells[c], _meaning(ground, e)) for c, e in g.updates],
        )
        for g in ground.actions
    ]
    known, seen = [start], {start}
    for _ in range(4 * count):
        state = known[random.randrange(max(0, len(known) - 50), len(known))]
        if random.random() < 0.3:
            state = random.choice(known)
        ready = [updates for guard, updates in actions if guard(state)]
        if not ready:
            continue
        after = list(state)
        for number, cell, value in random.choice(ready):
            low = cell.sort.lo if isinstance(cell.sort, IntSort) else 0
            after[number] = int(value(state)) - low
        codes = tuple(after)
        inside = all(0 <= k < c.size for k, c in zip(codes, ground.cells, strict=True))
        if inside and codes not in seen:
            seen.add(codes)
            known.append(codes)
            if len(known) >= count:
                break
    return known


def _dependent(table: NDArray[np.int64]) -> Iterator[tuple[int, list[tuple[int, int]]]]:
    """Columns that are sums of earlier independent ones, with the coefficients (modulo a prime)."""
    rows = table % _PRIME
    pivots = list[int]()
    for column in range(rows.shape[1]):
        rank = len(pivots)
        below = np.flatnonzero(rows[rank:, column])
        if below.size == 0:
            parts = [(p, _signed(int(rows[i, column]))) for i, p in enumerate(pivots)]
            yield column, [(p, k) for p, k in parts if k]
            continue
        other = rank + int(below[0])
        rows[[rank, other]] = rows[[other, rank]]
        rows[rank] = rows[rank] * pow(int(rows[rank, column]), -1, _PRIME) % _PRIME
        factors = rows[:, column].copy()
        factors[rank] = 0
        touched = np.flatnonzero(factors)
        rows[touched] = (rows[touched] - factors[touched, None] * rows[rank] % _PRIME) % _PRIME
        pivots.append(column)


def _signed(residue: int) -> int:
    return residue if residue <= _PRIME // 2 else residue - _PRIME


def _meaning(ground: GroundSystem, expr: Expr) -> Meaning:
    """``expr`` as a function of the codes: numbers as values, everything else as codes."""
    match expr:
        case Lit(value=value, sort=sort):
            of = RefSort(sort) if isinstance(sort, IndexSort) else sort
            code = encode(of, value)
            constant = code + of.lo if isinstance(of, IntSort) else code
            return lambda codes: constant
        case Cell(number=number, sort=IntSort(lo=low)):
            return lambda codes: codes[number] + low
        case Cell(number=number):
            return lambda codes: codes[number]
        case Op(op=op, args=args):
            return _operation(op, [_meaning(ground, a) for a in args])
        case Param() | Read() | Quant() | Size():
            raise TypeError(f"not a ground term: {expr!r}")
        case _:
            assert_never(expr)


def _operation(op: str, args: Sequence[Meaning]) -> Meaning:
    first, second = args[0], args[1] if len(args) > 1 else args[0]
    match op:
        case "not":
            return lambda codes: not first(codes)
        case "and":
            return lambda codes: all(a(codes) for a in args)
        case "or":
            return lambda codes: any(a(codes) for a in args)
        case "ite":
            return lambda codes: second(codes) if first(codes) else args[2](codes)
        case "eq":
            return lambda codes: first(codes) == second(codes)
        case "lt":
            return lambda codes: first(codes) < second(codes)
        case "le":
            return lambda codes: first(codes) <= second(codes)
        case "add":
            return lambda codes: sum(a(codes) for a in args)
        case "sub":
            return lambda codes: first(codes) - second(codes)
        case _:
            raise AssertionError(op)
