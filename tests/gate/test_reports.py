"""Reports: what a hostile name cannot break, and what the formats demand."""

import json
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from pagestate.core.verdict import Verdict
from pagestate.gate.perform import perform
from pagestate.gate.policy import Policy
from pagestate.gate.records import BROKEN, DONE, HUNG, Finding, Record
from pagestate.gate.report import make_report
from pagestate.gate.reports import github, html, junit, markdown, sarif, summary
from pagestate.gate.store import Results
from tests.gate.projects import MODELS
from tests.gate.sarif_rules import broken_rules
from tests.gate.test_policy import TODAY, expects, job

NASTY = "<b>&\"' ]]> | `code` %0A :: \n\x00\x1b[31m \ud800 \U0001f600 </script>"


@pytest.fixture(scope="module")
def racy(tmp_path_factory):
    """A real job: the race with its diagram."""
    folder = tmp_path_factory.mktemp("racy")
    todo = replace(
        job(switches={"hook": "false"}),
        model=str(MODELS / "put.py"),
        name="put",
        timeout=60.0,
        valuation={"hook": "false"},
    )
    return todo, perform(todo, None, folder)


def report(pairs, *expectations, problems=(), end=True, root="/srv/models", known=None):
    policy = Policy(TODAY, expectations, known, whole=False)
    results = Results(
        root,
        tuple(todo for todo, _ in pairs),
        {**policy.to_json(), "problems": list(problems)},
        {todo.id: record for todo, record in pairs if record is not None},
        {"interrupted": False, "seconds": 1.5, "kept": 0} if end else None,
        "2026-11-23T10:00:00+00:00",
    )
    return make_report(results)


def simple(number, verdict=Verdict.VIOLATED, **more):
    todo = job(sizes={"page": str(number)})
    made = Finding("p", verdict, title="a title", file="models/m.py", line=3, **more)
    return todo, Record(todo.id, DONE, findings=(made,))


def nasty():
    todo = replace(job(), name=NASTY)
    finding = Finding(
        NASTY, Verdict.VIOLATED, title=NASTY, reason=NASTY, file=NASTY, line=2, scope=NASTY
    )
    return todo, Record(todo.id, DONE, findings=(finding,), errors=(NASTY,))


# The summary


def test_the_last_twenty_lines_say_it_all():
    many = report([simple(n) for n in range(60)])
    lines = summary.summary(many)
    assert len(lines) <= 20
    assert "and 44 more" in lines[-3]
    assert lines[-1] == "gate: FAILED (exit 1): 60 jobs of 1 model, 1.5 s"
    assert "60 (60 FAILED); 60 violated" in lines[-2]


def test_the_diagram_is_in_the_log(racy):
    text = summary.render_log(report([racy]))
    assert "CPU0                            CPU1" in text
    assert "*** page 0: free 0 -> 1 violates" in text
    excused = replace(expects(), model="put", properties=("offline_never_free",))
    excused = replace(excused, switches={"hook": "false"})
    assert "CPU0" not in summary.render_log(report([racy], excused))


# JUnit


def test_junit_is_xml_whatever_the_names_are():
    root = ET.fromstring(junit.document(report([nasty()], problems=[NASTY])).encode())
    texts = "".join(root.itertext()) + "".join(v for e in root.iter() for v in e.attrib.values())
    assert "<b>&\"' ]]> | `code`" in texts
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", texts)


def test_junit_counts_what_it_holds(racy):
    lost = job(sizes={"page": "9"})
    wrong = job(sizes={"page": "8"})
    made = report(
        [
            racy,
            simple(1, Verdict.EXHAUSTED),
            simple(2, Verdict.UNKNOWN, reason="timeout"),
            (lost, Record(lost.id, HUNG, message="too long")),
            (wrong, Record(wrong.id, BROKEN, message="models/m.py:3: error PS202")),
            simple(3, Verdict.VIOLATED),
        ],
        expects(sizes={"page": "3"}),
    )
    root = ET.fromstring(junit.document(made).encode())
    cases = list(root.iter("testcase"))
    assert int(root.attrib["tests"]) == len(cases) == 3 + 1 + 1 + 1 + 1 + 1
    assert int(root.attrib["failures"]) == len(list(root.iter("failure"))) == 1
    assert int(root.attrib["errors"]) == len(list(root.iter("error"))) == 3
    assert int(root.attrib["skipped"]) == len(list(root.iter("skipped"))) == 1
    (failure,) = root.iter("failure")
    assert failure.attrib["message"].startswith("violated in 5 steps")
    assert "CPU0                            CPU1" in (failure.text or "")
    for suite in root:
        assert int(suite.attrib["tests"]) == len(list(suite.iter("testcase")))


# SARIF


def test_sarif_is_sarif(racy):
    made = sarif.render_sarif(report([racy, simple(1), nasty()], problems=[NASTY]))
    assert json.loads(json.dumps(made)) == made
    assert broken_rules(made) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda log: log.update(version="2.2.0"),
        lambda log: log["runs"][0]["tool"]["driver"].pop("name"),
        lambda log: log["runs"][0]["results"][0].update(kind="bad"),
        lambda log: log["runs"][0]["results"][0].update(more=1),
        lambda log: _first_step(log)["region"].update(startLine=0),
    ],
)
def test_what_is_no_sarif_is_found(racy, change):
    made = sarif.render_sarif(report([racy]))
    change(made)
    assert broken_rules(made)


def _first_step(log):
    flow = log["runs"][0]["results"][0]["codeFlows"][0]
    return flow["threadFlows"][0]["locations"][0]["location"]["physicalLocation"]


