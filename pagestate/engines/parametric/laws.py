"""Ledger laws: linear equations between counters and flags of one page, mined from reached states.

A law says what a counter is made of: ``rc = getters that hold + [offline] + [driver at off] ...``
with coefficients 1 and -1.  Often it holds only in a region of the globals (a struct page is
garbage while its section is offline), so global configurations are clustered: the largest first,
each joins the first cluster whose law it satisfies or whose law can be refitted to both.  A fit is
Gaussian elimination over columns in order of preference, so that simple features
win.  The region of a law is then described by boxes over the globals, as wide as the states allow.
Laws are guesses: the proof loop drops those that do not hold up.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pagestate.core.expr import (
    TRUE,
    Expr,
    Lit,
    Op,
    Param,
    Read,
    add,
    conj,
    eq,
    implies,
    ite,
    le,
    lit,
    neg,
)
from pagestate.core.pageform import PageForm
from pagestate.core.sorts import BoolSort, CountSort, EnumSort
from pagestate.engines.parametric.regions import boxes
from pagestate.engines.parametric.table import Codes, Column, Cube, Table

_TINY = 1e-6
"""What elimination in floating point takes for zero; a fit is tried on whole numbers then."""
_MOST_ROWS = 60_000
_SAMPLES = 3
_SAMPLE = 250
_MORE = 60
_ROUNDS = 8
_MOST_FITS = 300
_MOST_TERMS = 40
_FEW_VALUES = 6
_WORTH = 100

Matrix: TypeAlias = NDArray[np.int16]
Rows: TypeAlias = NDArray[np.int64]
Weights: TypeAlias = dict[int, int]
Relation: TypeAlias = Literal["=", "<=", ">="]


@dataclass(frozen=True, slots=True)
class Feature:
    """A summand: a counter, or a condition that counts as 1; ``level`` says how plain it is."""

    term: Expr
    values: Matrix
    level: int


@dataclass(frozen=True, slots=True)
class Law:
    """``target`` is the sum of ``terms`` (with signs) in the region ``where`` (None: always).

    Or it is at most or at least that, as ``relation`` says.
    """

    target: Expr
    terms: tuple[tuple[int, Expr], ...]
    where: Cube | None
    formula: Expr
    relation: Relation = "="


@dataclass(slots=True)
class _Cluster:
    """A law as weights, with the rows that it was fitted to or is to speak of."""

    rows: Rows
    weights: Weights


def mine(form: PageForm, table: Table, subject: Param) -> tuple[Law, ...]:
    """Laws for every counter of a page that is not a number of threads.

    If the table shows all there is, clauses tell numbers apart: then only laws that hold everywhere
    are worth it.  Of a large table a sample is looked at; rows that refute a law join the sample.
    """
    counters = ledger_counters(form, table)
    if not counters:
        return ()
    chosen = np.arange(len(table.exact))
    if len(chosen) > _MOST_ROWS:
        chosen = np.sort(np.random.default_rng(0).permutation(chosen)[:_MOST_ROWS])
    found, earlier = list[Law](), frozenset[str]()
    part = table.part(chosen)
    configs = _configs(part)
    for name, j in counters.items():
        for _ in range(_SAMPLES):
            laws = _laws_of(form, part, subject, j, configs, earlier)
            wrong = [] if len(chosen) == len(table.exact) else [_refuting(w, table) for w in laws]
            wrong = [rows[:: len(rows) // _MORE + 1] for rows in wrong if len(rows)]
            if not wrong:
                break
            chosen = np.union1d(chosen, np.concatenate(wrong))
            part = table.part(chosen)
            configs = _configs(part)
        found += laws
        earlier |= {name}
    return tuple(found)


def ledger_counters(form: PageForm, table: Table) -> dict[str, int]:
    """The counters of a page that are not numbers of threads, with their columns."""
    return {
        c.var.name: j
        for j, c in enumerate(table.columns)
        if c.var.dims and isinstance(c.var.sort, CountSort) and c.var.name not in form.occupancy
    }


def _refuting(law: Law, table: Table) -> Rows:
    """The rows of the table that the law is wrong of."""
    rows, places = table.exact, {c.var.name: j for j, c in enumerate(table.columns)}

    def worth(term: Expr) -> Matrix:
        found: Matrix = np.ones(len(rows), np.int16)
        match term:
            case Read(var=var):
                found = rows[:, places[var]]
            case Op(op="eq", args=(Read(var=var), Lit(value=value))):
                code = table.columns[places[var]].values.index(value)
                found = (rows[:, places[var]] == code).astype(np.int16)
            case Op(op="and", args=args):
                found = np.minimum.reduce([worth(a) for a in args])
            case _:
                assert term == lit(1)
        return found

    wrong = worth(law.target) != sum(w * worth(t) for w, t in law.terms)
    for name, codes in (law.where or {}).items():
        wrong &= np.isin(rows[:, places[name]], list(codes))
    return np.flatnonzero(wrong)


@dataclass(frozen=True, slots=True)
class _Configs:
    """The configurations of the globals: their codes, and the number of each row's one."""

    codes: Codes
    of_row: NDArray[np.int64]
    sizes: NDArray[np.int64]
    rows: tuple[NDArray[np.int64], ...]


