"""``pagestate check`` of models with scenarios: selection, report, JSON, files, processes."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from pagestate.run.scenarios import PATIENCE
from tests.cli.running import HERE, Running, cli, gone, spawn

PARTS = str(HERE / "models" / "parts.py")
SLOW = [str(HERE / "models" / "slow_parts.py"), "--engine", "explicit"]
SOURCE = Path(PARTS).read_text(encoding="utf-8")

REPORT = """\
parts: 3 scenarios; locked=true

writing: two that change pages (2 pages; left out: reader)
ok    exhausted  writes_alone   holds in all 21 states
ok    exhausted  gets_dirty     reached in 3 steps

reading: pages are read while they are written (2 pages, 1 reader; left out:
  cleaner)
ok    exhausted  seen_is_dirty  holds in all 68 states, as expected
ok    exhausted  gets_dirty     reached in 3 steps
ok    exhausted  no_underflow   holds in all 68 states

everybody: the cleaner does not wait for readers (1 page, 1 reader; often=true;
  nobody left out)
ok    exhausted  writes_alone   holds in all 44 states
ok    violated   seen_is_dirty  in 8 steps, as expected
ok    exhausted  gets_dirty     reached in 3 steps
ok    exhausted  no_underflow   holds in all 44 states

in scenario everybody:

    seen_is_dirty is violated in 8 steps (3 CPUs, 1 page):
"""
END = """\
expected:
  - seen_is_dirty (reading): nothing gets clean again
  - seen_is_dirty (everybody): the cleaner does not look for readers
scope: each scenario by itself, for the sizes it names; nothing is said about
  other sizes or about actors that no scenario has together
engine: explicit
assumptions:
  - memory accesses are sequentially consistent
  - interrupts are not modelled
  - scenario writing; left out: reader
  - in writing: the only actors are: writer, cleaner
  - scenario reading; left out: cleaner
  - in reading: the only actors are: writer, 1 reader thread
  - in reading, everybody: an execution ends where it violates no_underflow
  - scenario everybody; left out: nobody
  - in everybody: the only actors are: writer, cleaner, 1 reader thread
