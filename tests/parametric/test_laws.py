"""Ledger laws: what a counter of a page is made of."""

from dataclasses import replace

import pytest

from benchmarks.systems import HOLDERS_COUNTED, UNPLUGGED_NEVER_FREE, offlining, sizes
from pagestate.core.expr import TRUE, Expr, Lit, Param, Read, add, conj, eq, forall, lit, neg, sub
from pagestate.core.pageform import page_form
from pagestate.core.sorts import COUNT, EnumSort
from pagestate.core.system import Action, StateVar, System, Thread, Write
from pagestate.core.verdict import Verdict
from pagestate.engines.interface import Task
from pagestate.engines.parametric import Invariant, Parametric
from pagestate.engines.parametric.laws import mine
from pagestate.engines.parametric.printing import show_law
from pagestate.engines.parametric.probe import Probe
from pagestate.engines.parametric.table import Table, columns_of

from .systems import ANY, OFFLINE_NOT_FREE, PAGE, SIZES, P, Q, bit, put, race, rc


def mined(system: System) -> list[str]:
    """The laws of a system, from its instance with two of each."""
    form = page_form(system, (), SIZES, ANY)
    table = Table(columns_of(form))
    Probe(Task(system, (OFFLINE_NOT_FREE,), SIZES, ANY), table, lambda _: None, "laws").next(())
    columns = {c.var.name: c for c in table.columns}
    return [show_law(law, columns) for law in mine(form, table, Param("page", PAGE))]


def test_what_a_thread_per_page_is_at_counts() -> None:
    asked = (UNPLUGGED_NEVER_FREE, HOLDERS_COUNTED)
    engine = Parametric(Task(offlining(), asked, sizes(), ANY), lambda _: None)
    engine.advance(1)
    for answer in engine.answers():
        assert answer.verdict == Verdict.PROVED, answer.reason
        assert isinstance(answer.certificate, Invariant)
        law = "refcount = getter@holds + [driver = alloced] + [driver = marked]"
        assert law in answer.certificate.text


def counted(first: bool) -> System:
    """The race with a counter of getters that hold, declared before or after the references."""
    system, held = race(), Read("held", (P,), COUNT)
    change = {"getter.get": add(held, lit(1)), "getter.dec": sub(held, lit(1))}
    actions = (
        replace(a, writes=(*a.writes, put(held, change[a.name]))) if a.name in change else a
        for a in system.actions
    )
    more = (StateVar("held", (PAGE,), COUNT, 0),)
    variables = (*more, *system.variables) if first else (*system.variables, *more)
    return replace(system, variables=variables, actions=tuple(actions))


def test_a_law_is_not_found_twice_in_place_of_another() -> None:
    own = "[driver.page and driver.pc = off] + [driver.page and driver.pc = dec]"
    assert set(mined(counted(first=False))) == {f"rc = held + {own}", "held = getter@hold"}
    assert len(laws := mined(counted(first=True))) == 2
    assert f"rc = getter@hold + {own}" in laws


LABELS = ("start", "a", "b", "drop", "c", "d", "e", "f")


def dropper() -> System:
    """A thread that drops one reference of each page in a loop at a label, and takes it again.

    ``rc`` is [offline] at the other labels but behind the loop; none there.
    """
    sort = EnumSort("label", LABELS)
    pc = Read("pc", (), sort)

    def step(frm: str, to: str, guard: Expr, *writes: Write, at: tuple[Param, ...] = ()) -> Action:
        moved = () if frm == to else (Write("pc", (), Lit(to, sort)),)
        here = conj(eq(pc, Lit(frm, sort)), guard)
        return Action(f"{frm}-{to}", here, (*writes, *moved), at, "dropper")

    used, seen = bit("offline"), bit("seen")
    clear = Write("seen", (Q,), lit(False), (Q,))
    again = Write("rc", (Q,), lit(1), (Q,), bit("offline", Q))
    mark = Action("mark", conj(eq(pc, Lit("start", sort)), eq(rc(), lit(0)), neg(used)),
                  (put(used, TRUE), put(rc(), lit(1))), (P,))  # fmt: skip
    actions = (
        mark,
        step("start", "a", TRUE),
        step("a", "b", TRUE),
        step("b", "drop", TRUE),
        step("drop", "drop", conj(used, neg(seen)), put(seen, TRUE), put(rc(), lit(0)), at=(P,)),
        step("drop", "c", forall(Q, neg(conj(bit("offline", Q), neg(bit("seen", Q))))), clear),
        step("c", "d", TRUE),
        step("d", "e", TRUE),
        step("e", "f", TRUE),
        step("f", "start", TRUE, again),
    )
    flags = (bit("offline"), bit("buddy"), seen)
    return System(
        "dropper",
        (PAGE,),
        (
            StateVar("rc", (PAGE,), COUNT, 0),
            *(StateVar(f.var, (PAGE,), f.sort, False) for f in flags),
            StateVar("pc", (), sort, "start", thread="dropper", control=True),
        ),
        actions,
        (Thread("dropper", "pc", "start", LABELS, None, repeat=True),),
    )


def test_a_law_may_hold_at_labels_of_a_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where there are too many configurations to look at each of them."""
    monkeypatch.setattr("pagestate.engines.parametric.laws._MOST_FITS", -1)
    laws = mined(dropper())
    assert "pc in {c, d, e, f}: rc = 0" in laws
    assert any(law.endswith("rc = [offline] - [seen]") for law in laws), laws
