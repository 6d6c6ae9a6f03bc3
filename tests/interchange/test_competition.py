"""The comparison with other model checkers: a row has answers, and missing tools are named."""

import shutil

import pytest

from benchmarks import competition


def test_a_row_without_other_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    lines = list(competition.table([2], [1], 60))
    assert lines[0] == "SPIN or a C compiler is not installed: left out."
    assert lines[1] == "ABC is not installed: left out."
    assert lines[2] == "| variant, pages/getters | explicit | pdr | parametric (any size) |"
    coarse, fine = lines[4:]
    assert coarse.startswith("| coarse 2/1 | ") and "44 states" in coarse and "clauses" in coarse
    assert fine.startswith("| fine 2/1 | ") and " states)" in fine


@pytest.mark.skipif(competition._abc() is None, reason="needs ABC")
def test_abc_has_a_time() -> None:
    found = competition.abc(competition.Case(True, 2, 1), 60)
    assert found.seconds is not None and "clauses" in found.what


def test_what_takes_too_long_has_no_time() -> None:
    found = competition.own("explicit", competition.Case(False, 16, 3), 1)
    assert found.seconds is None and found.what == "more than 1 s"
    assert competition.ratio(found, competition.Measured(1.0, "")) == "-"
