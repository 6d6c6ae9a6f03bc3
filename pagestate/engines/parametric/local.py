"""Laws learnt from a failed step: how counters compare, in as large a region as it holds.

A view knows a counter as none, one or many, so a state that breaks the proof may differ from those
that were reached only in how many: then no clause excludes it.  Around such a state an equation
between its counters, with coefficients 1 and -1 and a constant, is sought that the state violates;
where there is none, a bound of a counter, or of the difference of two.  It is fitted to the reached
states that agree with the state in everything but numbers; then one variable after the other is let
go, and the law fitted again, for as long as there is one.  As clauses are cubes widened around a
state (the generalisation of property-directed reachability), these are boxes widened around it;
like mined laws they are guesses, dropped where a step breaks them.
"""

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pagestate.core.expr import Expr, Param, Read, lit
from pagestate.core.sorts import Value
from pagestate.engines.parametric.laws import Law, Matrix, Relation, Weights, law_of, solve
from pagestate.engines.parametric.table import Codes, Cube, Masks, Table

_TRIES = 4
_MOST_TERMS = 4
_HOLDS = {"=": np.equal, "<=": np.less_equal, ">=": np.greater_equal}
_BOUNDS: tuple[Relation, ...] = ("<=", ">=")

Numbers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class _State:
    """A state of a page: the codes of its variables that are no numbers, and its summands."""

    codes: Codes
    summands: Numbers


@dataclass(frozen=True, slots=True)
class _Seen:
    """The reached states as one state sees them: where they differ (bits), and their numbers.

    Those that look alike are one; ``amounts`` says how many.
    """

    differs: Masks
    numbers: Numbers
    amounts: Numbers


@dataclass(frozen=True, slots=True)
class _Form:
    """How a counter compares with a sum; that of a bound has a constant and those ``given``."""

    target: int
    relation: Relation
    given: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Guess:
    """A law that holds where some variables are as in the state, in so many states."""

    form: _Form
    weights: Weights
    kept: tuple[int, ...]
    states: int


