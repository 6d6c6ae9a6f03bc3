"""The explicit engine against a plain search, on random systems."""

from collections.abc import Mapping

from hypothesis import HealthCheck, given, settings

from pagestate.core.sorts import Value
from pagestate.core.trace import CellName
from pagestate.core.verdict import Verdict
from pagestate.engines.explicit import Explicit
from pagestate.engines.interface import Progress, Task
from tests.engines.plain_search import Found, search
from tests.engines.random_systems import Instance, instances

_LIMIT = 150
_SETTINGS = settings(derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))


def quiet(progress: Progress) -> None:
    """Take no notice."""


def explore(made: Instance, symmetry: bool) -> Explicit:
    """A finished search."""
    engine = Explicit(Task(made.system, made.properties, made.sizes), quiet, symmetry)
    assert engine.advance(_LIMIT)
    return engine


def verdicts(engine: Explicit) -> tuple[tuple[Verdict, int | None], ...]:
    return tuple((a.verdict, a.depth) for a in engine.answers())


def compare(made: Instance) -> tuple[Found, Explicit] | None:
    """The plain search and the reduced one, compared; None where the system is too large."""
    found = search(made.system, made.properties, made.sizes, _LIMIT)
    if found is None:
        return None
    whole = explore(made, symmetry=False)
    assert verdicts(whole) == found.verdicts
    assert whole.states == found.states
    assert whole.transitions == found.transitions
    assert whole.fired == found.fired
    assert all(bool(a.overflow) == (a.verdict == Verdict.UNKNOWN) for a in whole.answers())
    reduced = explore(made, symmetry=True)
    assert verdicts(reduced) == found.verdicts
    assert reduced.states <= found.states
    assert _taken(reduced.fired) == _taken(found.fired)
    return found, reduced


def _taken(fired: Mapping[str, int]) -> set[str]:
    return {name for name, times in fired.items() if times}


@settings(_SETTINGS, max_examples=40)
@given(instances())
def test_random_systems_are_as_in_the_plain_search(made: Instance) -> None:
    compare(made)


@settings(_SETTINGS, max_examples=40)
@given(instances(flat=True))
def test_random_symmetric_systems_are_as_in_the_plain_search(made: Instance) -> None:
    done = compare(made)
    if done is not None:
        assert done[1].states == len({_class(state) for state in done[0].seen})


def _class(state: frozenset[tuple[CellName, Value]]) -> tuple[object, ...]:
    """A name for the state up to renaming members, where every variable has at most one index."""
    cells = dict(state)
    globals_ = sorted((name, repr(v)) for (name, index), v in cells.items() if not index)
    members = list[object]()
    for sort in ("page", "cpu"):
        names = sorted({name for (name, index) in cells if index and name.startswith(sort)})
        count = 1 + max((i[0] for (n, i) in cells if i and n in names), default=-1)
        members.append(sorted(tuple(repr(cells[n, (m,)]) for n in names) for m in range(count)))
    return (tuple(globals_), repr(members))
