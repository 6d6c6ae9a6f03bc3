"""What a step says of codes: the values before it that its guard allows, and those after it.

Most facts have nothing to do with most steps: a clause about one label says nothing where the
thread stands at another.  Codes as in the table of views (a number is none, one or many) tell so
without a solver.  Only plain conditions and assignments are read; of others nothing is said.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from pagestate.core.counting import conjuncts
from pagestate.core.expr import TRUE, Expr, Lit, Op, Param, Read
from pagestate.core.sorts import BoolSort, Value
from pagestate.core.system import Action, Write
from pagestate.engines.parametric.table import MANY, Column, Cube

Columns: TypeAlias = Mapping[str, Column]


@dataclass(frozen=True, slots=True)
class Effect:
    """A step for its target: the codes ``before`` and ``after`` of variables of which it says some.

    ``elsewhere`` are the codes before at pages that the step does not act on.
    """

    before: Cube
    after: Cube
    elsewhere: Cube
    changed: frozenset[str]

    def silent_before(self, cube: Cube) -> bool:
        """Whether the page acted on is outside of ``cube`` before the step."""
        return _apart(self.before, cube)

    def silent_elsewhere(self, cube: Cube) -> bool:
        """Whether any other page is."""
        return _apart(self.elsewhere, cube)

    def silent_after(self, cube: Cube) -> bool:
        """Whether the target is outside of ``cube`` after the step."""
        return _apart(self.after, cube)

    def stays_outside(self, cube: Cube, target_acted_on: bool) -> bool:
        """Whether the target is outside of ``cube`` after the step if it was before."""
        known = self.before if target_acted_on else self.elsewhere
        return all(n in known and known[n] <= s for n, s in cube.items() if n in self.changed)


def _apart(known: Cube, cube: Cube) -> bool:
    return any(name in known and not known[name] & codes for name, codes in cube.items())


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
            many = columns[var].numeric and codes == frozenset({MANY})
            return None if codes is None or many else (var, codes)
        case Op(op="le", args=(Lit(value=1), Read(var=var) as read)) if _reads(read, actor):
            return (var, frozenset({1, MANY})) if columns[var].numeric else None
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
                return frozenset(min(k + 1, MANY) for k in before.get(var, _all(column)))
            return None
        case _:
            return None
