"""The table of views: what one page and the globals look like in all states of a small instance.

A view keeps data values exactly and counters as none, one or many.  The table is no invariant (a
small instance misses combinations of "many"); it is the oracle that says how far a situation that
breaks a proof may be generalised to a clause: as far as no view of the table is excluded.
"""

import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from pagestate.core.expr import Expr, Lit, Param, Read, conj, disj, eq, le, lit, neg
from pagestate.core.pageform import PageForm
from pagestate.core.sorts import BoolSort, CountSort, EnumSort, IntSort, Sizes, Value
from pagestate.core.system import StateVar
from pagestate.engines.explicit.search import Explicit

MANY = 2
_SMALL = 8
_TRIES = 6
"""Orders in which variables are dropped from a cube."""
_SOME = 512
"""Words of bits (a bit is a view) that are looked at first where there are more."""
_ROOM = 64
"""Words of bits that are kept free for views that are taken in later."""

Cube: TypeAlias = Mapping[str, frozenset[int]]
Codes: TypeAlias = NDArray[np.int16]
Masks: TypeAlias = NDArray[np.uint64]
Kind = TypeVar("Kind", bound=np.generic)


@dataclass(frozen=True, slots=True)
class Column:
    """One variable of a view: its values in the order of their codes, or (none listed) a number.

    The code ``many`` is of that number and of all greater ones.
    """

    var: StateVar
    values: tuple[Value, ...]
    many: int = MANY

    @property
    def numeric(self) -> bool:
        """Whether the codes are numbers, the last one for many."""
        return not self.values

    @property
    def card(self) -> int:
        """How many codes there are."""
        return self.many + 1 if self.numeric else len(self.values)

    def code(self, value: Value) -> int:
        """The code of a value in a view; a negative number counts as many (it is in no view)."""
        if self.numeric:
            assert isinstance(value, int)
            return min(value, self.many) if value >= 0 else self.many
        return self.values.index(value) if value in self.values else 0

    def literal(self, codes: frozenset[int], subject: Param) -> Expr:
        """The value of the variable (at ``subject``) is one of ``codes``."""
        read = Read(self.var.name, (subject,) if self.var.dims else (), self.var.sort)
        if self.numeric:
            low, high = min(codes), max(codes)
            parts = [le(lit(low), read)] if low else []
            parts += [le(read, lit(high))] if high < self.many else []
            parts = [eq(read, lit(low))] if low == high < self.many else parts
            gaps = sorted(frozenset(range(low, high)) - codes)
            return conj(*parts, *(neg(eq(read, lit(k))) for k in gaps))
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
    """The views seen so far; ``exact`` are rows of exact values for the ledger.

    ``whole``: no state looks like anything else.
    """

    def __init__(self, columns: tuple[Column, ...]) -> None:
        self.columns = columns
        self.exact: Codes = np.zeros((0, len(columns)), np.int16)
        self.whole = False
        self._known = set[bytes]()
        self._where = _Where(columns, self.exact)

    @property
    def size(self) -> int:
        """How many views there are."""
        return len(self._known)

    def add_states(self, search: Explicit, sizes: Sizes) -> int:
        """Add what each page sees in the visited states; how many views are new.

        Views are told apart by a hash; one that is lost costs work later, never a proof.
        """
        if not self.columns:
            return 0
        sort = next((c.var.dims[0] for c in self.columns if c.var.dims), None)
        mix = np.random.default_rng(0).integers(1, 1 << 62, len(self.columns))
        found = list[Codes]()
        for page in range(1 if sort is None else sizes.of(sort)):
            hashes = np.zeros(search.states, np.int64)
            for c, factor in zip(self.columns, mix.tolist(), strict=True):
                codes = search.codes(c.var.name, (page,) if c.var.dims else ())
                hashes += codes.astype(np.int64) * np.int64(factor)
            _, some = np.unique(hashes, return_index=True)
            cells = [
                search.codes(c.var.name, (page,) if c.var.dims else ())[some] for c in self.columns
            ]
            found.append(np.stack(cells, axis=1))
        return self.add(np.concatenate(found))

    def add(self, exact: Codes) -> int:
        """Add rows of exact codes; how many views are new."""
        self.exact = distinct(np.concatenate([self.exact, exact]))
        cut = np.array([c.many if c.numeric else c.card for c in self.columns], np.int16)
        grown = self._where.rows if self._where.grown else self.exact[:0]
        before = self.size
        self._set(distinct(np.concatenate([np.minimum(self.exact, cut), grown])))
        return self.size - before

    def take_all(self, exact: Codes) -> None:
        """Take in rows of exact codes, each once, that are all there are.

        From now on views tell all numbers apart.
        """
        most = zip(self.columns, exact.max(axis=0, initial=0).tolist(), strict=True)
        self.columns = tuple(replace(c, many=n + 1) if c.numeric else c for c, n in most)
        self.exact, self.whole = exact, True
        self._set(exact)

    def _set(self, views: Codes) -> None:
        self._known = {row.tobytes() for row in views}
        self._where = _Where(self.columns, views)

    def part(self, rows: NDArray[np.int64]) -> "Table":
        """A table of some of the exact rows, without views."""
        found = Table(self.columns)
        found.exact, found.whole = self.exact[rows], self.whole
        return found

    def values(self, exact: Codes) -> dict[str, Value]:
        """What the variables are in an exact row."""
        pairs = zip(self.columns, exact.tolist(), strict=True)
        return {c.var.name: code if c.numeric else c.values[code] for c, code in pairs}

    def view(self, values: Mapping[str, Value]) -> Codes:
        """The view of one page, from the values of the variables."""
        return np.array([c.code(values[c.var.name]) for c in self.columns], np.int16)

    def __contains__(self, view: Codes) -> bool:
        return view.tobytes() in self._known

    def grow(self, view: Codes) -> None:
        """Take in one more view."""
        self._known.add(view.tobytes())
        self._where.grow(view)

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
        places = {c.var.name: j for j, c in enumerate(self.columns)}
        inside = [self._where.one_of(places[n], codes) for n, codes in cube.items()]
        return bool(np.bitwise_and.reduce([self._where.all, *inside]).any())

    def generalise(self, view: Codes, rng: random.Random) -> Cube:
        """A large cube around ``view`` without a view of the table.

        First drop variables, then widen the remaining ones value by value, while every view of the
        table still differs somewhere; the cube with the fewest variables of several random orders.
        Numbers are dropped before others: a small instance lacks combinations of many, and a clause
        that rests on that does not hold in a larger one.
        """
        where, words = self._where, self._where.some
        alike = [where.at(j, int(code)) for j, code in enumerate(view)]
        same, choices = np.stack([bits[words] for bits in alike]), set[tuple[int, ...]]()
        for _ in range(_TRIES):
            while True:
                kept = self._needed(same, where.all[words], rng)
                met = np.bitwise_and.reduce([where.all, *(alike[j] for j in kept)])
                if not met.any():
                    break
                words = np.union1d(words, np.flatnonzero(met))
                same = np.stack([bits[words] for bits in alike])
            choices.add(tuple(sorted(kept)))
        fewest = min(len(c) for c in choices)
        few = sorted(c for c in choices if len(c) == fewest)
        return min((self._widen(view, list(c), rng) for c in few), key=self._cost)

    def _needed(self, same: Masks, views: Masks, rng: random.Random) -> list[int]:
        """Few columns of which each of ``views`` differs in one; ``same``: where they do not."""
        order = list(range(len(self.columns)))
        rng.shuffle(order)
        order.sort(key=lambda j: not self.columns[j].numeric)
        later = np.bitwise_and.accumulate(same[order[::-1]], axis=0)[::-1]
        here, kept = views, list[int]()
        for k, j in enumerate(order, 1):
            rest = here & later[k] if k < len(order) else here
            if rest.any():
                here = here & same[j]
                kept.append(j)
        return kept

    def _cost(self, cube: Cube) -> tuple[int, float]:
        cards = {c.var.name: c.card for c in self.columns}
        return len(cube), -sum(len(s) / cards[n] for n, s in cube.items())

    def _widen(self, view: Codes, kept: list[int], rng: random.Random) -> Cube:
        """The cube of ``view`` in the columns ``kept``, with more values where no view is met."""
        rng.shuffle(kept)
        allowed = {j: frozenset({int(view[j])}) for j in kept}
        inside = {j: self._where.at(j, int(view[j])) for j in kept}
        for j in kept:
            others = [mask for k, mask in inside.items() if k != j]
            met = self._where.met(j, np.bitwise_and.reduce([self._where.all, *others]))
            allowed[j] = frozenset(range(self.columns[j].card)) - met
            inside[j] = self._where.all & ~self._where.one_of(j, met)
        return {
            self.columns[j].var.name: s
            for j, s in sorted(allowed.items())
            if len(s) < self.columns[j].card
        }


