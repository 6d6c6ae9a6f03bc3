"""docs/gate.md does what it says: its files are written, its commands run, in its order.

Every line shown below a command must occur in its output, in that order (as a part of a line; runs
of spaces count as one); ``echo $?`` shows the exit code of the command before.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import environment
from tests.gate.projects import MODELS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)(?: file=(\S+))?\n(.*?)^```$", TEXT, re.S | re.M)
WRAPPERS = {"pagestate": "-m pagestate", "pytest": "-m pytest -p pagestate.gate.pytest_plugin"}


@pytest.fixture
def shell(tmp_path):
    """Runs a command in a project with the model of the page; ``pagestate`` is this very one."""
    bin_ = tmp_path / "bin"
    project = tmp_path / "project"
    (project / "models").mkdir(parents=True)
    bin_.mkdir()
    shutil.copy(MODELS / "put.py", project / "models")
    shutil.copy(MODELS / "wide.py", project)
    for name, args in WRAPPERS.items():
        script = bin_ / name
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {args} "$@"\n')
        script.chmod(0o755)
    env = environment(
        PATH=f"{bin_}:{os.environ['PATH']}",
        PYTEST_DISABLE_PLUGIN_AUTOLOAD="1",
        PYTEST_ADDOPTS="-p no:cacheprovider",
    )
    for name in [*env]:
        if name.startswith(("GITHUB_", "PAGESTATE_", "GIT_")):
            del env[name]

    def run(command: str) -> tuple[int, str]:
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=project,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return ran.returncode, ran.stdout + ran.stderr

    run.project = project
    return run


def squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def test_the_page(shell):
    codes = set()
    files = {name: body for _, name, body in BLOCKS if name and name != "pagestate.toml"}
    for name, body in files.items():
        (shell.project / name).write_text(body)
    for kind, name, body in BLOCKS:
        if name:
            (shell.project / name).write_text(body)
        if kind != "console":
            continue
        code, output = 0, ""
        for part in re.split(r"^\$ ", body, flags=re.M)[1:]:
            command, *shown = part.rstrip("\n").split("\n")
            if command == "echo $?":
                assert [str(code)] == shown, output
                codes.add(code)
                continue
            code, output = shell(command)
            where = 0
            text = squeezed(output)
            for line in shown:
                found = text.find(squeezed(line), where)
                assert found >= 0, f"$ {command}\n{output}\n--- not shown: {line}"
                where = found
    assert codes == {0, 1, 2, 3, 4, 5, 130}


def test_links_lead_somewhere():
    for link in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert link.startswith("https://") or (ROOT / "docs" / link).exists(), link


def test_every_setting_is_in_the_table():
    from pagestate.gate.config import OPTIONS

    table = TEXT[TEXT.index("| key |") :].partition("\n\n")[0]
    rows = dict(re.findall(r"^\| `(\w+)`( \*)? \|", table, re.M))
    assert {o.name: " *" if o.each else "" for o in OPTIONS} == {
        name: star for name, star in rows.items() if name != "reports"
    }
