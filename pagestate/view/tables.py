"""The state as tables: fields as rows, pages as columns, one value of a cell per stretch of steps.

There is a table for each index sort that shared state is kept of, one for the globals, and one for
each thread with its locals.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pagestate.core.trace import CellName, Trace, VarInfo
from pagestate.view.values import local_name, plural_of, show_value


@dataclass(frozen=True, slots=True)
class Stretch:
    """A value of a cell and the number of the state from which on it has it."""

    state: int
    value: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One value of the state over time; ``member`` is the column's name (``page 0``)."""

    key: CellName
    name: str
    field: str
    member: str
    history: tuple[Stretch, ...]

    def at(self, state: int) -> str:
        """The value in state ``state``."""
        return next(s.value for s in reversed(self.history) if s.state <= state)


@dataclass(frozen=True, slots=True)
class TableRow:
    """A field: the cell of each column, by its place in ``Tables.cells`` (None: there is none)."""

    name: str
    ghost: bool
    cells: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """``scope``: of an index sort, of the globals, or of the thread ``title``."""

    title: str
    scope: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """All tables of a trace, the cells they show, and which cells each step changes."""

    tables: tuple[Table, ...]
    cells: tuple[Cell, ...]
    changed: tuple[tuple[int, ...], ...]


def tables_of(trace: Trace) -> Tables:
    """The tables of ``trace``: pages and the like, then globals, then threads."""
    maker = _Maker(trace)
    shared = [v for v in trace.variables if v.thread is None]
    made = list[Table]()
    for sort in dict.fromkeys(v.dims[0] for v in shared if v.dims):
        of_sort = [v for v in shared if v.dims[:1] == (sort,)]
        made.append(maker.table(plural_of(sort), "page" if sort == "page" else "sort", of_sort))
    made.append(maker.table("globals", "global", [v for v in shared if not v.dims]))
    for thread in dict.fromkeys(v.thread for v in trace.variables if v.thread is not None):
        own = [v for v in trace.variables if v.thread == thread]
        made.append(maker.table(thread, "thread", sorted(own, key=lambda v: not v.control)))
    changed = tuple(tuple(maker.changed.get(n, ())) for n in range(1, len(trace.states)))
    return Tables(tuple(t for t in made if t.rows), tuple(maker.cells), changed)


class _Maker:
    """Numbers the cells in the order in which the tables show them."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.cells = list[Cell]()
        self.changed = dict[int, list[int]]()
        self.of_variable = dict[str, list[tuple[int, ...]]]()
        for name, index in sorted(trace.states[0]):
            self.of_variable.setdefault(name, []).append(index)

    def table(self, title: str, scope: str, variables: Sequence[VarInfo]) -> Table:
        """The table of ``variables``; those of a sort have their first index in the columns."""
        replicated = [v for v in variables if scope != "thread" or self._by_member(v, variables)]
        firsts = sorted({i[0] for v in replicated if v.dims for i in self.of_variable[v.name]})
        sort = next((v.dims[0] for v in replicated if v.dims), "")
        columns = tuple(f"{sort} {n}" for n in firsts) or ("",)
        rows = list[TableRow]()
        for var in variables:
            rows += self._rows(var, var in replicated and bool(var.dims), firsts, sort)
        return Table(title, scope, columns, tuple(rows))

    def _by_member(self, var: VarInfo, variables: Sequence[VarInfo]) -> bool:
        """Whether the first index of a local says which member of its thread it belongs to."""
        controls = [v for v in variables if v.control]
        return bool(controls and controls[0].dims and controls[0].dims == var.dims[:1])

    def _rows(
        self, var: VarInfo, in_columns: bool, firsts: Sequence[int], sort: str
    ) -> Iterator[TableRow]:
        indices = self.of_variable[var.name]
        field = "at" if var.control else local_name(var.name, var.thread)
        skip = 1 if in_columns else 0
        for rest in dict.fromkeys(i[skip:] for i in indices):
            dims = var.dims[skip:]
            where = ", ".join(f"{d} {i}" for d, i in zip(dims, rest, strict=True))
            name = f"{field}[{where}]" if where else field
            if in_columns:
                wanted = [(n, *rest) for n in firsts]
                cells = tuple(
                    self._cell(var, i, name, f"{sort} {i[0]}") if i in indices else None
                    for i in wanted
                )
            else:
                cells = (self._cell(var, rest, name, ""), *(None for _ in firsts[1:]))
            yield TableRow(name, var.ghost, cells)

    def _cell(self, var: VarInfo, index: tuple[int, ...], field: str, member: str) -> int:
        key: CellName = (var.name, index)
        history = list[Stretch]()
        number = len(self.cells)
        for n, state in enumerate(self.trace.states):
            value = state[key]
            before = self.trace.states[n - 1][key] if n else None
            if n and type(value) is type(before) and value == before:
                continue
            history.append(Stretch(n, show_value(value, var.sort)))
            if n:
                self.changed.setdefault(n, []).append(number)
        owner = var.thread or ""
        name = f"{owner} {member} {field}" if owner and not member else f"{member} {field}"
        self.cells.append(Cell(key, " ".join(name.split()), field, member, tuple(history)))
        return number
