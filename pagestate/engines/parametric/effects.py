"""What a step says of codes: the values before it that its guard allows, and those after it.

Most facts have nothing to do with most steps: a clause about one label says nothing where the
thread stands at another.  Codes as in the table of views (a number is none, one or many) tell so
without a solver.  Only plain conditions and assignments are read; of others nothing is said.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pagestate.core.counting import conjuncts
from pagestate.core.expr import TRUE, Expr, Lit, Op, Param, Read
from pagestate.core.sorts import BoolSort, Value
from pagestate.core.system import Action, Write
from pagestate.engines.parametric.table import Column, Cube

Columns: TypeAlias = Mapping[str, Column]
Bits: TypeAlias = NDArray[np.bool_]
_ALL = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Effect:
    """A step for its target: the codes ``before`` and ``after`` of variables of which it says some.

    ``elsewhere`` are the codes before at pages that the step does not act on.
    """

    before: Cube
    after: Cube
    elsewhere: Cube
    changed: frozenset[str]


@dataclass(frozen=True, slots=True)
class Silence:
    """Per step: whether its target is outside of a cube for certain.

    ``before``: of the page acted on, before the step; ``elsewhere``: of any other page; ``after``:
    of the target, after it; ``stays``: of the target after it, if it was before.
    """

    before: Bits
    elsewhere: Bits
    after: Bits
    stays: Bits


class Effects:
    """The effects of many steps, asked together: sets of codes as bits, a row per step."""

    def __init__(
        self, effects: Sequence[Effect], acted_on: Sequence[bool], columns: Columns
    ) -> None:
        self._place = {name: k for k, name in enumerate(columns)}
        self._words = max((c.card for c in columns.values()), default=1) // 64 + 1
        self._before = self._matrix([e.before for e in effects])
        self._elsewhere = self._matrix([e.elsewhere for e in effects])
        self._after = self._matrix([e.after for e in effects])
        pairs = zip(effects, acted_on, strict=True)
        mine = [e.before if acted else e.elsewhere for e, acted in pairs]
        self._known = self._matrix(mine)
        self._changed = np.array(
            [[name in e.changed for name in columns] for e in effects], np.bool_
        ).reshape(len(effects), len(columns))

    def changes(self, names: Iterable[str]) -> Bits:
        """Which steps may change one of these variables."""
        chosen = self._changed[:, [self._place[n] for n in names]]
        return np.asarray(chosen.any(axis=1), np.bool_)

    def silence(self, cube: Cube) -> Silence:
        """Which steps have nothing to do with ``cube``."""
        places = [self._place[name] for name in cube]
        inside = np.array([self._word(codes) for codes in cube.values()], np.uint64)
        inside = inside.reshape(len(places), self._words)
        outside = ((self._known[:, places] & ~inside) == 0).all(axis=2)
        return Silence(
            _apart(self._before[:, places], inside),
            _apart(self._elsewhere[:, places], inside),
            _apart(self._after[:, places], inside),
            (outside | ~self._changed[:, places]).all(axis=1),
        )

    def _word(self, codes: Iterable[int]) -> list[int]:
        """A set of codes as words; all bits, those of no code too, where nothing is known."""
        bits = sum(1 << code for code in codes)
        return [bits >> 64 * k & _ALL for k in range(self._words)]

    def _matrix(self, known: Sequence[Cube]) -> NDArray[np.uint64]:
        made = np.full((len(known), len(self._place), self._words), _ALL, np.uint64)
        for row, cube in zip(made, known, strict=True):
            for name, codes in cube.items():
                row[self._place[name]] = self._word(codes)
        return made


def _apart(known: NDArray[np.uint64], cube: NDArray[np.uint64]) -> Bits:
    found: Bits = ((known & cube) == 0).all(axis=2).any(axis=1)
    return found


def effect_of(
    action: Action,
    columns: Columns,
    actor: Param | None,
    target_acted_on: bool,
    changed: frozenset[str],
) -> Effect:
    """The effect of ``action`` on the page acted on (or any, if none is), or on another one."""
    before = dict[str, frozenset[int]]()
    for part in conjuncts(action.guard):
        found = _condition(part, columns, actor)
        if found is not None:
            name, codes = found
            before[name] = before.get(name, codes) & codes
    elsewhere = {n: s for n, s in before.items() if not columns[n].var.dims}
    after = dict(before if target_acted_on else elsewhere)
    for name in changed:
        after.pop(name, None)
        new = _assigned(name, action.writes, columns, before, actor if target_acted_on else None)
        if new is not None:
            after[name] = new
    return Effect(before, after, elsewhere, changed)


def _condition(
    part: Expr, columns: Columns, actor: Param | None
) -> tuple[str, frozenset[int]] | None:
    """A variable (global, or of the page acted on) and the codes that a condition leaves it."""
    match part:
        case Read(var=var, sort=BoolSort()) if _reads(part, actor):
            return var, frozenset({columns[var].code(True)})
        case Op(op="eq", args=(Read(var=var) as read, Lit(value=value))) if _reads(read, actor):
            codes = _code(columns[var], value)
            many = columns[var].numeric and codes == frozenset({columns[var].many})
            return None if codes is None or many else (var, codes)
        case Op(op="le", args=(Lit(value=1), Read(var=var) as read)) if _reads(read, actor):
            return (var, _all(columns[var]) - {0}) if columns[var].numeric else None
        case Op(op="not", args=(inner,)):
            found = _condition(inner, columns, actor)
            return None if found is None else (found[0], _all(columns[found[0]]) - found[1])
        case Op(op="or", args=args):
            parts = [_condition(a, columns, actor) for a in args]
            known = [p for p in parts if p is not None]
            if len(known) < len(parts) or len({name for name, _ in known}) > 1:
                return None
            return known[0][0], frozenset().union(*(codes for _, codes in known))
        case _:
            return None


def _reads(read: Read, actor: Param | None) -> bool:
    return not read.primed and (not read.index or read.index == (actor,))


def _all(column: Column) -> frozenset[int]:
    return frozenset(range(column.card))


def _code(column: Column, value: Value) -> frozenset[int] | None:
    known = value in column.values or (column.numeric and isinstance(value, int) and value >= 0)
    return frozenset({column.code(value)}) if known else None


def _assigned(
    name: str, writes: Iterable[Write], columns: Columns, before: Cube, actor: Param | None
) -> frozenset[int] | None:
    """The codes of a changed variable of the target after the step; None where that is open.

    ``actor`` is the parameter of the step that stands for the target, if one does.
    """
    column = columns[name]
    ours = [w for w in writes if w.var == name]
    if column.var.dims:
        ours = [w for w in ours if w.index == (actor,) or w.index[0] in w.binders]
    if len(ours) != 1 or ours[0].where != TRUE:
        return None
    return _values(ours[0].value, column, before if actor is not None else {})


def _values(value: Expr, column: Column, before: Cube) -> frozenset[int] | None:
    match value:
        case Lit(value=constant):
            return _code(column, constant)
        case Op(op="ite", args=(_, a, b)):
            one, two = _values(a, column, before), _values(b, column, before)
            return None if one is None or two is None else one | two
        case Op(op="add", args=(Read(var=var), Lit(value=1))) if column.numeric:
            if var == column.var.name:
                return frozenset(min(k + 1, column.many) for k in before.get(var, _all(column)))
            return None
        case _:
            return None
