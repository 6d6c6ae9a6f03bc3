"""bin/: what the scripts do with a good .venv, with none, and without a usable Python.

Each test works on a copy of bin/ with a stand-in for the virtual environment, so nothing is
installed; tests/packaging/test_install.py does that.
"""

import fcntl
import os
import runpy
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def executable(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a blank in its name, and an installed .venv that echoes what it is given."""
    root = tmp_path / "a checkout"
    shutil.copytree(ROOT / "bin", root / "bin", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", root)
    python = root / ".venv/bin/python"
    echo = 'printf "<%s>" "$(pwd)" "$@"; echo; exit 7'
    executable(python, f'#!/bin/sh\n[ "$1" = -m ] && [ "$2" = pip ] && exit 0\n{echo}\n')
    executable(root / ".venv/bin/pagestate", "")
    (root / ".venv/lib").mkdir()
    (root / ".venv/made-by-pagestate").touch()
    for kind in ("run", "test"):
        stamp = f"{root}\n{python}\n{(root / 'pyproject.toml').read_text()}"
        (root / f".venv/lib/pagestate-{kind}").write_text(stamp)
    return root


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=cwd, env=os.environ | environment, capture_output=True, text=True
    )


def everything_below(folder: Path) -> set[tuple[str, int]]:
    return {(str(p), p.lstat().st_mtime_ns) for p in folder.rglob("*")}


def test_the_command_gets_arguments_and_gives_its_exit_code(checkout: Path) -> None:
    before = everything_below(checkout)
    done = run("bin/pagestate", "check", "a b", "", "*", cwd=checkout)
    program = checkout / ".venv/bin/pagestate"
    assert (done.returncode, done.stderr) == (7, "")
    assert done.stdout == f"<{checkout}><{program}><check><a b><><*>\n"
    assert everything_below(checkout) == before


def test_the_tests_run_in_the_checkout(checkout: Path) -> None:
    done = run(checkout / "bin/test", "-k", "a b", cwd=Path("/"))
    assert (done.returncode, done.stderr) == (7, "")
    assert done.stdout == f"<{checkout}><-m><pytest><-k><a b>\n"


@pytest.mark.parametrize("script", ["pagestate", "test"])
def test_any_path_leads_to_the_checkout(checkout: Path, script: str, tmp_path: Path) -> None:
    links = tmp_path / "links"
    links.mkdir()
    (links / "one").symlink_to(f"../a checkout/bin/{script}")
    (links / "two").symlink_to(links / "one")
    (links / "folder").symlink_to("../a checkout/bin")
    own = str(checkout / ".venv/bin/pagestate") if script == "pagestate" else "pytest"
    calls: list[tuple[Path, list[str | Path]]] = [
        (links, ["./one"]),
        (tmp_path, ["links/two"]),
        (tmp_path, [f"links/folder/{script}"]),
        (checkout / "bin", ["sh", script]),
        (checkout / ".venv", [f"../bin/{script}"]),
        (links, ["sh", "one"]),
    ]
    for cwd, command in calls:
        done = run(*command, cwd=cwd, CDPATH="/:.")
        assert (done.returncode, done.stderr) == (7, ""), command
        assert f"<{own}>" in done.stdout, command


def test_no_python(checkout: Path, tmp_path: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    done = run("bin/pagestate", cwd=checkout, PYTHON="python-that-is-not-there")
    assert done.returncode == 2
    assert "apt-get install python3 python3-venv" in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_an_old_python(checkout: Path, tmp_path: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    old = tmp_path / "python3"
    executable(old, '#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    done = run("bin/test", cwd=checkout, PYTHON=str(old))
    assert done.returncode == 2
    assert "3.11 or newer" in done.stderr
    assert "Python 3.9.2" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_python_without_venv(checkout: Path, tmp_path: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    bare = tmp_path / "python3"
    executable(bare, '#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexit 0\n')
    done = run("bin/pagestate", cwd=checkout, PYTHON=str(bare))
    assert done.returncode == 2
    assert "apt-get install python3-venv" in done.stderr
    assert done.stderr.count("\n") == 1


def spoil(checkout: Path, how: str) -> None:
    venv = checkout / ".venv"
    match how:
        case "changed pyproject.toml":
            with (checkout / "pyproject.toml").open("a") as file:
                file.write("# changed\n")
        case "no stamp":
            (venv / "lib/pagestate-run").unlink()
            (venv / "lib/pagestate-test").unlink()
        case "no lib":
            shutil.rmtree(venv / "lib")
        case "no command":
            (venv / "bin/pagestate").unlink()
        case "no interpreter":
            (venv / "bin/python").unlink()
        case "another place":
            stamp = venv / "lib/pagestate-run"
            stamp.write_text(stamp.read_text().replace("a checkout", "another"))


WAYS = [
    "changed pyproject.toml",
    "no stamp",
    "no lib",
    "no command",
    "no interpreter",
    "another place",
]


@pytest.mark.parametrize("how", WAYS)
def test_what_does_not_fit_is_noticed(checkout: Path, how: str, tmp_path: Path) -> None:
    spoil(checkout, how)
    made = tmp_path / "made"
    python = tmp_path / "python3"
    executable(python, f"#!/bin/sh\ncase $* in *venv.py*) echo \"$@\" >'{made}'; exit 9;; esac\n")
    done = run("bin/pagestate", cwd=checkout, PYTHON=str(python))
    assert (done.returncode, done.stdout) == (9, "")
    assert made.read_text() == f"-B {checkout}/bin/venv.py {checkout} run\n"


def set_up(checkout: Path, kind: str) -> list[str | Path]:
    return [sys.executable, "-B", checkout / "bin/venv.py", checkout, kind]


def test_a_change_of_the_project_reinstalls_in_place(checkout: Path) -> None:
    spoil(checkout, "changed pyproject.toml")
    done = run(*set_up(checkout, "test"), cwd=checkout)
    assert done.returncode == 0
    assert "has changed" in done.stderr
    assert done.stdout == ""
    for script in ("pagestate", "test"):
        again = run(f"bin/{script}", cwd=checkout)
        assert (again.returncode, again.stderr) == (7, "")


def test_only_what_was_installed_is_claimed(checkout: Path) -> None:
    spoil(checkout, "changed pyproject.toml")
    assert run(*set_up(checkout, "run"), cwd=checkout).returncode == 0
    assert (checkout / ".venv/lib/pagestate-run").is_file()
    assert not (checkout / ".venv/lib/pagestate-test").exists()


def test_a_failing_installation_leaves_no_stamp(checkout: Path) -> None:
    spoil(checkout, "changed pyproject.toml")
    executable(checkout / ".venv/bin/python", "#!/bin/sh\necho words of pip\nexit 1\n")
    done = run(*set_up(checkout, "run"), cwd=checkout)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "words of pip" in done.stderr
    assert done.stderr.splitlines()[-1].startswith("pagestate: set-up of .venv failed: pip")
    assert not list((checkout / ".venv/lib").glob("pagestate-*"))


def test_a_venv_of_somebody_else_is_kept(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clear = runpy.run_path(str(checkout / "bin/venv.py"))["clear"]
    venv = checkout / ".venv"
    (venv / "made-by-pagestate").unlink()
    (venv / "precious").touch()
    clear(venv)
    assert not venv.exists()
    assert (checkout / ".venv.old-1/precious").is_file()
    assert ".venv.old-1" in capsys.readouterr().err
    venv.symlink_to("nowhere")
    clear(venv)
    assert not venv.is_symlink()
    assert (checkout / ".venv.old-2").is_symlink()


@pytest.mark.parametrize("left", [[], ["made-by-pagestate"], ["made-by-pagestate", "half"]])
def test_a_half_made_venv_is_removed(checkout: Path, left: list[str]) -> None:
    clear = runpy.run_path(str(checkout / "bin/venv.py"))["clear"]
    venv = checkout / ".venv"
    shutil.rmtree(venv)
    venv.mkdir()
    for name in left:
        (venv / name).touch()
    clear(venv)
    assert not list(checkout.glob(".venv*"))


def test_the_second_set_up_waits_for_the_first(checkout: Path) -> None:
    fitting = checkout / ".venv/lib/pagestate-run"
    text = fitting.read_bytes()
    fitting.unlink()
    with (checkout / ".venv.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second = subprocess.Popen(
            set_up(checkout, "run"), stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert second.stderr is not None
        assert "waiting for another set-up" in second.stderr.readline()
        time.sleep(0.1)
        assert second.poll() is None
        fitting.write_bytes(text)
    out, err = second.communicate(timeout=30)
    assert (second.returncode, out, err) == (0, "", "")
