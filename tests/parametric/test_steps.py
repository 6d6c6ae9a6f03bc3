"""Properties of steps for every size."""

from dataclasses import replace
from pathlib import Path

import pytest

from pagestate.check.certificate import certify, refuted, verify
from pagestate.check.obligations import obligations
from pagestate.core.expr import (
    FALSE,
    TRUE,
    Expr,
    Read,
    conj,
    disj,
    eq,
    exists,
    forall,
    implies,
    lit,
    neg,
    transform,
)
from pagestate.core.invariant import REFERENCES
from pagestate.core.property import Property
from pagestate.core.sorts import BOOL, RefSort
from pagestate.core.system import Action, StateVar, System, Write
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.interface import Task
from pagestate.engines.parametric import Invariant, Parametric

from .systems import (
    ANY,
    GETTER,
    NONE,
    OFFLINE_NOT_FREE,
    PAGE,
    SIZES,
    G,
    H,
    P,
    Q,
    ThreadBuilder,
    bit,
    put,
    race,
    rc,
)


def of_steps(name: str, body: Expr) -> Property:
    return Property(name, "step", forall(P, body))


def after(name: str) -> Expr:
    return replace(bit(name), primed=True)


MARK_STAYS = of_steps("mark_stays", implies(bit("offline"), after("offline")))
FREED_UNUSED = of_steps("freed_unused", disj(bit("buddy"), neg(after("buddy")), eq(rc(), lit(0))))
NEVER_FREED = of_steps("never_freed", disj(bit("buddy"), neg(after("buddy"))))
NEVER_TAKEN = of_steps("never_taken", implies(bit("buddy"), after("buddy")))
BEFORE_ONLY = of_steps("before_only", neg(conj(bit("offline"), bit("buddy"))))


def solve(system: System, *properties: Property) -> tuple[Answer, ...]:
    engine = Parametric(Task(system, properties, SIZES, ANY), lambda _: None)
    assert engine.advance(1)
    return engine.answers()


@pytest.fixture(scope="module")
def invariant() -> Invariant:
    answers = solve(race(), MARK_STAYS, FREED_UNUSED, BEFORE_ONLY, OFFLINE_NOT_FREE)
    for answer in answers:
        assert answer.verdict == Verdict.PROVED, answer.reason
    found = answers[0].certificate
    assert isinstance(found, Invariant)
    return found


TASK = Task(race(), (MARK_STAYS, FREED_UNUSED, BEFORE_ONLY, OFFLINE_NOT_FREE), SIZES, ANY)


def test_what_every_step_does_is_proved(invariant: Invariant, tmp_path: Path) -> None:
    assert certify(TASK, invariant, tmp_path) == ()
    assert verify(tmp_path, TASK, invariant) == ()
    assert "freed_unused" in invariant.text


def test_a_step_that_does_it_not_is_a_violation() -> None:
    kept, freed = solve(race(replug=True), MARK_STAYS, NEVER_FREED)
    assert kept.verdict == freed.verdict == Verdict.VIOLATED
    assert kept.path is not None and kept.path.moves[-1].action.name == "driver.replug"


def test_a_property_that_steps_break_is_not_certified(invariant: Invariant) -> None:
    asked = (*TASK.properties, NEVER_TAKEN)
    wrong = certify(
        replace(TASK, properties=asked),
        replace(invariant, properties=(*invariant.properties, "never_taken")),
    )
    assert wrong == ("step driver.take, actor: not refuted",)


def test_a_step_that_changes_all_pages_is_looked_at_from_each(invariant: Invariant) -> None:
    clear = Write("offline", (Q,), lit(False), (Q,), bit("offline", Q))
    more = Action("clear", TRUE, (put(bit("buddy"), bit("buddy")), clear), (P,))
    system = replace(TASK.system, actions=(*TASK.system.actions, more))
    wrong = certify(replace(TASK, system=system), invariant)
    assert {"step clear, actor: not refuted", "step clear, bystander: not refuted"} <= set(wrong)


