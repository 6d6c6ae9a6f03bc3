"""What the bmc engine was tuned for, as ratios and as CPU time."""

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def measured(*arguments: str) -> str:
    """What the benchmark prints."""
    command = [sys.executable, "-m", "benchmarks.encodings", *arguments]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout


def test_a_counterexample_within_a_second_of_cpu() -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    code = (
        "from benchmarks.systems import UNPLUGGED_NEVER_FREE, offlining, sizes\n"
        "from pagestate.engines.bmc import Bmc\n"
        "from pagestate.engines.interface import Task\n"
        "engine = Bmc(Task(offlining(True), (UNPLUGGED_NEVER_FREE,), sizes()), lambda p: None)\n"
        "engine.advance(15)\n"
        "(answer,) = engine.answers()\n"
        "assert (answer.verdict, answer.depth) == ('violated', 7), answer\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0


@pytest.mark.slow
def test_ten_times_faster_than_the_naive_unrolling() -> None:
    naive = json.loads(measured("--one", "naive"))
    product = json.loads(measured("--one", "product"))
    assert product["verdict"] == "bounded"
    assert product["seconds"] < naive["seconds"] / 10
