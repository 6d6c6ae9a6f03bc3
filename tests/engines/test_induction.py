"""The induction engine: known systems, random ones against the plain search, its certificates."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from pagestate.check.certificate import certify
from pagestate.check.instance import obligations_of
from pagestate.check.smtlib import NoText
from pagestate.check.termjson import invariant_from, invariant_text
from pagestate.core.expr import TRUE, Lit, Read, add, conj, eq, le, lit, lt, neg
from pagestate.core.invariant import FiniteInvariant
from pagestate.core.sorts import BOOL, COUNT, IntSort, Sizes
from pagestate.core.system import Action, StateVar, System, Write
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.bmc import Bmc
from pagestate.engines.induction import Induction
from pagestate.engines.interface import Task
from tests.engines.finite_proofs import checked, compare
from tests.engines.random_systems import Instance, instances
from tests.engines.systems import (
    Known,
    all_known,
    bounded_counter,
    known_race,
    mutex,
    overflowing,
    prop,
    read,
)

X, Y = read("x", IntSort(0, 7)), read("y", IntSort(0, 7))


def make(task: Task) -> Induction:
    return Induction(task, lambda progress: None)


def ask(system: System, *properties, bound: int = 6, sizes: Sizes | None = None):
    return checked(make, Task(system, properties, sizes or Sizes({})), bound)


def ring(length: int) -> System:
    """A counter that goes round below ``length`` of the 8 values it has room for."""
    last = eq(X, lit(length - 1))
    step = Action("step", neg(last), (Write("x", (), add(X, lit(1))),))
    step = replace(step, guard=conj(neg(last), lt(X, lit(7))))
    back = Action("back", last, (Write("x", (), lit(0)),))
    return System("ring", (), (StateVar("x", (), IntSort(0, 7), 0),), (step, back))


@pytest.mark.parametrize("known", all_known(), ids=lambda k: k.system.name)
def test_known_systems(known: Known) -> None:
    answers = checked(make, Task(known.system, known.properties, known.sizes), 9)
    for answer, (verdict, depth), asked in zip(
        answers, known.verdicts, known.properties, strict=True
    ):
        if answer.certificate is not None:
            assert verdict in (Verdict.EXHAUSTED, Verdict.VACUOUS)
        elif answer.path is not None:
            assert (answer.depth, asked.kind == "reachable") == (
                depth,
                verdict is Verdict.EXHAUSTED,
            )


def test_a_property_that_is_inductive_is_proved_at_once() -> None:
    (answer,) = ask(ring(5), prop("low", le(X, lit(4))), bound=0)
    assert (answer.verdict, answer.depth) == (Verdict.PROVED, 1)


def test_a_property_that_takes_several_steps_has_a_certificate_of_that_depth() -> None:
    system = ring(5)
    (early,) = ask(system, prop("not six", neg(eq(X, lit(7)))), bound=0)
    assert early.verdict is Verdict.BOUNDED
    (answer,) = ask(system, prop("not six", neg(eq(X, lit(7)))), bound=4)
    assert (answer.verdict, answer.depth) == (Verdict.PROVED, 3)
    certificate = answer.certificate
    assert isinstance(certificate, FiniteInvariant)
    assert (certificate.depth, certificate.distinct) == (3, True)
    shallow = replace(certificate, depth=2)
    task = Task(system, (prop("not six", neg(eq(X, lit(7)))),), Sizes({}))
    assert "consecution of step" in certify(task, shallow)[0]


def test_states_of_which_no_two_are_equal_make_it_complete() -> None:
    """6 and 7 form a loop of their own, from which 5 can be reached for ever later."""
    loop = [
        Action("six", eq(X, lit(6)), (Write("x", (), lit(7)),)),
        Action("seven", eq(X, lit(7)), (Write("x", (), lit(6)),)),
        Action("fall", eq(X, lit(6)), (Write("x", (), lit(5)),)),
    ]
    system = replace(ring(4), actions=(*ring(4).actions, *loop))
    asked = prop("never five", neg(eq(X, lit(5))))
    (answer,) = ask(system, asked)
    assert (answer.verdict, answer.depth) == (Verdict.PROVED, 3)
    plain = Induction(Task(system, (asked,), Sizes({})), lambda progress: None, distinct=False)
    plain.advance(6)
    assert plain.answers()[0].verdict is Verdict.BOUNDED
    invariant = answer.certificate
    assert isinstance(invariant, FiniteInvariant)
    task = Task(system, (asked,), Sizes({}))
    assert certify(task, invariant) == ()
    assert certify(task, replace(invariant, distinct=False)) != ()


def test_what_is_proved_helps_to_prove_more() -> None:
    """That y is low follows from x being low only."""
    copy = Action("copy", TRUE, (Write("y", (), X),))
    system = ring(5)
    system = replace(
        system,
        variables=(*system.variables, StateVar("y", (), IntSort(0, 7), 0)),
        actions=(*system.actions, copy),
    )
    wanted = prop("y", le(Y, lit(4)))
    both = ask(system, wanted, prop("x", le(X, lit(4))), bound=0)
    assert [a.verdict for a in both] == [Verdict.PROVED, Verdict.PROVED]
    (alone,) = ask(system, wanted, bound=0)
    assert alone.verdict is Verdict.BOUNDED


def test_a_goal_that_cannot_be_reached_is_vacuous_with_a_certificate() -> None:
    (answer,) = ask(ring(5), prop("goal", lt(lit(4), X), "reachable"))
    assert answer.verdict is Verdict.VACUOUS and answer.certificate is not None


def test_a_violation_after_the_depth_of_the_proof_of_another_property_is_found() -> None:
    low, not_three = prop("low", le(X, lit(4))), prop("not three", neg(eq(X, lit(3))))
    first, second = ask(ring(5), low, not_three)
    assert first.verdict is Verdict.PROVED
    assert (second.verdict, second.depth) == (Verdict.VIOLATED, 3)


def test_step_properties() -> None:
    after = read("x", IntSort(0, 7), primed=True)
    grows = prop("grows or zero", conj(le(after, lit(4)), le(after, add(X, lit(1)))), "step")
    falls = prop("never back", lt(X, after), "step")
    first, second = ask(ring(5), grows, falls, prop("low", le(X, lit(4))))[:2]
    assert first.verdict is Verdict.PROVED
    assert (second.verdict, second.depth) == (Verdict.VIOLATED, 5)


def test_a_step_property_that_reads_nothing_after_the_step() -> None:
    """It is about the state before: three is not left, in one step after three."""
    at_rest = prop("not from three", neg(eq(X, lit(3))), "step")
    for engine in (make, lambda task: Bmc(task, lambda progress: None)):
        (answer,) = checked(engine, Task(ring(5), (at_rest,), Sizes({})), 6)
        assert (answer.verdict, answer.depth) == (Verdict.VIOLATED, 4)
    (answer,) = ask(ring(5), prop("never", Lit(False, BOOL), "step"))
    assert (answer.verdict, answer.depth) == (Verdict.VIOLATED, 1)


@pytest.mark.parametrize("limit", [3, 4])
def test_a_bound_that_can_be_passed_is_no_invariant(limit: int) -> None:
    """The counter counts to 4; with a bound of 3 that is an overflow, not a proof."""
    n = read("n", COUNT)
    up = Action("up", lt(n, lit(4)), (Write("n", (), add(n, lit(1))),))
    system = System("count", (), (StateVar("n", (), COUNT, 0),), (up,))
    (answer,) = ask(system, prop("small", le(n, lit(9))), sizes=Sizes({}, limit))
    if limit == 3:
        assert (answer.verdict, answer.overflow) == (Verdict.UNKNOWN, "n")
    else:
        assert answer.verdict is not Verdict.UNKNOWN
        loose = FiniteInvariant(("small",), (), 3)
        task = Task(system, (prop("small", le(n, lit(9))),), Sizes({}, 3))
        assert certify(task, loose) == ("consecution of up: not refuted",)
        assert certify(task, replace(loose, count_bound=4)) == ()


def test_a_late_overflow_spoils_everything() -> None:
    known = overflowing()
    answers = checked(make, Task(known.system, known.properties, known.sizes), 12)
    assert all(a.certificate is None for a in answers)


def test_a_counter_that_starts_with_any_number_is_left_alone() -> None:
    n = read("n", COUNT)
    system = System("free", (), (StateVar("n", (), COUNT, None, free=True),), ())
    (answer,) = ask(system, prop("small", le(n, lit(9))))
    assert answer.certificate is None and answer.verdict is not Verdict.PROVED


def test_the_race_with_the_hook_needs_the_ledger() -> None:
    known = known_race(True)
    task = Task(known.system, known.properties[:1], known.sizes)
    answers = checked(make, task, 3)
    law = [a.certificate for a in answers if isinstance(a.certificate, FiniteInvariant)]
    for invariant in law:
        assert "refcount[page 0]" in invariant.text


# ------------------------------------------------------------------------------ certificates


def proved(known: Known, bound: int = 8) -> tuple[Task, Answer]:
    task = Task(known.system, known.properties, known.sizes)
    answers = checked(make, task, bound)
    return task, next(a for a in answers if isinstance(a.certificate, FiniteInvariant))


def test_certificates_survive_json() -> None:
    _, answer = proved(mutex(True))
    assert isinstance(answer.certificate, FiniteInvariant)
    assert invariant_from(invariant_text(answer.certificate)) == answer.certificate


def test_a_law_that_is_false_or_about_nothing_is_refused() -> None:
    task, answer = proved(bounded_counter())
    invariant = answer.certificate
    assert isinstance(invariant, FiniteInvariant)
    false = replace(invariant, laws=(*invariant.laws, Lit(False, BOOL)))
    assert certify(task, false)
    nowhere = replace(invariant, laws=(Read("nothing", (), BOOL),))
    with pytest.raises(NoText):
        obligations_of(task, nowhere)
    other = replace(invariant, properties=("something else",))
    with pytest.raises(ValueError, match="other properties"):
        obligations_of(task, other)


# ------------------------------------------------------------------------------ random systems


@settings(derandomize=True, deadline=None, max_examples=8, suppress_health_check=[*HealthCheck])
@given(instances())
def test_random_systems(made: Instance) -> None:
    compare(make, made, 4)


@settings(derandomize=True, deadline=None, max_examples=8, suppress_health_check=[*HealthCheck])
@given(instances(flat=True))
def test_random_symmetric_systems(made: Instance) -> None:
    compare(make, made, 4)
