"""Makes the checkout's .venv, or brings it up to date; ``bin/venv.sh`` says when.

Usage: venv.py CHECKOUT run|test.  Needs the standard library alone.  Exit codes: 0 done, 2 failed
(a line on stderr says why), 130 interrupted.  Nothing is written outside the checkout.
"""

import fcntl
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import TextIO

MARK = "made-by-pagestate"
STAMPS = ("run", "test")


def say(text: str) -> None:
    """A line for the user; stdout belongs to the command that is to run."""
    print(f"pagestate: {text}", file=sys.stderr, flush=True)


def stamp(root: Path, kind: str) -> Path:
    """The file that says what has been installed; ``lib`` because it goes when lib goes."""
    return root / ".venv" / "lib" / f"pagestate-{kind}"


def expected(root: Path) -> bytes:
    """What the stamp must say; ``bin/venv.sh`` puts together the same."""
    head = f"{root}\n{os.path.realpath(root / '.venv/bin/python')}\n"
    return os.fsencode(head) + (root / "pyproject.toml").read_bytes()


def fits(root: Path, kind: str) -> bool:
    """Whether .venv has what ``kind`` needs."""
    place = stamp(root, kind)
    return (
        os.access(root / ".venv/bin/python", os.X_OK)
        and os.access(root / ".venv/bin/pagestate", os.X_OK)
        and place.is_file()
        and place.read_bytes() == expected(root)
    )


def lock(root: Path) -> TextIO:
    """One set-up at a time; the kernel gives the lock back when its holder dies."""
    held = (root / ".venv.lock").open("w")
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("waiting for another set-up of .venv to finish")
        fcntl.flock(held, fcntl.LOCK_EX)
    return held


def reusable(root: Path) -> bool:
    """Whether a finished installation is there that only has to be brought up to date."""
    python = os.path.realpath(root / ".venv/bin/python")
    head = os.fsencode(f"{root}\n{python}\n")
    return os.access(python, os.X_OK) and any(
        stamp(root, kind).is_file() and stamp(root, kind).read_bytes().startswith(head)
        for kind in STAMPS
    )


def clear(venv: Path) -> None:
    """Make room for a new .venv; one that is not ours is kept under another name."""
    ours = (venv / MARK).is_file() or (venv.is_dir() and not any(venv.iterdir()))
    if ours and not venv.is_symlink():
        shutil.rmtree(venv)
    elif os.path.lexists(venv):
        number = 1
        while os.path.lexists(aside := venv.with_name(f".venv.old-{number}")):
            number += 1
        venv.rename(aside)
        say(f"a .venv made by something else is now {aside.name}")


def run(*command: str | Path, temporary: Path) -> None:
    """Run a step; its output goes to stderr.  Raises CalledProcessError."""
    temporary.mkdir(exist_ok=True)
    settings = {"TMPDIR": str(temporary), "PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    if "PIP_CACHE_DIR" not in os.environ:
        settings["PIP_NO_CACHE_DIR"] = "1"
    subprocess.run(command, check=True, stdout=sys.stderr, env=os.environ | settings)


def install(root: Path, kind: str) -> None:
    """Make .venv, or bring it up to date.  Raises OSError, CalledProcessError."""
    venv = root / ".venv"
    python, temporary = venv / "bin/python", venv / "tmp"
    pip = (python, "-m", "pip", "install", "--quiet")
    extra = tomllib.loads((root / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    only_tools = kind == "test" and fits(root, "run")
    if only_tools:
        say("adding the test tools to .venv (once; about half a minute)")
    elif reusable(root):
        say("pyproject.toml has changed: bringing .venv up to date")
    else:
        say("setting up .venv (once; about a minute)")
        clear(venv)
        venv.mkdir()
        (venv / MARK).touch()
        run(sys.executable, "-m", "venv", venv, temporary=temporary)
    for each in STAMPS:
        stamp(root, each).unlink(missing_ok=True)
    if only_tools:
        run(*pip, *extra["test"], temporary=temporary)
    else:
        extras = "[test]" if kind == "test" else ""
        run(*pip, "--editable", f"{root}{extras}", temporary=temporary)
    shutil.rmtree(temporary, ignore_errors=True)
    for each in STAMPS if kind == "test" else ("run",):
        unfinished = stamp(root, each).with_suffix(".new")
        unfinished.write_bytes(expected(root))
        unfinished.replace(stamp(root, each))


def main(checkout: str, kind: str) -> int:
    """The exit code."""
    root = Path(checkout)
    try:
        with lock(root):
            if not fits(root, kind):
                install(root, kind)
    except KeyboardInterrupt:
        say("set-up of .venv interrupted")
        return 130
    except subprocess.CalledProcessError as error:
        step = "pip" if "pip" in error.cmd else "venv"
        say(f"set-up of .venv failed: {step} ended with {error.returncode} (its words are above)")
        return 2
    except OSError as error:
        say(f"set-up of .venv failed: {error}")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
