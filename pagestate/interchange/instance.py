"""What every exporter starts from: a finite instance, its properties, its initial states.

Exported are properties of states: ``always`` properties and ``reachable`` goals.  Each becomes a
condition that should never hold, so that a model checker that finds it reports the property as
violated, or the goal as met.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pagestate.core.expr import TRUE, Cell, Expr, Lit, Op, neg, transform, walk
from pagestate.core.ground import GroundSystem, ground
from pagestate.core.property import Property
from pagestate.core.sorts import CountSort, DataSort, IntSort, Sizes, Value, decode
from pagestate.core.system import System


class NotExportable(Exception):
    """What was asked for cannot be said in the other tool's format."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a model checker should look for: ``condition`` holds in the states that decide."""

    property: Property
    condition: Expr


@dataclass(frozen=True, slots=True)
class Instance:
    """A finite instance with what to look for; ``open_start``: it has more than one beginning."""

    ground: GroundSystem
    wanted: tuple[Found, ...]

    @property
    def open_start(self) -> bool:
        """Whether initial values are open (or restricted, which can leave none)."""
        return self.ground.init != TRUE or any(c.init is None for c in self.ground.cells)


def instance(system: System, properties: Sequence[Property], sizes: Sizes) -> Instance:
    """The instance of ``system`` at ``sizes``.  Raises NotExportable, KeyError for a missing size.

    Counters end at ``sizes.count_bound``.
    """
    made = ground(system, sizes)
    wanted = list[Found]()
    for prop in properties:
        if prop.kind not in ("always", "reachable"):
            raise NotExportable(f"{prop.name}: @{prop.kind} properties cannot be exported")
        formula = made.expr(prop.formula)
        wanted.append(Found(prop, formula if prop.kind == "reachable" else neg(formula)))
    return Instance(made, tuple(wanted))


def limits(sort: DataSort, sizes: Sizes) -> tuple[int, int] | None:
    """The lowest and the highest value of a sort of numbers; None for other sorts."""
    match sort:
        case IntSort(lo=lo, hi=hi):
            return lo, hi
        case CountSort():
            return 0, sizes.count_bound
        case _:
            return None


def interval(value: Expr, sizes: Sizes) -> tuple[int, int]:
    """Numbers between which the value of a ground number term lies."""
    match value:
        case Lit(value=int() as number):
            return number, number
        case Cell(sort=sort):
            found = limits(sort, sizes)
            assert found is not None
            return found
        case Op(op="add", args=args):
            parts = [interval(a, sizes) for a in args]
            return sum(a for a, _ in parts), sum(b for _, b in parts)
        case Op(op="sub", args=(a, b)):
            (a_low, a_high), (b_low, b_high) = interval(a, sizes), interval(b, sizes)
            return a_low - b_high, a_high - b_low
        case Op(op="ite", args=(_, a, b)):
            (a_low, a_high), (b_low, b_high) = interval(a, sizes), interval(b, sizes)
            return min(a_low, b_low), max(a_high, b_high)
        case _:
            raise AssertionError(f"not a number: {value!r}")


def starts(system: GroundSystem, limit: int) -> list[dict[int, Value]]:
    """The initial values of all open cells, for every initial state.

    Raises NotExportable where there are more than ``limit``.
    """
    open_cells = [c for c in system.cells if c.init is None]
    known = dict[int, Value](
        {c.number: decode(c.sort, c.init) for c in system.cells if c.init is not None}
    )
    parts = (
        system.init.args
        if isinstance(system.init, Op) and system.init.op == "and"
        else (system.init,)
    )
    waiting = [(p, {t.number for t in walk(p) if isinstance(t, Cell)} - set(known)) for p in parts]
    rows = [known] if all(_holds(p, known) for p, cells in waiting if not cells) else []
    filled = set[int]()
    for cell in open_cells:
        filled.add(cell.number)
        ready = [p for p, cells in waiting if cell.number in cells and cells <= filled]
        longer = [
            {**row, cell.number: decode(cell.sort, k)} for row in rows for k in range(cell.size)
        ]
        rows = [row for row in longer if all(_holds(p, row) for p in ready)]
        if len(rows) > limit:
            raise NotExportable(f"more than {limit} initial states")
    return [{c.number: row[c.number] for c in open_cells} for row in rows]


def _holds(formula: Expr, values: Mapping[int, Value]) -> bool:
    """Whether a ground formula holds where all its cells have values."""

    def value(e: Expr) -> Expr | None:
        return Lit(values[e.number], e.sort) if isinstance(e, Cell) else None

    return transform(formula, value) == TRUE
