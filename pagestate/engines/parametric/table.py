"""The table of views: what one page and the globals look like in all states of a small instance.

A view keeps data values exactly and counters as none, one or many.  The table is no invariant (a
small instance misses combinations of "many"); it is the oracle that says how far a situation that
breaks a proof may be generalised to a clause: as far as no view of the table is excluded.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pagestate.core.expr import Expr, Lit, Param, Read, conj, disj, eq, le, lit, neg
from pagestate.core.pageform import PageForm
from pagestate.core.sorts import BoolSort, CountSort, EnumSort, IntSort, Sizes, Value
from pagestate.core.system import StateVar
from pagestate.engines.explicit.search import Explicit

MANY = 2
_SMALL = 8
_LARGEST_KEY = 1 << 62
_WITHOUT = ~(np.uint64(1) << np.arange(64, dtype=np.uint64))

Cube: TypeAlias = Mapping[str, frozenset[int]]
Codes: TypeAlias = NDArray[np.int16]
Masks: TypeAlias = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Column:
    """One variable of a view: its values in the order of their codes, or (none listed) a number."""

    var: StateVar
    values: tuple[Value, ...]

    @property
    def numeric(self) -> bool:
        """Whether the codes are 0, 1 and 2 for many."""
        return not self.values

    @property
    def card(self) -> int:
        """How many codes there are."""
        return MANY + 1 if self.numeric else len(self.values)

    def code(self, value: Value) -> int:
        """The code of a value in a view; a negative number counts as many (it is in no view)."""
        if self.numeric:
            assert isinstance(value, int)
            return min(value, MANY) if value >= 0 else MANY
        return self.values.index(value) if value in self.values else 0

    def literal(self, codes: frozenset[int], subject: Param) -> Expr:
        """The value of the variable (at ``subject``) is one of ``codes``."""
        read = Read(self.var.name, (subject,) if self.var.dims else (), self.var.sort)
        if self.numeric:
            low, high = min(codes), max(codes)
            if codes == {0, MANY}:
                return neg(eq(read, lit(1)))
            parts = [le(lit(low), read)] if low else []
            parts += [le(read, lit(high))] if high < MANY else []
            return eq(read, lit(low)) if low == high < MANY else conj(*parts)
        if isinstance(self.var.sort, BoolSort):
            return read if self.values[next(iter(codes))] else neg(read)
        rest = frozenset(range(self.card)) - codes
        few = codes if len(codes) <= len(rest) else rest
        one_of = disj(*(eq(read, Lit(self.values[c], self.var.sort)) for c in sorted(few)))
        return one_of if few is codes else neg(one_of)


def columns_of(form: PageForm) -> tuple[Column, ...]:
    """The columns of the views of a system in page form, globals first."""
    found = list[Column]()
    for var in sorted(form.system.variables, key=lambda v: bool(v.dims)):
        values: tuple[Value, ...] = ()
        match var.sort:
            case BoolSort():
                values = (False, True)
            case EnumSort(members=members):
                values = members
            case IntSort(lo=lo, hi=hi) if var.name not in form.occupancy and hi - lo < _SMALL:
                values = tuple(range(lo, hi + 1))
            case CountSort() | IntSort(lo=0):
                pass
            case _:
                raise ValueError(f"variable {var.name} has no view")
        found.append(Column(var, values))
    return tuple(found)


class Table:
    """The views seen so far; ``exact`` are rows of exact values for the ledger."""

    def __init__(self, columns: tuple[Column, ...]) -> None:
        self.columns = columns
        self.exact: Codes = np.zeros((0, len(columns)), np.int16)
        self.views: Codes = np.zeros((0, len(columns)), np.int16)
        self._by_column = self.views.T
        self._known = set[bytes]()

    def add_states(self, search: Explicit, sizes: Sizes) -> int:
        """Add what each page sees in the visited states; how many views are new.

        Views are told apart by a hash; one that is lost costs work later, never a proof.
        """
        if not self.columns:
            return 0
        sort = next((c.var.dims[0] for c in self.columns if c.var.dims), None)
        mix = np.random.default_rng(0).integers(1, 1 << 62, len(self.columns))
        for page in range(1 if sort is None else sizes.of(sort)):
            hashes = np.zeros(search.states, np.int64)
            for c, factor in zip(self.columns, mix.tolist(), strict=True):
                codes = search.codes(c.var.name, (page,) if c.var.dims else ())
                hashes += codes.astype(np.int64) * np.int64(factor)
            _, some = np.unique(hashes, return_index=True)
            cells = [
                search.codes(c.var.name, (page,) if c.var.dims else ())[some] for c in self.columns
            ]
            self.exact = _unique(np.concatenate([self.exact, np.stack(cells, axis=1)]))
        cut = np.array([MANY if c.numeric else c.card for c in self.columns], np.int16)
        before = len(self._known)
        self._set(_unique(np.concatenate([self.views, np.minimum(self.exact, cut)])))
        return len(self._known) - before

    def _set(self, views: Codes) -> None:
        self.views = views
        self._by_column = np.ascontiguousarray(views.T)
        self._known = {row.tobytes() for row in views}

    def view(self, values: Mapping[str, Value]) -> Codes:
        """The view of one page, from the values of the variables."""
        return np.array([c.code(values[c.var.name]) for c in self.columns], np.int16)

    def __contains__(self, view: Codes) -> bool:
        return view.tobytes() in self._known

    def grow(self, view: Codes) -> None:
        """Take in one more view."""
        self._set(np.concatenate([self.views, view[None]]))

    def clause(self, cube: Cube, subject: Param) -> Expr:
        """No page is in ``cube``."""
        by_name = {c.var.name: c for c in self.columns}
        return disj(*(neg(by_name[n].literal(s, subject)) for n, s in cube.items()))

    def inside(self, view: Codes, cube: Cube) -> bool:
        """Whether the view lies in the cube."""
        return all(
            int(k) in cube[c.var.name]
            for c, k in zip(self.columns, view, strict=True)
            if c.var.name in cube
        )

    def meets(self, cube: Cube) -> bool:
        """Whether some view lies in the cube."""
        inside = np.ones(len(self.views), np.bool_)
        for column, codes in zip(self.columns, self._by_column, strict=True):
            if column.var.name in cube:
                inside &= np.isin(codes, list(cube[column.var.name]))
        return bool(inside.any())

    def generalise(self, view: Codes, rng: random.Random, tries: int = 6) -> Cube:
        """A large cube around ``view`` without a view of the table.

        First drop variables, then widen the remaining ones value by value, while every view of the
        table still differs somewhere; the cube with the fewest variables of several random orders.
        """
        differs = _distinct_masks(self.views != view)
        choices = {tuple(sorted(self._needed(differs, rng))) for _ in range(tries)}
        fewest = min(len(c) for c in choices)
        few = sorted(c for c in choices if len(c) == fewest)
        return min((self._widen(view, list(c), rng) for c in few), key=self._cost)

    def _needed(self, differs: Masks, rng: random.Random) -> list[int]:
        """Few columns such that each mask has one of them."""
        order = list(range(len(self.columns)))
        rng.shuffle(order)
        left, kept = differs, list[int]()
        for j in order:
            less = left.copy()
            less[j // 64] &= _WITHOUT[j % 64]
            if (less if len(less) == 1 else np.bitwise_or.reduce(less, axis=0)).all():
                left = less
            else:
                kept.append(j)
        return kept

    def _cost(self, cube: Cube) -> tuple[int, float]:
        cards = {c.var.name: c.card for c in self.columns}
        return len(cube), -sum(len(s) / cards[n] for n, s in cube.items())

    def _projected(self, chosen: list[int]) -> Codes:
        """What the views show in the columns ``chosen``: a row per column, no two columns alike."""
        cards = [self.columns[j].card for j in chosen]
        if prod(cards) >= _LARGEST_KEY:
            return np.unique(self._by_column[chosen], axis=1)
        keys = np.zeros(len(self.views), np.int64)
        for j, card in zip(chosen, cards, strict=True):
            keys = keys * card + self._by_column[j]
        keys, rows = np.unique(keys), list[NDArray[np.int64]]()
        for card in reversed(cards):
            rows.append(keys % card)
            keys = keys // card
        return np.array(rows[::-1], np.int16).reshape(len(chosen), -1)

    def _widen(self, view: Codes, kept: list[int], rng: random.Random) -> Cube:
        """The cube of ``view`` in the columns ``kept``, with more values where no view is met."""
        rng.shuffle(kept)
        rows = self._projected(kept)
        differs = rows != view[kept][:, None]
        allowed = dict[int, frozenset[int]]()
        for k, j in enumerate(kept):
            alone = differs[k] & (differs.sum(axis=0) == 1)
            needed = frozenset(rows[k, alone].tolist())
            allowed[j] = frozenset(range(self.columns[j].card)) - needed
            differs[k] &= np.isin(rows[k], list(needed))
        return {
            self.columns[j].var.name: s
            for j, s in sorted(allowed.items())
            if len(s) < self.columns[j].card
        }


def _distinct_masks(differs: NDArray[np.bool_]) -> Masks:
    """The rows of a matrix as words of bits without repetition: a column per row that occurs."""
    packed = np.packbits(differs, axis=1, bitorder="little")
    words = -(-packed.shape[1] // 8)
    wide = np.zeros((len(packed), 8 * words), np.uint8)
    wide[:, : packed.shape[1]] = packed
    masks = wide.view("<u8")
    return np.unique(masks.ravel())[None] if words == 1 else np.unique(masks, axis=0).T


def _unique(rows: NDArray[Any]) -> Codes:
    if not len(rows):
        return rows
    packed = np.ascontiguousarray(rows).view(
        np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))
    )
    _, first = np.unique(packed.ravel(), return_index=True)
    return rows[np.sort(first)]
