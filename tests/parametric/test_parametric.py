"""Proofs for every size of small systems with known answers."""

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
import z3

from pagestate.core.evaluate import apply, enabled, evaluate, initial_state, successors
from pagestate.core.expr import (
    TRUE,
    Expr,
    Lit,
    Param,
    Read,
    add,
    conj,
    disj,
    eq,
    exists,
    forall,
    le,
    lit,
    neg,
)
from pagestate.core.pageform import page_form
from pagestate.core.property import Property
from pagestate.core.sorts import (
    BOOL,
    COUNT,
    BoolSort,
    EnumSort,
    IndexSort,
    IntSort,
    Sizes,
    Value,
)
from pagestate.core.system import Action, StateVar, System
from pagestate.core.trace import CellName
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.interface import Task
from pagestate.engines.parametric import Invariant, Parametric
from pagestate.smt.views import Views

from .systems import (
    ANY,
    HOLDERS,
    OFFLINE_NOT_FREE,
    PAGE,
    SIZES,
    UNPLUGGED_NOT_FREE,
    P,
    Q,
    always,
    bit,
    put,
    race,
    rc,
)

PROPERTIES = (OFFLINE_NOT_FREE, UNPLUGGED_NOT_FREE, HOLDERS)


def solve(task: Task) -> tuple[Answer, ...]:
    engine = Parametric(task, lambda _: None)
    assert engine.advance(1)
    return engine.answers()


SAFE = {
    "hook": race(),
    "bool local": race(local=True),
    "replug": race(replug=True),
    "driver waits for getters": race(wait=True, local=True),
}


@pytest.mark.parametrize("name", SAFE)
def test_proved_for_every_size(name: str) -> None:
    for answer in solve(Task(SAFE[name], PROPERTIES[:2], SIZES, ANY)):
        assert answer.verdict == Verdict.PROVED, answer.reason


def test_the_ledger_law_is_found_and_printed() -> None:
    answers = solve(Task(race(), PROPERTIES, SIZES, ANY))
    found = answers[2].certificate
    assert isinstance(found, Invariant)
    law = "rc = getter@hold + [driver.page and driver.pc = off] + [driver.page and driver.pc = dec]"
    assert law in found.text


def test_a_violation_is_reported_with_its_path() -> None:
    system = race(hook=False)
    free, unplugged = solve(Task(system, PROPERTIES[:2], SIZES, ANY))
    assert free.verdict == unplugged.verdict == Verdict.VIOLATED
    assert free.path is not None and len(free.path.moves) == 7
    state = initial_state(system, SIZES, {})
    for move in free.path.moves:
        assert enabled(move.action, state, SIZES, dict(move.picks))
        state = apply(system, move.action, state, SIZES, dict(move.picks))
    assert not evaluate(OFFLINE_NOT_FREE.formula, state, SIZES, {})


def pages_only(actions: tuple[Action, ...], *more: StateVar) -> System:
    free = StateVar("free", (PAGE,), BOOL, True)
    bad = StateVar("bad", (PAGE,), BOOL, False)
    return System("pages", (PAGE,), (free, bad, *more), actions)


NEVER_BAD = always("never_bad", neg(bit("bad")))
PAGES = frozenset({"page"})


def verdict(system: System, sizes: Sizes = SIZES, prop: Expr = NEVER_BAD.formula) -> Answer:
    return solve(Task(system, (replace(NEVER_BAD, formula=prop),), sizes, PAGES))[0]


@pytest.mark.parametrize(("pages", "said"), [(4, Verdict.VIOLATED), (5, Verdict.UNKNOWN)])
def test_a_bug_that_needs_many_pages_is_not_proved_away(pages: int, said: Verdict) -> None:
    """Up to four pages are searched; a bug that needs one more spoils the proof."""
    taken = StateVar("taken", (), COUNT, 0)
    read = Read("taken", (), COUNT)
    take = Action(
        "take", bit("free"), (put(bit("free"), lit(False)), put(read, add(read, lit(1)))), (P,)
    )
    break_ = Action("break", le(lit(pages), read), (put(bit("bad"), lit(True)),), (P,))
    assert verdict(pages_only((take, break_), taken)).verdict == said


def test_one_page_is_claimed_too() -> None:
    """With two pages one of them is always free; with one page, taking it breaks the page."""
    other = exists(Q, conj(bit("free", Q), neg(eq(Q, P))))
    take = Action("take", conj(bit("free"), other), (put(bit("free"), lit(False)),), (P,))
    nobody = forall(Q, neg(bit("free", Q)))
    break_ = Action("break", nobody, (put(bit("bad"), lit(True)),), (P,))
    drop = Action("drop", neg(other), (put(bit("bad"), lit(True)),), (P,))
    for system in (pages_only((take, break_)), pages_only((take, drop))):
        assert verdict(system).verdict != Verdict.PROVED


def test_existential_guards_are_weakened_not_assumed() -> None:
    some_bad = exists(Q, bit("bad", Q))
    spread = Action("spread", some_bad, (put(bit("bad"), lit(True)),), (P,))
    assert verdict(pages_only((spread,))).verdict == Verdict.PROVED
    start = Action("start", TRUE, (put(bit("bad"), lit(True)),), (P,))
    assert verdict(pages_only((start, spread))).verdict == Verdict.VIOLATED


