"""Owner laws: of several situations of a page at most one obtains, and for at most one thread.

A page has one owner at a time: it is on a free list, or used, or one thread is about to free it, or
the driver has it.  Said pairwise that takes a clause for every two situations; as one sum, at most
1, it is one fact.  The sums are cliques in the graph of situations that never meet in the table of
views, grown greedily so that each covers as many new pairs as it can.  They are guesses, like the
ledger laws.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pagestate.core.expr import Expr, Lit, Param, Read, add, conj, disj, eq, ite, le, lit
from pagestate.core.pageform import PageForm
from pagestate.core.sorts import BoolSort, EnumSort
from pagestate.engines.parametric.table import Column, Table, distinct

Situations: TypeAlias = NDArray[np.bool_]

_MOST = 8
_LEAST_MEMBERS = 3


@dataclass(frozen=True, slots=True)
class Owners:
    """At most one of ``terms`` (counters count for more) holds of a page."""

    terms: tuple[Expr, ...]
    formula: Expr


@dataclass(frozen=True, slots=True)
class _Atom:
    """A situation: a counter or flag, or (``label``) a reference flag at a control label."""

    name: str
    read: Read
    label: Expr | None = None


def owners(form: PageForm, table: Table, subject: Param) -> tuple[Owners, ...]:
    """Sums of situations of a page that are at most 1 in every view of the table."""
    atoms, holds = _atoms(form, table, subject)
    if not atoms:
        return ()
    seen = np.unpackbits(distinct(np.packbits(holds, axis=1)), axis=1, count=len(atoms))
    apart = (seen.T.astype(np.int32) @ seen) == 0
    wanted = apart.copy()
    for i, a in enumerate(atoms):
        for j, b in enumerate(atoms):
            if a.name == b.name:
                wanted[i, j] = False
    found = list[Owners]()
    while len(found) < _MOST and wanted.any():
        clique = _clique(apart, wanted)
        for i in clique:
            wanted[i, clique] = False
        terms = _terms([atoms[i] for i in clique])
        if len(terms) >= _LEAST_MEMBERS:
            values = (
                t if not isinstance(t.sort, BoolSort) else ite(t, lit(1), lit(0)) for t in terms
            )
            found.append(Owners(terms, le(add(*values), lit(1))))
    return tuple(found)


def _atoms(form: PageForm, table: Table, subject: Param) -> tuple[list[_Atom], Situations]:
    rows = table.exact
    atoms, columns = list[_Atom](), list[Situations]()
    controls = {t.name: t.control for t in form.system.threads if t.index is None}

    def keep(atom: _Atom, values: Situations) -> None:
        if values.any():
            atoms.append(atom)
            columns.append(values)

    def read(c: Column) -> Read:
        return Read(c.var.name, (subject,) if c.var.dims else (), c.var.sort)

    for j, c in enumerate(table.columns):
        if not c.var.dims or c.var.ghost:
            continue
        if c.numeric and rows[:, j].max(initial=0) <= 1:
            keep(_Atom(c.var.name, read(c)), rows[:, j] >= 1)
        elif isinstance(c.var.sort, BoolSort) and c.var.name not in form.exclusive:
            keep(_Atom(c.var.name, read(c)), rows[:, j] == 1)
        elif isinstance(c.var.sort, BoolSort):
            for k, d in enumerate(table.columns):
                if d.var.name != controls.get(c.var.thread or ""):
                    continue
                assert isinstance(d.var.sort, EnumSort)
                for code, label in enumerate(d.var.sort.members):
                    here = eq(read(d), Lit(label, d.var.sort))
                    values = (rows[:, j] == 1) & (rows[:, k] == code)
                    keep(_Atom(c.var.name, read(c), here), values)
    return atoms, np.stack(columns, axis=1) if columns else np.zeros((len(rows), 0), np.bool_)


def _clique(apart: Situations, wanted: Situations) -> list[int]:
    """A clique of ``apart`` around the atom with most wanted pairs, grown by wanted pairs."""
    clique = [int(wanted.sum(axis=1).argmax())]
    allowed = apart[clique[0]].copy()
    while allowed.any():
        gain = wanted[clique].sum(axis=0) * allowed
        best = int(gain.argmax()) if gain.any() else int(allowed.argmax())
        clique.append(best)
        allowed &= apart[best]
        allowed[best] = False
    return clique


def _terms(atoms: list[_Atom]) -> tuple[Expr, ...]:
    """The summands: labels of one reference flag are one situation."""
    groups = dict[str, list[_Atom]]()
    for atom in atoms:
        groups.setdefault(atom.name, []).append(atom)
    made = list[Expr]()
    for group in groups.values():
        labels = [a.label for a in group if a.label is not None]
        made.append(conj(group[0].read, disj(*labels)) if labels else group[0].read)
    return tuple(made)
