"""Ledger laws: linear equations between counters and flags of one page, mined from reached states.

A law says what a counter is made of: ``rc = getters that hold + [offline] + [driver at off] ...``
with coefficients 1 and -1.  Often it holds only in a region of the globals (a struct page is
garbage while its section is offline), so global configurations are clustered: the largest first,
each joins the first cluster whose law it satisfies or whose law can be refitted to both.  A fit is
Gaussian elimination modulo a prime over columns in order of preference, so that simple features
win.  The region of a law is then described by boxes over the globals, as wide as the states allow.
Laws are guesses: the proof loop drops those that do not hold up.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pagestate.core.expr import (
    TRUE,
    Expr,
    Lit,
    Param,
    Read,
    add,
    conj,
    eq,
    implies,
    ite,
    lit,
    neg,
)
from pagestate.core.pageform import PageForm
from pagestate.core.sorts import BoolSort, CountSort, EnumSort
from pagestate.engines.parametric.regions import boxes
from pagestate.engines.parametric.table import Column, Cube, Table

_PRIME = (1 << 31) - 1
_SAMPLE = 1500
_MOST_TERMS = 12
_FEW_VALUES = 6
_WORTH = 100

Matrix = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Feature:
    """A summand: a counter, or a condition that counts as 1; ``level`` says how plain it is."""

    term: Expr
    values: Matrix
    level: int


@dataclass(frozen=True, slots=True)
class Law:
    """``target`` is the sum of ``terms`` (with signs) in the region ``where`` (None: always)."""

    target: Expr
    terms: tuple[tuple[int, Expr], ...]
    where: Cube | None
    formula: Expr


@dataclass(slots=True)
class _Cluster:
    rows: NDArray[np.bool_]
    configs: list[int]
    weights: dict[int, int]
    chosen: list[int] = field(default_factory=list)
    factors: Matrix = field(default_factory=lambda: np.zeros(0, np.int64))

    def set(self, weights: dict[int, int]) -> None:
        self.weights = weights
        self.chosen = list(weights)
        self.factors = np.array([weights[j] for j in self.chosen], np.int64)

    def says(self, columns: Matrix) -> Matrix:
        found: Matrix = columns[:, self.chosen] @ self.factors
        return found


def mine(form: PageForm, table: Table, subject: Param) -> tuple[Law, ...]:
    """Laws for every counter of a page that is not a number of threads."""
    found = list[Law]()
    for j, column in enumerate(table.columns):
        if column.var.dims and isinstance(column.var.sort, CountSort):
            if column.var.name in form.occupancy:
                continue
            found += _laws_of(form, table, subject, j)
    return tuple(found)


def _features(form: PageForm, table: Table, subject: Param, target: int) -> list[Feature]:
    rows, found = table.exact.astype(np.int64), list[Feature]()
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
    for a, (j, c) in enumerate(plain):
        for k, d in plain[a + 1 :]:
            keep(conj(read(c), read(d)), rows[:, j] * rows[:, k], 2)
    keep(lit(1), np.ones(len(rows), np.int64), 2)
    return sorted(found, key=lambda f: f.level)


def _is_local(column: Column, control: Column) -> bool:
    var = column.var
    same = var.thread is not None and var.thread == control.var.thread
    return same and not var.dims and isinstance(var.sort, BoolSort)


def _laws_of(form: PageForm, table: Table, subject: Param, target: int) -> list[Law]:
    features = _features(form, table, subject, target)
    column = table.columns[target]
    read = Read(column.var.name, (subject,), column.var.sort)
    wanted = table.exact[:, target].astype(np.int64)
    width = sum(1 for c in table.columns if not c.var.dims)
    configs, config = np.unique(table.exact[:, :width], axis=0, return_inverse=True)
    config = config.ravel()
    size = np.bincount(config, minlength=len(configs))
    if not len(wanted) or not features:
        return []
    matrix = np.stack([f.values for f in features], axis=1)
    levels = [f.level for f in features]
    laws = list[Law]()
    for cluster in _clusters(table, matrix, levels, wanted, config):
        wrong = np.bincount(config[cluster.says(matrix) != wanted], minlength=len(configs)) > 0
        region = boxes(table.columns[:width], configs, wrong, size, cluster.configs)
        if region is None:
            continue
        terms = tuple((w, features[j].term) for j, w in cluster.weights.items())
        laws += [_law(table, subject, read, terms, box) for box in region or (None,)]
    return laws


def _law(
    table: Table,
    subject: Param,
    target: Read,
    terms: tuple[tuple[int, Expr], ...],
    where: Cube | None,
) -> Law:
    def worth(term: Expr) -> Expr:
        return ite(term, lit(1), lit(0)) if isinstance(term.sort, BoolSort) else term

    left = add(target, *(worth(t) for w, t in terms if w < 0))
    right = add(*(worth(t) for w, t in terms if w > 0))
    region = TRUE if where is None else neg(table.clause(where, subject))
    return Law(target, terms, where, implies(region, eq(left, right)))


def _clusters(
    table: Table,
    matrix: Matrix,
    levels: Sequence[int],
    wanted: Matrix,
    config: NDArray[np.int64],
) -> list[_Cluster]:
    """Laws with the configurations they hold in: everywhere, where a global has a value, others."""
    everywhere = np.ones(len(wanted), np.bool_)
    names, sizes = np.unique(config, return_counts=True)
    whole = _fit(matrix, levels, wanted)
    if whole is not None:
        return [_cluster(everywhere, [int(n) for n in names], whole)]
    plain = _by_value(table, matrix, levels, wanted, config)
    covered = {n for c in plain for n in c.configs}
    rest = np.array([n not in covered for n in names])
    order = np.argsort(-sizes[rest], kind="stable")
    return plain + _by_config(matrix, levels, wanted, config, names[rest][order])


def _cluster(rows: NDArray[np.bool_], configs: list[int], weights: dict[int, int]) -> _Cluster:
    made = _Cluster(rows, configs, {})
    made.set(weights)
    return made


def _by_value(
    table: Table,
    matrix: Matrix,
    levels: Sequence[int],
    wanted: Matrix,
    config: NDArray[np.int64],
) -> list[_Cluster]:
    """Laws that hold wherever some global has some value, those that say most first."""
    total = int(config.max()) + 1
    candidates = list[tuple[dict[int, int], NDArray[np.bool_]]]()
    for k, column in enumerate(table.columns):
        if column.var.dims or column.card > _FEW_VALUES:
            continue
        for code in range(column.card):
            here = table.exact[:, k] == code
            weights = _fit(matrix[here], levels, wanted[here]) if here.any() else None
            if weights is None or any(weights == w for w, _ in candidates):
                continue
            fits = _cluster(here, [], weights).says(matrix) == wanted
            wrong = np.bincount(config[~fits], minlength=total) > 0
            candidates.append((weights, ~wrong))
    found, open_ = list[_Cluster](), np.ones(total, np.bool_)
    size = np.bincount(config, minlength=total)
    while candidates:
        gains = [int((size * (good & open_)).sum()) for _, good in candidates]
        best = int(np.argmax(gains))
        if gains[best] < size.sum() // _WORTH:
            break
        weights, good = candidates.pop(best)
        configs = [int(n) for n in np.flatnonzero(good & open_)]
        found.append(_cluster(good[config], configs, weights))
        open_ &= ~good
    return found


def _by_config(
    matrix: Matrix,
    levels: Sequence[int],
    wanted: Matrix,
    config: NDArray[np.int64],
    names: NDArray[np.int64],
) -> list[_Cluster]:
    """Laws of single configurations, each joined to an earlier law or refitted with it."""
    found = list[_Cluster]()
    for name in names:
        here = config == name
        if any(_join(c, int(name), here, matrix, wanted) for c in found):
            continue
        if any(_refit(c, int(name), here, matrix, levels, wanted) for c in found):
            continue
        weights = _fit(matrix[here], levels, wanted[here])
        if weights is not None:
            found.append(_cluster(here, [int(name)], weights))
    return found


def _join(
    cluster: _Cluster, name: int, here: NDArray[np.bool_], matrix: Matrix, wanted: Matrix
) -> bool:
    if not (cluster.says(matrix[here]) == wanted[here]).all():
        return False
    cluster.rows = cluster.rows | here
    cluster.configs.append(name)
    return True


def _refit(
    cluster: _Cluster,
    name: int,
    here: NDArray[np.bool_],
    matrix: Matrix,
    levels: Sequence[int],
    wanted: Matrix,
) -> bool:
    rows = cluster.rows | here
    weights = _fit(matrix[rows], levels, wanted[rows])
    if weights is None or len(weights) > len(cluster.weights) + 2:
        return False
    cluster.rows = rows
    cluster.configs.append(name)
    cluster.set(weights)
    return True


def _fit(matrix: Matrix, levels: Sequence[int], wanted: Matrix) -> dict[int, int] | None:
    """Weights of few plain columns that add up to ``wanted`` in every row."""
    for level in sorted(set(levels)):
        chosen = [j for j, of in enumerate(levels) if of <= level]
        weights = _solve(matrix[:, chosen], wanted)
        if weights is None or len(weights) > _MOST_TERMS:
            continue
        if any(abs(w) != 1 for w in weights.values()):
            continue
        used = [chosen[j] for j in weights]
        factors = np.array(list(weights.values()), np.int64)
        if (matrix[:, used] @ factors == wanted).all():
            return dict(zip(used, weights.values(), strict=True))
    return None


def _solve(matrix: Matrix, wanted: Matrix) -> dict[int, int] | None:
    """A solution that uses the first independent columns, on a sample of the rows."""
    work = np.concatenate([matrix, wanted[:, None]], axis=1)
    if len(work) > _SAMPLE:
        step = len(work) // _SAMPLE + 1
        work = work[::step]
    work = np.unique(work, axis=0) % _PRIME
    done, pivots = 0, list[int]()
    for column in range(matrix.shape[1]):
        if done == len(work):
            break
        nonzero = np.flatnonzero(work[done:, column])
        if not len(nonzero):
            continue
        row = done + int(nonzero[0])
        work[[done, row]] = work[[row, done]]
        work[done] = work[done] * pow(int(work[done, column]), _PRIME - 2, _PRIME) % _PRIME
        others = np.flatnonzero(work[:, column])
        others = others[others != done]
        if len(others):
            work[others] = (work[others] - work[others, column][:, None] * work[done]) % _PRIME
        pivots.append(column)
        done += 1
    if work[done:, -1].any():
        return None
    weights = dict[int, int]()
    for row, column in enumerate(pivots):
        value = int(work[row, -1])
        if value:
            weights[column] = value - _PRIME if value > _PRIME // 2 else value
    return weights
