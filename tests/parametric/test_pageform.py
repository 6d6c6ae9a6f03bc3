"""The page form is exact: same orbits, same steps, and its paths replay on the original."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations, product
from pathlib import Path as File

import pytest

from pagestate.core.evaluate import apply, enabled, evaluate, initial_states, successors
from pagestate.core.expr import (
    TRUE,
    Param,
    Read,
    add,
    conj,
    count,
    eq,
    exists,
    forall,
    le,
    lit,
    neg,
)
from pagestate.core.pageform import NotInForm, PageForm, page_form
from pagestate.core.sorts import BOOL, COUNT, RefSort, Sizes, Value
from pagestate.core.system import Action, StateVar, System, Thread
from pagestate.core.trace import CellName
from pagestate.core.verdict import Move, Path, Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task
from tests.lang.harness import compiled_text

from .systems import (
    ANY,
    GETTER,
    HOLDERS,
    NONE,
    OFFLINE_NOT_FREE,
    PAGE,
    SIZES,
    G,
    H,
    P,
    Q,
    ThreadBuilder,
    always,
    bit,
    getter_thread,
    put,
    race,
    rc,
)

State = dict[CellName, Value]
Key = tuple[tuple[CellName, Value], ...]

VARIANTS = {
    "hook": race(),
    "no hook": race(hook=False),
    "bool local": race(local=True),
    "replug": race(replug=True),
    "driver waits for getters": race(wait=True, local=True),
}


def key(state: State) -> Key:
    return tuple(sorted(state.items(), key=lambda item: (item[0], str(item[1]))))


def renamed(system: System, state: State, moves: dict[str, tuple[int, ...]]) -> State:
    """``state`` with the members of each sort renumbered."""
    dims = {v.name: v for v in system.variables}
    out = State()
    for (name, index), value in state.items():
        var = dims[name]
        at = tuple(
            moves[d.name][i] if d.name in moves else i for d, i in zip(var.dims, index, strict=True)
        )
        new = value
        if isinstance(var.sort, RefSort) and isinstance(value, int):
            new = moves[var.sort.index.name][value]
        out[name, at] = new
    return out


def orbit(system: System, sizes: Sizes) -> Callable[[State], Key]:
    names = [s.name for s in system.sorts]
    groups = [list(permutations(range(sizes.index[n]))) for n in names]
    every = [dict(zip(names, choice, strict=True)) for choice in product(*groups)]
    return lambda state: min((key(renamed(system, state, m)) for m in every), key=str)


def reachable(system: System, sizes: Sizes) -> set[Key]:
    canon = orbit(system, sizes)
    todo = list(initial_states(system, sizes))
    seen = {canon(s) for s in todo}
    while todo:
        for _, _, after in successors(system, todo.pop(), sizes):
            if (k := canon(after)) not in seen:
                seen.add(k)
                todo.append(after)
    return seen


UNTOUCHED = always("true", TRUE)

SAME_NAMES = """
class M(State):
    a = per_page(bool, init=False)
    b = per_page(bool, init=False)
    bad = per_page(bool, init=False)

@inline
def inner(m: M, p: Page, late: bool) -> None:
    x = m.a[p]
    m.bad[p] = late and not x

@thread(replicated=True, repeat=True)
def getter(m: M, p: Page) -> None:
    x = m.b[p]
    inner(m, p, x)
    if x:
        m.b[p] = True

@thread
def driver(m: M, p: Page) -> None:
    m.a[p] = True
    m.b[p] = True

@always("never bad")
def never(m: M) -> bool:
    return all(not m.bad[p] for p in m.pages)

