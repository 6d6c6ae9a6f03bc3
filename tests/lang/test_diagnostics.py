"""Every diagnostic: its code, its place, its text; and bad input never gives a traceback."""

import ast
import random
import re
from pathlib import Path

import pytest

from pagestate.check.request import make_request
from pagestate.lang.compile import compile_model, valuation_of
from pagestate.lang.diagnostics import CODES, ModelError
from pagestate.lang.load import load_model
from tests.lang.bad_models import BAD, Bad, thread
from tests.lang.harness import HEADER, compiled_text
from tests.lang.random_models import random_model

ROOT = Path(__file__).resolve().parents[2]
OUTSIDE = {"PS100", "PS301", "PS303", "PS304", "PS309"}


def failure(folder: Path, bad: Bad) -> ModelError:
    settings = {"hook2": "c"} if bad.code == "PS302" else {}
    with pytest.raises(ModelError) as caught:
        compiled_text(folder, bad.text, "bad", **settings)
    return caught.value


@pytest.mark.parametrize("bad", BAD, ids=[f"{b.code}-{n}" for n, b in enumerate(BAD)])
def test_diagnostic(tmp_path: Path, bad: Bad) -> None:
    error = failure(tmp_path, bad)
    assert error.code == bad.code, str(error)
    assert bad.message in error.message
    assert (bad.hint in error.hint) if bad.hint else True
    text = HEADER + bad.text
    if not bad.at:
        return
    assert error.span is not None
    start = text.find(bad.at, max(text.find("# here"), 0))
    line = text.count("\n", 0, start) + 1
    column = start - (text.rfind("\n", 0, start) + 1) + 1
    assert (error.span.line, error.span.column) == (line, column), str(error)
    shown = str(error).splitlines()
    assert shown[0].startswith(f"{tmp_path}/bad.py:{line}:{column}: error {bad.code}: ")
    source = text.splitlines()[line - 1]
    assert shown[1] == f"    {source}"
    carets = shown[2].removeprefix("    ")
    assert carets.index("^") == column - 1 and set(carets.strip()) == {"^"}
    assert len(carets) <= len(source) + 1
    if bad.hint:
        assert shown[-1].startswith("  hint: ")


def good(folder: Path) -> str:
    path = folder / "good.py"
    path.write_text(HEADER + random_model(3), encoding="utf-8")
    return str(path)


def test_codes_of_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ModelError) as missing:
        load_model(str(tmp_path / "gone.py"))
    assert missing.value.code == "PS100"
    with pytest.raises(ModelError) as unknown:
        load_model("rfc_v33")
    assert unknown.value.code == "PS100" and "did you mean" in unknown.value.hint
    path = good(tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelError) as bare:
        load_model(Path(path).stem)
    assert "did you mean 'good.py'?" in bare.value.hint
    model = load_model(path)
    for settings, sizes, code in (
        ({"gone": "true"}, {}, "PS301"),
        ({}, {"gone": "2"}, "PS303"),
        ({}, {"page": "0"}, "PS304"),
        ({}, {"page": "many"}, "PS304"),
    ):
        with pytest.raises(ModelError) as caught:
            make_request(model, settings, sizes, [])
        assert caught.value.code == code
    with pytest.raises(ModelError) as part:
        make_request(model, {}, {}, [], "gone")
    assert part.value.code == "PS309"
    with pytest.raises(ModelError) as selected:
        make_request(model, {}, {}, ["gone"])
    assert selected.value.code == "PS306"


def test_every_code_has_a_case_and_a_line_in_the_documentation() -> None:
    tested = {bad.code for bad in BAD} | OUTSIDE
    assert tested == set(CODES)
    table = dict(
        re.findall(r"^\| (PS\d{3}) \| (.+?) \|", (ROOT / "docs/language.md").read_text(), re.M)
    )
    assert table == CODES


def test_every_code_is_raised_somewhere() -> None:
    text = "".join(
        p.read_text() for p in (ROOT / "pagestate").rglob("*.py") if p.name != "diagnostics.py"
    )
    assert {code for code in CODES if f'"{code}"' in text} == set(CODES)


def test_a_thread_needs_no_brackets(tmp_path: Path) -> None:
    text = HEADER + thread("m.busy[page] = True").replace("@thread(repeat=True)", "@thread")
    assert "@thread\n" in text
    assert outcome(tmp_path, text, "plain") == "ok"


def outcome(folder: Path, text: str, name: str) -> str:
    """``ok`` or the code of the error; anything else that is raised fails the test."""
    path = folder / f"{name}.py"
    path.write_text(text, encoding="utf-8")
    try:
        model = load_model(str(path))
        compile_model(model, valuation_of(model, {}))
    except ModelError as error:
        assert str(error)
        return error.code
    except RecursionError as error:
        raise AssertionError(f"too deep:\n{text}") from error
    return "ok"


BASE = thread(
    """num = 0
mutex_lock(m.lock)
m.kept = not m.kept
mutex_unlock(m.lock)
while m.busy[page] and num < 3:
    num = choose(range(4))
    if num == 2 or not m.free[page]:
        break
for p in m.pages:
    if get(m, p):
        put(m, p)
        continue
    q = m.owner
    if q is not None and m.busy[q]:
        m.colour = Colour.BLUE if p == q else Colour.RED
with atomic("text {page}"):
    wait_until(m.refs[page] <= 1)
    for p in m.pages:
        m.ghost[p] = m.busy[p] and hook
    m.owner = page"""
)
TOKEN = re.compile(r"\w+|[^\w\s]")
SPARE = [
    "m",
    "p",
    "q",
    "page",
    "num",
    "None",
    "True",
    "0",
    "-1",
    "and",
    "or",
    "not",
    "if",
    "else",
    "==",
    "<",
    "is",
    "in",
    "+=",
    "-",
    ".",
    ",",
    ":",
    "(",
    ")",
    "[",
    "]",
    "m.busy",
    "m.owner",
    "m.pages",
    "atomic",
    "get",
    "put",
    "choose",
    "either()",
    "return",
    "break",
    "while",
    "for",
    "Memory",
    "Colour.RED",
    "mutex_lock",
    "m.lock",
    "wait_until",
    "count",
    "all",
    "lambda",
    "del",
    "*",
    "yield",
    "m.refs[p]",
]


def mutated(text: str, dice: random.Random) -> str:
    """One to three small changes, which Python itself mostly accepts."""
    for _ in range(20):
        changed = changes(text, dice)
        try:
            ast.parse(changed)
        except SyntaxError:
            continue
        return changed
    return changed


def changes(text: str, dice: random.Random) -> str:
    """One to three small changes."""
    for _ in range(dice.randint(1, 3)):
        lines = text.split("\n")
        at = dice.randrange(len(lines))
        match dice.randrange(6):
            case 0:
                del lines[at]
            case 1:
                lines.insert(at, lines[at])
            case 2:
                lines[at], lines[at - 1] = lines[at - 1], lines[at]
            case _:
                tokens = list(TOKEN.finditer(lines[at]))
                if not tokens:
                    continue
                token = dice.choice(tokens)
                new = dice.choice(["", f"{token[0]} {token[0]}", *dice.sample(SPARE, 6)])
                lines[at] = lines[at][: token.start()] + new + lines[at][token.end() :]
        text = "\n".join(lines)
    return text


@pytest.mark.parametrize("seed", range(8))
def test_bad_input_never_gives_a_traceback(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    text = HEADER + BASE
    codes = [outcome(tmp_path, mutated(text, dice), f"m{n}") for n in range(40)]
    assert len(set(codes)) >= 3  # the changes do reach the compiler