result: ok in these 3 scenarios: 1 violated (1 as expected), 8 hold
"""


def check(*args: str, model: str = PARTS):
    return cli("check", model, "--any", "never", *args)


def objects(*args: str, model: str = PARTS):
    ran = check(*args, "--json", "-", model=model)
    return ran, json.loads(ran.out)


def verdicts(found):
    return {(p["scenario"], p["name"]): p["verdict"] for p in found["properties"]}


def test_every_scenario_is_checked_and_reported_in_order():
    ran = check()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.startswith(REPORT)
    assert ran.out.endswith("\n\n" + END)
    assert check().out == ran.out


# ------------------------------------------------------------------------------ selection


def test_scenarios_can_be_selected():
    ran, found = objects("--scenario", "reading", "--scenario", "writing")
    assert ran.code == 0
    assert [s["name"] for s in found["scenarios"]] == ["writing", "reading"]
    assert ran.err.startswith("parts: 2 scenarios of 3; locked=true often=false\n")
    assert "result: ok in these 2 scenarios: 5 hold" in ran.err


def test_an_unknown_scenario_has_a_near_one():
    ran = check("--scenario", "writin")
    assert (ran.code, ran.out) == (2, "")
    assert "PS309: model parts has no scenario 'writin'" in ran.err
    assert "did you mean 'writing'?" in ran.err


def test_a_model_without_scenarios_has_none():
    ran = check("--scenario", "writing", model=str(HERE / "models" / "race.py"))
    assert ran.code == 2 and "it has no scenarios" in ran.err


def test_a_property_selects_the_scenarios_that_have_it():
    ran, found = objects("--property", "writes_alone")
    assert ran.code == 0
    assert list(verdicts(found)) == [("writing", "writes_alone"), ("everybody", "writes_alone")]
    _, found = objects("--property", "writes_alone", "--property", "seen_is_dirty")
    assert list(verdicts(found)) == [
        ("writing", "writes_alone"),
        ("reading", "seen_is_dirty"),
        ("everybody", "writes_alone"),
        ("everybody", "seen_is_dirty"),
    ]


def test_a_built_in_property_selects_the_scenarios_that_could_break_it():
    ran, found = objects("--property", "no_underflow")
    assert ran.code == 0
    assert list(verdicts(found)) == [("reading", "no_underflow"), ("everybody", "no_underflow")]
    ran = check("--property", "no_crash")
    assert ran.code == 2
    assert ran.err == "pagestate: no scenario here has property 'no_crash'\n"


@pytest.mark.parametrize(
    "args,text",
    [
        (["--property", "seen_is_drity"], "did you mean 'seen_is_dirty'?"),
        (["--property", "writes_alone", "--scenario", "reading"], "it is in: writing, everybody"),
        (["--set", "locked=7"], "switch 'locked' cannot be '7'"),
        (["--size", "getter=2"], "has index sort 'getter'"),
        (["--size", "reader=2", "--scenario", "writing"], "has index sort 'reader'"),
        (["--engine", "parametric"], "scenario writing: engine parametric proves for every size"),
        (["--engine", "bmc", "--size", "page=any"], "engine bmc searches finite sizes only"),
    ],
)
def test_what_no_scenario_has_is_refused(args, text):
    ran = check(*args)
    assert (ran.code, ran.out) == (2, "")
    assert text in ran.err


def test_a_size_is_for_the_scenarios_that_have_the_sort():
    ran, found = objects("--size", "reader=2", "--size", "page=1")
    assert ran.code == 0
    assert [s["sizes"] for s in found["scenarios"]] == [
        {"page": 1},
        {"page": 1, "reader": 2},
        {"page": 1, "reader": 2},
    ]
    assert found["sizes"] == {"page": 1}


# ------------------------------------------------------------------------------ expectations


def test_an_expectation_of_the_model_is_for_every_scenario_that_has_the_property():
    ran, found = objects("--set", "locked=false", "--property", "writes_alone")
    assert ran.code == 0
    assert [p["expected"] for p in found["properties"]] == ["violated", "violated"]
    assert set(verdicts(found).values()) == {"violated"}


def test_the_user_overrides_the_switches_of_a_scenario():
    ran, found = objects("--set", "often=false", "--scenario", "everybody")
    assert found["switches"] == {"locked": True, "often": False}
    assert {p["expected"] for p in found["properties"]} == {None}
    assert ran.code == 1  # the violation is expected for often=true only
    assert "result: FAIL in this scenario: 1 violated, 3 hold" in ran.err


# ------------------------------------------------------------------------------ output


def test_the_json_object():
    ran, found = objects()
    assert ran.code == 0
    keys = ["model", "switches", "sizes", "interrupted", "errors", "properties", "scenarios"]
    assert list(found) == keys
    assert (found["model"], found["interrupted"], found["errors"]) == ("parts", False, [])
    assert found["switches"] == {"locked": True} and found["sizes"] == {}
    assert [p["scenario"] for p in found["properties"]] == (
        ["writing"] * 2 + ["reading"] * 3 + ["everybody"] * 4
    )
    assert found["scenarios"][2] == {
        "name": "everybody",
        "left_out": [],
        "switches": {"locked": True, "often": True},
        "sizes": {"page": 1, "reader": 1},
        "interrupted": False,
    }
    for p in found["properties"]:
        left = {"writing": "reader", "reading": "cleaner", "everybody": "nobody"}[p["scenario"]]
        assert p["assumptions"][0] == f"scenario {p['scenario']}; left out: {left}"
        assert (p["trace"] is not None) == (p["name"] in ("gets_dirty",) or p["depth"] == 8)


def test_traces_are_kept_by_scenario(tmp_path):
    ran = check("--trace-dir", str(tmp_path / "out"))
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == [
        "parts-everybody-gets_dirty.itf.json",
        "parts-everybody-seen_is_dirty.itf.json",
        "parts-reading-gets_dirty.itf.json",
        "parts-writing-gets_dirty.itf.json",
    ]
    first = tmp_path / "out" / "parts-writing-gets_dirty.itf.json"
    assert ran.err == (
        f"pagestate: kept 4 traces in {tmp_path / 'out'}; pagestate show {first} draws the first\n"
    )
    shown = cli("show", str(tmp_path / "out" / "parts-everybody-seen_is_dirty.itf.json"))
    assert "seen_is_dirty is violated in 8 steps" in shown.out
    stored = json.loads(first.read_text())
    assert stored["#meta"]["pagestate"]["meta"]["scenario"] == "writing"


def test_certificates_are_kept_by_scenario(tmp_path):
    args = ["--property", "seen_is_dirty", "--scenario", "reading", "--size", "page=any"]
    ran = check(*args, "--trace-dir", str(tmp_path))
    assert ran.code == 0
    assert ran.err == f"pagestate: kept 1 certificate in {tmp_path}\n"
    assert [p.name for p in tmp_path.iterdir()] == ["parts-reading-seen_is_dirty"]


def test_scenarios_are_listed():
    ran = cli("models", PARTS)
    assert ran.out.splitlines()[3:] == [
        "    scenario writing: two that change pages",
        "        actors: writer, cleaner",
        "    scenario reading: pages are read while they are written",
        "        actors: writer, reader",
        "    scenario everybody: the cleaner does not wait for readers",
        "        actors: writer, cleaner, reader; often=true",
    ]
    found = json.loads(cli("models", PARTS, "--json").out)[PARTS]["scenarios"]
    assert found["reading"] == {
        "doc": "pages are read while they are written",
        "threads": ["writer", "reader"],
        "left_out": ["cleaner"],
        "switches": {},
        "sizes": {"page": 2, "reader": 1},
        "properties": ["seen_is_dirty", "gets_dirty"],
    }


# ------------------------------------------------------------------------------ vacuity

VACUOUS = """
from pagestate import Model, Scenario, State, always, thread, var, wait_until

