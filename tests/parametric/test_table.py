"""The table of views, as the oracle for clauses."""

import random

import numpy as np

from pagestate.core.pageform import page_form
from pagestate.engines.parametric.table import Codes, Table, columns_of

from .systems import ANY, SIZES, race


def view(table: Table, **codes: int) -> Codes:
    """A view with these codes of variables, the rest 0."""
    names = [c.var.name for c in table.columns]
    assert codes.keys() <= set(names)
    return np.array([codes.get(name, 0) for name in names], np.int16)


def test_a_clause_says_nothing_of_numbers_if_it_need_not() -> None:
    """Two getters cannot be at three labels; that says nothing of more getters."""
    table = Table(columns_of(page_form(race(), (), SIZES, ANY)))
    for rc in (0, 1, 2):
        table.grow(view(table, rc=rc))
    at = {"getter@hold": 1, "getter@test": 1, "getter@free": 1}
    seen = view(table, offline=1, buddy=1, rc=2, **at)
    for seed in range(20):
        cube = table.generalise(seen, random.Random(seed))
        assert set(cube) in ({"offline"}, {"buddy"}), cube
