"""From configuration and models to jobs."""

from dataclasses import replace

import pytest

from pagestate.check.request import BUILTIN
from pagestate.gate.config import ConfigError, load
from pagestate.gate.describe import describe
from pagestate.gate.jobs import described_from, job_from, plan, unmatched
from pagestate.gate.names import targets
from tests.gate.projects import MODELS


def jobs(tmp_path, text, *models, options=None):
    (tmp_path / "pagestate.toml").write_text('models = ["x"]\n' + text)
    config = load(None, tmp_path, options or {}, {})
    return plan(config, [described(m) for m in models])


def described(name):
    return describe(str(MODELS / f"{name}.py"), MODELS)


def labels(found):
    return [j.label for j in found]


def test_a_model_without_a_table_has_one_job(tmp_path):
    (only,) = jobs(tmp_path, "timeout = 7\n", "put")
    assert only.label == "put" and only.timeout == 7.0
    assert only.properties == () and only.expects == ("offline_never_free", "goes_offline")
    assert job_from(only.to_json()) == only


def test_every_combination(tmp_path):
    text = """[[model]]
name = "put"
switches = { hook = [true, false] }
sizes = [{}, { page = ["2", "any"] }]
properties = ["offline_never_free", "goes_offline"]
[[model]]
name = "models/put.py"
engine = "bmc"
[[model]]
name = "p*"
properties = "apart"
"""
    found = jobs(tmp_path, text, "put")
    sizes = ["", "page=2", "page=any"]
    expected = []
    for hook in ("", "hook=false"):
        for size in sizes:
            inside = ", ".join(p for p in (hook, size) if p)
            expected.append(f"put[{inside}]" if inside else "put")
    assert labels(found)[:6] == expected
    groups = [j.properties for j in found[-3:]]
    assert groups[:2] == [("offline_never_free",), ("goes_offline",)]
    assert set(groups[2]) == BUILTIN and [j.with_rules for j in found[-3:]] == [False, False, True]
    assert len({j.id for j in found}) == len(found)


def test_the_id_is_of_what_the_answer_depends_on(tmp_path):
    (one,) = jobs(tmp_path, "", "put")
    for change in ({"enough": "bounded:3"}, {"grace": 9.0}, {"expects": ()}):
        assert replace(one, **change).id == one.id
    for change in ({"digest": "x"}, {"depth": 3}, {"sizes": {"page": "2"}}, {"timeout": 1.0}):
        assert replace(one, **change).id != one.id


def test_options_are_stronger_than_tables(tmp_path):
    text = '[[model]]\nname = "put"\ntimeout = 5\nengine = "bmc"\n'
    (only,) = jobs(tmp_path, text, "put", options={"timeout": ("9s", "--timeout")})
    assert (only.timeout, only.engine) == (9.0, "bmc")


def test_scenarios_are_jobs_with_their_own_defaults(tmp_path):
    found = jobs(tmp_path, "", "parts")
    assert labels(found) == [f"parts[scenario {n}]" for n in ("lamp", "fan", "both", "dark")]
    assert [j.expects for j in found][:2] == [("not_both", "lit"), ("not_both",)]
    assert [j.valuation["slow"] for j in found] == ["false", "false", "false", "true"]
    text = '[[model]]\nname = "parts"\nscenarios = ["dark", "fan"]\n'
    text += 'properties = [["lit"], ["not_both"]]\n'
    found = jobs(tmp_path, text + "switches = { slow = true }\n", "parts")
    assert labels(found) == ["parts[scenario fan, slow=true]", "parts[scenario dark]"]
    assert {j.properties for j in found} == {("not_both",)}


@pytest.mark.parametrize(
    ("table", "what"),
    [
        ("switches = { hok = true }", "put has no switch 'hok'; did you mean hook?"),
        ("switches = { hook = 3 }", "hook cannot be '3': one of false, true"),
        ('scenarios = ["x"]', "put has no scenario 'x'"),
    ],
)
def test_tables_that_do_not_fit_their_model(tmp_path, table, what):
    with pytest.raises(ConfigError) as caught:
        jobs(tmp_path, f'[[model]]\nname = "put"\n{table}\n', "put")
    assert str(caught.value) == f"pagestate.toml:2: {what}"


def test_tables_about_no_model(tmp_path):
    (tmp_path / "pagestate.toml").write_text('models = ["x"]\n[[model]]\nname = "putt"\n')
    config = load(None, tmp_path, {}, {})
    (problem,) = unmatched(config, [described("put")])
    assert problem.startswith("pagestate.toml:2: [[model]] is about 'putt'")
    assert problem.endswith("did you mean put?")


def test_what_a_model_says_about_itself_reads_back():
    one = described("parts")
    assert described_from(one.to_json()) == one
    assert one.files == ("models/parts.py",) or one.files == ("parts.py",)


def test_patterns_name_models(tmp_path):
    for name in ("a.py", "b.py", "_c.py", "deep/d.py", "deep/e.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert targets(["*.py"], [], tmp_path) == ["a.py", "b.py"]
    assert targets(["**/*.py"], ["a.py"], tmp_path) == ["b.py", "deep/d.py"]
    assert targets(["deep/d.py", "a.py", "a.py"], [], tmp_path) == ["deep/d.py", "a.py"]
    for wrong in ("z.py", "zz*.py", "nothing_shipped"):
        with pytest.raises(ValueError):
            targets([wrong], [], tmp_path)
