"""Scenarios as declared and compiled: what belongs to one, and what is wrong with one."""

from pathlib import Path
from typing import Any

import pytest

from pagestate.check.request import make_request, scenarios_of
from pagestate.core.evaluate import initial_states
from pagestate.core.sorts import EnumSort
from pagestate.core.verdict import Verdict
from pagestate.engines.explicit import Explicit
from pagestate.engines.interface import Task
from pagestate.lang.compile import Compiled, compile_model, valuation_of
from pagestate.lang.declare import Model
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.load import load_model
from tests.lang.harness import HEADER, sizes_of, walk_both

DECLARED = """
class Memory(State):
    ready = per_page(bool, init=free())
    dirty = per_page(bool, init=free())
    busy = var(bool, init=False)
    lock = mutex()


early = switch("early", True, "the flag is set first")
mode = switch("mode", "slow", "how", choices=["slow", "fast"])


@thread(repeat=True)
def taker(m: Memory, page: Page) -> None:
    mutex_lock(m.lock)
    if early:
        m.busy = True
    m.ready[page] = False
    m.busy = False
    mutex_unlock(m.lock)


@thread(repeat=True)
def giver(m: Memory, page: Page) -> None:
    m.ready[page] = True


@thread(replicated=True, repeat=True)
def washer(m: Memory, page: Page) -> None:
    m.dirty[page] = False


@always("nobody is busy unless it takes")
def busy_takes(m: Memory) -> bool:
    return not m.busy or not idle(taker)


@always("free pages are clean")
def free_is_clean(m: Memory) -> bool:
    return all(not m.ready[p] or not m.dirty[p] for p in m.pages)


@reachable("somebody is busy")
def gets_busy(m: Memory) -> bool:
    return m.busy


def clean(m: Memory) -> bool:
    return not any(m.dirty[p] for p in m.pages)


def taken(m: Memory) -> bool:
    return not any(m.ready[p] for p in m.pages)
"""
MODEL = """

model = Model(
    "memory",
    state=Memory,
    switches=[early, mode],
    properties=[busy_takes, free_is_clean, gets_busy],
    sizes={"page": 2, "washer": 2},
    init=clean,
    expect=[
        Expect(free_is_clean, "exhausted", "of the model"),
        Expect(gets_busy, "vacuous", "nobody is", {"early": False}),
    ],
    scenarios=[
        Scenario("taking", "pages go", [taker, washer], sizes={"washer": 1}),
        Scenario(
            "giving",
            "pages come",
            [giver, taker],
            switches={"early": False},
            properties=[free_is_clean, gets_busy],
            init=taken,
            expect=[Expect(free_is_clean, "violated", "of the scenario")],
        ),
        Scenario("idle", "only giving", [giver], properties=[busy_takes]),
    ],
)
"""


def model_of(folder: Path, text: str = DECLARED + MODEL) -> Model:
    path = folder / "memory.py"
    path.write_text(HEADER + text, encoding="utf-8")
    return load_model(str(path))


def compiled(model: Model, name: str, **settings: str) -> Compiled:
    part = model.in_scenario(name)
    return compile_model(part, valuation_of(part, settings))


def answers(made: Compiled) -> dict[str, tuple[Verdict, int | None]]:
    engine = Explicit(Task(made.system, made.properties, sizes_of(made)), lambda progress: None)
    engine.advance(100)
    return {a.property: (a.verdict, a.states) for a in engine.answers()}


def test_the_threads_are_those_of_all_scenarios(tmp_path: Path) -> None:
    model = model_of(tmp_path)
    assert [t.name for t in model.declared_threads()] == ["taker", "washer", "giver"]
    assert model.left_out() == () and model.scenario is None


def test_a_scenario_has_its_threads_and_no_others(tmp_path: Path) -> None:
    model = model_of(tmp_path)
    made = compiled(model, "giving")
    assert [t.name for t in made.system.threads] == ["giver", "taker"]
    assert made.model.left_out() == ("washer",)
    assert {a.thread for a in made.system.actions} == {"giver", "taker"}
    (lock,) = (v.sort for v in made.system.variables if v.name == "lock")
    assert isinstance(lock, EnumSort) and set(lock.members) == {"free", "giver", "taker"}


def test_a_scenario_has_its_own_defaults(tmp_path: Path) -> None:
    model = model_of(tmp_path)
    assert compiled(model, "taking").valuation == {"early": True, "mode": "slow"}
    assert compiled(model, "giving").valuation == {"early": False, "mode": "slow"}
    assert compiled(model, "giving", early="true").valuation["early"] is True
    assert compiled(model, "taking").model.sizes == {"page": 2, "washer": 1}
    assert model.sizes == {"page": 2, "washer": 2}


def test_properties_are_all_or_those_named(tmp_path: Path) -> None:
    model = model_of(tmp_path)
    names = [[p.name for p in compiled(model, s.name).properties] for s in model.scenarios]
    assert names == [
        ["busy_takes", "free_is_clean", "gets_busy"],
        ["free_is_clean", "gets_busy"],
        ["busy_takes"],
    ]


def test_expectations_of_the_scenario_count_more(tmp_path: Path) -> None:
    model = model_of(tmp_path)
    assert compiled(model, "taking").expected == {
        "free_is_clean": (Verdict.EXHAUSTED, "of the model")
    }
    assert compiled(model, "taking", early="false").expected == {
        "gets_busy": (Verdict.VACUOUS, "nobody is")
    }
    assert compiled(model, "giving").expected == {
        "free_is_clean": (Verdict.VIOLATED, "of the scenario"),
        "gets_busy": (Verdict.VACUOUS, "nobody is"),
    }
    assert compiled(model, "giving", mode="fast").expected == {}


