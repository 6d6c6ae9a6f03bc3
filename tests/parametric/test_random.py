"""Random models: what is proved for every size holds at larger ones, what is violated at none."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pagestate.check.certificate import certify
from pagestate.core.property import Property
from pagestate.core.sorts import Sizes
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task
from pagestate.engines.parametric import Invariant, Parametric
from tests.lang.harness import compiled_text

from .random_pages import random_pages
from .systems import ANY

LARGER = ((1, 1), (2, 3), (3, 2), (4, 1))
MOST_STATES = 20_000


def searched(task: Task, asked: tuple[Property, ...], pages: int, getters: int) -> Iterator[Answer]:
    sizes = Sizes({"page": pages, "getter": getters}, 4)
    engine = Explicit(replace(task, properties=asked, sizes=sizes, unbounded=frozenset()),
                      lambda progress: None, max_states=MOST_STATES)  # fmt: skip
    engine.advance(30)
    yield from engine.answers()


@pytest.mark.parametrize("seed", (0, 1, 6, 10, 13, 17))
def test_proofs_hold_at_larger_sizes_and_prove_nothing_else(tmp_path: Path, seed: int) -> None:
    compiled = compiled_text(tmp_path, random_pages(seed), "pages")
    asked = tuple(p for p in compiled.properties if not p.builtin)
    task = Task(compiled.system, asked, Sizes({"page": 2, "getter": 2}, 4), ANY)
    engine = Parametric(task, lambda progress: None)
    engine.advance(1)
    answers = dict(zip(asked, engine.answers(), strict=True))
    holds = tuple(p for p, a in answers.items() if a.verdict == Verdict.PROVED)
    fails = tuple(p for p, a in answers.items() if a.verdict == Verdict.VIOLATED)
    assert holds and fails
    invariant = answers[holds[0]].certificate
    assert isinstance(invariant, Invariant)
    assert certify(task, invariant) == ()
    for pages, getters in LARGER:
        for answer in searched(task, holds, pages, getters):
            assert answer.path is None, answer
    for prop in fails:
        assert certify(task, replace(invariant, properties=(prop.name,), uses=())), prop.name
