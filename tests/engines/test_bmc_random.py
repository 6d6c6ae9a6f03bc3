"""The bmc engine against the plain search, on random systems."""

from hypothesis import HealthCheck, given, settings

from pagestate.core.evaluate import OutOfRange
from pagestate.core.verdict import Answer, Verdict
from tests.engines.plain_search import Found, search
from tests.engines.random_systems import Instance, instances
from tests.engines.test_bmc import run

BOUND = 5
HIT = (Verdict.VIOLATED, Verdict.PROVED)


def check(made: Instance, found: Found, answers: tuple[Answer, ...]) -> int:
    """Compare what is decided within the bound; how many paths there were."""
    for answer, (verdict, depth), prop in zip(
        answers, found.verdicts, made.properties, strict=True
    ):
        goal = prop.kind == "reachable"
        hit = verdict is Verdict.VIOLATED or (goal and verdict is Verdict.EXHAUSTED)
        if hit and depth <= BOUND:
            assert answer.verdict is (Verdict.PROVED if goal else Verdict.VIOLATED), answer
            assert answer.depth == depth
        elif found.overflow:
            assert answer.verdict in (Verdict.UNKNOWN, Verdict.BOUNDED, *HIT)
            assert answer.verdict not in HIT or (answer.depth or 0) > depth
            assert answer.verdict is not Verdict.BOUNDED or depth >= BOUND
        else:
            assert answer.verdict not in (*HIT, Verdict.UNKNOWN), answer
            assert answer.verdict is not Verdict.VACUOUS or verdict is Verdict.VACUOUS, answer
    return sum(a.path is not None for a in answers)


def compare(made: Instance) -> None:
    try:
        found = search(made.system, made.properties, made.sizes, limit=400)
    except OutOfRange:
        return
    if found is None:
        return
    whole = run(made.system, made.properties, made.sizes, BOUND, symmetry=False)
    pruned = run(made.system, made.properties, made.sizes, BOUND, symmetry=True)
    check(made, found, whole)
    check(made, found, pruned)
    assert [a.verdict for a in whole] == [a.verdict for a in pruned]
    assert [a.depth for a in whole] == [a.depth for a in pruned]


@settings(derandomize=True, deadline=None, max_examples=25, suppress_health_check=[*HealthCheck])
@given(instances())
def test_random_systems(made: Instance) -> None:
    compare(made)


@settings(derandomize=True, deadline=None, max_examples=25, suppress_health_check=[*HealthCheck])
@given(instances(flat=True))
def test_random_symmetric_systems(made: Instance) -> None:
    compare(made)
