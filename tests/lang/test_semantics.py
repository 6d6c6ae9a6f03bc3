"""The rules of docs/semantics.md, pinned by litmus models; and both meanings of each agree."""

import re
from pathlib import Path

import pytest

from pagestate.check.replay import replay
from pagestate.core.execute import trace_of
from pagestate.core.property import LIVENESS
from pagestate.core.sorts import Sizes
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task
from pagestate.lang.compile import Compiled
from tests.lang.harness import compiled_text, moves, reachable_states, sizes_of, walk_both
from tests.lang.litmus import LITMUS, Litmus

ROOT = Path(__file__).resolve().parents[2]
NAMES = [f"{litmus.rule}-{number}" for number, litmus in enumerate(LITMUS)]


def verdicts(compiled: Compiled, sizes: Sizes) -> dict[str, str]:
    """What the explicit engine says, of what it decides; every path it gives is replayed."""
    decided = tuple(p for p in compiled.properties if p.kind not in LIVENESS)
    engine = Explicit(Task(compiled.system, decided, sizes), lambda progress: None)
    engine.advance(1000)
    found = dict[str, str]()
    for prop, answer in zip(decided, engine.answers(), strict=True):
        found[prop.name] = str(answer.verdict)
        if answer.path is not None:
            trace = trace_of(
                compiled.system, sizes, answer.path, prop, answer.verdict, "", compiled.valuation
            )
            replay(compiled, prop, trace)
    return found


@pytest.mark.parametrize("litmus", LITMUS, ids=NAMES)
def test_rule(tmp_path: Path, litmus: Litmus) -> None:
    compiled = compiled_text(tmp_path, litmus.text, "litmus", litmus.scenario, **litmus.settings)
    assert verdicts(compiled, sizes_of(compiled)) == dict(litmus.verdicts)


@pytest.mark.parametrize("litmus", LITMUS, ids=NAMES)
def test_both_meanings_agree_on_the_rule(tmp_path: Path, litmus: Litmus) -> None:
    compiled = compiled_text(tmp_path, litmus.text, "litmus", litmus.scenario, **litmus.settings)
    for seed in range(12):
        walk_both(compiled, sizes_of(compiled), seed, 12)


def test_members_are_interchangeable(tmp_path: Path) -> None:
    litmus = next(one for one in LITMUS if one.rule == "S25")
    compiled = compiled_text(tmp_path, litmus.text, "litmus")
    assert len(reachable_states(compiled)) == 4
    engine = Explicit(
        Task(compiled.system, compiled.properties, sizes_of(compiled)), lambda p: None
    )
    engine.advance(100)
    assert engine.states == 3


def test_a_queued_writer_keeps_new_readers_out(tmp_path: Path) -> None:
    litmus = next(one for one in LITMUS if one.rule == "S12")
    compiled = compiled_text(tmp_path, litmus.text, "litmus")
    sizes, queued = sizes_of(compiled), 0
    for state in reachable_states(compiled):
        texts = [m.action.info.text for m in moves(compiled, sizes, state)]
        if state["sem.queued", ()]:
            queued += 1
            assert "down_read(sem)" not in texts
    assert queued > 0


def test_every_rule_has_a_litmus_model() -> None:
    text = (ROOT / "docs/semantics.md").read_text(encoding="utf-8")
    rules = re.findall(r"^\*\*(S\d+)\.", text, re.M)
    assert len(rules) == len(set(rules))
    assert set(rules) == {litmus.rule for litmus in LITMUS}
