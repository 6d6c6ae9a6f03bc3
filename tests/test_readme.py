"""The README says what the tool does: its commands are run and their output compared."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def pagestate(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pagestate", *args], capture_output=True, text=True, cwd=ROOT
    )


def test_the_main_command_prints_what_the_readme_shows():
    (block,) = re.findall(r"```\n(\$ bin/pagestate check rfc_v3.*?)```", README, re.S)
    command, *shown, echo, code = block.rstrip("\n").split("\n")
    assert echo == "$ echo $?"
    ran = pagestate(*command.removeprefix("$ bin/pagestate ").split())
    assert ran.stdout == "\n".join(shown) + "\n"
    assert ran.returncode == int(code) == 1
    assert ran.stderr == ""


@pytest.mark.parametrize("number", [0, 1])
def test_the_model_of_the_readme_does_what_is_said(number, tmp_path):
    (text,) = re.findall(r"```python\n(.*?)```", README, re.S)
    model = tmp_path / "my_model.py"
    model.write_text(text, encoding="utf-8")
    commands = re.findall(r"^\$ bin/pagestate (check my_model.py.*)$", README, re.M)
    assert len(commands) == 2
    ran = pagestate(*commands[number].replace("my_model.py", str(model)).split())
    if number == 0:
        assert ran.returncode == 0
        assert re.search(r"proved +offline_never_free", ran.stdout)
    else:
        assert ran.returncode == 1
        assert re.search(r"violated +offline_never_free +in 5 steps", ran.stdout)
    assert "finds the race in 5 steps" in README


def test_the_readme_names_the_test_command_that_ci_runs():
    assert "\nbin/test\n" in README
    assert "\nbin/test\n" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_links_lead_somewhere():
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
