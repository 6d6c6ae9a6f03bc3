"""The standing test of the compiler: symbolic and concrete meaning agree, step by step."""

from pathlib import Path

import pytest

from pagestate.lang.diagnostics import ModelError
from tests.lang.harness import compiled_file, compiled_text, sizes_of, walk_both
from tests.lang.random_models import random_model
from tests.lang.regressions import AGREEING
from tests.lang.test_semantics import verdicts

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.py"))


@pytest.mark.parametrize("seed", range(24))
def test_random_models(tmp_path: Path, seed: int) -> None:
    compiled = compiled_text(tmp_path, random_model(seed), "random")
    steps = sum(walk_both(compiled, sizes_of(compiled), walk, 10) for walk in range(2))
    assert steps > 4


def test_random_models_reach_all_of_the_language() -> None:
    text = "".join(random_model(seed) for seed in range(24))
    for word in ("break", "continue", "return\n", "else:", "while", "mutex_lock", "down_write",
                 "spin_lock", "choose(z", "either", "is not None and", "replicated"):  # fmt: skip
        assert word in text


@pytest.mark.parametrize("name", AGREEING)
def test_what_once_disagreed(tmp_path: Path, name: str) -> None:
    compiled = compiled_text(tmp_path, AGREEING[name], name)
    for seed in range(12):
        walk_both(compiled, sizes_of(compiled), seed, 14)


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 2


@pytest.mark.parametrize("path", EXAMPLES, ids=[p.stem for p in EXAMPLES])
def test_examples(path: Path) -> None:
    for value in ("true", "false"):
        switch = compiled_file(path).model.declared_switches()[0].name
        compiled = compiled_file(path, **{switch: value})
        sizes = sizes_of(compiled)
        for seed in range(6):
            walk_both(compiled, sizes, seed, 16)
        found = verdicts(compiled, sizes)
        assert compiled.expected
        for name in found.keys() & compiled.expected.keys():
            assert found[name] == compiled.expected[name][0]
        assert all(
            found[p.name] == "exhausted" for p in compiled.properties if p.kind == "reachable"
        )


def test_a_missing_field_of_an_example_is_diagnosed(tmp_path: Path) -> None:
    (peterson,) = (p for p in EXAMPLES if p.stem == "peterson")
    text = peterson.read_text(encoding="utf-8").replace("m.turn ==", "m.torn ==")
    path = tmp_path / "broken.py"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ModelError):
        compiled_file(path)
