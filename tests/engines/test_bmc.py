"""The bmc engine against the plain search: verdicts, shortest lengths, paths that replay."""

from dataclasses import replace

import pytest

from pagestate.core.evaluate import apply, enabled, evaluate, initial_state
from pagestate.core.expr import (
    FALSE,
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
    lt,
    neg,
    sub,
)
from pagestate.core.property import Property
from pagestate.core.sorts import BOOL, COUNT, EnumSort, IndexSort, IntSort, RefSort, Sizes
from pagestate.core.system import Action, StateVar, System, Write
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.bmc import Bmc
from pagestate.engines.interface import Progress, Task
from pagestate.smt.orbits import interchangeable
from tests.engines.systems import Known, all_known


def run(
    system: System,
    properties: tuple[Property, ...],
    sizes: Sizes,
    bound: int,
    symmetry: bool = True,
) -> tuple[Answer, ...]:
    """The answers at ``bound``, each path replayed."""
    engine = Bmc(Task(system, properties, sizes), lambda _: None, symmetry=symmetry)
    engine.advance(bound)
    answers = engine.answers()
    for answer, prop in zip(answers, properties, strict=True):
        assert answer.property == prop.name
        replay(system, prop, sizes, answer)
    return answers


def replay(system: System, prop: Property, sizes: Sizes, answer: Answer) -> None:
    """The path is an execution and shows what the answer says, at its end and not before."""
    if answer.path is None:
        assert answer.verdict not in (Verdict.VIOLATED, Verdict.PROVED)
        return
    state = initial_state(system, sizes, dict(answer.path.initial))
    assert evaluate(system.init, state, sizes, {})
    goal = prop.kind == "reachable"
    shown = [] if prop.kind == "step" else [evaluate(prop.formula, state, sizes, {}) == goal]
    for move in answer.path.moves:
        binding = dict(move.picks)
        assert enabled(move.action, state, sizes, binding)
        before, state = state, apply(system, move.action, state, sizes, binding)
        if prop.kind == "step":
            shown.append(not evaluate(prop.formula, before, sizes, {}, state))
        else:
            shown.append(evaluate(prop.formula, state, sizes, {}) == goal)
    assert shown[-1]
    assert not any(shown[:-1])
    assert answer.depth == len(answer.path.moves)


@pytest.mark.parametrize("symmetry", [True, False])
@pytest.mark.parametrize("known", all_known(), ids=lambda k: k.system.name)
def test_known_systems(known: Known, symmetry: bool) -> None:
    bound = 8
    answers = run(known.system, known.properties, known.sizes, bound, symmetry)
    for answer, prop, (verdict, depth) in zip(
        answers, known.properties, known.verdicts, strict=True
    ):
        met = verdict is Verdict.VIOLATED or (
            verdict is Verdict.EXHAUSTED and prop.kind == "reachable"
        )
        if met and depth <= bound:
            expected = Verdict.PROVED if prop.kind == "reachable" else Verdict.VIOLATED
            assert (answer.verdict, answer.depth) == (expected, depth), prop.name
        elif verdict is Verdict.UNKNOWN:
            assert answer.verdict is Verdict.UNKNOWN
            assert answer.overflow == known.overflow
        else:
            assert answer.verdict in (Verdict.BOUNDED, Verdict.EXHAUSTED, Verdict.VACUOUS)


def test_there_are_known_systems() -> None:
    assert len(all_known()) >= 8


PAGE = IndexSort("page")
P, Q = Param("page", PAGE), Param("q", PAGE)
STEPS = Read("n", (), IntSort(0, 4))
COUNTER = (StateVar("n", (), IntSort(0, 4), 0),)
UP = Action("up", lt(STEPS, lit(4)), (Write("n", (), add(STEPS, lit(1))),))
NONE = Sizes({})


def always(formula: Expr) -> Property:
    return Property("p", "always", formula)


def test_all_executions_end() -> None:
    system = System("up", (), COUNTER, (UP,))
    goal = Property("far", "reachable", lt(lit(4), STEPS))
    holds, unmet = run(system, (always(le(STEPS, lit(4))), goal), NONE, 10)
    assert (holds.verdict, holds.depth) == (Verdict.EXHAUSTED, 4)
    assert holds.reason == "no execution is longer than 4 steps"
    assert unmet.verdict is Verdict.VACUOUS


def test_a_bound_is_no_proof() -> None:
    system = System("up", (), COUNTER, (UP,))
    (answer,) = run(system, (always(le(STEPS, lit(4))),), NONE, 4)
    assert (answer.verdict, answer.depth) == (Verdict.BOUNDED, 4)


def test_no_action_at_all() -> None:
    system = System("still", (), COUNTER, ())
    (answer,) = run(system, (always(eq(STEPS, lit(0))),), NONE, 3)
    assert (answer.verdict, answer.depth) == (Verdict.EXHAUSTED, 0)


def test_no_initial_state() -> None:
    flag = Read("f", (), BOOL)
    system = System("none", (), (StateVar("f", (), BOOL, free=True),), (), init=FALSE)
    (answer,) = run(system, (always(flag),), NONE, 3)
    assert answer.verdict is Verdict.VACUOUS