class S(State):
    x = var(bool, init=False)
    y = var(bool, init=False)
    z = var(bool, init=False)

@thread(repeat=True)
def moves(m: S) -> None:
    m.x = True
    m.x = False

@thread(repeat=True)
def lets(m: S) -> None:
    m.y = True
    m.y = False

@thread(repeat=True)
def waits(m: S) -> None:
    wait_until(m.y)
    if m.x:
        m.z = True
        m.z = False

@always("holds")
def fine(m: S) -> bool:
    return True

model = Model("idle", state=S, properties=[fine], scenarios=[
    Scenario("free", "it goes on", [waits, lets]),
    Scenario("full", "it does more", [moves, waits, lets]),
])
"""


def test_steps_are_dead_that_no_scenario_takes(tmp_path):
    model = tmp_path / "idle.py"
    first, second = VACUOUS.strip().splitlines()[-3:-1]
    for text in (VACUOUS, VACUOUS.replace(f"{first}\n{second}", f"{second}\n{first}")):
        model.write_text(text)
        ran = check(model=str(model))
        assert ran.code == 0 and "never taken" not in ran.out
    model.write_text(VACUOUS.replace("m.z = True", "m.z = True\n        wait_until(not m.z)"))
    ran = check(model=str(model))
    dead = ran.out[ran.out.index("steps that are never") : ran.out.index("scope:")].splitlines()
    assert dead == [
        "steps that are never taken in any of the scenarios:",
        "  - waits: wait_until(not z) (idle.py:24)",
        "  - waits: z = False (idle.py:25)",
    ]
    alone = check("--scenario", "free", model=str(model))
    assert "  - waits: z = True (idle.py:23)" in alone.out


def test_a_thread_has_to_move_in_every_scenario(tmp_path):
    model = tmp_path / "idle.py"
    model.write_text(VACUOUS.replace("[waits, lets]", "[waits, moves]"))
    ran, found = objects(model=str(model))
    assert ran.code == 1
    assert verdicts(found) == {
        ("free", "fine"): "exhausted",
        ("free", "waits_moves"): "vacuous",
        ("full", "fine"): "exhausted",
    }
    assert "result: FAIL in these 2 scenarios: 1 vacuous, 2 hold" in ran.err


# ------------------------------------------------------------------------------ processes


def test_a_scenario_that_does_not_compile_is_an_error_of_the_model(tmp_path):
    model = tmp_path / "parts.py"
    model.write_text(SOURCE.replace("    put_page(m)\n", "    put_page(m, page)\n"))
    ran = check(model=str(model))
    assert (ran.code, ran.out) == (2, "")
    assert "error PS2" in ran.err and "put_page(m, page)" in ran.err
    assert check("--scenario", "writing", model=str(model)).code == 0


def jobs(running: Running) -> list[int]:
    return running.children()


def engines(running: Running) -> list[int]:
    """The children of the children."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            if parent in running.children():
                found.append(int(entry.name))
    return found


