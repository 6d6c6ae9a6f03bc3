"""Other executors: a factory's, and a dask cluster that loses a worker in the middle."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.running import environment
from tests.gate.projects import EXCUSED

FACTORY = """
from concurrent.futures import Executor, Future

class Inline(Executor):
    def submit(self, fn, /, *args, **kwargs):
        future = Future()
        {body}
        return future

def make():
    return {made}
"""

pytestmark = pytest.mark.slow


def factory(project, body="future.set_result(fn(*args))", made="Inline()"):
    (project.root / "mine.py").write_text(FACTORY.format(body=body, made=made))
    sys.modules.pop("mine", None)


def test_a_factory_makes_the_executor(project):
    here = project("put")
    factory(here)
    assert here.gate("--executor", "mine:make").code == 0
    assert here.findings()["offline_never_free"].verdict == "exhausted"


@pytest.mark.parametrize(
    "body",
    [
        "future.set_exception(RuntimeError('lost'))",
        "future.set_result('nothing')",
        "future.set_result('{}')",
        "future.set_result(None)",
    ],
)
def test_what_an_executor_loses_is_unknown(project, body):
    here = project("put")
    factory(here, body)
    assert here.gate("--executor", "mine:make").code == 3
    assert here.records()["put"].status == "crashed"


def test_an_executor_that_never_answers_does_not_hang_the_gate(project):
    here = project("put", text='timeout = "0.5s"\n[[model]]\nname = "put"\ngrace = "0.5s"\n')
    factory(here, "pass")
    assert here.gate("--executor", "mine:make").code == 3
    assert here.records()["put"].status == "hung"


@pytest.mark.parametrize(
    ("spec", "made"),
    [
        ("mine:nothing", "Inline()"),
        ("nothing:make", "Inline()"),
        ("mine:make", "3"),
        ("mine", "Inline()"),
        (":x", "Inline()"),
    ],
)
def test_what_makes_no_executor(project, spec, made):
    here = project("put")
    factory(here, made=made)
    ran = here.gate("--executor", spec)
    assert ran.code == 2 and f"--executor {spec}" in ran.err


def test_a_cluster_that_is_not_there(project):
    pytest.importorskip("distributed")
    here = project("put")
    assert here.gate("--executor", "dask://nowhere").code == 2


@pytest.fixture
def cluster(tmp_path):
    """A scheduler and two workers, processes of their own; their addresses and processes."""
    pytest.importorskip("distributed")
    env = environment(DASK_DISTRIBUTED__ADMIN__SYSTEM_MONITOR__DISK="false")
    running = []

    def start(*args: str, wait: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-m", *args],
            env=env,
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        running.append(process)
        for line in process.stderr:
            found = re.search(wait, line)
            if found:
                return process, found[1]
        raise AssertionError(f"{args} ended")

    listen = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    _, address = start(
        "distributed.cli.dask_scheduler", *listen, wait=r"Scheduler at:\s+tcp://(\S+)"
    )
    options = ("--nthreads", "1", "--no-nanny", "--no-dashboard")
    workers = [
        start(
            "distributed.cli.dask_worker",
            f"tcp://{address}",
            *options,
            "--name",
            name,
            wait=r"Registered to:\s+tcp://(\S+)",
        )[0]
        for name in ("one", "two")
    ]
    yield address, workers
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.stderr.close()
        process.wait()


@pytest.mark.slow
def test_a_dask_cluster_loses_a_worker_and_no_result(project, cluster):
    address, workers = cluster
    sizes = "sizes = { page = [1, 2], getter = [1, 2, 3] }"
    table = f'[[model]]\nname = "put"\nswitches = {{ hook = [true, false] }}\n{sizes}\n'
    here = project("put", text=table + EXCUSED)
    path = here.root / "pagestate-results.jsonl"
    gate = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pagestate",
            "gate",
            "--executor",
            f"dask://{address}",
            "--no-cache",
        ],
        cwd=here.root,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    wait_for(path, 4)
    workers[0].kill()
    out, _ = gate.communicate(timeout=120)
    assert gate.returncode == 0, out
    results = here.results()
    assert len(results.jobs) == 12
    assert {r.status for r in results.records.values()} == {"done"}
    ids = [json.loads(line)["record"]["id"] for line in path.read_text().splitlines()[1:-1]]
    assert sorted(ids) == sorted(j.id for j in results.jobs)
    assert workers[0].wait() == -signal.SIGKILL


def wait_for(path: Path, lines: int) -> None:
    end = time.monotonic() + 60
    while not path.exists() or len(path.read_bytes().splitlines()) < lines:
        assert time.monotonic() < end
        time.sleep(0.05)
