"""``pagestate show``: formats, outputs, and what it refuses."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pagestate.view.itf import dumps, from_itf, save_trace
from tests.cli.running import cli

from . import behind, fading, hostile, samples

FORMATS = {
    "text": "CPU0",
    "html": "<!DOCTYPE html>",
    "itf": '"#meta"',
    "mermaid": "sequenceDiagram",
    "dot": "digraph",
    "perfetto": "traceEvents",
    "pytest": "def test_offline_unused():",
    "svg": "<svg",
}


@pytest.fixture
def stored(tmp_path):
    path = tmp_path / "plugging-offline_unused.itf.json"
    save_trace(behind.offlined(), path)
    return str(path)


def refused(ran, *words):
    assert ran.code == 2 and ran.out == ""
    assert ran.err.startswith("pagestate: ") and ran.err.count("\n") == 1
    assert all(w in ran.err for w in words), ran.err


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_on_stdout_and_into_a_file(form, stored, tmp_path):
    ran = cli("show", "--format", form, stored)
    assert ran.code == 0 and ran.err == "" and FORMATS[form] in ran.out
    path = tmp_path / "out"
    again = cli("show", "--format", form, "-o", str(path), stored)
    assert again.code == 0 and again.out == ""
    assert path.read_text() == ran.out


def test_help_names_every_format():
    text = cli("show", "--help").out
    assert all(f"  {form} " in text for form in FORMATS)


def test_html_is_short_for_format_and_output(stored, tmp_path):
    path = tmp_path / "page.html"
    assert cli("show", "--html", str(path), stored, "--model", behind.MODEL).code == 0
    other = cli("show", "--format", "html", stored, "--model", behind.MODEL)
    assert path.read_text() == other.out and '"explained":true' in other.out
    refused(cli("show", "--html", "x", "-o", "y", stored), "--html")
    refused(cli("show", "--html", "x", "--format", "svg", stored), "--html")


def test_several_traces(stored, tmp_path):
    other = tmp_path / "other.itf.json"
    save_trace(behind.waiting(), other)
    text = cli("show", stored, str(other)).out
    assert text.count("offline_unused is violated") == 2
    page = cli("show", "--format", "html", stored, str(other)).out
    assert '"plugging waits=false"' in page and '"plugging waits=true"' in page
    refused(cli("show", "--format", "svg", stored, str(other)), "one trace")


def test_a_model_explains(stored):
    plain = cli("show", stored).out
    told = cli("show", stored, "--model", behind.MODEL).out
    assert "[waits" not in plain and "[waits" in told
    two = cli("show", stored, "--model", "rfc_v3", "--model", behind.MODEL)
    assert two.code == 0 and two.out == told


def test_report_style(stored):
    text = cli("show", stored, "--style", "report").out
    assert text.startswith("=====") and "BUG: pagestate: offline_unused" in text
    assert f"Show: pagestate show {Path(stored).name}" in text


def test_the_file_is_the_trace(stored):
    text = cli("show", "--format", "itf", stored).out
    assert text == dumps(behind.offlined()) and from_itf(json.loads(text)) == behind.offlined()


def test_the_wrong_model_is_refused(stored, tmp_path):
    refused(cli("show", stored, "--model", "rfc_v3"), "of the model plugging", "rfc_v3")
    ran = cli("show", stored, "--model", "nothing")
    assert ran.code == 2 and "no model 'nothing'" in ran.err
    changed = replace(behind.offlined(), switches={"waits": True, "nested": False})
    save_trace(changed, stored)
    refused(cli("show", stored, "--model", behind.MODEL), "no execution of", "step 6")
    assert cli("show", stored).code == 0


def test_an_old_trace_of_a_shipped_model_is_shown_with_a_remark(stored):
    save_trace(replace(behind.offlined(), model="rfc_v3"), stored)
    ran = cli("show", stored)
    assert ran.code == 0 and "CPU0" in ran.out
    assert "no execution of rfc_v3 as it is now" in ran.err and ran.err.count("\n") == 1


def test_outputs_that_cannot_be_written(stored, tmp_path):
    refused(cli("show", "-o", str(tmp_path), stored), "directory")
    refused(cli("show", "--html", str(tmp_path / "a" / "b"), stored), "no directory")


@pytest.mark.parametrize("form", FORMATS)
def test_truncated_and_foreign_files(form, tmp_path):
    whole = dumps(samples.race_2019())
    path = tmp_path / "t.itf.json"
    for text in ("", "[]", '{"vars": []}', whole[: len(whole) // 2], "\0\0"):
        path.write_text(text)
        refused(cli("show", "--format", form, str(path)), "t.itf.json")
    foreign = {"vars": ["x"], "states": [{"x": 1}, {"x": {"#bigint": "2"}}]}
    path.write_text(json.dumps(foreign))
    assert cli("show", "--format", form, str(path)).code == 0


@pytest.mark.parametrize("form", FORMATS)
def test_hostile_names_in_every_format(form, tmp_path):
    path = tmp_path / "t.itf.json"
    trace = hostile.trace()
    save_trace(replace(trace, model="m"), path)
    ran = cli("show", "--format", form, str(path))
    assert ran.code == 0 and ran.err == ""
    if form in ("html", "svg"):
        assert "<script>alert" not in ran.out and "<img" not in ran.out


def test_the_names_of_older_quint_versions():
    states = [
        {"x": 1, "action_taken": "init", "nondet_picks": {"n": {"tag": "None", "value": []}}},
        {"x": 2, "action_taken": "add", "nondet_picks": {"n": {"tag": "Some", "value": 1}}},
    ]
    trace = from_itf({"vars": ["x", "action_taken", "nondet_picks"], "states": states})
    assert trace.steps[0].action == "add" and trace.steps[0].picks == {"n": 1}
    assert [v.name for v in trace.variables] == ["x"]


def test_variables_that_quint_lists_twice():
    names = ["x", "mbt::actionTaken", "mbt::nondetPicks", "mbt::actionTaken", "mbt::nondetPicks"]
    state = {"x": 1, "mbt::actionTaken": "init", "mbt::nondetPicks": {}}
    trace = from_itf({"vars": names, "states": [state, {**state, "mbt::actionTaken": "a"}]})
    assert [v.name for v in trace.variables] == ["x"] and trace.steps[0].action == "a"


# Less of a trace, and more: without what does not matter, beside a variant


@pytest.fixture
def fading_file(tmp_path):
    path = tmp_path / "fading.itf.json"
    save_trace(fading.trace(), path)
    return str(path)


def test_brief(fading_file, stored):
    ran = cli("show", "--brief", fading_file, "--model", fading.MODEL)
    assert ran.code == 0 and ran.err == "" and "7 of 12 steps are left out" in ran.out
    assert "bystander" not in ran.out and "free[page 0] = True" in ran.out
    for form in ("svg", "dot", "mermaid"):
        less = cli("show", "--brief", "--format", form, fading_file, "--model", fading.MODEL)
        assert less.code == 0 and "busy" not in less.out and "free" in less.out
    report = cli("show", "--brief", "--style", "report", fading_file, "--model", fading.MODEL)
    assert "busy" not in report.out and "steps are left out" in report.out
    refused(cli("show", "--brief", "--format", "itf", fading_file), "--brief", "itf")
    unknown = cli("show", "--brief", stored)
    assert unknown.code == 0 and unknown.out == cli("show", stored).out
    assert "nothing is left out" in unknown.err and unknown.err.count("\n") == 1


def test_against_a_fixed_variant(fading_file, tmp_path):
    ran = cli("show", fading_file, "--model", fading.MODEL, "--set", "hook=true")
    assert ran.code == 0 and ran.err == ""
    said = " ".join(ran.out.split())
    assert "offline_never_free is violated in 12 steps" in said
    assert "the same schedule with hook=true (12 steps)" in said
    assert "getter 0 goes on with offline[page 0] -> true, because offline[page 0]" in said
    assert "offline[page 0] and free[page 0] is false in the end" in said
    assert "(offline[page 0] = 1, free[page 0] = 0)" in said
    assert "says nothing about other executions" in said
    assert all(len(line) <= 75 for line in ran.out.split("\n"))
    page = cli(
        "show", fading_file, "--against", fading.MODEL, "--set", "hook=true", "--format", "html"
    )
    assert '"opening":[[0,1]]' in page.out and '"holds here"' in page.out
    same = cli("show", fading_file, "--against", fading.MODEL)
    assert "offline_never_free is violated too" in " ".join(same.out.split())


def test_against_what_there_is_not(fading_file, stored):
    model = "--model", fading.MODEL
    typo = cli("show", fading_file, *model, "--set", "hok=true")
    assert typo.code == 2 and typo.out == "" and "did you mean 'hook'" in typo.err
    refused(cli("show", fading_file, *model, "--set", "hook"), "NAME=VALUE")
    for other, said in (("nothing_like_it", "no model"), (behind.MODEL, "no property")):
        missing = cli("show", fading_file, *model, "--against", other)
        assert missing.code == 2 and missing.out == "" and said in missing.err
    refused(cli("show", fading_file, stored, *model, "--set", "hook=true"), "one trace")
    refused(cli("show", fading_file, "--set", "hook=true"), "--model")
    refused(cli("show", fading_file, *model, "--set", "hook=true", "--format", "svg"), "--against")
