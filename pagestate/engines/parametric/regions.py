"""Regions of laws: boxes over the globals that hold no configuration in which the law fails."""

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from pagestate.engines.parametric.table import Codes, Column, Cube

_MOST_BOXES = 5
_TRIES = 8

Box: TypeAlias = dict[int, set[int]]


def boxes(
    columns: Sequence[Column],
    configs: Codes,
    wrong: NDArray[np.bool_],
    weights: NDArray[Any],
    wanted: Iterable[int],
) -> tuple[Cube, ...] | None:
    """Boxes without a wrong configuration that cover most of the ``wanted`` ones; None: too few.

    ``configs`` has a row per configuration.  No box at all means that none is wrong.  Boxes are
    chosen greedily by the weight they newly cover, single conditions before others.
    """
    if not wrong.any():
        return ()
    bad, rng = configs[wrong], random.Random(0)
    open_ = np.zeros(len(configs), np.bool_)
    open_[[c for c in wanted if not wrong[c]]] = True
    found = list[Cube]()
    while open_.any() and len(found) < _MOST_BOXES:
        seeds = rng.choices(np.flatnonzero(open_).tolist(), k=_TRIES)
        offered = _single(columns, bad) + [_widen(columns, configs[s], bad, rng) for s in seeds]
        inside = [_inside(configs, box) & open_ for box in offered]
        gains = [(int(weights[i].sum()), -len(b)) for i, b in zip(inside, offered, strict=True)]
        best = max(range(len(offered)), key=lambda k: gains[k])
        if not gains[best][0]:
            break
        found.append({columns[j].var.name: frozenset(s) for j, s in offered[best].items()})
        open_ &= ~inside[best]
    return tuple(found) or None


def _single(columns: Sequence[Column], bad: Codes) -> list[Box]:
    """One condition on one variable: the values that no bad configuration has."""
    made = list[Box]()
    for j, column in enumerate(columns):
        good = set(range(column.card)) - set(bad[:, j].tolist())
        if good:
            made.append({j: good})
    return made


def _widen(columns: Sequence[Column], seed: Codes, bad: Codes, rng: random.Random) -> Box:
    """The seed widened to whole variables, then value by value, without a bad configuration."""
    allowed = {j: {int(seed[j])} for j in range(len(columns))}
    differs = bad != seed
    amount = differs.sum(axis=1)
    order = list(range(len(columns)))
    rng.shuffle(order)
    for j in order:
        if (amount - differs[:, j]).min() >= 1:
            amount = amount - differs[:, j]
            del allowed[j]
            differs[:, j] = False
    for j in allowed:
        for code in range(columns[j].card):
            same = differs[:, j] & (bad[:, j] == code)
            if code not in allowed[j] and not (same & (amount == 1)).any():
                allowed[j].add(code)
                amount = amount - same
                differs[:, j] &= ~same
    return {j: s for j, s in allowed.items() if len(s) < columns[j].card}


def _inside(configs: Codes, box: Mapping[int, set[int]]) -> NDArray[np.bool_]:
    found = np.ones(len(configs), np.bool_)
    for j, codes in box.items():
        found &= np.isin(configs[:, j], list(codes))
    return found
