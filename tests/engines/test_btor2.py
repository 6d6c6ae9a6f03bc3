"""Circuits of other people's making, whose verdicts several other checkers agree on."""

import csv
from pathlib import Path

import pytest

from pagestate.core.verdict import Verdict
from pagestate.engines.bmc import Bmc
from pagestate.engines.induction import Induction
from tests.engines.btor2 import NotHere, task_of
from tests.engines.finite_proofs import checked
from tests.engines.test_pdr import FAR, make

FOLDER = Path(__file__).parents[1] / "data" / "btor2"
HARD = ("pono_adder-cfg-safe.btor2", "pono_uvw_example.btor2")
OUTSIDE = "pono_constarrfalse.btor2"
ROWS = list(csv.DictReader((FOLDER / "index.tsv").read_text().splitlines(), delimiter="\t"))
KNOWN = [
    pytest.param(r, id=r["file"], marks=[pytest.mark.slow] if r["file"] in HARD else [])
    for r in ROWS
    if r["file"] != OUTSIDE
]


@pytest.mark.parametrize("row", KNOWN)
def test_pdr(row) -> None:
    (answer,) = checked(make, task_of(FOLDER / row["file"]), FAR)
    if row["verdict"] == "safe":
        assert answer.verdict is Verdict.PROVED
    else:
        assert (answer.verdict, answer.depth) == (Verdict.VIOLATED, int(row["cex_len"]))


@pytest.mark.parametrize("row", [r for r in ROWS if r["file"] != OUTSIDE], ids=lambda r: r["file"])
def test_bmc_and_induction(row) -> None:
    task = task_of(FOLDER / row["file"])
    if row["verdict"] == "safe":
        (answer,) = checked(lambda t: Induction(t, lambda progress: None), task, 3)
        assert answer.verdict in (Verdict.PROVED, Verdict.BOUNDED)
    else:
        (answer,) = checked(lambda t: Bmc(t, lambda progress: None), task, 16)
        assert (answer.verdict, answer.depth) == (Verdict.VIOLATED, int(row["cex_len"]))


def test_what_is_outside_says_so() -> None:
    with pytest.raises(NotHere):
        task_of(FOLDER / OUTSIDE)


def test_every_file_is_in_the_index() -> None:
    assert {p.name for p in FOLDER.glob("*.btor2")} == {r["file"] for r in ROWS}
