"""Slicing: verdicts stay, and paths of the slice are paths of the whole."""

from hypothesis import HealthCheck, given, settings

from pagestate.core.execute import holds, states_of
from pagestate.core.expr import Param, Read, add, eq, forall, le, lit
from pagestate.core.property import Property
from pagestate.core.slicing import sliced, unsliced
from pagestate.core.sorts import BOOL, COUNT, IndexSort, Sizes
from pagestate.core.system import Action, StateVar, System, Write
from pagestate.engines.explicit import Explicit
from pagestate.engines.interface import Task
from tests.engines.plain_search import search
from tests.engines.random_systems import Instance, instances

_LIMIT = 150
_SETTINGS = settings(derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))


@settings(_SETTINGS, max_examples=80)
@given(instances())
def test_random_slices_have_the_same_verdicts_and_steps(made: Instance) -> None:
    for prop in made.properties:
        whole = search(made.system, (prop,), made.sizes, _LIMIT)
        if whole is None or whole.overflow:
            continue
        part = sliced(made.system, (prop,))
        found = search(part, (prop,), made.sizes, _LIMIT)
        assert found is not None
        ((verdict, depth),) = found.verdicts
        assert verdict == whole.verdicts[0][0]
        assert {n for n, k in found.fired.items() if k} == {n for n, k in whole.fired.items() if k}
        engine = Explicit(Task(part, (prop,), made.sizes), lambda progress: None)
        engine.advance(_LIMIT)
        path = engine.answers()[0].path
        if path is not None:
            assert depth == whole.verdicts[0][1]
            states = states_of(made.system, made.sizes, unsliced(path, made.system, made.sizes))
            assert holds(prop, states, made.sizes) == (prop.kind == "reachable")


PAGE = IndexSort("page")
P = Param("p", PAGE)


def example() -> System:
    """``busy`` follows ``wanted``; nobody looks at ``count`` or at ``colour``."""
    busy, wanted, count = Read("busy", (P,), BOOL), Read("wanted", (P,), BOOL), Read("n", (), COUNT)
    variables = (
        StateVar("busy", (PAGE,), BOOL, False),
        StateVar("wanted", (PAGE,), BOOL, free=True),
        StateVar("colour", (PAGE,), BOOL, free=True),
        StateVar("n", (), COUNT, 0),
    )
    writes = (Write("busy", (P,), wanted), Write("n", (), add(count, lit(1))))
    return System(
        "example", (PAGE,), variables, (Action("work", eq(busy, lit(False)), writes, (P,)),)
    )


def never_busy() -> Property:
    return Property("p", "always", forall(P, eq(Read("busy", (P,), BOOL), lit(False))))


def test_what_nothing_depends_on_is_left_out() -> None:
    part = sliced(example(), (never_busy(),))
    assert [v.name for v in part.variables] == ["busy", "wanted"]
    assert [w.var for a in part.actions for w in a.writes] == ["busy"]


def test_what_a_property_reads_stays() -> None:
    few = Property("q", "always", le(Read("n", (), COUNT), lit(3)))
    part = sliced(example(), (few,))
    assert [v.name for v in part.variables] == ["busy", "wanted", "n"]


def test_nothing_is_left_out_where_it_matters_that_a_step_changes_something() -> None:
    for kind in ("deadlock_free", "eventually", "leads_to"):
        prop = Property("p", kind, never_busy().formula, antecedent=lit(True))
        assert sliced(example(), (prop,)) == example()


def test_free_cells_come_back() -> None:
    system, sizes = example(), Sizes({"page": 2}, 7)
    engine = Explicit(Task(sliced(system, (never_busy(),)), (never_busy(),), sizes), lambda p: None)
    engine.advance(5)
    path = engine.answers()[0].path
    assert path is not None
    last = states_of(system, sizes, unsliced(path, system, sizes))[-1]
    assert last["n", ()] == 1 and last["colour", (1,)] is False
