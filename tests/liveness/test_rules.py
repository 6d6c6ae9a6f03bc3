"""The rules about infinite executions and deadlocks in docs/semantics.md, one by one."""

import re
from pathlib import Path

import pytest

from tests.lang.harness import compiled_text, sizes_of, walk_both
from tests.liveness.checking import verdicts
from tests.liveness.litmus import LITMUS, Litmus
from tests.liveness.oracle import explored, violated

ROOT = Path(__file__).resolve().parents[2]
NAMES = [f"{litmus.rule}-{number}" for number, litmus in enumerate(LITMUS)]


@pytest.mark.parametrize("litmus", LITMUS, ids=NAMES)
def test_rule(tmp_path: Path, litmus: Litmus) -> None:
    compiled = compiled_text(tmp_path, litmus.text, "litmus", **litmus.settings)
    sizes = sizes_of(compiled)
    assert verdicts(compiled, sizes) == dict(litmus.verdicts)


@pytest.mark.parametrize("litmus", LITMUS, ids=NAMES)
def test_the_oracle_says_the_same(tmp_path: Path, litmus: Litmus) -> None:
    compiled = compiled_text(tmp_path, litmus.text, "litmus", **litmus.settings)
    sizes = sizes_of(compiled)
    found = explored(compiled.system, sizes)
    assert found is not None
    for prop in compiled.properties:
        if prop.kind in ("eventually", "leads_to"):
            said = litmus.verdicts[prop.name] == "violated"
            assert violated(compiled.system, prop, sizes, found) == said


@pytest.mark.parametrize("litmus", LITMUS, ids=NAMES)
def test_both_meanings_agree_on_the_rule(tmp_path: Path, litmus: Litmus) -> None:
    compiled = compiled_text(tmp_path, litmus.text, "litmus", **litmus.settings)
    for seed in range(6):
        walk_both(compiled, sizes_of(compiled), seed, 12)


def test_every_rule_has_a_litmus_model() -> None:
    text = (ROOT / "docs/semantics.md").read_text(encoding="utf-8")
    rules = re.findall(r"^\*\*([FD]\d+)\.", text, re.M)
    assert len(rules) == len(set(rules))
    assert set(rules) == {litmus.rule for litmus in LITMUS}
