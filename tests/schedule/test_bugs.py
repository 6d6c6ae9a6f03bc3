"""Bugs are declared and checked; the exit code says whether all is as declared."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from pagestate.check.outcome import Exit
from pagestate.core.verdict import Verdict
from pagestate.lang.diagnostics import ModelError
from pagestate.schedule.bug import sorted_bugs
from pagestate.schedule.judge import bugs_of_file, judge, select
from pagestate.view.itf import load_trace
from tests.cli.running import Ran, cli
from tests.schedule.small_bugs import BUGS

FILE = str(Path(__file__).with_name("small_bugs.py"))
BY_ID = {b.id: b for b in BUGS}


def bugs(*args: str) -> Ran:
    return cli("bugs", "--from", FILE, *args)


def test_a_bug_as_declared() -> None:
    found = judge(BY_ID["X2"])
    assert (found.code, found.problems) == (Exit.OK, ())
    broken, fixed = found.broken, found.fixed
    assert (broken.verdict, broken.setup, broken.steps) == (Verdict.VIOLATED, 2, 5)
    assert broken.changing == 5
    assert fixed is not None
    assert fixed.verdict == Verdict.EXHAUSTED


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("X3", "5 changing steps, declared are at most 4"),
        ("X4", "the broken variant is not violated: exhausted (no execution that begins"),
        ("X5", "the fixed variant: violated"),
        ("X7", "at_most is declared, and nothing is watched"),
    ],
)
def test_a_bug_that_is_not_as_declared(name: str, problem: str) -> None:
    found = judge(BY_ID[name])
    assert found.code == Exit.FAILED
    assert [p for p in found.problems if problem in p]


def test_without_a_setup_all_steps_count() -> None:
    found = judge(BY_ID["X5"]).broken
    assert (found.setup, found.steps, found.changing) == (0, 7, 6)


def test_what_is_not_decided_is_open() -> None:
    found = judge(BY_ID["X2"], seconds=0.000001)
    assert found.code == Exit.INCONCLUSIVE
    assert found.broken.verdict == Verdict.UNKNOWN


def test_ids_are_in_order_and_known() -> None:
    assert [b.id for b in sorted_bugs(BUGS)] == ["X2", "X3", "X4", "X5", "X6", "X7", "X10"]
    assert [b.id for b in select(BUGS, ["X7", "X2"])] == ["X2", "X7"]
    with pytest.raises(ModelError, match="no bug 'X1'"):
        select(BUGS, ["X1"])


def test_the_command_checks_them(tmp_path: Path) -> None:
    ran = bugs("X2", "X10", "--trace-dir", str(tmp_path))
    assert ran.code == 0
    assert "ok    X2: the race of 2019" in ran.out
    assert "violated in 5 steps" in " ".join(ran.out.split())
    assert max(map(len, ran.out.splitlines())) <= 80
    assert sorted(p.name for p in tmp_path.iterdir()) == ["X10.itf.json", "X2.itf.json"]
    assert len(load_trace(tmp_path / "X2.itf.json").steps) == 7


def test_exit_codes_of_the_command() -> None:
    assert bugs("X4").code == 1
    assert "FAIL  X4" in bugs("X4").out
    wrong = bugs("X6")
    assert wrong.code == 2
    assert "schedule backwards: item 1 (getter 0: put_page at page 0) is not possible" in wrong.out
    assert bugs("X9").code == 2
    assert bugs("X2", "--timeout", "0.001").code == 3
    assert bugs("X4", "X6", "X2").code == 2
    assert cli("bugs", "--from", "missing.py").code == 2


def test_the_json_object() -> None:
    ran = bugs("X4", "X2", "--json", "-")
    assert ran.code == 1
    found = json.loads(ran.out)
    assert [b["id"] for b in found["bugs"]] == ["X2", "X4"]
    first = found["bugs"][0]
    assert (first["ok"], first["broken"]["verdict"]) == (True, "violated")
    assert (first["broken"]["changing"], first["broken"]["setup_steps"]) == (5, 2)
    assert first["broken"]["switches"] == {"hook": False}
    assert len(first["broken"]["trace"]["states"]) == 8
    assert first["fixed"]["verdict"] == "exhausted"
    assert found["bugs"][1]["problems"]
    assert (found["errors"], found["interrupted"]) == ({}, False)


def test_no_bug_selected(tmp_path: Path) -> None:
    file = tmp_path / "none.py"
    file.write_text("BUGS = []\n")
    assert cli("bugs", "--from", str(file)).code == 5
    file.write_text("BUGS = [1]\n")
    assert cli("bugs", "--from", str(file)).code == 2
    file.write_text("import gone\n")
    assert cli("bugs", "--from", str(file)).code == 2
    with pytest.raises(ModelError, match="PS102"):
        bugs_of_file(file)


def test_the_librarys_bugs_are_listed() -> None:
    ran = cli("models", "--bugs")
    assert ran.code == 0
    assert "H1: " in ran.out
    assert set(json.loads(cli("models", "--bugs", "--json").out)["H1"]) >= {"title", "fix"}


def test_declaring_needs_no_solver_and_no_numpy() -> None:
    """Models import the declarations; the engines come later."""
    code = "import pagestate.schedule, sys; print(*{'z3', 'numpy'} & {*sys.modules})"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == ""
