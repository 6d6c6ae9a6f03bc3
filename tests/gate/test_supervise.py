"""Jobs that die or hang are reported as what they are, and leave no process behind."""

import json
import os
import signal
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pagestate.gate import supervise
from pagestate.gate.jobs import Job
from pagestate.gate.records import CRASHED, DONE, HUNG, STOPPED, record_from
from tests.cli.running import gone
from tests.gate.projects import MODELS
from tests.gate.test_policy import job


def work(name: str, **more) -> Job:
    start = {"timeout": 30.0, "grace": 30.0, **more}
    model = str(MODELS / f"{name}.py")
    return replace(job(), model=model, name=name, switches={}, expects=("nothing",), **start)


def performed(todo: Job, stop=None):
    order = {"job": todo.to_json(), "root": "/", "cache": ""}
    return record_from(json.loads(supervise.perform(json.dumps(order), stop)))


def test_a_job_that_lives():
    record = performed(work("put"))
    assert record.status == DONE, record
    assert {f.verdict for f in record.findings} == {"exhausted"}


def test_a_crash_says_what_was_said_last():
    record = performed(work("crash"))
    assert record.status == CRASHED
    assert "killed by signal 6" in record.message and "about to die" in record.message


def test_a_job_that_hangs_is_killed_with_all_it_started(tmp_path, monkeypatch):
    started = tmp_path / "pid"
    monkeypatch.setenv("PID_FILE", str(started))
    began = time.monotonic()
    record = performed(work("hang", timeout=1.0, grace=7.0))
    assert record.status == HUNG and "8 s" in record.message
    assert time.monotonic() - began < 30
    assert gone([int(started.read_text())])


def test_too_much_memory_is_no_hang_and_no_verdict():
    record = performed(work("eater", memory=2 << 30))
    assert record.status == CRASHED and "MemoryError" in record.message


def test_an_engine_out_of_time_is_an_answer():
    record = performed(work("wide", timeout=1.0, engine="explicit"))
    assert record.status == DONE
    (finding,) = record.findings
    assert finding.verdict == "unknown" and "timeout after 1 s" in finding.reason


def test_stopping_ends_a_job_at_once():
    stop = threading.Event()
    threading.Timer(0.5, stop.set).start()
    began = time.monotonic()
    assert performed(work("hang"), stop).status == STOPPED
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("answer", ["", "nothing\n", "{}\n", '{"record": 3}\n'])
def test_an_answer_that_is_none_is_a_crash(monkeypatch, answer):
    monkeypatch.setattr(supervise, "ask", lambda *args: answer)
    assert performed(work("put")).status == CRASHED


def test_a_job_ends_with_the_gate_that_started_it():
    """The process that asked is killed; the job's process sees it and goes."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        performed(work("hang"))
        os._exit(0)
    end = time.monotonic() + 30
    while not (jobs := [p for p in _children(pid) if _is_job(p)]) and time.monotonic() < end:
        time.sleep(0.05)
    assert jobs
    time.sleep(1.0)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert gone(jobs)


def _children(of: int | None = None) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent == (of or os.getpid()):
                found.append(int(entry.name))
    return found


def _is_job(pid: int) -> bool:
    try:
        return b"pagestate.gate.work" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
