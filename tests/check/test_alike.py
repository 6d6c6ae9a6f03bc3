"""Which members the checker takes for exchangeable, and which steps it then asks for."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from pagestate.check import instance
from pagestate.check.alike import alike, first_bindings
from pagestate.check.certificate import certify
from pagestate.core.expr import TRUE, Lit, Param, eq, forall, implies, lit, lt, neg
from pagestate.core.invariant import FiniteInvariant
from pagestate.core.sorts import BOOL, IndexSort, RefSort, Sizes
from pagestate.core.system import Action, StateVar, System, Write
from pagestate.engines.interface import Task
from tests.engines.random_systems import Instance, instances
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


@settings(derandomize=True, deadline=None, max_examples=15, suppress_health_check=[*HealthCheck])
@given(instances())
def test_asking_for_the_first_members_says_the_same(made: Instance) -> None:
    """Of random properties, kept by the steps or not, each step is refuted as if asked in full."""
    task = Task(made.system, made.properties, Sizes({s.name: 3 for s in made.system.sorts}, 2))
    for asked in made.properties:
        invariant = FiniteInvariant((asked.name,), (), 2)
        if not alike(made.system, [asked.formula]):
            continue
        short = certify(task, invariant)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(instance, "alike", lambda system, facts: frozenset())
            assert certify(task, invariant) == short
