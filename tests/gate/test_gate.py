"""The gate as a whole: red where it should be, alive whatever its jobs do."""

import json
import shutil
import signal
import subprocess
from xml.etree import ElementTree as ET

import pytest

from pagestate.gate.store import BadResults, read
from tests.cli.running import Running, cli, gone
from tests.gate.projects import EXCUSED, RACE


def test_the_race_put_back_turns_it_red_with_the_diagram_everywhere(project):
    here = project("put")
    reports = ("--junit", "out/j.xml", "--sarif", "out/s.sarif", "--markdown", "out/m.md")
    green = here.gate(*reports, "--html", "out/html")
    assert green.code == 0, green
    model = here.root / "models" / "put.py"
    model.write_text(model.read_text().replace("if hook and ", "if not hook and "))
    red = here.gate(*reports, "--html", "out/html")
    assert red.code == 1
    columns = "CPU0                            CPU1"
    final = "*** page 0: free 0 -> 1 violates"
    assert columns in red.out and final in red.out
    (failure,) = ET.parse(here.root / "out/j.xml").getroot().iter("failure")
    assert columns in failure.text and final in failure.text
    (result,) = json.loads((here.root / "out/s.sarif").read_text())["runs"][0]["results"]
    assert columns in result["message"]["text"]
    assert len(result["codeFlows"][0]["threadFlows"]) == 2
    assert columns in (here.root / "out/m.md").read_text()
    assert "CPU0" in (here.root / "out/html/index.html").read_text()
    assert len(red.out.split("=" * 78)[1].splitlines()) <= 20
    assert red.out.splitlines()[-1].startswith("gate: FAILED (exit 1): 1 job of 1 model, ")


def test_jobs_that_crash_hang_or_are_wrong_do_not_keep_the_others_from_their_answers(project):
    short = '[[model]]\nname = "hang"\ntimeout = "1s"\ngrace = "2s"\n'
    here = project("put", "crash", "hang", "wrong", text=short)
    ran = here.gate("-j", "4")
    assert ran.code == 2
    records = {label: r.status for label, r in here.records().items()}
    assert records == {"put": "done", "crash": "crashed", "hang": "hung", "wrong": "model error"}
    assert "models/wrong.py:12" in ran.out and "PS205" in ran.out
    assert "open    crash nothing: unknown" in ran.out and "about to die" in ran.out
    assert "open    hang nothing: unknown" in ran.out
    (here.root / "models" / "wrong.py").unlink()
    assert here.gate("-j", "4").code == 3


def test_a_model_that_does_not_load_is_an_error_and_the_rest_is_done(project):
    here = project("put")
    (here.root / "models" / "bad.py").write_text("import nothing_like_that\n")
    ran = here.gate()
    assert ran.code == 2 and "bad.py:1" in ran.out
    assert here.findings()["offline_never_free"].verdict == "exhausted"
    (here.root / "models" / "bad.py").write_text("raise SystemExit\n")
    assert here.gate().code == 2


def test_a_warm_gate_looks_again_and_says_so(project):
    here = project("put", text=RACE + EXCUSED)
    assert here.gate().code == 0
    cold = here.findings()
    warm = here.gate()
    assert warm.code == 0 and "3 of 3 known" in warm.out
    for name, finding in here.findings().items():
        assert finding.recheck and not cold[name].recheck
        assert (finding.verdict, finding.trace) == (cold[name].verdict, cold[name].trace)
    assert "known" not in here.gate("--no-cache").out
    assert here.gate("--cache", "elsewhere").code == 0
    assert (here.root / "elsewhere" / "CACHEDIR.TAG").exists()


def test_results_that_were_finished_are_taken_over(project):
    here = project("put", text=RACE.replace("false", "[true, false]") + EXCUSED)
    assert here.gate().code == 0
    path = here.root / "pagestate-results.jsonl"
    header, first, _, _ = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(header + first + b'{"record":{"id":')
    with_first = json.loads(first)["record"]["id"]
    assert here.gate().code == 0
    results = here.results()
    assert set(results.records) == {j.id for j in results.jobs}
    assert (
        json.loads(json.dumps(results.records[with_first].to_json()))
        == (json.loads(first)["record"])
    )
    assert results.end is not None and results.end["kept"] == 1
    path.write_bytes(header + first)
    assert here.gate("--fresh").code == 0
    end = here.results().end
    assert end is not None and end["kept"] == 0


def test_a_second_gate_on_the_same_results_is_told(project):
    here = project("hang", text='timeout = "20s"\ngrace = "20s"\n')
    with Running("gate") as first:
        first.wait_for(lambda: (here.root / "pagestate-results.jsonl").exists(), "results")
        ran = here.gate()
        assert ran.code == 2 and "another gate is writing it" in ran.err