def _configs(table: Table) -> _Configs:
    width = sum(1 for c in table.columns if not c.var.dims)
    of_row = np.zeros(len(table.exact), np.int64)
    for k in range(width):
        keys = of_row * (int(table.exact[:, k].max(initial=0)) + 1) + table.exact[:, k]
        _, of_row = np.unique(keys, return_inverse=True)
    sizes = np.bincount(of_row)
    order = np.argsort(of_row, kind="stable")
    rows = tuple(np.split(order, np.cumsum(sizes)[:-1]))
    codes = table.exact[[r[0] for r in rows], :width]
    return _Configs(codes, of_row, sizes, rows)


def _features(form: PageForm, table: Table, subject: Param, target: int) -> list[Feature]:
    rows, found = table.exact, list[Feature]()
    columns = table.columns

    def read(c: Column) -> Read:
        return Read(c.var.name, (subject,) if c.var.dims else (), c.var.sort)

    def keep(term: Expr, values: Matrix, level: int) -> None:
        if values.any():
            found.append(Feature(term, values, level))

    flags = [
        (j, c)
        for j, c in enumerate(columns)
        if c.var.dims and isinstance(c.var.sort, BoolSort) and not c.var.ghost
    ]
    for j, c in enumerate(columns):
        if c.numeric and c.var.dims and j != target:
            keep(read(c), rows[:, j], 0)
    plain = [(j, c) for j, c in flags if c.var.name not in form.exclusive]
    for j, c in plain:
        keep(read(c), rows[:, j], 1)
    controls = {t.name: t.control for t in form.system.threads if t.index is None}
    for j, c in flags:
        control = controls.get(c.var.thread or "")
        for k, other in enumerate(columns):
            if other.var.name != control or not isinstance(other.var.sort, EnumSort):
                continue
            for code, label in enumerate(other.var.sort.members):
                here = conj(read(c), eq(read(other), Lit(label, other.var.sort)))
                values = rows[:, j] * (rows[:, k] == code)
                keep(here, values, 1)
                for i, local in enumerate(columns):
                    if not _is_local(local, other):
                        continue
                    set_ = values * (rows[:, i] == 1)
                    if set_.any() and (set_ != values).any():
                        keep(conj(here, read(local)), set_, 1)
    for j, c in enumerate(columns):
        if c.var.dims and isinstance(c.var.sort, EnumSort):
            for code, label in enumerate(c.var.sort.members):
                keep(eq(read(c), Lit(label, c.var.sort)), (rows[:, j] == code).astype(np.int16), 1)
    for a, (j, c) in enumerate(plain):
        for k, d in plain[a + 1 :]:
            keep(conj(read(c), read(d)), rows[:, j] * rows[:, k], 2)
    singles = set(controls.values())
    for k, c in enumerate(columns):
        if c.var.name in singles and isinstance(c.var.sort, EnumSort):
            for code, label in enumerate(c.var.sort.members):
                at = eq(read(c), Lit(label, c.var.sort))
                keep(at, (rows[:, k] == code).astype(np.int16), 2)
    keep(lit(1), np.ones(len(rows), np.int16), 2)
    return sorted(found, key=lambda f: f.level)


def _is_local(column: Column, control: Column) -> bool:
    var = column.var
    same = var.thread is not None and var.thread == control.var.thread
    return same and not var.dims and isinstance(var.sort, BoolSort)


