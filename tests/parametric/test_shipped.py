"""The model of RFC v3, proved for every number of pages and getters (takes a minute)."""

from pathlib import Path

import pytest

from pagestate.check.certificate import certify
from pagestate.core.sorts import Sizes
from pagestate.core.verdict import Verdict
from pagestate.engines.interface import Task
from pagestate.engines.parametric import Invariant, Parametric
from pagestate.lang.compile import compile_model, valuation_of
from pagestate.lang.load import load_model


def task(settings: dict[str, str]) -> Task:
    model = load_model("rfc_v3")
    made = compile_model(model, valuation_of(model, settings))
    asked = tuple(p for p in made.properties if p.name == "offline_never_free" or p.builtin)
    sizes = Sizes({s.name: 2 for s in made.system.sorts}, 4)
    return Task(made.system, asked, sizes, frozenset(sizes.index))


@pytest.mark.slow
def test_an_offline_page_is_never_free(tmp_path: Path) -> None:
    what = task({"revive": "false", "unload": "false"})
    engine = Parametric(what, lambda _: None)
    engine.advance(1)
    for answer in engine.answers():
        assert answer.verdict == Verdict.PROVED, answer.reason
        assert isinstance(answer.certificate, Invariant)
    certificate = engine.answers()[0].certificate
    assert isinstance(certificate, Invariant)
    assert certify(what, certificate, tmp_path) == ()


def test_without_the_hook_it_is() -> None:
    engine = Parametric(
        task({"revive": "false", "unload": "false", "hook": "false"}), lambda _: None
    )
    engine.advance(1)
    assert engine.answers()[0].verdict == Verdict.VIOLATED
