"""``pagestate replay``: the model's own functions run, and a debugger stops in them."""

import io
import json
import subprocess
from pathlib import Path

import pytest

from pagestate.check.stepping import executed, step_through
from pagestate.cli.behind import Models
from pagestate.view.itf import load_trace
from tests.cli.running import RACE, cli, command, environment


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("traces")
    cli("check", RACE, "--set", "hook=false", "--trace-dir", str(folder))
    return folder / "race-offline_never_free.itf.json"


def told(stored, at, *lines):
    """What the debugger prints at a step when it is told these lines."""
    trace = load_trace(stored)
    compiled = Models().compiled_for(trace, RACE)
    out = io.StringIO()
    assert step_through(compiled, trace, at, io.StringIO("\n".join([*lines, "c", ""])), out)
    return trace, out.getvalue()


def test_every_step_stops_at_its_own_line_with_the_values_before_it(stored):
    for at in range(1, len(load_trace(stored).steps) + 1):
        trace, text = told(stored, at, "p m.refcount.values, m.offline.values, m.buddy.values")
        before = trace.states[at - 1]
        cells = [[before[name, (0,)]] for name in ("refcount", "offline", "buddy")]
        assert str(tuple(cells)) in text, f"step {at}"
        assert f"> {RACE}(" in text


def test_asking_is_no_part_of_the_step(stored):
    for at in range(1, len(load_trace(stored).steps) + 1):
        asked = ["p m.refcount[list(m.pages)[0]]"] * 3 + ["p m.buddy[list(m.pages)[0]]"]
        trace, text = told(stored, at, *asked)
        assert "Error" not in text and "Boundary" not in text
        assert str(trace.states[at - 1]["refcount", (0,)]) in text


def test_stepping_goes_through_the_function(stored):
    trace = load_trace(stored)
    put = next(n for n, s in enumerate(trace.steps, 1) if "testzero" in s.text)
    _, text = told(stored, put, "s", "s", "s", "s")
    assert "return m.refcount[page] == 0" in text


def test_an_execution_is_said_to_be_one(stored):
    trace = load_trace(stored)
    said = executed(Models().compiled_for(trace, RACE), trace)
    assert said == "is an execution of the model and violates offline_never_free"
    ran = cli("replay", str(stored), "--model", RACE)
    assert ran.code == 0 and "and violates offline_never_free in" in ran.out


def test_what_is_none_is_said_not_to_be(stored, tmp_path):
    body = json.loads(stored.read_text())
    body["states"][-1]["refcount"]["#map"][0][1] = {"#bigint": "3"}
    path = tmp_path / "wrong.itf.json"
    path.write_text(json.dumps(body))
    ran = cli("replay", str(path), "--model", RACE)
    assert ran.code == 1 and ran.out == "" and "does not replay" in ran.err


def test_wrong_uses(stored, tmp_path):
    assert "--model" in cli("replay", str(stored)).err
    assert "about --pdb" in cli("replay", str(stored), "--model", RACE, "--at", "2").err
    assert "has" in cli("replay", str(stored), "--model", RACE, "--pdb", "--at", "99").err
    assert cli("replay", str(tmp_path / "none.json"), "--model", RACE).code == 2


def test_the_debugger_talks_to_the_terminal(stored):
    done = subprocess.run(
        command(["replay", str(stored), "--model", RACE, "--pdb", "--at", "1"]),
        input="p m.refcount.values\nc\n",
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0 and done.stderr == ""
    assert "(Pdb) [0]" in done.stdout and "is an execution" in done.stdout
    quit_ = subprocess.run(
        command(["replay", str(stored), "--model", RACE, "--pdb", "--at", "1"]),
        input="q\n",
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert quit_.returncode == 0 and "Traceback" not in quit_.stderr + quit_.stdout
