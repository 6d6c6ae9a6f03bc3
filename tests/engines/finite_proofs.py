"""What the tests of the engines that prove one size share: answers against the plain search."""

from collections.abc import Callable

from pagestate.check.certificate import certify
from pagestate.core.evaluate import OutOfRange
from pagestate.core.invariant import FiniteInvariant
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.interface import Engine, Task
from tests.engines.plain_search import Found, search
from tests.engines.random_systems import Instance
from tests.engines.test_bmc import replay


def checked(make: Callable[[Task], Engine], task: Task, bound: int) -> tuple[Answer, ...]:
    """The answers at ``bound``: each path replayed, each certificate re-checked."""
    engine = make(task)
    engine.advance(bound)
    answers = engine.answers()
    for answer, prop in zip(answers, task.properties, strict=True):
        assert (answer.property, answer.engine) == (prop.name, engine.name)
        if answer.certificate is not None:
            assert isinstance(answer.certificate, FiniteInvariant)
            assert prop.name in answer.certificate.properties
            assert certify(task, answer.certificate) == ()
        else:
            assert answer.verdict is not Verdict.PROVED or prop.kind == "reachable"
            replay(task.system, prop, task.sizes, answer)
    return answers


def agree(task: Task, found: Found, answers: tuple[Answer, ...]) -> int:
    """Nothing contradicts the plain search; how many proofs there are."""
    proofs = 0
    for answer, (verdict, depth), prop in zip(
        answers, found.verdicts, task.properties, strict=True
    ):
        hit = verdict is Verdict.VIOLATED
        if prop.kind == "reachable":
            hit = verdict is Verdict.EXHAUSTED
        if answer.certificate is not None:
            proofs += 1
            assert not hit, answer
            assert not found.overflow, "a bound that is reached is no invariant"
        if answer.path is not None:
            assert answer.depth is not None
            assert not hit or answer.depth >= depth
            assert hit or found.overflow, answer
    return proofs


def compare(make: Callable[[Task], Engine], made: Instance, bound: int) -> tuple[Answer, ...]:
    """Compare an engine with the plain search on a random system (too large: no answers)."""
    task = Task(made.system, made.properties, made.sizes)
    try:
        found = search(made.system, made.properties, made.sizes, limit=400)
    except OutOfRange:
        return ()
    if found is None:
        return ()
    answers = checked(make, task, bound)
    agree(task, found, answers)
    return answers
