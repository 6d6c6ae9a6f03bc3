"""Constants: what never changes disappears, and nothing else."""

from hypothesis import HealthCheck, given, settings

from pagestate.core.expr import Read, conj, eq, lit, neg
from pagestate.core.property import Property
from pagestate.core.sorts import BOOL
from pagestate.core.system import Action, StateVar, System, Write
from pagestate.lang.fold import fold_constants
from tests.engines.plain_search import search
from tests.engines.random_systems import Instance, instances

_LIMIT = 150
_SETTINGS = settings(derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
A, B, C = (Read(name, (), BOOL) for name in "abc")


@settings(_SETTINGS, max_examples=80)
@given(instances())
def test_random_systems_stay_what_they_are(made: Instance) -> None:
    whole = search(made.system, made.properties, made.sizes, _LIMIT)
    if whole is None:
        return
    system, props, impossible = fold_constants(made.system, made.properties)
    found = search(system, tuple(props), made.sizes, _LIMIT)
    assert found is not None
    assert found.verdicts == whole.verdicts and found.states == whole.states
    assert not any(whole.fired[a.name] for a in impossible)
    assert found.fired == {n: k for n, k in whole.fired.items() if n in found.fired}


def folded(*actions: Action) -> tuple[list[str], list[str], list[str]]:
    """Of a, b and c, initially false: those that stay; the steps left; the impossible ones."""
    variables = tuple(StateVar(name, (), BOOL, False) for name in "abc")
    prop = Property("p", "always", neg(conj(A, B, C)))
    system, _, impossible = fold_constants(System("s", (), variables, actions), [prop])
    return (
        [v.name for v in system.variables],
        [a.name for a in system.actions],
        [a.name for a in impossible],
    )


def set_to(name: str, guard: Read, var: str, value: bool = True) -> Action:
    return Action(name, guard, (Write(var, (), lit(value)),))


def test_a_variable_that_is_only_reset_is_constant() -> None:
    reset = Action("reset", neg(A), (Write("b", (), lit(False)), Write("a", (), lit(True))))
    assert folded(reset) == (["a"], ["reset"], [])


def test_variables_that_wait_for_each_other_are_constant() -> None:
    assert folded(set_to("x", A, "b"), set_to("y", B, "a")) == ([], [], ["x", "y"])


def test_a_step_that_another_enables_is_kept() -> None:
    first = Action("first", eq(C, lit(False)), (Write("c", (), lit(True)),))
    found = folded(set_to("x", A, "b"), set_to("y", B, "a"), set_to("z", C, "a"), first)
    assert found == (["a", "b", "c"], ["x", "y", "z", "first"], [])


def test_a_free_variable_is_no_constant() -> None:
    free = StateVar("a", (), BOOL, free=True)
    system, _, _ = fold_constants(System("s", (), (free,), ()), [])
    assert system.variables == (free,)
