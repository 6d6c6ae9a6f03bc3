"""Which members the checker takes for exchangeable, and which steps it then asks for."""

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from pagestate.check import instance
from pagestate.check.alike import alike, first_bindings
from pagestate.check.certificate import certify
from pagestate.core.expr import (
    TRUE,
    Expr,
    Lit,
    Param,
    Read,
    conj,
    disj,
    eq,
    forall,
    implies,
    lit,
    lt,
    neg,
)
from pagestate.core.invariant import FiniteInvariant
from pagestate.core.sorts import BOOL, IndexSort, RefSort, Sizes
from pagestate.core.system import Action, StateVar, System, Write
from pagestate.engines.interface import Task
from tests.engines.systems import GETTER, PAGE, G, P, Q, prop, put, race, read

FLAG = read("flag", BOOL, P)
FIRST = Lit(0, RefSort(PAGE))
SET = Action("set", TRUE, (put("flag", lit(True), P),), (P,))
PAGES = System("pages", (PAGE,), (StateVar("flag", (PAGE,), BOOL, False),), (SET,))


def test_members_that_are_only_compared_are_alike() -> None:
    known = race(True)
    assert alike(known.system, [p.formula for p in known.properties]) == {PAGE, GETTER}


def ordered() -> System:
    return replace(PAGES, sorts=(replace(PAGE, ordered=True),))


def named_in_a_guard() -> System:
    return replace(PAGES, actions=(replace(SET, guard=neg(eq(P, FIRST))),))


def named_in_the_initial_state() -> System:
    return replace(PAGES, variables=(*PAGES.variables, StateVar("at", (), RefSort(PAGE), 1)))


def named_in_the_condition_on_initial_states() -> System:
    return replace(PAGES, init=forall(P, implies(eq(P, FIRST), neg(FLAG))))


def compared_by_order() -> System:
    return replace(PAGES, actions=(replace(SET, guard=lt(P, FIRST)),))


def the_last_wins() -> System:
    at = StateVar("at", (), RefSort(PAGE), None)
    choose = Action("choose", TRUE, (Write("at", (), Q, (Q,), read("flag", BOOL, Q)),))
    return replace(PAGES, variables=(*PAGES.variables, at), actions=(SET, choose))


@pytest.mark.parametrize(
    "make",
    [
        ordered,
        named_in_a_guard,
        named_in_the_initial_state,
        named_in_the_condition_on_initial_states,
        compared_by_order,
        the_last_wins,
    ],
)
def test_members_that_something_tells_apart(make) -> None:
    assert alike(make(), []) == frozenset()
    assert alike(PAGES, []) == {PAGE}


def test_a_law_that_names_a_member() -> None:
    assert alike(PAGES, [forall(P, implies(eq(P, FIRST), neg(FLAG)))]) == frozenset()


def test_one_step_stands_for_its_renamings() -> None:
    action = Action("three", TRUE, (), (P, Q, G))
    sizes = Sizes({"page": 3, "getter": 2})
    both = [tuple(b.values()) for b in first_bindings(action, sizes, frozenset({PAGE, GETTER}))]
    assert both == [(0, 0, 0), (0, 1, 0)]
    pages = [tuple(b.values()) for b in first_bindings(action, sizes, frozenset({PAGE}))]
    assert pages == [(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1)]
    assert len(list(first_bindings(action, sizes, frozenset()))) == 3 * 3 * 2


def test_three_different_members_are_three() -> None:
    more = Param("r", PAGE)
    action = Action("three", TRUE, (), (P, Q, more))
    found = first_bindings(action, Sizes({"page": 4}), frozenset({PAGE}))
    assert [tuple(b.values()) for b in found] == [
        (0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (0, 1, 2),
    ]  # fmt: skip


def test_a_step_of_the_last_member_only_is_seen() -> None:
    """The property fails by a step that no renaming of the first member's step is."""
    last = Lit(2, RefSort(PAGE))
    system = replace(PAGES, actions=(replace(SET, guard=eq(P, last)),))
    task = Task(system, (prop("never", forall(P, neg(FLAG))),), Sizes({"page": 3}))
    assert certify(task, FiniteInvariant(("never",), (), 3)) != ()
    other = IndexSort("other")
    assert alike(replace(system, sorts=(PAGE, other)), []) == {other}


LAST = Lit(2, RefSort(PAGE))
SOME = tuple(Param(name, PAGE) for name in ("one", "two", "three"))
CUR = Read("cur", (), RefSort(PAGE))


def random_case(dice: random.Random) -> Task:
    """Steps of up to three pages that test, compare and name some, and a property of two."""

    def test(pages: Sequence[Param]) -> Expr:
        page, other = dice.choice(pages), dice.choice(pages)
        named = eq(page, LAST) if dice.random() < 0.2 else eq(CUR, page)
        made = dice.choice((read("a", BOOL, page), read("b", BOOL, page), eq(page, other), named))
        return made if dice.random() < 0.5 else neg(made)

    def write(pages: Sequence[Param]) -> Write:
        page, other = dice.choice(pages), dice.choice(pages)
        options = (put("a", lit(True), page), put("b", read("a", BOOL, other), page))
        return dice.choice((*options, Write("cur", (), page)))

    def action(number: int) -> Action:
        pages = SOME[: dice.randint(1, 3)]
        guard = conj(*(test(pages) for _ in range(dice.randint(1, 3))))
        return Action(f"step {number}", guard, tuple(write(pages) for _ in range(2)), pages)

    said = disj(*(test(SOME[:2]) for _ in range(3)))
    asked = prop("asked", forall(SOME[0], forall(SOME[1], said)))
    flags = tuple(StateVar(name, (PAGE,), BOOL, False) for name in ("a", "b"))
    variables = (*flags, StateVar("cur", (), RefSort(PAGE), None))
    system = System("random", (PAGE,), variables, tuple(action(n) for n in range(3)))
    return Task(system, (asked,), Sizes({"page": 3}))


def test_asking_for_the_first_members_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether steps keep random properties or not, each is refuted as if asked in full."""
    invariant, dice = FiniteInvariant(("asked",), (), 3), random.Random(5)
    tasks = [random_case(dice) for _ in range(60)]
    short = [certify(task, invariant) for task in tasks]
    monkeypatch.setattr(instance, "alike", lambda system, facts: frozenset())
    assert short == [certify(task, invariant) for task in tasks]
    assert 20 < sum(map(bool, short)) < 55