def to_the_group(running: Running) -> None:
    os.killpg(running.process.pid, signal.SIGINT)


def to_the_command(running: Running) -> None:
    os.kill(running.process.pid, signal.SIGINT)


def terminated(running: Running) -> None:
    os.kill(running.process.pid, signal.SIGTERM)


@pytest.mark.parametrize("press", [to_the_group, to_the_command, terminated])
def test_what_is_decided_survives_an_interrupt(press, tmp_path):
    target = tmp_path / "out.json"
    with Running("check", *SLOW, "--json", str(target)) as running:
        running.wait_for(lambda: engines(running), "engine")
        time.sleep(2)
        processes = jobs(running) + engines(running)
        began = time.monotonic()
        press(running)
        ran = running.finish()
    assert time.monotonic() - began < PATIENCE
    assert ran.code == 130
    assert ran.err == "pagestate: interrupted; the above is what was decided\n"
    found = json.loads(target.read_text())
    assert found["interrupted"] is True
    assert verdicts(found) == {
        ("quick", "never_all"): "exhausted",
        ("slow", "never_all"): "unknown",
        ("again", "never_all"): "unknown",
    }
    assert found["properties"][1]["reason"].startswith("interrupted (explicit at depth")
    assert gone(processes)


def test_the_timeout_is_for_all_scenarios_together():
    began = time.monotonic()
    ran = spawn("check", *SLOW, "--timeout", "4")
    assert time.monotonic() - began < 40
    assert (ran.code, ran.err) == (3, "")
    text = " ".join(ran.out.split())
    assert "exhausted never_all holds in all 1 state" in text
    assert text.count("unknown never_all timeout after") == 2
    assert "timeout after 4 s" not in text  # each has what compiling and others have left
    assert "result: open in these 3 scenarios: 2 unknown, 1 holds" in ran.out


def test_a_scenario_whose_process_dies_is_unknown():
    with Running("check", *SLOW, "--scenario", "slow", "--scenario", "quick") as running:
        running.wait_for(lambda: engines(running), "engine")
        running.wait_for(lambda: len(jobs(running)) == 1, "end of the quick one")
        os.kill(jobs(running)[0], signal.SIGKILL)
        ran = running.finish()
    assert ran.code == 3
    assert ran.err == "pagestate: slow: its process was killed by signal 9\n"
    assert "exhausted  never_all  holds in all 1 state" in ran.out
    assert "unknown    never_all  its process was killed by signal 9" in ran.out


def test_no_process_outlives_a_killed_command():
    with Running("check", *SLOW) as running:
        running.wait_for(lambda: len(engines(running)) == 2, "engines of the slow ones")
        processes = jobs(running) + engines(running)
        running.process.kill()
        running.finish()
    assert gone(processes)