def _laws_of(
    form: PageForm,
    table: Table,
    subject: Param,
    target: int,
    configs: _Configs,
    earlier: frozenset[str],
) -> list[Law]:
    """Laws of one counter, without the ``earlier`` ones if such a law holds everywhere.

    Else the law of an earlier counter that has this one among its terms, solved for this one, would
    be found in place of a law that says more.
    """
    features = _features(form, table, subject, target)
    column = table.columns[target]
    read = Read(column.var.name, (subject,), column.var.sort)
    wanted = table.exact[:, target]
    if not len(wanted) or not features:
        return []
    new = [f for f in features if not (isinstance(f.term, Read) and f.term.var in earlier)]
    if len(new) < len(features) and new:
        everywhere = np.arange(len(wanted))
        if _fit(np.stack([f.values for f in new]), wanted, everywhere) is not None:
            features = new
    matrix = np.stack([f.values for f in features])
    places = [k for k, c in enumerate(table.columns) if not c.numeric]
    columns, codes = [table.columns[k] for k in places], table.exact[:, places]
    laws, open_ = list[Law](), np.ones(len(wanted), np.bool_)
    for cluster in _clusters(table, matrix, wanted, configs):
        wrong = _says(cluster.weights, matrix) != wanted
        mine_ = np.zeros(len(wanted), np.bool_)
        mine_[cluster.rows] = True
        found = boxes(columns, codes, wrong, mine_ & open_)
        if found is None:
            continue
        terms = tuple((w, features[j].term) for j, w in cluster.weights.items())
        laws += [law_of(table, subject, read, terms, box) for box in found.cubes or (None,)]
        open_ &= ~found.covered
    return laws


def law_of(
    table: Table,
    subject: Param,
    target: Read,
    terms: tuple[tuple[int, Expr], ...],
    where: Cube | None,
    relation: Relation = "=",
) -> Law:
    """The law that ``target`` is the sum of ``terms`` (with signs) in a region (None: always).

    Or that it is at most or at least that.
    """

    def worth(term: Expr) -> Expr:
        return ite(term, lit(1), lit(0)) if isinstance(term.sort, BoolSort) else term

    left = add(target, *(worth(t) for w, t in terms if w < 0))
    right = add(*(worth(t) for w, t in terms if w > 0))
    region = TRUE if where is None else neg(table.clause(where, subject))
    compared = eq(left, right) if relation == "=" else le(left, right)
    if relation == ">=":
        compared = le(right, left)
    return Law(target, terms, where, implies(region, compared), relation)


def _clusters(table: Table, matrix: Matrix, wanted: Matrix, configs: _Configs) -> list[_Cluster]:
    """Laws with the rows they are for: all, where a variable has a value, other configurations."""
    everywhere = np.arange(len(wanted))
    whole = _fit(matrix, wanted, everywhere)
    if whole is not None:
        return [_Cluster(everywhere, whole)]
    if table.whole:
        return []
    plain, left = _by_value(table, matrix, wanted)
    open_ = np.bincount(configs.of_row[left], minlength=len(configs.codes))
    names = [int(n) for n in np.argsort(-open_, kind="stable") if open_[n]]
    return plain + _by_config(matrix, wanted, configs, names)


def _by_value(
    table: Table, matrix: Matrix, wanted: Matrix
) -> tuple[list[_Cluster], NDArray[np.bool_]]:
    """Laws that hold wherever some variable has some value, those that say most first.

    And the rows of which none of them says anything.
    """
    candidates = list[tuple[Weights, NDArray[np.bool_]]]()
    places = list[Rows]()
    for k, column in enumerate(table.columns):
        if column.numeric or (column.card > _FEW_VALUES and not column.var.control):
            continue
        for code in range(column.card):
            here = np.flatnonzero(table.exact[:, k] == code)
            if not len(here) or any(good[here].all() for _, good in candidates):
                continue
            weights = _fit(matrix, wanted, here)
            if weights is None:
                continue
            places.append(here)
            candidates.append((weights, _says(weights, matrix) == wanted))
    found, open_ = list[_Cluster](), np.ones(len(wanted), np.bool_)
    while candidates:
        gains = [int((good & open_).sum()) for _, good in candidates]
        best = int(np.argmax(gains))
        if gains[best] < len(wanted) // _WORTH:
            break
        weights, good = candidates.pop(best)
        if not found:
            weights, good = _extended(weights, good, places, matrix, wanted)
        found.append(_Cluster(np.flatnonzero(good & open_), weights))
        open_ &= ~good
    return found, open_


def _extended(
    weights: Weights, good: NDArray[np.bool_], places: Sequence[Rows], matrix: Matrix,
    wanted: Matrix,
) -> tuple[Weights, NDArray[np.bool_]]:  # fmt: skip
    """The law fitted to where it holds and, one after the other, to ``places`` where it does not.

    A law that was fitted to one label of a thread does not know the terms that matter at others.
    """
    for here in sorted(places, key=len):
        if good[here].all():
            continue
        more = good.copy()
        more[here] = True
        wider = _fit(matrix, wanted, np.flatnonzero(more))
        if wider is not None:
            weights, good = wider, _says(wider, matrix) == wanted
    return weights, good