def test_free_initial_values_are_in_the_path() -> None:
    three = EnumSort("e", ("a", "b", "c"))
    value = Read("v", (P,), three)
    system = System("free", (PAGE,), (StateVar("v", (PAGE,), three, free=True),), ())
    formula = forall(P, neg(eq(value, Lit("c", three))))
    (answer,) = run(system, (always(formula),), Sizes({"page": 2}), 0)
    assert answer.verdict is Verdict.VIOLATED
    assert answer.path is not None
    assert "c" in dict(answer.path.initial).values()


@pytest.mark.parametrize("start", [0, 4])
def test_leaving_a_range_is_no_verdict(start: int) -> None:
    move = Write("n", (), add(STEPS, lit(1)) if start else sub(STEPS, lit(1)))
    variables = (StateVar("n", (), IntSort(0, 4), start),)
    system = System("out", (), variables, (Action("step", TRUE, (move,)),))
    (answer,) = run(system, (always(le(STEPS, lit(4))),), NONE, 5)
    assert answer.verdict is Verdict.UNKNOWN
    assert answer.reason == "step after 0 steps takes n out of its sort"
    assert answer.overflow == ""


def test_a_copy_can_overflow_a_counter() -> None:
    variables = (StateVar("n", (), IntSort(0, 4), 4), StateVar("c", (), COUNT, 0))
    system = System("copy", (), variables, (Action("copy", TRUE, (Write("c", (), STEPS),)),))
    small = always(lt(Read("c", (), COUNT), lit(4)))
    (answer,) = run(system, (small,), Sizes({}, count_bound=3), 2)
    assert (answer.verdict, answer.overflow) == (Verdict.UNKNOWN, "c")
    (answer,) = run(system, (small,), Sizes({}, count_bound=4), 2)
    assert (answer.verdict, answer.depth) == (Verdict.VIOLATED, 1)


def test_advancing_in_parts_is_the_same() -> None:
    for known in all_known():
        seen = list[Progress]()
        engine = Bmc(Task(known.system, known.properties, known.sizes), seen.append)
        assert [a.verdict for a in engine.answers()] == [Verdict.UNKNOWN] * len(known.properties)
        for bound in range(6):
            done = engine.advance(bound)
        whole = Bmc(Task(known.system, known.properties, known.sizes), lambda _: None)
        assert whole.advance(5) == done
        assert whole.answers() == engine.answers()
        depths = [p.depth for p in seen]
        assert depths == list(range(len(depths)))
        assert depths


def test_a_limit_of_work_is_unknown() -> None:
    known = all_known()[0]
    engine = Bmc(Task(known.system, known.properties, known.sizes), lambda _: None, rlimit=2000)
    assert engine.advance(40)
    answers = engine.answers()
    assert {a.verdict for a in answers} <= {Verdict.UNKNOWN, Verdict.PROVED}
    assert any("resource limit" in a.reason for a in answers), answers


REF = RefSort(PAGE)
SWAPPABLE = System(
    "swap",
    (PAGE,),
    (StateVar("seen", (PAGE,), BOOL, False), StateVar("at", (), REF, None)),
    (Action("see", TRUE, (Write("seen", (P,), TRUE), Write("at", (), P)), (P,)),),
)
SEEN = Read("seen", (P,), BOOL)


def test_members_that_nothing_tells_apart() -> None:
    assert interchangeable(SWAPPABLE, [forall(P, SEEN)]) == (PAGE,)


LAST_WINS = Write("at", (), Q, (Q,))


@pytest.mark.parametrize(
    ("system", "formula"),
    [
        (replace(SWAPPABLE, sorts=(IndexSort("page", ordered=True),)), TRUE),
        (replace(SWAPPABLE, variables=(StateVar("at", (), REF, 1),)), TRUE),
        (SWAPPABLE, Read("seen", (Lit(1, REF),), BOOL)),
        (SWAPPABLE, eq(Read("at", (), REF), Lit(0, REF))),
        (SWAPPABLE, exists(P, lt(P, Read("at", (), REF)))),
        (replace(SWAPPABLE, actions=(Action("all", TRUE, (LAST_WINS,)),)), TRUE),
    ],
)
def test_what_tells_members_apart(system: System, formula: Expr) -> None:
    assert interchangeable(system, [formula]) == ()


def test_a_literal_in_a_property_keeps_all_executions() -> None:
    """The lex-leader takes page 0 first; the violation is at page 1 only."""
    for member in range(3):
        formula = neg(Read("seen", (Lit(member, REF),), BOOL))
        (answer,) = run(SWAPPABLE, (always(formula),), Sizes({"page": 3}), 2)
        assert (answer.verdict, answer.depth) == (Verdict.VIOLATED, 1)


def test_free_references_and_flags_may_be_renamed() -> None:
    """Which page is dirty is free; each of the three choices shows up only up to renaming."""
    dirty = StateVar("seen", (PAGE,), BOOL, free=True)
    at = StateVar("at", (), REF, free=True)
    system = replace(SWAPPABLE, variables=(dirty, at))
    apart = exists(P, forall(Q, disj(SEEN, eq(P, Q), neg(eq(Read("at", (), REF), Q)))))
    goal = Property("p", "reachable", conj(neg(forall(P, SEEN)), apart))
    sizes = Sizes({"page": 3})
    for pruned in (True, False):
        holds, met = run(system, (always(exists(P, SEEN)), goal), sizes, 2, pruned)
        assert (holds.verdict, holds.depth) == (Verdict.VIOLATED, 0)
        assert met.verdict is Verdict.PROVED
