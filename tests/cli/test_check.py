"""``pagestate check``: verdicts, expectations, options, JSON, traces."""

import json
from pathlib import Path

import pytest

from tests.cli.running import RACE, check, cli

SOURCE = Path(RACE).read_text(encoding="utf-8")
RESULT_KEYS = [
    "name",
    "verdict",
    "scope",
    "engine",
    "depth",
    "states",
    "seconds",
    "reason",
    "trace",
    "certificate",
    "expected",
    "assumptions",
    "scenario",
]
ASSUMPTIONS = [
    "the only actors are: 1 getter thread, unplug",
    "memory accesses are sequentially consistent",
    "interrupts are not modelled",
    "an execution ends where it violates no_underflow",
    "pages are of order 0",
]

HOLDS = """\
race: 1 getter, 1 page; hook=true lock=none

ok    exhausted  offline_never_free  holds in all 8 states
ok    exhausted  free_not_offline    holds in all 8 states
ok    exhausted  goes_offline        reached in 2 steps
ok    exhausted  no_underflow        holds in all 8 states

steps that are never taken:
  - getter: offline[page] -> false (race.py:51)
  - getter: free_to_buddy(page) (race.py:53)
scope: 1 getter, 1 page; nothing is said about other sizes
engine: explicit
assumptions:
  - the only actors are: 1 getter thread, unplug
  - memory accesses are sequentially consistent
  - interrupts are not modelled
  - an execution ends where it violates no_underflow
  - pages are of order 0
result: ok: 4 hold
"""


def objects(*args):
    ran = check(*args, "--json", "-")
    return ran, json.loads(ran.out)


def by_name(found):
    return {p["name"]: p for p in found["properties"]}


def test_a_model_that_holds():
    ran = check()
    assert (ran.code, ran.err) == (0, "")
    assert ran.out == HOLDS


def test_the_output_is_the_same_again():
    assert check("--set", "hook=false").out == check("--set", "hook=false").out


# ------------------------------------------------------------------------------ expectations


def test_an_expected_violation_is_no_failure_and_is_said_so():
    ran = check("--set", "hook=false")
    assert ran.code == 0
    first = next(line for line in ran.out.splitlines() if "offline_never_free" in line)
    assert first.startswith("ok    violated   offline_never_free  in ")
    assert "as expected" in ran.out and ": the race of 2019\n" in ran.out
    assert ran.out.endswith("result: ok: 2 violated (2 as expected), 2 hold\n")


def test_the_diagram_stands_in_the_report():
    ran = check("--set", "hook=false")
    lines = ran.out.splitlines()
    at = lines.index("    CPU0                            CPU1")
    assert "is violated in" in lines[at - 2]
    assert any("*** page 0: buddy 0 -> 1 violates" in line for line in lines)
    assert "1 more violation is not shown: --property NAME shows one, --trace-dir all" in lines


def test_expectations_do_not_apply_to_other_valuations():
    ran = check("--set", "hook=false", "--set", "lock=mutex")
    assert ran.code == 1
    assert "FAIL  violated   offline_never_free" in ran.out
    assert "expected" not in ran.out
    assert ran.out.endswith("result: FAIL: 2 violated, 2 hold\n")


def test_an_expected_violation_that_does_not_occur_is_a_failure():
    ran = check("--set", "lock=mutex")
    assert ran.code == 1
    assert "FAIL  exhausted  offline_never_free  holds in all 8 states, but expected:" in ran.out
    assert ": wrongly\n" in ran.out
    assert ran.out.endswith("result: FAIL: 4 hold, 1 not as expected\n")


def test_a_proof_is_more_than_the_exhaustive_search_that_was_expected():
    example = Path(__file__).parents[2] / "examples" / "refcount.py"
    sizes = ["--size", "obj=any", "--size", "user=any"]
    ran = cli("check", str(example), *sizes, "--property", "used_is_not_freed")
    assert ran.code == 0
    words = " ".join(ran.out.split())
    assert "as expected" in words and "but expected" not in words


