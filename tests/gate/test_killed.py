"""kill -9 at random moments: no finished result is lost, none is there twice, none is made up."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pagestate.gate.store import BadResults, read
from tests.cli.running import environment
from tests.gate.projects import EXCUSED

pytestmark = pytest.mark.slow

KILLS = 50
TABLE = """
[[model]]
name = "put"
switches = { hook = [true, false] }
sizes = { getter = [1, 2, 3] }
"""


def whole_records(path: Path) -> dict[str, str]:
    """The records that are whole lines of the file, by job."""
    if not path.exists():
        return {}
    found = dict[str, str]()
    text = path.read_bytes()
    for line in text[: text.rfind(b"\n") + 1].splitlines():
        body = json.loads(line).get("record")
        if body is not None:
            assert body["id"] not in found, "twice"
            found[body["id"]] = json.dumps(body, sort_keys=True)
    return found


def start(root: Path, *args: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "pagestate", "gate", "-j", "2", *args],
        cwd=root,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.mark.slow
def test_fifty_kills_lose_nothing(project):
    here = project("put", text=TABLE + EXCUSED)
    path = here.root / "pagestate-results.jsonl"
    chance, finished, kept_by_a_kill = random.Random(6), 0, 0
    began = time.monotonic()
    start(here.root, "--no-cache").wait()
    longest = time.monotonic() - began
    for kill in range(KILLS):
        before = {} if read(path).end is not None else whole_records(path)
        gate = start(here.root, "--no-cache")
        time.sleep(chance.uniform(0.05, 1.0) * longest)
        if gate.poll() is None:
            os.kill(gate.pid, signal.SIGKILL)
        gate.wait()
        after = whole_records(path)
        for job, record in before.items():
            assert after.get(job) == record, f"kill {kill}: lost or changed"
        done = read(path).end is not None
        finished += done
        kept_by_a_kill += bool(before) and not done
    assert finished and kept_by_a_kill, "the moments must be before and after the end"
    gate = start(here.root)
    assert gate.wait() == 0
    results = read(path)
    assert results.end is not None and set(results.records) == {j.id for j in results.jobs}


@pytest.mark.slow
def test_a_cache_survives_kills(project):
    """Entries are whole or not there: nothing is ever dropped as corrupt."""
    here = project("put", text=TABLE + EXCUSED)
    chance = random.Random(7)
    for _ in range(10):
        gate = start(here.root)
        time.sleep(chance.uniform(0.5, 4.0))
        if gate.poll() is None:
            os.kill(gate.pid, signal.SIGKILL)
        gate.wait()
    assert here.gate("--fresh").code == 0
    try:
        records = here.records().values()
    except BadResults:
        records = []
    assert records and not any(r.dropped for r in records)
    entries = list((here.root / ".pagestate_cache").glob("v*/*/*.json"))
    assert entries and all(json.loads(e.read_text())["sum"] for e in entries)
