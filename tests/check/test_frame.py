"""What a step is said to keep by the look of it, the solver agrees that it keeps."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pagestate.check import obligations as module
from pagestate.check.certificate import recheck
from pagestate.check.frame import Change, Clause, change_of, clause_of, kept
from pagestate.check.obligations import obligations
from pagestate.core.expr import (
    TRUE,
    Expr,
    Lit,
    Op,
    Param,
    Read,
    add,
    conj,
    disj,
    eq,
    ite,
    le,
    lit,
    neg,
)
from pagestate.core.invariant import Invariant
from pagestate.core.pageform import page_form
from pagestate.core.sorts import BOOL, COUNT, BoolSort, EnumSort
from pagestate.core.system import Action, StateVar, System, Write
from pagestate.engines.interface import Task
from tests.lang.harness import compiled_text
from tests.parametric.random_pages import random_pages
from tests.parametric.systems import ANY, PAGE, SIZES, P, Q, bit, put, race

COLOUR = EnumSort("colour", ("red", "green", "blue"))
SWAPPED = EnumSort("colour", ("green", "red", "blue"))
C = Read("c", (), COLOUR)
N = Read("n", (P,), COUNT)
VARIABLES = {
    v.name: v
    for v in (
        StateVar("c", (), COLOUR, "red"),
        StateVar("n", (PAGE,), COUNT, 0),
        StateVar("a", (PAGE,), BOOL, False),
        StateVar("b", (PAGE,), BOOL, False),
    )
}


def colour(name: str) -> Expr:
    return eq(C, Lit(name, COLOUR))


def paint(name: str, sort: EnumSort = COLOUR) -> Write:
    return Write("c", (), Lit(name, sort))


def keeps(fact: Expr, guard: Expr, *writes: Write, here: bool = True) -> bool:
    change = change_of(Action("step", guard, writes, (P,)), (P,) if here else (), VARIABLES)
    return kept(clause_of(fact, VARIABLES), change)


def test_what_is_not_written_stays() -> None:
    assert keeps(disj(bit("a"), le(N, lit(3))), TRUE, paint("red"), put(bit("b"), lit(True)))
    assert not keeps(disj(bit("a"), bit("b")), TRUE, put(bit("b"), bit("a")))


def test_a_constant_that_makes_it_true() -> None:
    fact = disj(neg(disj(colour("red"), colour("green"))), bit("a"))
    assert keeps(fact, TRUE, paint("blue"))
    assert not keeps(fact, TRUE, paint("red"))
    assert not keeps(fact, TRUE, paint("blue"), paint("red"))
    assert keeps(fact, TRUE, paint("red"), paint("blue"))
    assert not keeps(fact, TRUE, replace(paint("blue"), where=bit("b")))
    assert not keeps(fact, TRUE, paint("blue"), replace(paint("red"), where=bit("b")))


def test_what_was_false_before_is_not_lost() -> None:
    fact = disj(colour("red"), bit("a"))
    assert keeps(fact, colour("green"), paint("blue"))
    assert keeps(fact, conj(bit("b"), neg(disj(colour("red"), colour("blue")))), paint("blue"))
    assert not keeps(fact, neg(colour("blue")), paint("blue"))
    assert not keeps(fact, colour("green"), paint("blue"), put(bit("a"), lit(False)))
    assert keeps(fact, conj(colour("green"), neg(bit("a"))), paint("blue"), put(bit("a"), bit("b")))


def test_what_is_as_true_as_before() -> None:
    warm = ite(disj(colour("red"), colour("green")), lit(1), lit(0))
    fact = le(add(warm, N), lit(1))
    assert keeps(fact, colour("red"), paint("green"))
    assert not keeps(fact, colour("blue"), paint("green"))
    assert not keeps(fact, colour("red"), paint("blue"))
    assert not keeps(fact, neg(colour("green")), paint("red"))
    assert not keeps(fact, neg(colour("green")), paint("blue"))
    assert not keeps(fact, colour("red"), Write("c", (), C))
    assert not keeps(fact, colour("red"), paint("green"), put(N, add(N, lit(1))))


def test_another_page_is_not_the_one_acted_on() -> None:
    fact = disj(bit("a"), bit("b"))
    assert keeps(fact, neg(bit("a")), put(bit("a"), lit(False)))
    assert keeps(fact, TRUE, put(bit("a"), lit(False)), here=False)
    somewhere = Write("a", (Lit(0, PAGE),), lit(False))
    assert not keeps(fact, TRUE, somewhere) and not keeps(fact, TRUE, somewhere, here=False)
    everywhere = Write("a", (Q,), lit(False), (Q,))
    assert keeps(fact, neg(bit("a")), everywhere)
    assert not keeps(fact, neg(bit("a")), everywhere, here=False)
    assert keeps(fact, TRUE, replace(everywhere, value=lit(True)), here=False)
    assert not keeps(fact, TRUE, replace(everywhere, value=lit(True), where=N), here=False)


def test_a_binder_that_is_called_like_the_page_acted_on_is_any_page() -> None:
    fact = disj(bit("a"), bit("b"))
    everywhere = Write("a", (P,), lit(False), (P,))
    assert not keeps(fact, TRUE, everywhere, here=False)
    assert not keeps(fact, TRUE, replace(everywhere, binders=(Q, P)), here=False)
    assert not keeps(fact, TRUE, replace(everywhere, binders=(Q,)), here=False)
    made_true = put(bit("b"), lit(True))
    assert keeps(fact, TRUE, everywhere, made_true)
    assert not keeps(fact, TRUE, everywhere, made_true, here=False)


def test_the_same_word_of_another_sort_says_nothing() -> None:
    fact = disj(neg(eq(C, Lit("red", SWAPPED))), bit("a"))
    assert not keeps(fact, TRUE, paint("green"))
    assert not keeps(disj(colour("green"), bit("a")), TRUE, paint("green", SWAPPED))
    other = disj(eq(Read("c", (), SWAPPED), Lit("green", SWAPPED)), bit("a"))
    assert not keeps(other, TRUE, paint("green"))
    assert not keeps(le(add(ite(other, lit(1), lit(0)), N), lit(1)), colour("red"), paint("blue"))
    assert not keeps(disj(Op("or", (), BOOL), colour("red")), TRUE, paint("blue"))


class Dice:
    """Random conditions, facts and steps over the variables of a system; facts are about P."""

    def __init__(self, variables: tuple[StateVar, ...], seed: int) -> None:
        self.variables, self.dice = variables, random.Random(seed)

    def fact(self) -> Expr:
        return disj(*(self.part() for _ in range(self.dice.randint(1, 3))))

    def part(self) -> Expr:
        if self.dice.random() < 0.3:
            terms = (ite(self.condition(), lit(1), lit(0)) for _ in range(2))
            return self.dice.choice((le, eq))(add(*terms), lit(1))
        return self.condition()

    def condition(self, page: Param = P) -> Expr:
        one = self.atom(page)
        if self.dice.random() < 0.3:
            one = self.dice.choice((conj, disj))(one, self.atom(page))
        return neg(one) if self.dice.random() < 0.5 else one

    def read(self, var: StateVar, page: Param) -> Read:
        return Read(var.name, (page,) if var.dims else (), var.sort)

    def atom(self, page: Param) -> Expr:
        var = self.dice.choice(self.variables)
        read = self.read(var, page)
        match var.sort:
            case BoolSort():
                return read
            case EnumSort(members=members) as sort:
                some = self.dice.sample(members, self.dice.randint(1, len(members) - 1))
                return disj(*(eq(read, Lit(m, sort)) for m in some))
            case _:
                return le(lit(1), read) if self.dice.random() < 0.5 else eq(read, lit(0))

    def step(self, number: int) -> Action:
        guard = conj(*(self.condition() for _ in range(self.dice.randint(1, 3))))
        writes = tuple(self.write() for _ in range(self.dice.randint(1, 3)))
        return Action(f"step {number}", guard, writes, (P,))

    def write(self) -> Write:
        var = self.dice.choice(self.variables)
        page = self.dice.choice((P, Q)) if var.dims else P
        value: Expr = self.condition(page)
        if isinstance(var.sort, EnumSort):
            value = Lit(self.dice.choice(var.sort.members), var.sort)
        elif self.dice.random() < 0.7:
            value = lit(self.dice.random() < 0.5)
        where = self.condition(page) if self.dice.random() < 0.3 else TRUE
        return put(self.read(var, page), value, *((Q,) if page == Q else ()), where=where)


def random_steps(seed: int) -> System:
    sort = EnumSort("shape", ("dot", "line", "disc", "ball"))
    variables = (
        StateVar("c", (), COLOUR, "red"),
        StateVar("s", (), sort, "dot"),
        StateVar("t", (PAGE,), sort, "dot"),
        StateVar("x", (), BOOL, False),
        StateVar("a", (PAGE,), BOOL, False),
        StateVar("b", (PAGE,), BOOL, False),
    )
    dice = Dice(variables, seed)
    return System("random", (PAGE,), variables, tuple(dice.step(n) for n in range(25)))


def systems(folder: Path) -> Iterator[System]:
    clear = Action("clear", TRUE, (Write("offline", (Q,), lit(False), (Q,), bit("buddy", Q)),))
    one = race(local=True, replug=True)
    yield replace(one, actions=(*one.actions, clear))
    yield compiled_text(folder, random_pages(6), "pages").system
    yield from (random_steps(seed) for seed in range(3))


def test_the_solver_agrees(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what is said to be kept is asked, of random facts that hold before, one at a time."""
    claimed = 0

    def asked(clause: Clause, change: Change) -> bool:
        nonlocal claimed
        said = bool(clause.reads & change.written) and kept(clause, change)
        claimed += said
        return not said

    monkeypatch.setattr(module, "kept", asked)
    for number, system in enumerate(systems(tmp_path)):
        task = Task(system, (), SIZES, ANY & {s.name for s in system.sorts})
        dice = Dice(page_form(system, (), SIZES, task.unbounded).system.variables, number)
        for _ in range(30):
            fact = dice.fact()
            made = obligations(task, Invariant(Param("page", PAGE), (), (fact,), ()))
            there = [o for o in made if o.step and " do not share " not in o.title]
            assert recheck(there) == (), fact
    assert claimed > 500, claimed