def starts(made: Compiled) -> int:
    """How many initial states there are."""
    return len(list(initial_states(made.system, sizes_of(made))))


def test_initial_conditions_add_up(tmp_path: Path) -> None:
    model = model_of(tmp_path)
    assert starts(compiled(model, "taking")) == 4  # two pages, ready or not, none dirty
    assert starts(compiled(model, "giving")) == 1
    assert answers(compiled(model, "giving"))["free_is_clean"][0] == Verdict.EXHAUSTED
    less = model_of(tmp_path, (DECLARED + MODEL).replace("init=clean,", ""))
    assert starts(compiled(less, "taking")) == 16
    assert starts(compiled(less, "giving")) == 4
    assert answers(compiled(less, "giving"))["free_is_clean"][0] == Verdict.VIOLATED
    made = compiled(less, "giving")
    for seed in range(3):
        walk_both(made, sizes_of(made), seed, 12)


def test_who_is_left_out_is_idle(tmp_path: Path) -> None:
    made = compiled(model_of(tmp_path), "idle")
    assert answers(made)["busy_takes"][0] == Verdict.EXHAUSTED
    always_busy = DECLARED.replace("busy = var(bool, init=False)", "busy = var(bool, init=True)")
    made = compiled(model_of(tmp_path, always_busy + MODEL), "idle")
    assert answers(made)["busy_takes"][0] == Verdict.VIOLATED
    walk_both(made, sizes_of(made), 1, 8)


def test_requests_ignore_what_only_others_have(tmp_path: Path) -> None:
    model = model_of(tmp_path)
    request = make_request(model, {}, {"washer": "3"}, ["gets_busy", "busy_takes"], "giving")
    assert request.sizes == {"page": 2} and request.scenario == "giving"
    assert [p.name for p in request.properties] == ["gets_busy"]
    assert request.assumptions[0] == "scenario giving; left out: washer"
    assert scenarios_of(model, [], ["gets_busy"]) == ("taking", "giving")
    assert scenarios_of(model, ["idle", "taking"]) == ("taking", "idle")
    all_at_once = make_request(model, {}, {}, [])
    assert all_at_once.scenario == "" and "scenario" not in all_at_once.assumptions[0]


WRONG: list[tuple[str, str, str, str]] = [
    ("PS307", '"giving",', '"taking",', "scenario 'taking' is declared twice"),
    ("PS308", '"giving",', '"gi-ving",', "a scenario cannot be called 'gi-ving'"),
    ("PS308", '"pages come"', '""', "scenario giving is not described"),
    ("PS308", "[giver, taker]", "[]", "scenario giving has no threads"),
    ("PS308", "[giver, taker]", "[clean]", "clean is no thread"),
    ("PS308", "[giver, taker]", "7", "a list is needed for each thread"),
    ("PS310", "state=Memory", "state=Memory, threads=[taker, washer]", "names thread 'giver'"),
    ("PS301", 'switches={"early"', 'switches={"erly"', "sets switch 'erly', which"),
    ("PS302", 'switches={"early": False', 'switches={"mode": "no"', "sets switch 'mode' to 'no'"),
    ("PS302", 'switches={"early": False', 'switches={"early": 0', "sets switch 'early' to 0"),
    ("PS308", 'switches={"early": False}', "switches=[early]", "switches are a mapping"),
    ("PS306", "properties=[busy_takes, free_is_clean, ", "properties=[", "names property"),
    ("PS308", "properties=[free_is_clean", "properties=[clean, free_is_clean", "is no property"),
    ("PS304", 'sizes={"washer": 1}', 'sizes={"washer": 0}', "size washer=0"),
    ("PS308", "init=taken", "init=7", "init is no function"),
    ("PS308", 'of the scenario")]', 'of the scenario"), 7]', "7 is no expectation"),
    ("PS308", "scenarios=[", "scenarios=[taken, ", "taken is no scenario"),
]


@pytest.mark.parametrize("code,old,new,message", WRONG)
def test_wrong_declarations(tmp_path: Path, code: str, old: str, new: str, message: str) -> None:
    text = DECLARED + MODEL
    assert old in text
    with pytest.raises(ModelError) as caught:
        model_of(tmp_path, text.replace(old, new))
    assert caught.value.code == code and message in caught.value.message, str(caught.value)


LATER: list[tuple[str, str, str, str]] = [
    ("PS307", "[giver, taker]", "[giver, giver]", "thread 'giver' is declared twice"),
    ("PS306", 'Expect(free_is_clean, "viol', 'Expect(busy_takes, "viol', "'busy_takes'"),
    ("PS306", 'Expect(gets_busy, "vac', 'Expect("gets_bussy", "vac', "'gets_bussy'"),
    ("PS301", '"nobody is", {"early"', '"nobody is", {"erly"', "names switch 'erly'"),
    ("PS308", '"violated", "of the s', '"violatd", "of the s', "'violatd' is no verdict"),
]


@pytest.mark.parametrize("code,old,new,message", LATER)
def test_wrong_when_compiled(tmp_path: Path, code: str, old: str, new: str, message: str) -> None:
    text = DECLARED + MODEL
    assert old in text
    model = model_of(tmp_path, text.replace(old, new))
    with pytest.raises(ModelError) as caught:
        compiled(model, "giving")
    assert caught.value.code == code and message in caught.value.message, str(caught.value)


def test_an_error_in_a_scenario_points_at_it(tmp_path: Path) -> None:
    text = DECLARED + MODEL.replace("[giver, taker]", "[]")
    with pytest.raises(ModelError) as caught:
        model_of(tmp_path, text)
    span: Any = caught.value.span
    assert (HEADER + text).splitlines()[span.line - 1].strip() == "Scenario("
