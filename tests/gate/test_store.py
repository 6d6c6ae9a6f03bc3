"""The results file: whole lines, nothing lost, one writer."""

import json

import pytest

from pagestate.core.verdict import Verdict
from pagestate.gate.policy import Policy
from pagestate.gate.records import DONE, STOPPED, Finding, Record
from pagestate.gate.store import BadResults, open_store, read
from tests.gate.test_policy import TODAY, job

JOBS = [job(), job(switches={"hook": "false"}), job(sizes={"page": "3"})]
POLICY = {**Policy(TODAY).to_json(), "problems": []}


def opened(path, jobs=JOBS, **more):
    return open_store(path, path.parent, jobs, POLICY, "2026-11-23T00:00:00+00:00", **more)


def record(number, status=DONE, verdict=Verdict.EXHAUSTED):
    return Record(JOBS[number].id, status, findings=(Finding("p", verdict),))


def test_a_killed_gate_leaves_what_was_finished(tmp_path):
    path = tmp_path / "deep" / "r.jsonl"
    store, kept = opened(path)
    assert kept == {}
    for number, status in ((0, DONE), (1, STOPPED)):
        store.add("record", record(number, status).to_json())
    store.close()
    with path.open("ab") as file:
        file.write(b'{"record":{"id":"torn')
    assert set(read(path).records) == {JOBS[0].id, JOBS[1].id}
    store, kept = opened(path)
    assert kept == {JOBS[0].id: record(0)}
    store.add("record", record(2).to_json())
    store.add("end", {"interrupted": False, "seconds": 1.0, "kept": 1})
    store.close()
    found = read(path)
    assert set(found.records) == {JOBS[0].id, JOBS[2].id}
    assert found.end is not None and found.jobs == tuple(JOBS)


def test_a_finished_gate_and_a_changed_job_leave_nothing(tmp_path):
    path = tmp_path / "r.jsonl"
    store, _ = opened(path)
    store.add("record", record(0).to_json())
    store.close()
    other = job(enough="bounded:3", sizes={"page": "4"})
    store, kept = opened(path, [other])
    store.close()
    assert kept == {}
    store, _ = opened(path)
    store.add("record", record(0).to_json())
    store.add("end", {"interrupted": False, "seconds": 1.0, "kept": 0})
    store.close()
    store, kept = opened(path)
    store.close()
    assert kept == {}


def test_fresh_keeps_nothing(tmp_path):
    path = tmp_path / "r.jsonl"
    store, _ = opened(path)
    store.add("record", record(0).to_json())
    store.close()
    store, kept = opened(path, fresh=True)
    store.close()
    assert kept == {} and read(path).records == {}


def test_one_gate_at_a_time(tmp_path):
    store, _ = opened(tmp_path / "r.jsonl")
    with pytest.raises(BadResults, match="another gate"):
        opened(tmp_path / "r.jsonl")
    store.close()
    opened(tmp_path / "r.jsonl")[0].close()


def test_a_result_counts_once(tmp_path):
    path = tmp_path / "r.jsonl"
    store, _ = opened(path)
    store.add("record", record(0).to_json())
    store.add("record", record(0, verdict=Verdict.VIOLATED).to_json())
    store.close()
    (found,) = read(path).records.values()
    assert found.findings[0].verdict == Verdict.EXHAUSTED


@pytest.mark.parametrize(
    "text",
    ["", "x\n", "{}\n", "[]\n", '{"header":{"format":"pagestate-results","version":2}}\n', "\0\n"],
)
def test_what_is_no_results_file(tmp_path, text):
    path = tmp_path / "r.jsonl"
    path.write_text(text)
    with pytest.raises(BadResults, match=r"r\.jsonl"):
        read(path)
    opened(path)[0].close()
    assert json.loads(path.read_text().splitlines()[0])["header"]["version"] == 1
