"""The package as others get it: a wheel, installed outside the checkout; a fresh checkout."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = (".git", ".venv*", "build", "dist", "*.egg-info", "__pycache__", ".*_cache", ".hypo*")

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path, code: int = 0) -> str:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Path]:
    """A copy of the checkout, so that nothing built earlier gets into the package."""
    root = tmp_path / "source tree"
    shutil.copytree(ROOT, root, symlinks=True, ignore=shutil.ignore_patterns(*LEFT_OUT))
    yield root
    shutil.rmtree(tmp_path)


def test_the_wheel_works_outside_the_checkout(source: Path, tmp_path: Path) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    python = tmp_path / "venv/bin/python"
    pip = (python, "-m", "pip", "--disable-pip-version-check", "--quiet")
    run(*pip, "wheel", "--no-deps", "--wheel-dir", tmp_path / "dist", source, cwd=tmp_path)
    [wheel] = (tmp_path / "dist").glob("*.whl")
    run(python, ROOT / ".ci/wheel_contents.py", wheel, cwd=tmp_path)
    run(*pip, "install", wheel, cwd=tmp_path)
    place = run(python, "-c", "import pagestate.models as m; print(m.__file__)", cwd=tmp_path)
    assert Path(place.strip()).is_relative_to(tmp_path / "venv")
    command = tmp_path / "venv/bin/pagestate"
    listed = json.loads(run(command, "models", "--json", cwd=tmp_path))
    in_checkout = {p.stem for p in (ROOT / "models").glob("*.py") if p.stem != "__init__"}
    assert set(listed) == in_checkout
    run(
        command,
        "check",
        "rfc_v3",
        "--scenario",
        "getters",
        "--set",
        "hook=false",
        cwd=tmp_path,
        code=1,
    )


def test_two_first_runs_at_once_in_a_fresh_checkout(source: Path) -> None:
    (source / ".venv/bin").mkdir(parents=True)
    (source / ".venv/made-by-pagestate").touch()
    both = [
        subprocess.Popen(
            [source / "bin/pagestate", "models", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd="/",
        )
        for _ in range(2)
    ]
    answers = [process.communicate(timeout=600) for process in both]
    assert [p.returncode for p in both] == [0, 0], answers
    assert all("rfc_v3" in json.loads(out) for out, _ in answers)
    assert sum("setting up .venv" in err for _, err in answers) == 1
    assert sum("waiting for another" in err for _, err in answers) == 1
    quiet = subprocess.run([source / "bin/pagestate", "--version"], capture_output=True, text=True)
    assert (quiet.returncode, quiet.stderr) == (0, "")