class _Where:
    """Which views have which code: a row of bits, one per view, for each code of each column.

    ``some`` are places of words, all over the table.
    """

    def __init__(self, columns: tuple[Column, ...], views: Codes) -> None:
        self._count = len(views)
        self.grown = False
        self._words = len(views) // 64 + _ROOM
        self._views = views
        self._more = list[Codes]()
        self._bits = [
            np.stack([self._packed(codes == code) for code in range(c.card)])
            for c, codes in zip(columns, np.ascontiguousarray(views.T), strict=True)
        ]
        self.all = self._packed(np.ones(len(views), np.bool_))
        self.some = np.arange(0, self._words, self._words // _SOME + 1)

    def _packed(self, which: NDArray[np.bool_]) -> Masks:
        packed = np.zeros(8 * self._words, np.uint8)
        found = np.packbits(which, bitorder="little")
        packed[: len(found)] = found
        return packed.view("<u8")

    @property
    def rows(self) -> Codes:
        """All views."""
        return np.concatenate([self._views, *(v[None] for v in self._more)])

    def grow(self, view: Codes) -> None:
        """Take in one more view, while there is room."""
        self.grown = True
        self._more.append(view)
        word, bit = divmod(self._count, 64)
        self._count += 1
        for bits, code in zip(self._bits, view.tolist(), strict=True):
            bits[code, word] |= np.uint64(1) << np.uint64(bit)
        self.all[word] |= np.uint64(1) << np.uint64(bit)

    def at(self, column: int, code: int) -> Masks:
        """The views with this code."""
        found: Masks = self._bits[column][code]
        return found

    def one_of(self, column: int, codes: Iterable[int]) -> Masks:
        """The views with one of these codes."""
        found: Masks = np.bitwise_or.reduce(self._bits[column][sorted(codes)], axis=0)
        return found

    def met(self, column: int, views: Masks) -> frozenset[int]:
        """The codes that some of the views have."""
        words = np.flatnonzero(views)
        found = (self._bits[column][:, words] & views[words]).any(axis=1)
        return frozenset(np.flatnonzero(found).tolist())


def distinct(rows: NDArray[Kind]) -> NDArray[Kind]:
    """The rows of a matrix, each once, in the order of their first occurrence."""
    if not len(rows) or not rows.shape[1]:
        return rows[:1]
    packed = np.ascontiguousarray(rows).view(
        np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))
    )
    _, first = np.unique(packed.ravel(), return_index=True)
    return rows[np.sort(first)]