def test_a_quantifier_within_another_one_has_a_meaning_of_its_own() -> None:
    """The page acted on has all that is asked of it, and is asked about by the inner one."""
    nobody = forall(Param("r", PAGE), neg(bit("bad", Param("r", PAGE))))
    for guard in (
        forall(Q, disj(bit("free", Q), nobody)),
        conj(neg(nobody), neg(forall(Q, conj(neg(bit("free", Q)), nobody)))),
        forall(Q, disj(bit("free", Q), neg(exists(P, bit("bad"))))),
    ):
        action = Action("go", guard, (put(bit("free"), lit(False)),), (P,))
        system = pages_only((action,))
        views = Views(system, PAGE, ())
        step = views.transition(action, bystander=False)
        solver = z3.Solver(ctx=views.context)
        solver.add(*step.given, *(views.now.values["p", name] for name in ("free", "bad")))
        assert solver.check() == z3.sat


def test_a_counter_that_may_go_below_zero_is_not_proved() -> None:
    count = StateVar("rc", (PAGE,), COUNT, 1)
    late = StateVar("late", (PAGE,), BOOL, False)
    down = Action("down", le(lit(3), rc()), (put(rc(), add(rc(), lit(-5))),), (P,))
    up = Action("up", lit(True), (put(rc(), add(rc(), lit(1))), put(bit("late"), TRUE)), (P,))
    answer = verdict(pages_only((up, down), count, late))
    assert answer.verdict == Verdict.UNKNOWN


def test_out_of_shape_is_named() -> None:
    two = Action("two", TRUE, (put(bit("bad"), lit(False)),), (P, Q))
    assert "PS513" in verdict(pages_only((two,))).reason
    ordered = IndexSort("frame", ordered=True)
    var = StateVar("x", (ordered,), BOOL, False)
    answer = verdict(pages_only((), var), Sizes({"page": 2, "frame": 2}))
    assert "PS512" in answer.reason
    assert "PS515" in verdict(pages_only(()), prop=exists(P, bit("free"))).reason


def random_value(sort: object, rng: random.Random) -> Value:
    match sort:
        case BoolSort():
            return rng.random() < 0.5
        case EnumSort(members=members):
            return rng.choice(members)
        case IntSort(lo=lo, hi=hi):
            return rng.randint(lo, hi)
        case _:
            return rng.choice((0, 0, 0, 1, 1, 2, 3))


@pytest.mark.parametrize("name", ["hook", "replug"])
def test_random_states_stay_inside_the_invariant(name: str) -> None:
    """States that satisfy the invariant, reachable or not, have successors that do."""
    answer = solve(Task(SAFE[name], PROPERTIES[:2], SIZES, ANY))[0]
    found = answer.certificate
    assert isinstance(found, Invariant)
    form = page_form(SAFE[name], PROPERTIES[:2], SIZES, ANY)
    rng, sizes = random.Random(4), Sizes({"page": 3}, 12)
    facts = [*found.laws, *found.clauses, *(p.formula.body for p in form.properties)]
    subject = found.subject

    local = [v for v in form.system.variables if v.dims]

    def holds_at(state: dict[CellName, Value], page: int) -> bool:
        binding = {subject.name: page, P.name: page}
        return all(evaluate(f, state, sizes, binding) for f in facts)

    def inside(state: dict[CellName, Value]) -> bool:
        for flag in form.exclusive:
            if sum(bool(state[flag, (i,)]) for i in range(3)) > 1:
                return False
        return all(holds_at(state, i) for i in range(3))

    pool = list(walked(form.system, rng, sizes))
    tried, changed, steps, taken = 0, 0, 0, set[str]()
    for _ in range(800):
        state = dict(rng.choice(pool))
        for _ in range(6):
            before, i, var = dict(state), rng.randrange(3), rng.choice(local)
            state[var.name, (i,)] = random_value(var.sort, rng)
            if var.name == "getter@hold":
                more = int(str(state[var.name, (i,)])) - int(str(before[var.name, (i,)]))
                state["rc", (i,)] = int(str(state["rc", (i,)])) + more
            if not holds_at(state, i):
                state = before
        if not inside(state):
            continue
        tried += 1
        changed += state not in pool
        for action, _, after in successors(form.system, state, sizes):
            taken.add(action.name)
            steps += 1
            assert inside(after), action.name
    assert tried > 400 and changed > 30 and steps > 1000
    assert len(taken) >= len(form.system.actions) - 2


def walked(system: System, rng: random.Random, sizes: Sizes) -> Iterator[dict[CellName, Value]]:
    """States on random walks."""
    for _ in range(12):
        state = initial_state(system, sizes, {})
        for _ in range(15):
            yield state
            steps = list(successors(system, state, sizes))
            state = rng.choice(steps)[2]


def test_the_subject_is_a_parameter() -> None:
    found = solve(Task(race(), PROPERTIES[:1], SIZES, ANY))[0].certificate
    assert isinstance(found, Invariant)
    assert isinstance(found.subject, Param) and found.subject.sort == PAGE
    assert not isinstance(found.laws[0], Lit)


def test_a_system_without_variables_has_no_laws() -> None:
    """What steps cannot change is a constant; where that is all, no instance shows a view."""
    nothing = Property("nothing", "always", TRUE)
    (answer,) = solve(Task(System("still", (PAGE,), (), ()), (nothing,), SIZES, ANY))
    assert answer.verdict == Verdict.PROVED, answer.reason
