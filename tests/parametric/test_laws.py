"""Ledger laws: what a counter of a page is made of."""

from dataclasses import replace

from benchmarks.systems import HOLDERS_COUNTED, UNPLUGGED_NEVER_FREE, offlining, sizes
from pagestate.core.expr import Param, Read, add, lit, sub
from pagestate.core.pageform import page_form
from pagestate.core.sorts import COUNT
from pagestate.core.system import StateVar, System
from pagestate.core.verdict import Verdict
from pagestate.engines.interface import Task
from pagestate.engines.parametric import Parametric
from pagestate.engines.parametric.laws import mine
from pagestate.engines.parametric.printing import show_law
from pagestate.engines.parametric.probe import Probe
from pagestate.engines.parametric.table import Table, columns_of

from .systems import ANY, OFFLINE_NOT_FREE, PAGE, SIZES, P, put, race


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
        assert answer.certificate is not None
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
