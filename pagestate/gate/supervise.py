"""A job in a process of its own, watched: whatever it does, there is an answer in time.

:func:`ask` is all that an executor has to call, here or on another machine: text in, text out.  It
starts the process, feeds it, and kills its whole process group when its time is over or when the
gate is stopped.  A process that dies or hangs is reported as what it is, never as a verdict.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pagestate
from pagestate.gate.jobs import Job, job_from
from pagestate.gate.records import CRASHED, HUNG, STOPPED, Record, record_from

_LOOK_EVERY = 0.1
_STDERR_SHOWN = 2000


class Unanswered(Exception):
    """The process gave no answer; ``status`` is ``crashed``, ``hung`` or ``interrupted``."""

    def __init__(self, status: str, message: str) -> None:
        super().__init__(message)
        self.status = status


def ask(question: str, seconds: float, stop: threading.Event | None = None) -> str:
    """The answer of a job's process to ``question``.  Raises Unanswered, and OSError."""
    end = time.monotonic() + seconds
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "pagestate.gate.work", str(os.getpid())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=_environment(),
            start_new_session=True,
        )
        try:
            feed: bytes | None = question.encode()
            while True:
                try:
                    answer, _ = process.communicate(feed, timeout=_LOOK_EVERY)
                    break
                except subprocess.TimeoutExpired:
                    feed = None
                if stop is not None and stop.is_set():
                    raise Unanswered(STOPPED, "the gate was stopped")
                if time.monotonic() > end:
                    raise Unanswered(HUNG, f"no answer after {seconds:g} s; killed")
        finally:
            _kill(process)
        if process.returncode != 0 or not answer.endswith(b"\n"):
            raise Unanswered(CRASHED, _death(process.returncode, errors))
    return answer.decode()


def _kill(process: "subprocess.Popen[bytes]") -> None:
    """End the process and everything it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()


def _environment() -> dict[str, str]:
    """The job's process finds this very program."""
    package = str(Path(pagestate.__file__).resolve().parents[1])
    paths = [package, *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONSAFEPATH": "1"}


def _death(code: int, errors: Any) -> str:
    errors.seek(0, os.SEEK_END)
    errors.seek(max(0, errors.tell() - _STDERR_SHOWN))
    said = errors.read().decode(errors="replace").strip()
    how = f"was killed by signal {-code}" if code < 0 else f"ended with status {code}"
    return f"its process {how}" + (f"; it said:\n{said}" if said else " and said nothing")


def perform(job_text: str, stop: threading.Event | None = None) -> str:
    """Do a job; the text of its record.

    ``job_text`` is the JSON of ``{"job": ..., "root": ..., "cache": ...}``.  Raises nothing but
    what starting a process raises (OSError).
    """
    order = json.loads(job_text)
    job = job_from(order["job"])
    began = time.monotonic()
    try:
        answer = json.loads(ask(job_text, job.timeout + job.grace, stop))
        record_from(answer["record"])
    except Unanswered as gone:
        return json.dumps(_without(job, gone.status, str(gone), began).to_json())
    except (ValueError, KeyError, TypeError):
        what = "its process answered something else than a record"
        return json.dumps(_without(job, CRASHED, what, began).to_json())
    return json.dumps(answer["record"])


def _without(job: Job, status: str, message: str, began: float) -> Record:
    return Record(job.id, status, seconds=round(time.monotonic() - began, 3), message=message)