model = Model("r", state=M, threads=[getter, driver], properties=[never])
"""


@pytest.mark.parametrize("name", VARIANTS)
def test_as_many_states_as_orbits(name: str) -> None:
    system = VARIANTS[name]
    form = page_form(system, (), SIZES)
    original, made = reachable(system, SIZES), reachable(form.system, SIZES)
    assert len(original) == len(made) > 20


def abstraction(form: PageForm, system: System) -> Callable[[State], State]:
    """From a state of the original to the state of the page form, written independently."""
    getter = [v for v in system.variables if v.thread == "getter"]

    def alpha(state: State) -> State:
        out: State = {}
        for var in form.system.variables:
            pages = range(SIZES.index["page"])
            for index in [()] if not var.dims else [(i,) for i in pages]:
                if var.name in form.exclusive:
                    out[var.name, index] = state[var.name, ()] == index[0]
                elif var.name in form.occupancy:
                    out[var.name, index] = sum(
                        matches(var.name, {v.name: state[v.name, (g,)] for v in getter}, index)
                        for g in range(SIZES.index["getter"])
                    )
                else:
                    out[var.name, index] = state[var.name, index]
        return out

    return alpha


def matches(counter: str, locals_: dict[str, Value], index: tuple[int, ...]) -> bool:
    label, _, zero = counter.removeprefix("getter@").partition("[")
    page = locals_["getter.page"]
    same_zero = locals_.get("getter.zero", False) == (zero == "zero=true]")
    return locals_["getter.pc"] == label and same_zero and page == (index[0] if index else None)


@pytest.mark.parametrize("name", VARIANTS)
def test_same_steps_on_random_walks(name: str) -> None:
    system, rng = VARIANTS[name], random.Random(1)
    form = page_form(system, (), SIZES)
    alpha, taken = abstraction(form, system), set[str]()
    for _ in range(30):
        state = next(initial_states(system, SIZES))
        for _ in range(20):
            steps = list(successors(system, state, SIZES))
            there = {(a.name, key(alpha(s))) for a, _, s in steps}
            made = [
                (form.origins[a.name].action.name, key(s))
                for a, _, s in successors(form.system, alpha(state), SIZES)
            ]
            assert there == set(made)
            if not steps:
                break
            action, _, state = rng.choice(steps)
            taken.add(action.name)
    assert len(taken) >= len(system.actions) - 1


def walks(system: System, rng: random.Random, sizes: Sizes) -> Iterator[tuple[Path, State]]:
    for _ in range(40):
        state, moves = next(initial_states(system, sizes)), list[Move]()
        for _ in range(25):
            steps = list(successors(system, state, sizes))
            if not steps:
                break
            action, picks, state = rng.choice(steps)
            moves.append(Move(action, tuple((n, v) for n, v in picks.items() if v is not None)))
        yield Path((), tuple(moves)), state


@pytest.mark.parametrize("unbounded", [frozenset(), ANY])
@pytest.mark.parametrize("name", VARIANTS)
def test_lifted_paths_replay(name: str, unbounded: frozenset[str]) -> None:
    system = VARIANTS[name]
    form = page_form(system, (), SIZES, unbounded)
    roomy = Sizes({"page": 2, "getter": 30 if unbounded else 2}, 30)
    for path, last in walks(form.system, random.Random(2), roomy):
        lifted, state = form.lift(path), next(initial_states(system, roomy))
        for move in lifted.moves:
            assert enabled(move.action, state, roomy, dict(move.picks))
            state = apply(system, move.action, state, roomy, dict(move.picks))
        for page in range(2):
            assert state["rc", (page,)] == last["rc", (page,)]
            holding = sum(
                state["getter.pc", (g,)] == "hold" and state["getter.page", (g,)] == page
                for g in range(roomy.index["getter"])
            )
            assert holding == last["getter@hold", (page,)]


def test_properties_keep_their_value() -> None:
    system = VARIANTS["bool local"]
    getter = getter_thread(True, True)
    busy = exists(H, conj(eq(getter.pc(H), getter.label("check")), getter.zero(H)))
    nobody = forall(H, neg(eq(getter.page(H), P)))
    same = forall(P, eq(eq(Read("driver.page", (), RefSort(PAGE)), P), bit("buddy")))
    free = eq(Read("driver.page", (), RefSort(PAGE)), NONE)
    asked = (
        always("busy", busy),
        always("free", free),
        replace(OFFLINE_NOT_FREE, formula=same),
        always("starts", eq(count(H, eq(getter.pc(H), getter.label("start"))), lit(1))),
        HOLDERS,
        always("all", nobody),
    )
    form = page_form(system, asked, SIZES)
    alpha, seen = abstraction(form, system), {p.name: set[Value]() for p in asked}
    rng = random.Random(3)
    for _, state in walks(system, rng, SIZES):
        image = alpha(state)
        for before, after in zip(asked, form.properties, strict=True):
            value = evaluate(before.formula, state, SIZES, {})
            assert value == evaluate(after.formula, image, SIZES, {}), before.name
            seen[before.name].add(value)
    assert all(len(seen[n]) == 2 for n in ("busy", "free", "starts"))


def test_a_thread_of_any_size_has_no_start_counter() -> None:
    form = page_form(race(), (), SIZES, ANY)
    assert "getter@start" not in form.occupancy
    assert {v.sort for v in form.system.variables if v.name in form.occupancy} == {COUNT}


def _twice_held() -> System:
    system = race()
    other = StateVar("getter.other", (GETTER,), RefSort(PAGE), None, thread="getter")
    get = system.actions[0]
    both = replace(
        get,
        params=(*get.params, Q),
        writes=(*get.writes, put(Read("getter.other", get.writes[1].index, RefSort(PAGE)), Q)),
    )
    return replace(
        system, variables=(*system.variables, other), actions=(both, *system.actions[1:])
    )


def _with(system: System, var: StateVar) -> System:
    return replace(system, variables=(*system.variables, var))


def _ask_start() -> object:
    getter = getter_thread(True, False)
    asked = always("x", le(lit(1), count(H, getter.is_at("start", H))))
    return page_form(race(), (asked,), SIZES, ANY)


def _ask_everywhere() -> object:
    getter = getter_thread(True, False)
    asked = always("x", le(add(count(H, getter.is_at("hold", H)), rc()), lit(9)))
    return page_form(race(), (asked,), SIZES)


REJECTED = {
    "PS501": lambda: page_form(
        _with(race(), StateVar("getter.n", (GETTER,), COUNT, 0, thread="getter")), (), SIZES
    ),
    "PS502": lambda: page_form(_twice_held(), (), SIZES),
    "PS503": lambda: page_form(
        _with(race(), StateVar("getter.b", (GETTER,), BOOL, free=True, thread="getter")), (), SIZES
    ),
    "PS505": _ask_everywhere,
    "PS506": _ask_start,
    "PS507": lambda: page_form(
        _with(race(), StateVar("next", (PAGE,), RefSort(PAGE), None)), (), SIZES
    ),
    "PS508": lambda: page_form(_with(race(), StateVar("m", (PAGE, PAGE), BOOL, False)), (), SIZES),
}


@pytest.mark.parametrize("code", REJECTED)
def test_outside_the_form(code: str) -> None:
    with pytest.raises(NotInForm) as caught:
        REJECTED[code]()
    assert caught.value.code == code
    assert caught.value.hint


def test_a_sort_with_other_uses_is_left_alone() -> None:
    owner = StateVar("owner", (), RefSort(GETTER), None)
    with pytest.raises(NotInForm) as caught:
        page_form(_with(race(), owner), (), SIZES)
    assert caught.value.code == "PS507"
    getter = Param("getter", GETTER)
    assert getter.sort == GETTER


def test_a_quantifier_may_bind_what_a_step_calls_its_page_or_itself() -> None:
    """The states of the page form are those of the system with other names for bound variables."""

    def marks(page: Param, other: Param) -> System:
        t = ThreadBuilder("getter", ("start", "hold"), G)
        busy = exists(other, conj(t.is_at("hold", other), eq(t.page(other), P)))
        everywhere = put(bit("seen"), forall(page, bit("buddy", page)))
        t.step("get", "start", "hold", neg(bit("seen")), put(t.page(), P),
               put(t.zero(), bit("buddy")), everywhere)  # fmt: skip
        t.step("put", "hold", "start", conj(eq(t.page(), P), busy), put(t.page(), NONE),
               put(t.zero(), lit(False)), put(bit("buddy"), lit(False)))  # fmt: skip
        flags = StateVar("buddy", (PAGE,), BOOL, True), StateVar("seen", (PAGE,), BOOL, False)
        return System("marks", (PAGE, GETTER), (*flags, *t.variables(True)), tuple(t.actions),
                      (t.thread(),))  # fmt: skip

    def counted(system: System) -> int:
        form = page_form(system, (), SIZES, frozenset())
        engine = Explicit(Task(form.system, (UNTOUCHED,), SIZES), lambda progress: None, False)
        engine.advance(30)
        return engine.states

    assert counted(marks(P, G)) == counted(marks(Q, H)) > 10


def test_locals_of_one_name_are_told_apart(tmp_path: File) -> None:
    """Where x of the caller and x of the inlined function are swapped nothing bad happens."""
    compiled = compiled_text(tmp_path, SAME_NAMES)
    asked = tuple(p for p in compiled.properties if not p.builtin)
    task = Task(compiled.system, asked, SIZES)
    for unbounded in (frozenset[str](), ANY):
        form = page_form(compiled.system, asked, SIZES, unbounded)
        names = [v.name for v in form.system.variables]
        assert len(names) == len(set(names))
    for symmetry in (True, False):
        engine = Explicit(task, lambda progress: None, symmetry)
        engine.advance(50)
        assert [a.verdict for a in engine.answers()] == [Verdict.EXHAUSTED]


def test_a_thread_that_stays_where_it_is_has_no_control_variable() -> None:
    """The compiler folds a control point that no step changes."""
    worker = Thread("worker", "worker.pc", "start", ("start",), GETTER, repeat=True)
    step = Action("work", lit(True), (put(bit("done"), lit(True)),), (H, P), "worker", H)
    done = StateVar("done", (PAGE,), BOOL, False)
    system = System("stays", (PAGE, GETTER), (done,), (step,), (worker,))
    form = page_form(system, (), SIZES)
    assert form.occupancy == ("worker@start",)
    assert (
        len(reachable(system, SIZES))
        == len(reachable(form.system, SIZES))
        == SIZES.index["page"] + 1
    )
    assert not page_form(system, (), SIZES, ANY).occupancy