def _by_config(
    matrix: Matrix, wanted: Matrix, configs: _Configs, names: Sequence[int]
) -> list[_Cluster]:
    """Laws of single configurations, each joined to an earlier law or refitted with it.

    After a number of fits configurations only join.
    """
    found, fits = list[_Cluster](), 0
    for name in names:
        here = configs.rows[name]
        if any(_join(c, here, matrix, wanted) for c in found) or fits > _MOST_FITS:
            continue
        fits += len(found) + 1
        if any(_refit(c, here, matrix, wanted) for c in found):
            continue
        weights = _fit(matrix, wanted, here)
        if weights is not None:
            found.append(_Cluster(here, weights))
    return found


def _join(cluster: _Cluster, here: Rows, matrix: Matrix, wanted: Matrix) -> bool:
    if not (_says(cluster.weights, matrix, here) == wanted[here]).all():
        return False
    cluster.rows = np.concatenate([cluster.rows, here])
    return True


def _refit(cluster: _Cluster, here: Rows, matrix: Matrix, wanted: Matrix) -> bool:
    rows = np.concatenate([cluster.rows, here])
    weights = _fit(matrix, wanted, rows)
    if weights is None or len(weights) > len(cluster.weights) + 2:
        return False
    cluster.rows = rows
    cluster.weights = weights
    return True


def _says(weights: Weights, matrix: Matrix, rows: Rows | None = None) -> Matrix:
    """What a law says of its target in each row (of those chosen)."""
    found = np.zeros(matrix.shape[1] if rows is None else len(rows), np.int16)
    for j, w in weights.items():
        found += np.int16(w) * (matrix[j] if rows is None else matrix[j][rows])
    return found


def _fit(matrix: Matrix, wanted: Matrix, rows: Rows) -> Weights | None:
    """Weights of few plain columns that add up to ``wanted`` in every one of ``rows``.

    A fit to a sample is tried on all rows; where it fails the rows that show it join the sample.
    """
    sample = rows[:: len(rows) // _SAMPLE + 1]
    for _ in range(_ROUNDS):
        weights = solve(matrix[:, sample], wanted[sample])
        if weights is None or len(weights) > _MOST_TERMS:
            return None
        if any(abs(w) != 1 for w in weights.values()):
            return None
        wrong = rows[_says(weights, matrix, rows) != wanted[rows]]
        if not len(wrong):
            return weights
        sample = np.concatenate([sample, wrong[:: len(wrong) // _MORE + 1]])
    return None


def solve(matrix: Matrix, wanted: Matrix) -> Weights | None:
    """A solution that uses the first independent rows of ``matrix`` (features)."""
    useful = np.flatnonzero(matrix.any(axis=1))
    useful = useful[_firsts(matrix[useful])]
    rows = np.concatenate([matrix[useful], wanted[None]]).T
    work = rows[_firsts(rows)].astype(np.float64)
    done, pivots = 0, list[int]()
    for column in range(len(useful)):
        if done == len(work):
            break
        row = done + int(np.abs(work[done:, column]).argmax())
        if abs(work[row, column]) < _TINY:
            continue
        work[[done, row]] = work[[row, done]]
        work[done, column:] /= work[done, column]
        below = done + 1 + np.flatnonzero(work[done + 1 :, column])
        work[below, column:] -= work[below, column][:, None] * work[done, column:]
        pivots.append(column)
        done += 1
    if (np.abs(work[done:, -1]) > _TINY).any():
        return None
    solution = _back(work[:done], pivots)
    weights = np.rint(solution)
    if (np.abs(solution - weights) > _TINY).any():
        return None
    pairs = zip(useful[pivots].tolist(), weights.tolist(), strict=True)
    return {j: int(w) for j, w in pairs if w}


def _back(work: NDArray[np.float64], pivots: Sequence[int]) -> NDArray[np.float64]:
    """The solution of a triangular system."""
    for row in reversed(range(len(pivots))):
        work[:row, -1] -= work[:row, pivots[row]] * work[row, -1]
    return work[:, -1]


def _firsts(rows: NDArray[Any]) -> NDArray[np.int64]:
    """Where each different row occurs first; a hash tells them apart."""
    mix = np.random.default_rng(0).integers(1, 1 << 62, rows.shape[1])
    _, first = np.unique(rows.astype(np.int64) @ mix, return_index=True)
    return np.sort(first)
