"""Running the command line: in this process, or in one of its own."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pagestate
from pagestate.cli.main import main
from pagestate.run import worker

assert worker, "forked processes need not import it again"
HERE = Path(__file__).parent
RACE = str(HERE / "models" / "race.py")
SLOW = [str(HERE / "models" / "wide.py"), "--engine", "explicit"]
"""A model with 2**40 states."""


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str


def cli(*args: str) -> Ran:
    """Run in this process."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with redirect_stdout(out), redirect_stderr(err):
        try:
            main.main(args=list(args), prog_name="pagestate")
        except SystemExit as left:
            code = left.code
    assert isinstance(code, int)
    assert "Traceback" not in err.getvalue() + out.getvalue()
    return Ran(code, out.getvalue(), err.getvalue())


def check(*args: str, model: str = RACE) -> Ran:
    """Check the model at its sizes only."""
    return cli("check", model, "--any", "never", *args)


def command(args: Sequence[str]) -> list[str]:
    return [sys.executable, "-W", "error", "-m", "pagestate", *args]


def environment(**more: str) -> dict[str, str]:
    root = str(Path(pagestate.__file__).resolve().parents[1])
    return {**os.environ, "PYTHONPATH": root, **more}


def spawn(
    *args: str,
    before: Callable[[], object] | None = None,
    stdout: int | IO[bytes] = subprocess.PIPE,
    stderr: int | IO[bytes] = subprocess.PIPE,
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> Ran:
    """Run in a process of its own, to its end."""
    done = subprocess.run(
        command(args),
        env=env or environment(),
        cwd=cwd,
        timeout=60,
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        preexec_fn=before,
    )
    out = (done.stdout or b"").decode()
    err = (done.stderr or b"").decode()
    assert "Traceback" not in err + out
    return Ran(done.returncode, out, err)


class Running:
    """A command at work in a session of its own."""

    def __init__(self, *args: str, stderr: int = subprocess.PIPE) -> None:
        self.process = subprocess.Popen(
            command(args),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def children(self) -> list[int]:
        """The processes of its engines."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and _parent(entry) == self.process.pid:
                found.append(int(entry.name))
        return found

    def wait_for(self, met: Callable[[], object], what: str) -> None:
        end = time.monotonic() + 40
        while not met():
            assert self.process.poll() is None, f"ended before {what}: {self.finish()}"
            assert time.monotonic() < end, f"no {what}"
            time.sleep(0.02)

    def finish(self) -> Ran:
        try:
            out, err = self.process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        told = (err or b"").decode()
        assert "Traceback" not in told
        return Ran(self.process.returncode, out.decode(), told)

    def __enter__(self) -> "Running":
        return self

    def __exit__(self, *error: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


def _parent(entry: Path) -> int:
    status = _status(entry)
    return int(status[1]) if status else 0


def _status(entry: Path) -> list[str]:
    """State and parent of a process."""
    try:
        return (entry / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def lives(pid: int) -> bool:
    """Whether a process runs (one that is dead and not yet reaped does not)."""
    status = _status(Path(f"/proc/{pid}"))
    return bool(status) and status[0] != "Z"


def gone(pids: Sequence[int]) -> bool:
    """Whether all processes end within a few seconds."""
    end = time.monotonic() + 10
    while any(lives(p) for p in pids) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(lives(p) for p in pids)
