"""What the checkout must look like for the package, and for a stranger who clones it."""

import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

import pagestate
from pagestate.lang.declare import Model
from pagestate.lang.load import load_model, shipped_names

ROOT = Path(__file__).resolve().parents[2]
MODELS = sorted(p.stem for p in (ROOT / "models").glob("*.py") if not p.stem.startswith("_"))
SCRIPTS = ["bin/pagestate", "bin/test", "bin/venv.sh"]
BUILT = {".git", "build", "dist", "__pycache__"}


def tracked() -> list[Path]:
    """The files of the project, by git; all that is there where git or its folder is missing."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listing = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-z"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        names = listing.stdout.decode().split("\0")[:-1]
        files = [ROOT / name for name in names]
    else:
        files = [
            path
            for path in ROOT.rglob("*")
            if not any(
                part in BUILT or part.startswith(".venv") or part.endswith(("_cache", ".egg-info"))
                for part in path.relative_to(ROOT).parts
            )
            and ".hypothesis" not in path.parts
        ]
    return [path for path in files if path.is_file() and not path.is_symlink()]


@pytest.mark.parametrize("name", ["models", "properties"])
def test_the_links_into_the_package_resolve(name: str) -> None:
    link = ROOT / "pagestate" / name
    assert link.is_symlink()
    assert str(link.readlink()) == f"../{name}"
    assert link.resolve() == ROOT / name
    assert (link / "__init__.py").is_file()


def test_the_tests_run_against_the_checkout() -> None:
    assert Path(pagestate.__file__).resolve() == ROOT / "pagestate" / "__init__.py"


def test_every_file_in_models_is_shipped() -> None:
    assert "rfc_v3" in MODELS
    assert shipped_names() == MODELS


@pytest.mark.parametrize("name", MODELS)
def test_every_file_in_models_has_a_model_of_its_name(name: str) -> None:
    model = load_model(name)
    assert isinstance(model, Model)
    assert model.name == name
    assert model.doc.strip()


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_are_plain_shell(name: str) -> None:
    subprocess.run(["sh", "-n", ROOT / name], check=True)


def test_the_versions_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == pagestate.__version__
    assert project["license"] == "GPL-2.0-only"
    assert "Version 2, June 1991" in (ROOT / "LICENSE").read_text(encoding="utf-8")


HOMES = [f"/{name}/" for name in ("home", "root", "work", "opt", "tmp", "Users")]
MARKS = ["TO" + "DO", "FIX" + "ME", "type: " + "ignore", "no" + "qa"]
ALLOWED = {"LICENSE", "tests/packaging/test_layout.py"}


def test_no_file_speaks_of_one_machine_or_of_unfinished_work() -> None:
    files = tracked()
    assert len(files) > 100
    found = []
    for path in files:
        name = path.relative_to(ROOT).as_posix()
        if name in ALLOWED:
            continue
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            found += [f"{name}:{number}: {bad!r}" for bad in HOMES + MARKS if bad in line]
    assert found == []
