"""Configuration: where values come from, and what is said about wrong ones."""

from datetime import date
from pathlib import Path

import pytest

from pagestate.core.verdict import Verdict
from pagestate.gate import values
from pagestate.gate.config import ConfigError, find_file, load
from pagestate.gate.show import show_config


def configured(tmp_path: Path, text: str, options=None, environ=None, name="pagestate.toml"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return load(None, tmp_path, options or {}, environ or {})


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        configured(tmp_path, text)
    return str(caught.value).splitlines()


def test_a_value_says_where_it_comes_from(tmp_path):
    config = configured(
        tmp_path,
        'models = ["x"]\ntimeout = "5m"\nmemory = "1GiB"\nenough = "bounded:4"\n',
        {"timeout": ("7s", "--timeout")},
        {"PAGESTATE_TIMEOUT": "6s", "PAGESTATE_MEMORY": "2GiB", "PAGESTATE_MODELS": "a,b"},
    )
    assert (config.get("timeout"), config.settings["timeout"].origin) == (7.0, "--timeout")
    assert config.get("memory") == 2 << 30
    assert config.settings["memory"].origin == "PAGESTATE_MEMORY"
    assert config.get("models") == ("a", "b")
    assert config.settings["enough"] == type(config.settings["enough"])(
        "bounded:4", "pagestate.toml:4"
    )
    assert config.settings["grace"].origin == "default"


def test_the_nearest_file_counts_and_a_pyproject_without_our_table_does_not(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[tool.pagestate]\nmodels = []\n")
    (tmp_path / "a" / "pyproject.toml").write_text("[tool.other]\n")
    assert find_file(inner) == tmp_path / "pyproject.toml"
    (tmp_path / "a" / "pagestate.toml").write_text("")
    assert find_file(inner) == tmp_path / "a" / "pagestate.toml"


def test_lines_in_pyproject_are_lines_of_the_whole_file(tmp_path):
    text = "[project]\nname = 'x'\n\n[tool.pagestate]\nmodels = []\ntimeuot = 3\n"
    with pytest.raises(ConfigError, match=r"pyproject\.toml:6: unknown key 'timeuot'; did you mea"):
        configured(tmp_path, text, name="pyproject.toml")


def test_all_problems_are_told_with_their_places(tmp_path):
    text = """models = "x"
tiemout = "1s"
timeout = "1 fortnight"
engine = "warp"
enough = "bounded"
jobs = 0
depth = -1
memory = true
[reports]
junt = "x"
[[model]]
nmae = "x"
[[expect]]
model = "m"
property = "p"
verdict = "proved"
reason = ""
until = "tomorrow"
"""
    found = problems(tmp_path, text)
    places = [line.partition(": ")[0] for line in found]
    lines = (2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 16, 17, 18)
    assert sorted(places) == sorted(f"pagestate.toml:{n}" for n in lines)
    whole = "\n".join(found)
    assert "did you mean timeout?" in whole
    assert "did you mean junit?" in whole
    assert "did you mean name?" in whole


def test_a_file_that_is_no_toml_says_where(tmp_path):
    assert "line 2" in problems(tmp_path, "models = []\nx = \n")[0]


def test_tables_of_models_and_expectations(tmp_path):
    config = configured(
        tmp_path,
        """models = []
[[model]]
name = "m*"
switches = [{ a = [true, false], b = "x" }, {}]
sizes = { page = [2, "any"] }
scenarios = ["one"]
properties = ["p", "q"]
timeout = 5
[[expect]]
model = "m"
property = ["p", "q"]
verdict = "violated"
reason = "why"
switches = { a = false }
until = 2027-01-01
""",
    )
    (model,) = config.selections
    assert model.switches == ({"a": "true", "b": "x"}, {"a": "false", "b": "x"}, {})
    assert model.sizes == ({"page": "2"}, {"page": "any"})
    assert model.settings["properties"].value == (("p", "q"),)
    assert model.settings["timeout"].value == 5.0
    (expected,) = config.expectations
    assert expected.verdict == Verdict.VIOLATED
    assert expected.switches == {"a": "false"}
    assert expected.until == date(2027, 1, 1)
    assert expected.origin == "pagestate.toml:9"


def test_what_is_shown_is_toml_and_says_the_same_again(tmp_path):
    text = """models = ["a.py"]
timeout = "90s"
cache = false
[reports]
junit = "out/j.xml"
[[model]]
name = "a"
switches = { "s" = [true] }
enough = "bounded:3"
[[expect]]
model = "a"
property = "p"
verdict = "vacuous"
reason = "quote \\" and \\u00e9 and \\u0007"
until = 2027-01-01
"""
    first = configured(tmp_path, text)
    shown = show_config(first)
    assert "# pagestate.toml:2" in shown
    again = configured(tmp_path, shown)
    assert {n: s.value for n, s in again.settings.items()} == {
        n: s.value for n, s in first.settings.items()
    }
    assert again.reports["junit"].value == "out/j.xml"
    assert again.selections[0].switches == first.selections[0].switches
    assert again.expectations[0].reason == first.expectations[0].reason
    assert again.expectations[0].until == first.expectations[0].until


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1.5h", 5400), (7, 7), ("250ms", 0.25)]
)
def test_durations(text, seconds):
    assert values.duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-1s", "0", 0, True, "1y", "1e3", None, "nan"])
def test_what_is_no_duration(text):
    with pytest.raises(ValueError):
        values.duration(text)


@pytest.mark.parametrize(("text", "size"), [("4GiB", 4 << 30), ("1 kb", 1000), (5, 5)])
def test_memory(text, size):
    assert values.memory(text) == size
