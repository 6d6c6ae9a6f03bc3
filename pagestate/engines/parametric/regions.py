"""Regions of laws: boxes over globals and a page's flags that hold no view where the law fails."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from pagestate.engines.parametric.table import Codes, Column, Cube

_MOST_BOXES = 5
_LEAST = 100
"""Into how many parts of what is wanted a box must not be too small to be worth it."""
_TRIES = 8

Box: TypeAlias = dict[int, set[int]]


@dataclass(frozen=True, slots=True)
class Cover:
    """Boxes (none: everywhere), and which of the views lie in one."""

    cubes: tuple[Cube, ...]
    covered: NDArray[np.bool_]


def boxes(
    columns: Sequence[Column],
    views: Codes,
    wrong: NDArray[np.bool_],
    wanted: NDArray[np.bool_],
) -> Cover | None:
    """Boxes without a wrong view that cover most of the ``wanted`` ones; None: nothing is wanted.

    ``views`` has a row per view and a column per one of ``columns``.  No box at all means that none
    is wrong.  Boxes are chosen greedily by what they newly cover, single conditions before others.
    """
    if not wrong.any():
        return Cover((), np.ones(len(views), np.bool_))
    bad, rng = np.unique(views[wrong], axis=0), random.Random(0)
    open_, covered = wanted & ~wrong, np.zeros(len(views), np.bool_)
    found, least = list[Cube](), int(open_.sum()) // _LEAST
    while open_.any() and len(found) < _MOST_BOXES:
        seeds = rng.choices(np.flatnonzero(open_).tolist(), k=_TRIES)
        offered = _single(columns, bad)
        offered += [_widen(columns, s, bad, rng) for s in views[seeds] if _apart(bad, s)]
        if not offered:
            break
        inside = [_inside(views, box) for box in offered]
        gains = [(int((i & open_).sum()), -len(b)) for i, b in zip(inside, offered, strict=True)]
        best = max(range(len(offered)), key=lambda k: gains[k])
        if gains[best][0] <= least:
            break
        found.append({columns[j].var.name: frozenset(s) for j, s in offered[best].items()})
        open_ &= ~inside[best]
        covered |= inside[best]
    return Cover(tuple(found), covered) if found else None


def _apart(bad: Codes, view: Codes) -> bool:
    return bool((bad != view).any(axis=1).all())


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