def test_a_property_of_steps_is_assumed_nowhere(invariant: Invariant) -> None:
    """Also where it reads nothing after the step: then it would be a law."""
    alone = replace(invariant, properties=("before_only",), laws=(), clauses=(), uses=())
    assert certify(replace(TASK, properties=(BEFORE_ONLY,)), alone)


def test_a_property_of_steps_about_the_state_before_needs_an_invariant() -> None:
    """Each step by itself makes it true of the state after it: that is not what is asked."""
    take = Action("take", TRUE, (put(bit("a"), TRUE), put(bit("b", Q), eq(P, Q), Q)), (P,))
    drop = Action("drop", TRUE, (put(bit("a"), FALSE), put(bit("b", Q), FALSE, Q)), (P,))
    variables = tuple(StateVar(name, (PAGE,), BOOL, False) for name in "ab")
    system = System("both", (PAGE,), variables, (take, drop))
    both = of_steps("both", disj(bit("a"), neg(bit("b"))))
    (answer,) = solve(system, both)
    assert answer.verdict == Verdict.PROVED, answer.reason
    assert isinstance(answer.certificate, Invariant)
    assert certify(Task(system, (both,), SIZES, ANY), answer.certificate) == ()


def test_hints_that_do_not_suffice_are_dropped(invariant: Invariant, tmp_path: Path) -> None:
    titles = [o.title for o in obligations(TASK, invariant)]
    steps = {t.removeprefix("step ").replace(", ", "@") for t in titles if t.startswith("step ")}
    few = replace(invariant, uses=((REFERENCES, ()), *((name, ()) for name in sorted(steps))))
    assert certify(TASK, few, tmp_path) == ()
    assert verify(tmp_path, TASK, few)
    more, made, wrong = refuted(TASK, few)
    assert isinstance(more, Invariant)
    assert wrong == () and verify(tmp_path, TASK, more) == ()
    assert [o.title for o in made] == titles
    enough = [name for name, numbers in more.uses if not numbers]
    assert any(dict(more.uses).values()) and enough


def test_a_page_is_read_after_the_step_where_members_are() -> None:
    """What a member does and what its page is like, both after the step that sets the flag."""
    getter, now = ThreadBuilder("getter", ("start", "mark"), G), Read("now", (), RefSort(PAGE))
    getter.step("mark", "start", "mark", eq(now, NONE),
                put(now, P), put(bit("flag"), lit(True)), put(getter.page(), P))  # fmt: skip
    getter.step("leave", "mark", "start", conj(eq(getter.page(), P), eq(now, P)),
                put(now, NONE), put(bit("flag"), lit(False)), put(getter.page(), NONE))  # fmt: skip
    flag = StateVar("flag", (PAGE,), bit("flag").sort, False)
    reference = StateVar("now", (), RefSort(PAGE), None)
    system = System("marks", (PAGE, GETTER), (flag, reference, *getter.variables()),
                    tuple(getter.actions), (getter.thread(),))  # fmt: skip

    def asked(when: bool) -> Property:
        def visit(e: Expr) -> Expr | None:
            return replace(e, primed=when or e != bit("flag")) if isinstance(e, Read) else None

        somebody = exists(H, conj(getter.is_at("mark", H), eq(getter.page(H), P), bit("flag")))
        return of_steps(f"never_{when}", neg(transform(somebody, visit)))

    before, later = asked(False), asked(True)
    first, second = solve(system, before, later)
    assert (first.verdict, second.verdict) == (Verdict.PROVED, Verdict.VIOLATED)
    assert second.path is not None and len(second.path.moves) == 1
    assert isinstance(first.certificate, Invariant)
    wrong = replace(first.certificate, properties=(later.name,))
    assert certify(Task(system, (later,), SIZES, ANY), wrong) != ()
