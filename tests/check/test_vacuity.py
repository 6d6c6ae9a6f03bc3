"""Steps that are never taken: by statement, and which of them nobody minds."""

import json
from pathlib import Path

from pagestate.check.request import make_request
from pagestate.check.vacuity import coverage, dead_statements
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task
from pagestate.lang.load import load_model
from tests.cli.running import cli

HEAD = """
from pagestate import Model, State, always, atomic, either, expect_dead, inline, switch, thread, var


class S(State):
    a = var(bool, init=False)
    b = var(bool, init=False)


@always("anything")
def anything(m: S) -> bool:
    return True

"""
TAIL = """

model = Model("dead", state=S, threads=[t, u], properties=[anything])
"""


def written(tmp_path: Path, body: str) -> Path:
    path = tmp_path / "dead.py"
    switches = ", switches=[fast])" if "fast = switch" in body else ")"
    path.write_text(HEAD + body + TAIL.replace("])", "]" + switches))
    return path


def dead(tmp_path: Path, body: str) -> list[str]:
    request = make_request(load_model(str(written(tmp_path, body))), {}, {}, [])
    task = Task(request.compiled.system, request.properties, request.bounds(7))
    engine = Explicit(task, lambda progress: None)
    while not engine.advance(100):
        pass
    assert engine.complete
    return [d.text for d in dead_statements([coverage(request, engine.fired)])]


U = """
@thread(repeat=True)
def u(m: S) -> None:
    value = either()
    m.a = value
"""


def test_both_outcomes_of_a_test_are_steps(tmp_path: Path) -> None:
    body = """
@thread(repeat=True)
def t(m: S) -> None:
    if m.b:
        m.a = True
        m.b = True
"""
    assert sorted(dead(tmp_path, body + U)) == [
        "t: a = True (dead.py:18)",
        "t: b -> true (dead.py:17)",
        "t: b = True (dead.py:19)",
    ]


def test_what_is_expected_is_not_reported_nor_what_only_it_leads_to(tmp_path: Path) -> None:
    body = """
@inline
def more(m: S) -> None:
    if m.a:
        m.b = True


@thread(repeat=True)
def t(m: S) -> None:
    if m.b:
        expect_dead("b is never set")
        more(m)
    m.a = False
"""
    assert dead(tmp_path, body + U) == []
    without = dead(tmp_path, body.replace('expect_dead("b is never set")', "pass") + U)
    assert [line.rsplit(" ", 1)[0] for line in sorted(without)] == [
        "t: a -> false",
        "t: a -> true",
        "t: b -> true",
        "t: b = True",
    ]


def test_what_others_lead_to_as_well_is_reported(tmp_path: Path) -> None:
    body = """
@thread(repeat=True)
def t(m: S) -> None:
    if m.b:
        expect_dead("b is never set")
        m.a = False
    if m.b:
        m.a = True
"""
    assert sorted(dead(tmp_path, body + U)) == [
        "t: a = True (dead.py:21)",
        "t: b -> true (dead.py:20)",
    ]


def test_an_outcome_of_an_atomic_function_can_be_expected(tmp_path: Path) -> None:
    body = """
@atomic
def get(m: S) -> bool:
    if m.b:
        expect_dead("b is never set")
        return True
    return False


@thread(repeat=True)
def t(m: S) -> None:
    got = get(m)
    if got:
        m.a = False
"""
    assert dead(tmp_path, body + U) == []
    assert len(dead(tmp_path, body.replace('        expect_dead("b is never set")\n', "") + U)) == 2


def test_a_function_is_alive_if_one_of_its_callers_takes_its_steps(tmp_path: Path) -> None:
    body = """
@inline
def clear(m: S) -> None:
    if m.a:
        m.a = False


@thread(repeat=True)
def t(m: S) -> None:
    clear(m)


@thread(repeat=True)
def u(m: S) -> None:
    if m.b:
        expect_dead("b is never set")
        m.b = False
    clear(m)
    m.a = True
"""
    assert dead(tmp_path, body) == []


SWITCH = """
fast = switch("fast", True, "nobody waits")


@thread(repeat=True)
def t(m: S) -> None:
    m.a = False
    if fast and not m.b:
        return
    m.a = True
"""


def test_what_a_switch_is_about_may_be_dead(tmp_path: Path) -> None:
    ran = cli("check", str(written(tmp_path, SWITCH + U)))
    assert ran.code == 0 and "steps that are never taken:" in ran.out


def test_other_dead_steps_are_a_failure_of_the_whole_model_only(tmp_path: Path) -> None:
    model = str(written(tmp_path, SWITCH.replace("fast and not m.b", "not m.b") + U))
    ran = cli("check", model, "--json", "-")
    *_, last = json.loads(ran.out)["properties"]
    assert ran.code == 1
    assert (last["name"], last["verdict"]) == ("every_step_is_taken", "vacuous")
    assert "t: a = True (dead.py:23)" in last["reason"]
    assert cli("check", model, "--set", "fast=false").code == 0
    assert cli("check", model, "--property", "anything").code == 0