def test_every_cpu_has_a_thread_flow_and_steps_have_one_order(racy):
    made = sarif.render_sarif(report([racy]))
    (result,) = made["runs"][0]["results"]
    (flow,) = result["codeFlows"]
    assert [t["id"] for t in flow["threadFlows"]] == ["CPU0", "CPU1"]
    orders = [
        step["executionOrder"] for thread in flow["threadFlows"] for step in thread["locations"]
    ]
    assert sorted(orders) == [1, 2, 3, 4, 5]
    last = next(
        step
        for thread in flow["threadFlows"]
        for step in thread["locations"]
        if step["executionOrder"] == 5
    )
    assert last["state"]["free of page 0"] == {"text": "0 -> 1"}
    assert last["importance"] == "essential"
    place = last["location"]["physicalLocation"]
    assert result["locations"][0]["physicalLocation"] == place
    assert place["artifactLocation"]["uri"].endswith("/tests/gate/models/put.py")
    text = (MODELS / "put.py").read_text().splitlines()
    assert "m.free[page] = True" in text[place["region"]["startLine"] - 1]


def test_paths_below_the_root_are_relative(racy):
    made = sarif.render_sarif(report([racy], root=str(MODELS.parent)))
    (result,) = made["runs"][0]["results"]
    where = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert where == {"uri": "models/put.py", "uriBaseId": "ROOT"}


def test_fingerprints_are_of_the_steps_not_of_the_lines(racy):
    todo, record = racy
    (bad,) = [f for f in record.findings if f.verdict == "violated"]
    text = json.dumps(bad.trace)
    moved = json.loads(re.sub(r'"line": (\d+)', lambda m: f'"line": {int(m[1]) + 7}', text))
    assert moved != bad.trace
    other = replace(record, findings=(replace(bad, trace=moved, line=99),))
    prints = [
        sarif.render_sarif(report([(todo, r)]))["runs"][0]["results"][0]["partialFingerprints"]
        for r in (replace(record, findings=(bad,)), other)
    ]
    assert prints[0] == prints[1]
    another = replace(record, findings=(replace(bad, name="another"),))
    third = sarif.render_sarif(report([(todo, another)]))["runs"][0]["results"][0]
    assert third["partialFingerprints"] != prints[0]


def test_what_is_excused_is_suppressed_and_what_holds_is_no_result():
    pairs = [simple(1), simple(2, Verdict.EXHAUSTED), simple(3, Verdict.UNKNOWN)]
    made = sarif.render_sarif(report(pairs, expects(sizes={"page": "1"})))
    one, three = made["runs"][0]["results"]
    assert one["kind"] == "fail" and one["suppressions"][0]["justification"] == "why"
    assert three["kind"] == "open" and three["level"] == "none"


# GitHub, Markdown, HTML


def test_annotations_are_one_line_each_and_name_the_line_of_the_last_step(racy):
    lines = github.annotations(report([racy, nasty()], problems=[NASTY], root=str(MODELS.parent)))
    assert all("\n" not in line and line.startswith("::") for line in lines)
    (mine,) = [line for line in lines if "put[hook=false]" in line]
    assert re.match(r"::error file=models/put\.py,line=\d+,title=put\[hook=false\] offline", mine)
    assert "%0A    CPU0" in mine
    (bad,) = [line for line in lines if "title=<b>" in line]
    fields = bad.removeprefix("::error ").split("::")[0]
    assert fields.count(",") == 2 and "%250A %3A%3A %0A" in fields


def test_github_only_inside_of_github(racy, tmp_path):
    target = tmp_path / "summary.md"
    made = report([racy])
    assert list(github.deliver(made, {"GITHUB_STEP_SUMMARY": str(target)})) == []
    assert not target.exists()
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(target)}
    assert list(github.deliver(made, environ)) == github.annotations(made)
    assert target.read_text().startswith("# gate: FAILED")


def test_markdown_keeps_names_as_they_are():
    text = markdown.document(report([nasty()]))
    outside = re.sub(r"^(`{3,})\n.*?\n\1$", "", text, flags=re.S | re.M)
    rows = [line for line in outside.splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 7 for row in rows), rows
    assert "<b>" not in outside and "</script>" not in outside


def test_html_has_no_script_and_escapes_everything(racy):
    text = html.document(report([racy, nasty()], problems=[NASTY]))
    assert (
        "<b>" not in text and "<script" not in text and "http" not in text.replace("http-equiv", "")
    )
    assert "CPU0                            CPU1" in text


def test_html_links_to_the_pages_that_a_viewer_makes(racy, tmp_path):
    html.write(report([racy]), tmp_path, lambda trace: f"page of {trace.property}")
    pages = sorted(p.name for p in tmp_path.iterdir())
    assert len(pages) == 3 and pages[0] == "index.html"
    assert "page of offline_never_free" in {p.read_text() for p in tmp_path.glob("trace-*")}
    index = (tmp_path / "index.html").read_text()
    assert all(f'href="{name}"' in index for name in pages[1:])
    html.write(report([racy]), tmp_path)
    assert '<script type="application/json"' in (tmp_path / pages[1]).read_text()


def test_reports_of_a_gate_that_was_killed_say_so(racy):
    made = report([racy, (job(), None)], end=False)
    assert int(made.judgement.code) == 130
    assert "not run: 1 jobs" in "\n".join(summary.summary(made))
    assert broken_rules(sarif.render_sarif(made)) == []
    assert "not run" in junit.document(made)
