"""Variants of models: both meanings agree, and all that the model can do the variant can."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pagestate.check.request import make_request
from pagestate.core.trace import State
from pagestate.lang.changes import Changes
from pagestate.lang.compile import Compiled, compile_model
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.load import load_model
from pagestate.needs.candidate import candidates
from tests.lang.harness import compiled_text, reachable_states, sizes_of, walk_both
from tests.lang.random_models import random_model
from tests.needs.small import BULK, COUNTER, CRASH, PAGES, WHOLE

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
SMALL = {"counter": COUNTER, "whole": WHOLE, "pages": PAGES, "crash": CRASH, "bulk": BULK}


def variants(compiled: Compiled) -> Iterator[tuple[Changes, Compiled]]:
    """The model without each assumption, and without all of a kind."""
    request = make_request(compiled.model, {}, {}, ())
    request = replace(request, compiled=compiled)
    single = [c.changes for c in candidates(request, ("lock", "test", "atomic"))]
    together = Changes(
        frozenset[str]().union(*(c.ignored for c in single)),
        frozenset[str]().union(*(c.cut for c in single)),
        frozenset[str]().union(*(c.unlocked for c in single)),
    )
    for changes in (*single, together, replace(together, ignored=frozenset())):
        model = replace(compiled.model, changes=changes)
        try:
            yield changes, compile_model(model, compiled.valuation)
        except ModelError:
            continue


def check_walks(compiled: Compiled, walks: int, length: int) -> int:
    """Walk through both meanings of every variant; how many variants there are."""
    found = 0
    for _, made in variants(compiled):
        found += 1
        for seed in range(walks):
            walk_both(made, sizes_of(made), seed, length)
    return found


@pytest.mark.parametrize("name", SMALL)
def test_both_meanings_agree(tmp_path: Path, name: str) -> None:
    assert check_walks(compiled_text(tmp_path, SMALL[name], name), 6, 16) > 2


LARGE = {2, 3}
"""Random models with many variants."""


@pytest.mark.parametrize(
    "seed", [pytest.param(n, marks=pytest.mark.slow if n in LARGE else ()) for n in range(6)]
)
def test_both_meanings_agree_of_random_models(tmp_path: Path, seed: int) -> None:
    compiled = compiled_text(tmp_path, random_model(seed), "random")
    assert check_walks(compiled, 2, 10) > 1


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda p: p.stem)
def test_both_meanings_agree_of_the_examples(path: Path) -> None:
    model = load_model(str(path))
    check_walks(make_request(model, {}, {}, ()).compiled, 4, 20)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["rfc_v3", "v6_12"])
def test_both_meanings_agree_of_shipped_models(name: str) -> None:
    request = make_request(load_model(name), {}, {}, (), "getters")
    assert check_walks(request.compiled, 1, 15) > 50


def shared(compiled: Compiled, state: State, names: set[str]) -> tuple[object, ...]:
    return tuple(value for (var, _), value in sorted(state.items()) if var in names)


@pytest.mark.parametrize("name", ["counter", "whole", "crash", "bulk"])
def test_a_variant_can_do_all_that_the_model_can(tmp_path: Path, name: str) -> None:
    compiled = compiled_text(tmp_path, SMALL[name], name)
    for changes, made in variants(compiled):
        kept = {v.name for v in made.system.variables if v.thread is None} - {"fault"}
        both = {v.name for v in compiled.system.variables if v.name in kept} - changes.unlocked
        mine = {shared(compiled, s, both) for s in reachable_states(compiled)}
        theirs = {shared(made, s, both) for s in reachable_states(made)}
        assert mine <= theirs, changes


def test_the_model_itself_stays_as_it_is(tmp_path: Path) -> None:
    compiled = compiled_text(tmp_path, COUNTER, "counter")
    before = compiled.system
    list(variants(compiled))
    assert compile_model(compiled.model, compiled.valuation).system == before