def test_an_expected_violation_that_was_not_found_is_open():
    ran = check("--set", "lock=mutex", "--depth", "2")
    assert ran.code == 3
    assert "open  bounded    offline_never_free" in ran.out


def test_the_shown_trace_is_an_unexpected_one(tmp_path):
    expected = 'Expect(free_not_offline, "violated", "the same", {"hook": False}),'
    assert expected in SOURCE
    text = SOURCE.replace(expected, "")
    model = tmp_path / "other.py"
    model.write_text(text, encoding="utf-8")
    ran = check("--set", "hook=false", model=str(model))
    assert ran.code == 1
    assert "free_not_offline is violated in" in ran.out


# ------------------------------------------------------------------------------ JSON


def test_the_json_object():
    ran, found = objects("--set", "hook=false")
    assert ran.code == 0
    keys = ["model", "switches", "sizes", "interrupted", "errors", "properties", "scenarios"]
    assert list(found) == keys
    assert found["scenarios"] == []
    assert found["model"] == "race"
    assert found["switches"] == {"hook": False, "lock": "none"}
    assert found["sizes"] == {"getter": 1, "page": 1}
    assert found["interrupted"] is False and found["errors"] == []
    assert [list(p) for p in found["properties"]] == [RESULT_KEYS] * 4
    for p in found["properties"]:
        assert isinstance(p["seconds"], float) and isinstance(p["depth"], int)
        assert isinstance(p["states"], int) and isinstance(p["reason"], str)
        assert p["engine"] == "explicit" and p["certificate"] is None
        assert p["scope"] == "1 getter, 1 page" and p["assumptions"] == ASSUMPTIONS
    named = by_name(found)
    assert {n: (p["verdict"], p["expected"]) for n, p in named.items()} == {
        "offline_never_free": ("violated", "violated"),
        "free_not_offline": ("violated", "violated"),
        "goes_offline": ("exhausted", None),
        "no_underflow": ("exhausted", None),
    }
    trace = named["offline_never_free"]["trace"]
    assert trace["#meta"]["format"] == "ITF"
    assert len(trace["states"]) == named["offline_never_free"]["depth"] + 1
    assert named["no_underflow"]["trace"] is None


def test_with_json_on_stdout_everything_else_is_on_stderr():
    ran, _ = objects()
    assert ran.err == HOLDS


def test_json_in_a_file(tmp_path):
    target = tmp_path / "out.json"
    target.write_text("older")
    ran = check("--json", str(target))
    assert (ran.code, ran.out) == (0, HOLDS)
    assert json.loads(target.read_text())["model"] == "race"
    assert [p.name for p in tmp_path.iterdir()] == ["out.json"]


def test_json_through_a_symbolic_link(tmp_path):
    link = tmp_path / "link.json"
    link.symlink_to(tmp_path / "real.json")
    check("--json", str(link))
    assert link.is_symlink()
    assert json.loads((tmp_path / "real.json").read_text())["model"] == "race"


def test_what_a_model_prints_is_not_in_the_json(tmp_path):
    model = tmp_path / "loud.py"
    model.write_text("print('hello')\n" + SOURCE, encoding="utf-8")
    ran = check("--json", "-", model=str(model))
    assert json.loads(ran.out)["model"] == "race"
    assert ran.err.startswith("hello\n")


# ------------------------------------------------------------------------------ traces


def test_stored_traces_are_readable(tmp_path):
    folder = tmp_path / "a" / "b"
    ran = check("--set", "hook=false", "--trace-dir", str(folder))
    assert ran.code == 0
    names = sorted(p.name for p in folder.iterdir())
    assert names == [f"race-{n}.itf.json" for n in ("free_not_offline", "goes_offline")] + [
        "race-offline_never_free.itf.json"
    ]
    shown = cli("show", str(folder / "race-offline_never_free.itf.json"))
    assert shown.code == 0 and shown.err == ""
    assert shown.out.rstrip("\n") in ran.out
    goal = cli("show", str(folder / "race-goes_offline.itf.json"))
    assert "goes_offline is reached in 2 steps" in goal.out


