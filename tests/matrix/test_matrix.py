"""Verdicts of several models side by side."""

import json
from pathlib import Path

from pagestate.matrix.render import markdown, short, text, unexpected
from pagestate.matrix.table import Cell, Matrix
from tests.cli.running import RACE, cli

PARTS = str(Path(__file__).parents[1] / "cli" / "models" / "parts.py")


def cell(verdict: str, steps: int | None = None, expected: str | None = None, **more: str) -> Cell:
    names = {"model": "m", "scenario": "s", "property": "p"} | more
    return Cell(
        **names,
        title="I1: as it says",
        verdict=verdict,
        scope="1 page",
        engine="explicit",
        steps=steps,
        states=3,
        seconds=0.1,
        expected=expected,
        why="because",
        goal=False,
    )


def test_a_cell_says_the_worst_of_its_scenarios() -> None:
    assert short([cell("exhausted"), cell("proved")]) == "ok"
    assert short([cell("exhausted"), cell("violated", 7, "violated"), cell("unknown")]) == "7!"
    assert short([cell("violated", 7, "violated"), cell("violated", 5, "violated")]) == "5"
    assert short([cell("bounded")]) == "<=k!"
    assert short([]) == "-"


def test_what_is_unexpected() -> None:
    assert not unexpected(cell("proved", expected="exhausted"))
    assert unexpected(cell("violated", 3))
    assert unexpected(cell("exhausted", expected="violated"))
    assert unexpected(cell("unknown"))


def test_columns_that_do_not_fit_come_below() -> None:
    models = tuple(f"model_{n}" for n in range(6))
    table = Matrix(models, tuple(cell("exhausted", model=m) for m in models))
    lines = text(table, 40).splitlines()
    assert max(len(line) for line in lines) <= 40
    assert sum("model_" in line for line in lines) == 2


def test_the_page_names_scenarios_and_reasons() -> None:
    table = Matrix(("m",), (cell("violated", 7, "violated"), cell("exhausted", property="q")))
    page = markdown(table, "pagestate matrix")
    assert "| I1 `p` | 7 |" in page
    assert "| s | 1 page | 3 | 1 | `p` 7 |  |" in page
    assert "- s: because" in page


def test_the_command(tmp_path: Path) -> None:
    page, listing = tmp_path / "matrix.md", tmp_path / "matrix.json"
    ran = cli("matrix", PARTS, RACE, "--markdown", str(page), "--json", str(listing))
    assert ran.code == 0
    assert [line.split() for line in ran.out.splitlines()[:3]] == [
        ["parts", "race"],
        ["writes_alone", "ok", "-"],
        ["seen_is_dirty", "8", "-"],
    ]
    cells = json.loads(listing.read_text())["cells"]
    (violated,) = [c for c in cells if c["verdict"] == "violated"]
    assert (violated["scenario"], violated["steps"], violated["expected"]) == (
        "everybody",
        8,
        "violated",
    )
    assert "## parts" in page.read_text()


def test_one_scenario_of_the_models_that_have_it() -> None:
    ran = cli("matrix", PARTS, RACE, "--scenario", "reading")
    assert ran.code == 0
    assert "race" not in ran.out


def test_mistakes_are_two() -> None:
    assert cli("matrix", "no_such_model").code == 2
    assert (
        "has scenario 'readin'\n  hint: did you mean"
        in cli("matrix", PARTS, "--scenario", "readin").err
    )
    assert "has property 'nothing'" in cli("matrix", PARTS, "--property", "nothing").err
    assert cli("matrix", RACE, "--json", "/no/such/folder/x.json").code == 2
