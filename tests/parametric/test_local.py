"""Laws learnt from failed steps: what the miner does not know, a failed step shows."""

import random
from collections.abc import Collection, Mapping

import pytest

from benchmarks.systems import HOLDERS_COUNTED, UNPLUGGED_NEVER_FREE, offlining, sizes
from pagestate.check.certificate import certify
from pagestate.core.expr import TRUE, Expr, Param, Read, add, eq, forall, le, lit, sub
from pagestate.core.pageform import page_form
from pagestate.core.property import Property
from pagestate.core.sorts import COUNT, Sizes, Value
from pagestate.core.system import Action, StateVar, System
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.interface import Task
from pagestate.engines.parametric import Invariant, Parametric, attempt
from pagestate.engines.parametric.laws import Law
from pagestate.engines.parametric.local import LocalLaws
from pagestate.engines.parametric.printing import show_law
from pagestate.engines.parametric.probe import Probe
from pagestate.engines.parametric.table import Table, columns_of

from .systems import (
    ANY,
    GETTER,
    NONE,
    OFFLINE_NOT_FREE,
    PAGE,
    SIZES,
    G,
    P,
    Q,
    ThreadBuilder,
    put,
    race,
    rc,
)

SUBJECT = Param("page", PAGE)


def reached() -> Table:
    """What pages look like with two pages and two getters."""
    task = Task(offlining(), (UNPLUGGED_NEVER_FREE,), sizes(), ANY)
    table = Table(columns_of(page_form(task.system, (), task.sizes, ANY)))
    Probe(task, table, lambda _: None, "local").next(())
    return table


def learnt(table: Table, refcount: int, holds: int, rejected: Collection[Expr] = ()) -> Law | None:
    """The law learnt from a page that the driver has marked, with these counts."""
    page: dict[str, Value] = {c.var.name: c.values[0] if c.values else 0 for c in table.columns}
    page |= {"offline": True, "plugged": True, "driver": "marked"}
    page |= {"refcount": refcount, "getter@holds": holds}
    laws = LocalLaws(table, SUBJECT, ("refcount",))
    return laws.around(page, rejected, random.Random(0))


def test_an_equation_is_widened_around_a_state() -> None:
    table = reached()
    columns = {c.var.name: c for c in table.columns}
    law = learnt(table, 2, 2)
    assert law is not None
    region, equation = show_law(law, columns).split(": ")
    assert equation == "refcount = getter@holds + 1"
    assert law.where is not None and len(law.where) == 1, region


def test_a_state_that_was_reached_teaches_nothing() -> None:
    assert learnt(reached(), 3, 2) is None


def test_a_law_that_was_dropped_is_not_learnt_again() -> None:
    table, dropped = reached(), list[Expr]()
    while law := learnt(table, 2, 2, dropped):
        assert law.formula not in dropped
        dropped.append(law.formula)
    assert dropped


def outcome(task: Task) -> tuple[Answer, ...]:
    """What the engine says at the end."""
    proof = Parametric(task, lambda _: None)
    proof.advance(1)
    return proof.answers()


SYSTEMS = [
    (offlining(), (UNPLUGGED_NEVER_FREE, HOLDERS_COUNTED), sizes()),
    (race(), (OFFLINE_NOT_FREE,), SIZES),
]


@pytest.mark.parametrize(("system", "asked", "small"), SYSTEMS)
def test_without_mined_laws_steps_show_what_is_missing(
    system: System, asked: tuple[Property, ...], small: Sizes, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = Task(system, asked, small, ANY)
    monkeypatch.setattr(attempt, "mine", lambda *of: ())
    for answer in outcome(task):
        assert answer.verdict == Verdict.PROVED, answer.reason
        assert isinstance(answer.certificate, Invariant)
        assert "Ledger laws" in answer.certificate.text
    assert certify(task, answer.certificate) == ()
    monkeypatch.setattr(LocalLaws, "around", lambda *of: None)
    assert all(a.verdict == Verdict.UNKNOWN for a in outcome(task))


def hoarder() -> System:
    """Up to two references of a page are nobody's; where there are three, more and more are."""
    held, getter = Read("held", (P,), COUNT), ThreadBuilder("getter", ("start", "hold"), G)
    got = (put(rc(), add(rc(), lit(1))), put(held, add(held, lit(1))), put(getter.page(), P))
    getter.step("get", "start", "hold", TRUE, *got)
    back = (put(rc(), sub(rc(), lit(1))), put(held, sub(held, lit(1))), put(getter.page(), NONE))
    getter.step("put", "hold", "start", eq(getter.page(), P), *back)
    steps = {
        "take": (le(rc(), lit(1)), add(rc(), lit(1))),
        "drop": (le(add(held, lit(1)), rc()), sub(rc(), lit(1))),
        "more": (le(add(held, lit(3)), rc()), add(rc(), lit(1))),
    }
    actions = (Action(n, guard, (put(rc(), value),), (P,)) for n, (guard, value) in steps.items())
    counts = (StateVar(name, (PAGE,), COUNT, 0) for name in ("rc", "held"))
    variables = (*counts, *getter.variables())
    threads = (getter.thread(),)
    return System("hoarder", (PAGE, GETTER), variables, (*getter.actions, *actions), threads)


def test_where_there_is_no_equation_a_bound_is_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    few = Property("few", "always", forall(Q, le(rc(Q), add(Read("held", (Q,), COUNT), lit(3)))))
    task = Task(hoarder(), (few,), SIZES, ANY)
    (answer,) = outcome(task)
    assert answer.verdict == Verdict.PROVED, answer.reason
    assert isinstance(answer.certificate, Invariant)
    assert "  rc <= held + 2\n" in answer.certificate.text
    assert certify(task, answer.certificate) == ()
    monkeypatch.setattr(LocalLaws, "around", lambda *of: None)
    (answer,) = outcome(task)
    assert answer.verdict == Verdict.UNKNOWN and answer.reason.startswith("no law keeps")


def test_a_learnt_law_that_initial_states_break_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A law that nothing satisfies is kept by every step."""
    around, count = LocalLaws.around, Read("refcount", (SUBJECT,), COUNT)
    absurd = Law(count, (), None, eq(count, add(count, lit(1))))
    tried = list[Expr]()

    def first_absurd(
        laws: LocalLaws,
        values: Mapping[str, Value],
        rejected: Collection[Expr],
        rng: random.Random,
    ) -> Law | None:
        tried.append(absurd.formula)
        return absurd if len(tried) == 1 else around(laws, values, rejected, rng)

    monkeypatch.setattr(attempt, "mine", lambda *of: ())
    monkeypatch.setattr(LocalLaws, "around", first_absurd)
    task = Task(offlining(), (UNPLUGGED_NEVER_FREE,), sizes(), ANY)
    (answer,) = outcome(task)
    assert len(tried) > 1
    assert answer.verdict == Verdict.PROVED and isinstance(answer.certificate, Invariant)
    assert absurd.formula not in answer.certificate.laws
    assert certify(task, answer.certificate) == ()
