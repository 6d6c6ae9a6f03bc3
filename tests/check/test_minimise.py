"""Counterexamples that are easy to read: few switches; and others of the same length."""

from dataclasses import replace
from itertools import pairwise, permutations
from pathlib import Path

import pytest

from pagestate.check.minimise import cost, minimised
from pagestate.check.minimise import who as mover_of
from pagestate.check.others import MOST_STATES, NotListed, other_traces
from pagestate.check.request import make_request
from pagestate.core.execute import NotAPath, states_of, trace_of, why_not
from pagestate.core.sorts import Sizes
from pagestate.core.verdict import Move
from pagestate.core.verdict import Path as Execution
from pagestate.engines.explicit import Explicit
from pagestate.engines.interface import Task
from pagestate.lang.load import load_model
from tests.cli.running import RACE, cli

MODEL = """
from pagestate import Model, Page, State, always, atomic, per_page, thread, var


class Memory(State):
    left = var(bool, init=False)
    right = var(bool, init=False)
    a = var(bool, init=False)
    b = var(bool, init=False)


@thread
def one(m: Memory) -> None:
    m.a = True
    m.left = True


@thread
def two(m: Memory) -> None:
    m.b = True
    m.right = True


@always("not both")
def apart(m: Memory) -> bool:
    return not (m.left and m.right)


model = Model("apart", state=Memory, threads=[one, two], properties=[apart])
"""


TRAP = MODEL.replace(
    """    m.a = True
    m.left = True
""",
    """    m.a = True
    wait_until(m.b)
    m.left = True
""",
).replace(
    """    m.b = True
    m.right = True
""",
    """    m.b = True
    m.right = True
    m.a = False
""",
).replace("thread, var", "thread, var, wait_until")  # fmt: skip

PAGES = """
from pagestate import Model, Page, State, always, per_page, thread


class Memory(State):
    x = per_page(bool, init=False)
    y = per_page(bool, init=False)


@thread
def one(m: Memory, page: Page) -> None:
    m.x[page] = True


@thread
def two(m: Memory, page: Page) -> None:
    m.y[page] = True


@always("not both")
def apart(m: Memory) -> bool:
    return not (any(m.x[p] for p in m.pages) and any(m.y[p] for p in m.pages))


model = Model("pages", state=Memory, threads=[one, two], properties=[apart], sizes={"page": 2})
"""


@pytest.fixture
def trap(tmp_path: Path) -> str:
    path = tmp_path / "trap.py"
    path.write_text(TRAP, encoding="utf-8")
    return str(path)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "apart.py"
    path.write_text(MODEL, encoding="utf-8")
    return str(path)


def shortest(name, sizes=None, **switches):
    request = make_request(load_model(name), switches, sizes or {}, ())
    prop = next(p for p in request.properties if p.kind == "always")
    bounds = request.bounds(7)
    engine = Explicit(Task(request.compiled.system, (prop,), bounds), lambda progress: None)
    engine.advance(50)
    path = engine.answers()[0].path
    assert path is not None
    return request, prop, bounds, path


def orders(system, sizes, prop, path):
    """Every order of the moves that is an execution which decides the property."""
    for moves in set(permutations(path.moves)):
        tried = Execution(path.initial, moves)
        try:
            states = states_of(system, sizes, tried)
        except NotAPath:
            continue
        if not why_not(system, sizes, prop, states, tried):
            yield tried


def test_independent_steps_are_put_together(file):
    request, prop, sizes, path = shortest(file)
    system = request.compiled.system
    worst = max(orders(system, sizes, prop, path), key=cost)
    assert cost(worst)[0] == 3
    best = minimised(system, sizes, prop, worst)
    assert cost(best)[0] == 1 and len(best.moves) == len(path.moves)
    assert not why_not(system, sizes, prop, states_of(system, sizes, best), best)


@pytest.mark.parametrize("members", [1, 2])
def test_no_order_of_the_steps_has_fewer_switches(members):
    sizes = {"page": str(members), "getter": str(members)}
    request, prop, bounds, path = shortest(RACE, sizes, hook="false")
    system = request.compiled.system
    best = minimised(system, bounds, prop, path)
    least = min(cost(p)[0] for p in orders(system, bounds, prop, path))
    assert cost(best)[0] <= least
    movers = [mover_of(m) for m in best.moves]
    assert cost(best)[0] == sum(a != b for a, b in pairwise(movers))


def test_members_that_can_be_one_are(file):
    request, prop, sizes, path = shortest(RACE, {"page": "2", "getter": "2"}, hook="false")
    system = request.compiled.system
    best = minimised(system, sizes, prop, path)
    assert cost(best)[1] == 2, "one page and one getter"


