"""The code of docs/language.md compiles."""

import re
from pathlib import Path

from pagestate.lang.compile import compile_model, valuation_of
from pagestate.lang.load import load_model
from tests.lang.harness import HEADER, sizes_of, walk_both
from tests.lang.test_semantics import verdicts

PAGE = Path(__file__).resolve().parents[2] / "docs" / "language.md"
MORE = """

model = Model("more", state=Memory, threads=[reader, taker], properties=[one_owner])
"""
BLOCKS = """

model = Model("blocks", state=Blocks, threads=[offliner, cleaner], properties=[offline_is_quiet])
"""


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)


def check(folder: Path, text: str, settings: dict[str, str]) -> dict[str, str]:
    path = folder / "documented.py"
    path.write_text(text, encoding="utf-8")
    model = load_model(str(path))
    compiled = compile_model(model, valuation_of(model, settings))
    for seed in range(4):
        walk_both(compiled, sizes_of(compiled), seed, 12)
    return verdicts(compiled, sizes_of(compiled))


def test_the_code_of_the_page(tmp_path: Path) -> None:
    first, take, reader, vocabulary, switches = blocks()
    assert check(tmp_path, first, {})["one_owner"] == "violated"
    declarations = HEADER + first[: first.index("model = ")]
    fixed = first.replace("if m.free[page]:\n        m.free[page] = False\n", "if take(m, page):\n")
    fixed = fixed.replace("@thread", take + "\n\n@thread")
    assert fixed.count("take(m") == 2
    assert check(tmp_path, fixed, {})["one_owner"] == "exhausted"
    assert check(tmp_path, declarations + reader + MORE, {})["one_owner"] == "violated"
    assert check(tmp_path, HEADER + vocabulary + BLOCKS, {}) == {"offline_is_quiet": "exhausted"}
    for value in ("true", "false"):
        found = check(tmp_path, declarations + switches, {"lock_first": value})
        assert found["one_owner"] == "exhausted"


def test_every_word_is_in_the_table() -> None:
    import pagestate

    text = PAGE.read_text(encoding="utf-8")
    names = set(pagestate.__all__) - {"DataSpec", "Field", "Lock", "Members", "Var"}
    counterparts = {"mutex_unlock", "spin_unlock", "up_read", "up_write"}
    assert {name for name in names - counterparts if not re.search(rf"\b{name}\b", text)} == set()