def test_ctrl_c_ends_it_with_what_was_decided(project):
    here = project("put", "hang", text='timeout = "60s"\ngrace = "60s"\n')
    path = here.root / "pagestate-results.jsonl"
    with Running("gate", "-j", "2", "--junit", "out/j.xml") as gate:
        gate.wait_for(lambda: path.exists() and len(path.read_bytes().splitlines()) == 2, "put")
        jobs = gate.children()
        gate.process.send_signal(signal.SIGINT)
        ran = gate.finish()
    assert ran.code == 130
    assert gone(jobs)
    assert "gate: INTERRUPTED (exit 130)" in ran.out and "not run: 1 jobs" in ran.out
    (suite, rest) = ET.parse(here.root / "out/j.xml").getroot()
    assert suite.attrib["tests"] == "3" and rest.attrib["errors"] == "1"
    assert here.records()["put"].status == "done"


def test_reports_are_written_whatever_the_code_is_and_a_full_disk_is_said(project):
    here = project("put", text=RACE)
    (here.root / "file").write_text("")
    ran = here.gate("--junit", "file/x.xml", "--markdown", "m.md")
    assert ran.code == 2 and "file" in ran.err
    assert (here.root / "m.md").exists()


def test_report_makes_them_again_without_the_models(project):
    here = project("put", text=RACE + '[reports]\njunit = "one.xml"\nsarif = "one.sarif"\n')
    assert here.gate().code == 1
    shutil.rmtree(here.root / "models")
    again = cli("report", "pagestate-results.jsonl", "--junit", "two.xml", "--sarif", "two.sarif")
    assert again.code == 0 and "gate: FAILED (exit 1)" in again.out
    for kind in ("xml", "sarif"):
        one, two = ((here.root / f"{n}.{kind}").read_text() for n in ("one", "two"))
        assert one == two
    assert cli("report", "pagestate-results.jsonl", "--exit-code").code == 1
    assert "::error file=models/put.py" in cli("report", "pagestate-results.jsonl", "--github").out
    (here.root / "pagestate-results.jsonl").write_text("{}")
    assert cli("report", "pagestate-results.jsonl").code == 2


def test_without_a_configuration_models_are_named(project):
    here = project("put")
    (here.root / "pagestate.toml").unlink()
    assert here.gate().code == 2
    assert here.gate("models/put.py").code == 0
    assert here.gate("models/nix.py").code == 2


def test_the_baseline_says_what_got_worse(project):
    here = project("put", text=RACE)
    assert here.gate().code == 1
    assert cli("baseline", "write").code == 0
    assert here.gate("--baseline", "pagestate-baseline.json").code == 0
    path = here.root / "pagestate-baseline.json"
    known = json.loads(path.read_text())
    known["known"]["put[hook=false] offline_never_free"]["verdict"] = "exhausted"
    path.write_text(json.dumps(known))
    ran = here.gate("--baseline", "pagestate-baseline.json")
    assert ran.code == 1 and "worse than in the baseline (exhausted)" in ran.out
    path.write_text("{}")
    assert here.gate("--baseline", "pagestate-baseline.json").code == 2


def test_no_baseline_of_a_gate_that_lacks_answers(project):
    here = project("put", "crash")
    assert here.gate().code == 3
    ran = cli("baseline", "write")
    assert ran.code == 2 and "crash gave no answer" in ran.err


def git(root, *args):
    subprocess.run(
        ["git", "-c", "user.name=n", "-c", "user.email=e@example.com", *args],
        cwd=root,
        check=True,
        capture_output=True,
    )


def test_since_selects_what_changed_imports_included(project):
    here = project("put", "parts")
    (here.root / "models" / "_shared.py").write_text("PAGES = 1\n")
    put = here.root / "models" / "put.py"
    put.write_text("from _shared import PAGES\n" + put.read_text())
    for args in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "one")):
        git(here.root, *args)
    assert here.gate("--since", "HEAD").code == 5
    assert here.gate("--since", "HEAD", "--allow-empty").code == 0
    (here.root / "models" / "_shared.py").write_text("PAGES = 2\n")
    assert here.gate("--since", "HEAD").code == 0
    assert {j.name for j in here.results().jobs} == {"put"}
    git(here.root, "commit", "-qam", "two")
    assert here.gate("--since", "HEAD").code == 5
    assert here.gate("--since", "HEAD~1").code == 0
    assert {j.name for j in here.results().jobs} == {"put"}
    here.configure("# changed\n")
    listed = here.gate("--since", "HEAD", "--list")
    assert listed.out.count("\n") == 5
    for wrong in ("nothing", "--help=1", "-x"):
        ran = here.gate(f"--since={wrong}")
        assert ran.code == 2, ran


def test_scenarios_and_their_expectations(project):
    here = project("parts")
    ran = here.gate()
    assert ran.code == 0, ran
    statuses = {(i.job.scenario, i.finding.name): i.status for i in here.report().judgement.items}
    assert statuses["both", "not_both"] == "expected"
    assert statuses["lamp", "not_both"] == "ok"
    assert ("fan", "lit") not in statuses


def test_github_gets_annotations_and_a_summary(project, monkeypatch):
    here = project("put", text=RACE)
    target = here.root / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(target))
    ran = here.gate()
    assert "\n::error file=models/put.py,line=" in ran.out
    assert target.read_text().startswith("# gate: FAILED")


def test_a_broken_results_file_is_started_anew(project):
    here = project("put")
    path = here.root / "pagestate-results.jsonl"
    path.write_text("garbage\n")
    with pytest.raises(BadResults):
        read(path)
    assert here.gate().code == 0
