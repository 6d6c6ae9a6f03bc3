"""The historical bugs: found within the steps of their traces, and gone with their fixes."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pagestate.check.outcome import Exit
from pagestate.core.property import LIVENESS
from pagestate.core.verdict import Verdict
from pagestate.lang.load import load_model
from pagestate.schedule.judge import judge, shipped_bugs
from tests.models.exploring import search

BUGS = {b.id: b for b in shipped_bugs()}
ROWS = {
    *("H1", "H1D", "H1G", "H2", "H3", "H4", "H6", "H7", "H8", "H9", "H10", "H10b", "H11", "H12"),
    *("H13", "H14", "H16", "H17", "H18", "H20", "H22", "H23", "N1", "N2", "N3", "N4"),
}
FAST = {"H1", "H2", "H8", "H12", "H17", "H20", "N3", "M5", "M7"}
"""One of each kind; `bin/test -m slow` has them all."""
UNFIXED = {"H1G", "H1GS"}
"""Nothing known fixes these."""


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in FAST else [pytest.mark.slow]) for n in BUGS]
)
def test_found_and_fixed(name: str) -> None:
    found = judge(BUGS[name])
    assert (found.code, found.problems) == (Exit.OK, ())
    assert found.broken.verdict == Verdict.VIOLATED
    assert found.broken.trace is not None
    assert (found.fixed is None) == (name in UNFIXED)


def test_every_row_is_there() -> None:
    assert set(BUGS) >= ROWS
    assert {n for n in BUGS if n.startswith("M")} == {f"M{k}" for k in range(1, 9)}


def test_the_page_lists_them() -> None:
    text = Path(__file__).parents[2].joinpath("docs", "bugs.md").read_text()
    rows = dict(re.findall(r"^\| (\w+) \| ([^|]*) \|", text, re.MULTILINE))
    assert {n: b.title for n, b in BUGS.items()}.items() <= rows.items()


def test_what_is_bounded() -> None:
    """Bugs of finite executions have a setup and a bound, but where the whole trace counts."""
    for bug in BUGS.values():
        kinds = {p.name: p.kind for p in load_model(bug.broken.model).properties}
        infinite = kinds.get(bug.prop, "always") in LIVENESS
        whole = bug.id in {"H4", "H13", "H20", "M4", "M5", "M6"}
        assert (bug.setup is None) == (infinite or whole), bug.id
        assert (bug.at_most is None) == (bug.setup is None), bug.id


def test_a_fix_is_no_bug() -> None:
    bug = BUGS["H22"]
    assert bug.fixed is not None
    found = judge(replace(bug, broken=bug.fixed, fixed=bug.broken))
    assert found.code == Exit.FAILED
    assert len(found.problems) == 2


@pytest.mark.parametrize("name", ["H1", "H1DW", "H12", "M1", "H1GS"])
def test_bounds_are_tight(name: str) -> None:
    bug = BUGS[name]
    assert bug.at_most is not None
    found = judge(replace(bug, at_most=bug.at_most - 1, fixed=None))
    assert found.code == Exit.FAILED


@pytest.mark.parametrize("scenario", ["settled", "notifiers"])
def test_undoing_the_isolation_last_breaks_nothing(scenario: str) -> None:
    """MEM_CANCEL_OFFLINE may as well come before the isolation is undone."""
    assert search("v5_10", scenario, "mutant=undo_last").violated() == set()