def test_an_order_that_a_guard_forbids_is_none(trap):
    request, prop, sizes, path = shortest(trap)
    system = request.compiled.system
    found = list(orders(system, sizes, prop, path))
    least, most = min(cost(p)[0] for p in found), max(cost(p)[0] for p in found)
    assert least < most
    for worse in found:
        best = minimised(system, sizes, prop, worse)
        assert cost(best)[0] == least
        assert not why_not(system, sizes, prop, states_of(system, sizes, best), best)


def test_a_thread_is_not_started_where_that_costs_a_switch(tmp_path):
    file = tmp_path / "longer.py"
    order = "    m.b = True\n    m.c = True\n    m.right = True\n"
    text = TRAP.replace("    m.b = True\n    m.right = True\n    m.a = False\n", order)
    field = "    b = var(bool, init=False)\n"
    file.write_text(text.replace(field, field + field.replace("b =", "c =")), encoding="utf-8")
    request, prop, sizes, path = shortest(str(file))
    for worse in orders(request.compiled.system, sizes, prop, path):
        assert cost(minimised(request.compiled.system, sizes, prop, worse))[0] == 1


def test_one_page_is_enough(tmp_path):
    file = tmp_path / "pages.py"
    file.write_text(PAGES, encoding="utf-8")
    request, prop, sizes, path = shortest(str(file))
    first, second = path.moves
    assert first.picks == (("page", 0),)
    path = replace(path, moves=(first, Move(second.action, (("page", 1),))))
    best = minimised(request.compiled.system, sizes, prop, path)
    assert cost(path)[1] == 2 and cost(best)[1] == 1


def test_others_do_not_go_on_after_a_violation(trap):
    request, prop, sizes, path = shortest(trap)
    trace = trace_of(request.compiled.system, sizes, path, prop, "violated", "x", {})
    longer = replace(trace, steps=(*trace.steps, trace.steps[-1]))
    others = other_traces(request, prop, longer, 100)
    assert all(len(t.steps) == len(path.moves) + 1 for t in others)


def test_what_is_no_execution_is_left_alone(file):
    request, prop, sizes, path = shortest(file)
    broken = Execution(path.initial, path.moves[1:])
    assert minimised(request.compiled.system, sizes, prop, broken) is broken


def traces(name, most, **switches):
    request, prop, sizes, path = shortest(name, **switches)
    trace = trace_of(request.compiled.system, sizes, path, prop, "violated", "explicit", {})
    return trace, other_traces(request, prop, trace, most)


def labels(trace):
    return tuple((s.thread, s.label) for s in trace.steps)


def test_others_are_all_there_once_with_few_switches_first(file):
    trace, others = traces(file, 100)
    assert len({labels(t) for t in (trace, *others)}) == len(others) + 1 == 6
    assert {len(t.steps) for t in others} == {len(trace.steps)}
    switches = [sum(a.thread != b.thread for a, b in pairwise(t.steps)) for t in others]
    assert switches == sorted(switches)


def test_no_more_than_asked_for(file):
    assert len(traces(file, 2)[1]) == 2
    assert traces(file, 0)[1] == []


def test_too_many_states_are_told(file, monkeypatch):
    monkeypatch.setattr("pagestate.check.others.MOST_STATES", 3)
    with pytest.raises(NotListed, match="more than 3 states"):
        traces(file, 2)
    assert MOST_STATES > 1000


def test_a_smaller_bound_of_sizes_is_the_trace_s(file):
    request, prop, _, path = shortest(RACE, {"page": "1"}, hook="false")
    sizes = Sizes({"page": 1, "getter": 1}, 9)
    trace = trace_of(request.compiled.system, sizes, path, prop, "violated", "x", {})
    for other in other_traces(request, prop, trace, 5):
        assert other.sizes == trace.sizes and other.verdict == "violated"


def test_command_line(file, tmp_path):
    ran = cli("check", file, "--all", "3", "--trace-dir", str(tmp_path / "out"))
    assert ran.code == 1 and ran.out.count("is violated in") == 3
    assert "apart, counterexample 2:" in ran.out and "counterexample 3:" in ran.out
    names = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert names == ["apart-apart.2.itf.json", "apart-apart.3.itf.json", "apart-apart.itf.json"]
    ran = cli("check", file, "--all", "30")
    assert "apart: only 6 differ among those of 4 steps" in ran.out
    assert cli("check", file).out.count("is violated in") == 1
