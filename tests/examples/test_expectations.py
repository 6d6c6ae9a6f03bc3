"""Every example says what is expected of it, broken variant included, and it is what is found."""

import pytest

from pagestate.core.sorts import Sizes
from pagestate.core.verdict import Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task
from tests.examples.looking import COUNT_BOUND, compiled, files, model_of, texts, valuations
from tests.liveness.checking import decide

CASES = [(name, when) for name in files() for when in valuations(model_of(name))]
IDS = [f"{name} {' '.join(f'{k}={v}' for k, v in when.items())}".rstrip() for name, when in CASES]


def test_there_are_examples() -> None:
    assert len(files()) >= 9
    assert len(CASES) >= 2 * len(files())


@pytest.mark.parametrize("name, when", CASES, ids=IDS)
def test_what_is_expected_is_found(name: str, when: dict[str, str]) -> None:
    made = compiled(name, when)
    found = decide(made, Sizes(made.model.sizes, COUNT_BOUND))
    assert found
    for prop, (answer, _) in found.items():
        expected = made.expected.get(prop, (Verdict.EXHAUSTED, ""))[0]
        assert answer.verdict == expected, prop


@pytest.mark.parametrize("name", files())
def test_the_correct_variant_has_a_broken_one(name: str) -> None:
    model = model_of(name)
    defaults = {e.name: e.verdict for e in model.expect if not e.when}
    assert any(e.when and defaults.get(e.name) not in (None, e.verdict) for e in model.expect)


@pytest.mark.parametrize("name", files())
def test_the_docstring_shows_how_to_check_both(name: str) -> None:
    model = model_of(name)
    assert f"pagestate check examples/{name}\n" in model.doc
    for expect in model.expect:
        if expect.when:
            shown = " ".join(f"--set {k}={v}" for k, v in texts(expect.when).items())
            assert f"pagestate check examples/{name} {shown}" in model.doc


@pytest.mark.slow
def test_the_bakery_serves_three() -> None:
    made = compiled("bakery.py", {})
    exclusive = tuple(p for p in made.properties if p.name == "exclusive")
    sizes = Sizes({"cpu": 3, "process": 3}, COUNT_BOUND)
    engine = Explicit(Task(made.system, exclusive, sizes), lambda progress: None)
    assert engine.advance(100_000)
    assert engine.answers()[0].verdict == Verdict.EXHAUSTED