class LocalLaws:
    """Finds laws of the ``counters`` (by name) of a page in the reached states of a table.

    Summand 0 is the constant 1, the others are the numeric variables.
    """

    def __init__(self, table: Table, subject: Param, counters: Collection[str]) -> None:
        self._table = table
        self._subject = subject
        numeric = [j for j, c in enumerate(table.columns) if c.numeric]
        plain = [j for j, c in enumerate(table.columns) if not c.numeric]
        self._numeric = [table.columns[j].var for j in numeric]
        self._plain = [table.columns[j] for j in plain]
        targets = [m for m, v in enumerate(self._numeric, 1) if v.name in counters]
        others = [(), *((m,) for m in range(1, len(numeric) + 1))]
        bounds = [
            _Form(t, relation, given)
            for t in targets
            for given in others
            if given != (t,)
            for relation in _BOUNDS
        ]
        self._forms = ([_Form(t, "=") for t in targets], bounds)
        self._codes = np.ascontiguousarray(table.exact[:, plain].T)
        found, rows = np.unique(table.exact[:, numeric], axis=0, return_inverse=True)
        self._numbers: Numbers = rows.ravel()
        self._summands: Matrix = np.concatenate([np.ones((1, len(found)), np.int16), found.T])
        self._mix = np.random.default_rng(0).integers(1, 1 << 62, len(plain) + 1)
        self._hashes = self._hashed(self._codes)

    def around(
        self, values: Mapping[str, Value], rejected: Collection[Expr], rng: random.Random
    ) -> Law | None:
        """A law of all reached states, none of ``rejected``, that a page with ``values`` breaks."""
        codes = np.array([c.code(values[c.var.name]) for c in self._plain], np.int16)
        numbers = [values[v.name] for v in self._numeric]
        state = _State(codes, np.array([1, *numbers], np.int64))
        alike = np.unique(self._numbers[self._hashes == self._hashed(codes[:, None])])
        seen: _Seen | None = None
        for forms in self._forms:
            fits = [(form, self._fitted(state, form, None, alike)) for form in forms]
            first = [(form, weights) for form, weights in fits if weights is not None]
            if not first:
                continue
            seen = seen or self._seen(state)
            tries = [pair for pair in first for _ in range(_TRIES)]
            found = [self._widened(state, seen, form, w, rng) for form, w in tries]
            for guess in sorted(found, key=lambda g: (-g.states, len(g.kept))):
                law = self._law(guess, self._box(state, guess))
                if guess.states and law.formula not in rejected:
                    return law
        return None

    def _hashed(self, codes: Codes) -> Numbers:
        """A hash per column of ``codes``; if two are taken for one, a guess is worse."""
        hashes = np.zeros(codes.shape[1], np.int64)
        for row, factor in zip(codes, self._mix.tolist(), strict=False):
            hashes += row.astype(np.int64) * np.int64(factor)
        return hashes

    def _seen(self, state: _State) -> _Seen:
        """The reached states as this one sees them; those with equal hashes are taken for one."""
        words = np.zeros((-(-len(self._plain) // 64), len(self._numbers)), np.uint64)
        for k, row in enumerate(self._codes):
            words[k // 64] |= (row != state.codes[k]).astype(np.uint64) << np.uint64(k % 64)
        mixed = self._numbers * self._mix[-1]
        for word, factor in zip(words, self._mix.tolist(), strict=False):
            mixed += word.view(np.int64) * np.int64(factor)
        _, some, amounts = np.unique(mixed, return_index=True, return_counts=True)
        return _Seen(words[:, some], self._numbers[some], amounts)

    def _fitted(
        self, state: _State, form: _Form, weights: Weights | None, numbers: Numbers
    ) -> Weights | None:
        """The sum, or another one, so that all these numbers are as ``form`` says, but not ours."""
        here = self._summands[:, numbers]
        if not len(numbers):
            return weights
        if form.relation != "=":
            fitted = dict.fromkeys(form.given, 1)
            rest = here[form.target] - _sum(fitted, here)
            fitted[0] = int(rest.max() if form.relation == "<=" else rest.min())
        elif weights is not None and (_sum(weights, here) == here[form.target]).all():
            return weights
        else:
            others = here.copy()
            others[form.target] = 0
            solved = solve(others, here[form.target])
            if solved is None or len(solved) > _MOST_TERMS:
                return None
            if any(abs(w) != 1 for m, w in solved.items() if m):
                return None
            fitted = solved
        says, ours = _sum(fitted, state.summands), state.summands[form.target]
        return None if _HOLDS[form.relation](ours, says) else fitted

    def _widened(
        self, state: _State, seen: _Seen, form: _Form, weights: Weights, rng: random.Random
    ) -> _Guess:
        """Let go of one variable after the other, as long as a law is left."""
        order = list(range(len(self._plain)))
        rng.shuffle(order)
        differs, kept = seen.differs.copy(), list[int]()
        inside = np.zeros(self._summands.shape[1], np.bool_)
        inside[seen.numbers[~differs.any(axis=0)]] = True
        for k in order:
            bit = _bit(k, len(differs))
            more = inside.copy()
            more[seen.numbers[(differs == bit).all(axis=0)]] = True
            wider = self._fitted(state, form, weights, np.flatnonzero(more))
            if wider is None:
                kept.append(k)
            else:
                weights, inside = wider, more
                differs &= ~bit
        states = int(seen.amounts[~differs.any(axis=0)].sum())
        return _Guess(form, weights, tuple(sorted(kept)), states)

    def _box(self, state: _State, guess: _Guess) -> Cube:
        """The kept variables with the values at which the law holds."""
        if not guess.kept:
            return {}
        numbers, says = self._summands[guess.form.target], _sum(guess.weights, self._summands)
        wrong = ~_HOLDS[guess.form.relation](numbers, says)
        bad = self._codes[list(guess.kept)][:, wrong[self._numbers]]
        bad = bad[:, np.unique(self._hashed(bad), return_index=True)[1]]
        differs = bad != state.codes[list(guess.kept)][:, None]
        box = dict[str, frozenset[int]]()
        for row, codes, k in zip(differs, bad, guess.kept, strict=True):
            alone = row & (differs.sum(axis=0) == 1)
            allowed = frozenset(range(self._plain[k].card)) - set(codes[alone].tolist())
            row &= ~np.isin(codes, list(allowed))
            if len(allowed) < self._plain[k].card:
                box[self._plain[k].var.name] = allowed
        return box

    def _law(self, guess: _Guess, box: Cube) -> Law:
        """The guess in the region ``box``."""

        def read(m: int) -> Read:
            var = self._numeric[m - 1]
            return Read(var.name, (self._subject,) if var.dims else (), var.sort)

        terms: list[tuple[int, Expr]] = [(w, read(m)) for m, w in guess.weights.items() if m]
        constant = guess.weights.get(0, 0)
        if constant:
            terms.append((1 if constant > 0 else -1, lit(abs(constant))))
        target, relation = read(guess.form.target), guess.form.relation
        return law_of(self._table, self._subject, target, tuple(terms), box or None, relation)


def _bit(k: int, words: int) -> Masks:
    """Bit ``k`` of so many words, a column."""
    made = np.zeros((words, 1), np.uint64)
    made[k // 64] = np.uint64(1) << np.uint64(k % 64)
    return made


def _sum(weights: Weights, summands: NDArray[Any]) -> NDArray[Any]:
    """What the sum is for each column of ``summands``."""
    found = np.zeros(summands.shape[1:], summands.dtype)
    for m, w in weights.items():
        found += w * summands[m]
    return found
