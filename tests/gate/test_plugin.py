"""The pytest plugin, in a pytest of its own."""

import re
import subprocess
import sys

import pytest

from tests.cli.running import environment
from tests.gate.projects import EXCUSED, RACE

pytestmark = pytest.mark.slow

BOTH = RACE.replace("false", "[true, false]")


def run_pytest(
    project, *args: str, plugins: tuple[str, ...] = ()
) -> "subprocess.CompletedProcess[str]":
    names = ["pagestate.gate.pytest_plugin", *plugins]
    options = [o for name in names for o in ("-p", name)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-p", "no:cacheprovider", *args],
        cwd=project.root,
        env=environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", PYTEST_ADDOPTS=""),
        capture_output=True,
        text=True,
        timeout=120,
    )


def outcomes(ran) -> dict[str, int]:
    last = ran.stdout.strip().splitlines()[-1]
    return {word: int(n) for n, word in re.findall(r"(\d+) (passed|failed|xfailed|error)", last)}


def test_off_unless_asked_for(project):
    here = project("put")
    assert run_pytest(here, "models").returncode == 5
    assert run_pytest(here, "--pagestate", "models").returncode == 0
    (here.root / "pytest.ini").write_text("[pytest]\npagestate = true\n")
    assert outcomes(run_pytest(here, "models")) == {"passed": 3}


def test_a_failure_is_the_diagram(project):
    here = project("put", text=BOTH)
    ran = run_pytest(here, "--pagestate", "models", "--strict-markers", "-v")
    assert ran.returncode == 1
    assert outcomes(ran) == {"passed": 5, "failed": 1}
    assert "CPU0                            CPU1" in ran.stdout
    assert "*** page 0: free 0 -> 1 violates" in ran.stdout
    assert "Traceback" not in ran.stdout
    assert "models/put.py::put[hook=false]::offline_never_free FAILED" in ran.stdout
    chosen = run_pytest(here, "--pagestate", "models", "-k", "goes_offline and not hook")
    assert outcomes(chosen) == {"passed": 1}


def test_what_is_expected_is_xfail(project):
    here = project("put", text=BOTH + EXCUSED)
    ran = run_pytest(here, "--pagestate", "models", "-rx")
    assert outcomes(ran) == {"passed": 5, "xfailed": 1}
    assert "the race of 2019" in ran.stdout


def test_crashes_and_errors_are_failures(project):
    here = project("crash", "wrong")
    ran = run_pytest(here, "--pagestate", "models")
    assert outcomes(ran) == {"failed": 3}
    assert "about to die" in ran.stdout and "PS205" in ran.stdout


def test_a_model_that_does_not_load_is_a_collection_error(project):
    here = project("put")
    (here.root / "models" / "bad.py").write_text("1 +\n")
    ran = run_pytest(here, "--pagestate", "models")
    assert ran.returncode == 2 and "PS101" in ran.stdout
    here.configure("tiemout = 3\n")
    ran = run_pytest(here, "--pagestate", "models")
    assert ran.returncode == 4 and "did you mean timeout?" in ran.stderr


def test_xdist_runs_the_items_of_a_job_in_one_place(project):
    pytest.importorskip("xdist")
    here = project("put", text=BOTH + EXCUSED + "")
    ran = run_pytest(
        here,
        "--pagestate",
        "models",
        "-n",
        "2",
        "--dist",
        "loadscope",
        "-v",
        plugins=("xdist.plugin", "xdist.looponfail"),
    )
    assert outcomes(ran) == {"passed": 5, "xfailed": 1}, ran.stdout
    places = re.findall(r"\[(gw\d)\].*put(\[hook=false\])?::", ran.stdout)
    assert len(places) == 6
    for job in ("", "[hook=false]"):
        assert len({worker for worker, label in places if label == job}) == 1
