"""``pagestate export``."""

from pathlib import Path

from tests.cli.running import cli
from tests.examples.looking import EXAMPLES
from tests.interchange.circuits import read_ascii, read_binary

LOCK = str(EXAMPLES / "specifications" / "lock.py")
BARRIER = str(EXAMPLES / "specifications" / "barrier.py")
PETERSON = str(EXAMPLES / "peterson.py")


def test_help_has_examples() -> None:
    ran = cli("export", "--help")
    assert (ran.code, ran.err) == (0, "")
    assert "pagestate export" in ran.out.partition("Examples:\n")[2]
    assert max(len(line) for line in ran.out.splitlines()) <= 90


def test_promela_to_a_file_and_to_stdout(tmp_path: Path) -> None:
    path = tmp_path / "lock.pml"
    assert cli("export", LOCK, "--format", "promela", "-o", str(path)).code == 0
    ran = cli("export", LOCK, "--format", "promela", "-o", "-")
    assert ran.out == path.read_text()
    assert "byte process_pc[2]" in ran.out
    ran = cli("export", LOCK, "--format", "promela", "-o", "-", "--size", "process=3")
    assert "byte process_pc[3]" in ran.out


def test_switches_and_properties(tmp_path: Path) -> None:
    one = cli("export", PETERSON, "--format", "promela", "-o", "-", "--property", "exclusive")
    assert "right_gets_in" not in one.out and "exclusive:" in one.out
    other = cli(
        *("export", PETERSON, "--format", "promela", "-o", "-", "--property", "exclusive"),
        *("--set", "interested_first=false"),
    )
    assert one.out != other.out


def test_both_forms_of_circuits(tmp_path: Path) -> None:
    text, binary = tmp_path / "lock.aag", tmp_path / "lock.aig"
    for path in (text, binary):
        assert cli("export", LOCK, "--format", "aiger", "-o", str(path)).code == 0
    assert read_ascii(text.read_text()) == read_binary(binary.read_bytes())


def test_what_cannot_be_exported(tmp_path: Path) -> None:
    ran = cli("export", BARRIER, "--format", "promela", "-o", "-")
    assert ran.code == 0 and "left out, not about states: leave_together" in ran.err
    ran = cli("export", BARRIER, "--format", "promela", "-o", "-", "--property", "leave_together")
    assert (ran.code, ran.out) == (2, "") and "leave_together" in ran.err
    ran = cli("export", LOCK, "--format", "promela", "-o", "-", "--size", "process=any")
    assert (ran.code, ran.out) == (2, "") and "finite" in ran.err
    nowhere = str(tmp_path / "none" / "x.aig")
    assert cli("export", LOCK, "--format", "aiger", "-o", nowhere).code == 2


def test_a_bound_of_counters_is_taken_over() -> None:
    ran = cli("export", LOCK, "--format", "promela", "-o", "-", "--count-bound", "1")
    assert "<= 1);" in ran.out
    ran = cli("export", LOCK, "--format", "promela", "-o", "-", "--count-bound", "300")
    assert "short inside" in ran.out