def test_values_under_each_step():
    plain = check("--set", "hook=false", "--property", "offline_never_free")
    ran = check("--set", "hook=false", "--property", "offline_never_free", "--values")
    assert "page 0: refcount 1 -> 2" in ran.out
    assert "page 0: refcount 1 -> 2" not in plain.out


# ------------------------------------------------------------------------------ options


def test_properties_are_selected():
    ran, found = objects("--property", "no_underflow", "--property", "offline_never_free")
    assert ran.code == 0
    assert list(by_name(found)) == ["offline_never_free", "no_underflow"]


def test_a_goal_alone_says_nothing_about_threads_that_do_not_move():
    """The search ends when the goal is met, after two steps of one thread."""
    ran = check("--property", "goes_offline")
    assert ran.code == 0
    assert "never" not in ran.out and "vacuous" not in ran.out


def test_a_property_twice_is_one_property():
    _, found = objects("--property", "no_underflow", "--property", "no_underflow")
    assert list(by_name(found)) == ["no_underflow"]


@pytest.mark.parametrize("engine", ["explicit", "bmc"])
def test_depth_zero(engine):
    ran, found = objects("--depth", "0", "--engine", engine, "--property", "offline_never_free")
    (p,) = found["properties"]
    assert (ran.code, p["verdict"], p["depth"], p["engine"]) == (0, "bounded", 0, engine)
    assert "this is no" in ran.err
    assert check("--depth", "0", "--require-proof").code == 3


def test_bmc_finds_the_same_race():
    ran, found = objects(
        "--engine", "bmc", "--set", "hook=false", "--property", "offline_never_free"
    )
    (p,) = found["properties"]
    assert (ran.code, p["verdict"], p["engine"], p["depth"]) == (0, "violated", "bmc", 6)


def test_another_size():
    _, found = objects("--size", "page=2", "--size", "getter=2")
    assert found["sizes"] == {"getter": 2, "page": 2}
    assert {p["scope"] for p in found["properties"]} == {"2 getters, 2 pages"}


def test_any_size(tmp_path):
    ran, found = objects(
        "--size", "page=any", "--property", "offline_never_free", "--trace-dir", str(tmp_path)
    )
    (p,) = found["properties"]
    assert found["sizes"] == {"getter": 1, "page": "any"}
    assert p["scope"] == "1 getter, any number of pages"
    assert (ran.code, p["verdict"], p["engine"]) == (0, "proved", "parametric")
    assert p["certificate"] == str(tmp_path / "race-offline_never_free")
    assert list((tmp_path / "race-offline_never_free").glob("*.smt2"))
    assert "any number of pages" in ran.err


def test_require_proof_is_met_by_an_exhaustive_search():
    assert check("--require-proof").code == 0


IDLE = """
from pagestate import Model, State, always, thread, var, wait_until


class S(State):
    x = var(bool, init=False)
    y = var(bool, init=False)


@thread(repeat=True)
def moves(m: S) -> None:
    m.x = True
    m.x = False


@thread(repeat=True)
def waits(m: S) -> None:
    wait_until(m.y)
    m.y = False
    m.x = False


@always("holds")
def fine(m: S) -> bool:
    return not m.y


model = Model("idle", state=S, threads=[moves, waits], properties=[fine])
"""


def test_a_thread_that_never_moves_is_vacuous(tmp_path):
    model = tmp_path / "idle.py"
    model.write_text(IDLE)
    ran = check(model=str(model))
    assert ran.code == 1
    assert "FAIL  vacuous    waits_moves  thread waits never takes a step" in ran.out
    assert "moves_moves" not in ran.out


def test_no_property_is_five(tmp_path):
    model = tmp_path / "empty.py"
    model.write_text(IDLE.replace("properties=[fine]", "properties=[]"))
    ran = check(model=str(model))
    assert ran.code == 5
    assert ran.err == "pagestate: there is no property to check\n"
    assert ran.out.endswith("result: nothing to check\n")


def test_every_line_fits():
    for args in (["--set", "hook=false"], ["--depth", "1"], ["--set", "lock=mutex"]):
        assert max(len(line) for line in check(*args).out.splitlines()) <= 80
