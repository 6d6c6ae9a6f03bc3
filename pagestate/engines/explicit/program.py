"""The generated program of an instance: one function that takes all steps, one that tests states.

``expand(rows, u, first, out)`` takes a chunk of states (``u``: the same units as contiguous
columns), evaluates every guard on the whole chunk, gathers the rows where it holds, writes the new
values and leaves them in ``out``; ``check(u)`` gives the truth of every state formula.
In a symmetric sort, of the members with equal words only the first is picked for a parameter (and
the next where the first is taken), which is the same up to renaming members.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pagestate.core.expr import TRUE, Cell, Expr, transform
from pagestate.core.ground import GroundAction, GroundCell, GroundSystem
from pagestate.core.sorts import BoolSort, CountSort, IndexSort
from pagestate.engines.explicit.pack import Array, Group, Layout
from pagestate.engines.explicit.vector import Names, Scope, Val, interval

_KINDS = ("uint8", "uint16", "uint32", "uint64", "int16", "int64")


@dataclass(frozen=True, slots=True)
class Program:
    """Compiled code; ``source`` is its text."""

    expand: Callable[[Array, Array, int, Any], None]
    check: Callable[[Array], Sequence[Any]]
    source: str


def build(
    system: GroundSystem,
    layout: Layout,
    states: Sequence[Expr],
    steps: Mapping[int, Expr],
) -> Program:
    """Code for the actions of ``system``, the ground formulas ``states`` and the step formulas.

    ``steps`` maps the number of a property to its ground formula, true of the steps allowed.
    """
    names = Names()
    maker = _Maker(system, layout, names)
    lines = maker.expand(steps) + maker.check(states)
    space, source = _run(lines, names, system.system.name)
    return Program(space["expand"], space["check"], source)


def build_check(
    system: GroundSystem, layout: Layout, states: Sequence[Expr]
) -> Callable[[Array], Sequence[Any]]:
    """The test of state formulas alone: an array or a constant for each."""
    names = Names()
    lines = _Maker(system, layout, names).check(states)
    check: Callable[[Array], Sequence[Any]] = _run(lines, names, system.system.name)[0]["check"]
    return check


def _run(lines: Sequence[str], names: Names, title: str) -> tuple[dict[str, Any], str]:
    source = "\n".join(lines) + "\n"
    space: dict[str, Any] = {kind: getattr(np, kind) for kind in _KINDS}
    space |= {"where": np.where, "nonzero": np.flatnonzero, "arange": np.arange}
    space |= names.constants
    exec(compile(source, f"<{title}: explicit>", "exec"), space)
    return space, source


class _Maker:
    """Generates the two functions."""

    def __init__(self, system: GroundSystem, layout: Layout, names: Names) -> None:
        self._system = system
        self._layout = layout
        self._names = names

    def expand(self, steps: Mapping[int, Expr]) -> list[str]:
        """The lines of ``expand``."""
        scope = self._columns()
        body = list[str]()
        for action in self._system.actions:
            guard = scope.all_of([scope.term(action.guard), *self._first(scope, action)])
            body += scope.lines
            scope.lines.clear()
            if guard.const and not guard.lo:
                continue
            body.append("i = arange(len(rows))" if guard.const else f"i = nonzero({guard.text})")
            body.append("if i.size:")
            body += [f"    {line}" for line in self._step(action, steps)]
        return ["def expand(rows, u, first, out):", *(f"    {x}" for x in [*body, "return"])]

    def check(self, formulas: Sequence[Expr]) -> list[str]:
        """The lines of ``check``."""
        scope = self._columns()
        found = [scope.term(f) for f in formulas]
        texts = [str(bool(v.lo)) if v.const else v.text for v in found]
        body = [*scope.lines, f"return [{', '.join(texts)}]"]
        return ["def check(u):", *(f"    {line}" for line in body)]

    def _columns(self) -> Scope:
        return Scope(self._layout, self._system.cells, self._names, lambda k: f"u[{k}]")

    def _first(self, scope: Scope, action: GroundAction) -> list[Val]:
        """Where the action's members stand first among equals."""
        groups = self._layout.groups
        return [v for g in groups for v in _prefix(scope, g, self._picks(action, g.sort))]

    def _picks(self, action: GroundAction, sort: IndexSort) -> list[int]:
        values = [action.binding[p.name] for p in action.action.params if p.sort == sort]
        return [v for v in values if isinstance(v, int)]

    def _step(self, action: GroundAction, steps: Mapping[int, Expr]) -> list[str]:
        """What is done with the rows ``i`` in which the action is enabled."""
        cells = self._system.cells
        scope = Scope(self._layout, cells, self._names, lambda k: f"n[:, {k}]")
        values = [(cells[c], scope.term(value)) for c, value in action.updates]
        scope_lines = scope.lines
        wrong, over = list[Val](), list[tuple[GroundCell, Val]]()
        for cell, value in values:
            if isinstance(cell.sort, BoolSort):
                continue
            low, high = scope.outside(value, *interval(cell))
            if isinstance(cell.sort, CountSort):
                over.append((cell, high))
            else:
                wrong.append(high)
            wrong.append(low)
        over = [(c, v) for c, v in over if not v.const or v.lo]
        bad = scope.any_of(wrong)
        dropped = scope.any_of([v for _, v in over])
        faults = list[str]()
        if not bad.const:
            faults.append(f"if {bad.text}.any(): out.misfit({action.number})")
        elif bad.lo:
            faults.append(f"out.misfit({action.number})")
        for cell, value in over:
            test = "True" if value.const else f"{value.text}.any()"
            faults.append(f"if {test}: out.overflow({cell.name[0]!r})")
        hits = self._hits(scope, action, steps, dropped)
        writes = [] if dropped.const and dropped.lo else self._writes(scope, values)
        head = f"n = out.take(rows, i, first, {action.number})"
        lines = [head, *scope_lines, *faults, *hits, *writes]
        if dropped.const and dropped.lo:
            lines.append("out.drop(None)")
        elif not dropped.const:
            lines.append(f"if {dropped.text}.any(): out.drop({dropped.text})")
        return lines

    def _hits(
        self, scope: Scope, action: GroundAction, steps: Mapping[int, Expr], dropped: Val
    ) -> list[str]:
        """Reports of the first row whose step breaks a step property."""
        if dropped.const and dropped.lo:
            return []
        after = dict(action.updates)

        def plain(e: Expr) -> Expr | None:
            if isinstance(e, Cell) and e.primed:
                return after.get(e.number, Cell(e.number, e.sort))
            return None

        found = list[str]()
        for number, formula in steps.items():
            holds = transform(formula, plain)
            if holds == TRUE:
                continue
            value = scope.term(holds)
            if value.const and value.lo:
                continue
            if value.const:
                broken = "None" if dropped.const else scope.let(f"~{dropped.text}")
            else:
                broken = scope.let(f"~{value.text}")
                if not dropped.const:
                    broken = scope.let(f"{broken} & ~{dropped.text}")
            test = "" if broken == "None" else f"if {broken}.any(): "
            found.append(f"{test}out.hit({number}, {action.number}, i, first, {broken})")
        return found

    def _writes(self, scope: Scope, values: Sequence[tuple[GroundCell, Val]]) -> list[str]:
        """Assignments to the units of the gathered rows."""
        clear, fixed, moved = dict[int, int](), dict[int, int](), dict[int, list[str]]()
        for cell, value in values:
            where = self._layout.fields[cell.number]
            if not where.bits:
                continue
            clear[where.unit] = clear.get(where.unit, 0) | where.mask
            if value.const:
                code = (value.lo - interval(cell)[0]) << where.shift
                fixed[where.unit] = fixed.get(where.unit, 0) | code
            else:
                moved.setdefault(where.unit, []).append(scope.code(value, cell))
        full = (1 << (8 * self._layout.unit.itemsize)) - 1
        kind, lines = self._layout.unit.name, list[str]()
        for unit, mask in clear.items():
            column = f"n[:, {unit}]"
            constant = fixed.get(unit, 0)
            if mask != constant:
                keep = self._names.constant(kind, full & ~mask)
                lines.append(f"{column} &= {keep}")
            if constant:
                lines.append(f"{column} |= {self._names.constant(kind, constant)}")
            lines += [f"{column} |= {text}" for text in moved.get(unit, [])]
        return lines


def _prefix(scope: Scope, group: Group, picks: Sequence[int]) -> list[Val]:
    """That the picked members are a prefix of every run of equal words."""
    found, chosen = list[Val](), set[int]()
    for m in picks:
        if m and m not in chosen and m - 1 not in chosen:
            here, before = (group.base + k * group.width for k in (m, m - 1))
            parts = [scope.differs(here + k, before + k) for k in range(group.width)]
            found.append(scope.any_of(parts))
        chosen.add(m)
    return found
