"""Jobs that are as they were: taken over without compiling, but never without looking."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from pagestate.core.verdict import Verdict
from pagestate.gate import known as knowing
from pagestate.gate.cache import Cache
from pagestate.gate.describe import load
from pagestate.gate.known import known
from pagestate.gate.packed import pack, unpack
from pagestate.gate.perform import perform
from tests.cli.running import environment
from tests.gate.projects import MODELS
from tests.gate.test_policy import job


@pytest.fixture
def large(monkeypatch):
    """Every search is too large to be made again."""
    monkeypatch.setattr(knowing, "SMALL", -1)


def work(name: str = "put", hook: str = "false", root: Path = MODELS):
    described = load(f"{name}.py", root).described
    switches = {"hook": hook} if name == "put" else {}
    return replace(
        job(),
        model=described.model,
        name=name,
        digest=described.digest,
        switches=switches,
        expects=(),
        timeout=60.0,
    )


@pytest.fixture
def done(tmp_path, monkeypatch, large):
    """Does a job, then looks whether it is known."""
    monkeypatch.chdir(MODELS)

    def do(todo):
        return perform(todo, tmp_path, MODELS), known([todo], tmp_path, MODELS)

    return do


@pytest.mark.parametrize("hook", ["true", "false"])
def test_a_known_job_has_the_same_answers_and_says_what_was_done(done, hook):
    todo = work(hook=hook)
    first, again = done(todo)
    (record,) = again.records
    assert again.wrong == ()
    for one, two in zip(first.findings, record.findings, strict=True):
        assert one == replace(two, recheck="")
        how = "replayed" if two.trace else "the same job as on"
        assert two.recheck.startswith(how)
    assert (record.id, record.dead, record.errors) == (first.id, first.dead, ())


def test_jobs_of_a_model_are_looked_at_in_one_go_each_under_its_own_switches(done, tmp_path):
    jobs = [work(hook=h) for h in ("true", "false")]
    for todo in jobs:
        done(todo)
    for order in (jobs, jobs[::-1]):
        again = known(order, tmp_path, MODELS)
        assert [r.id for r in again.records] == [j.id for j in order] and again.wrong == ()


def test_nothing_is_compiled_for_it(done, tmp_path, monkeypatch):
    todo = work()
    done(todo)

    def refuse(*args, **kwargs):
        raise AssertionError("compiled")

    monkeypatch.setattr("pagestate.lang.compile.compile_model", refuse)
    monkeypatch.setattr("pagestate.check.request.compile_model", refuse)
    assert len(known([todo], tmp_path, MODELS).records) == 1


def test_small_searches_are_made_again(tmp_path, monkeypatch):
    monkeypatch.chdir(MODELS)
    todo = work(hook="true")
    perform(todo, tmp_path, MODELS)
    (record,) = known([todo], tmp_path, MODELS).records
    how = {f.name: f.recheck for f in record.findings}
    assert how["goes_offline"] == "replayed"
    assert how["offline_never_free"].startswith("all ")


def test_a_small_search_that_says_otherwise_does_not_pass(tmp_path, monkeypatch):
    monkeypatch.chdir(MODELS)
    todo = work(hook="false")
    perform(todo, tmp_path, MODELS)
    cache, key = Cache(tmp_path), knowing._key(todo)
    body = cache.body(key)
    (bad,) = [f for f in body["record"]["findings"] if f["verdict"] == "violated"]
    bad.update(verdict="exhausted", trace=None, states=30)
    cache.store_body(key, body)
    assert known([todo], tmp_path, MODELS).wrong == (todo.id,)


def test_lassos_are_replayed(done):
    todo = replace(work("lamp"), switches={"lazy": "true"})
    _, again = done(todo)
    (record,) = again.records
    assert {f.recheck for f in record.findings} == {"replayed"}


def test_a_proof_is_never_taken_over(done):
    """Its certificate is checked where there is a compiled model to check it with."""
    todo = replace(work(hook="true"), sizes={"page": "any", "getter": "any"})
    first, again = done(todo)
    assert Verdict.PROVED in {f.verdict for f in first.findings}
    assert again.records == ()


def shorter(trace):
    return {**trace, "states": trace["states"][:-1]}


def other_end(trace):
    whole = unpack(trace)
    return pack({**whole, "states": [*whole["states"][:-1], whole["states"][0]]})


def other_start(trace):
    whole = unpack(trace)
    first = json.loads(json.dumps(whole["states"][0]).replace("false", "true"))
    return pack({**whole, "states": [first, *whole["states"][1:]]})


def test_a_trace_that_begins_elsewhere_does_not_pass(done, tmp_path):
    """The page is free from the start; nothing on the way to the goal looks at that."""
    todo = work()
    done(todo)
    cache, key = Cache(tmp_path), knowing._key(todo)
    body = cache.body(key)
    (goal,) = [f for f in body["record"]["findings"] if f["name"] == "goes_offline"]
    first = goal["trace"]["states"][0]
    assert not any("free" in state for state in goal["trace"]["states"][1:])
    first["free"] = json.loads(json.dumps(first["free"]).replace("false", "true"))
    cache.store_body(key, body)
    assert known([todo], tmp_path, MODELS).wrong == (todo.id,)


def other_steps(trace):
    own = trace["#meta"]["pagestate"]
    steps = [*own["steps"][1:], own["steps"][0]]
    return {**trace, "#meta": {**trace["#meta"], "pagestate": {**own, "steps": steps}}}


@pytest.mark.parametrize(
    "change",
    [
        lambda f: {**f, "trace": shorter(f["trace"])},
        lambda f: {**f, "trace": other_end(f["trace"])},
        lambda f: {**f, "trace": other_start(f["trace"])},
        lambda f: {**f, "trace": other_steps(f["trace"])},
        lambda f: {**f, "trace": {}},
        lambda f: {**f, "trace": []},
        lambda f: {**f, "verdict": "exhausted"},
        lambda f: {**f, "verdict": "nonsense"},
        lambda f: {**f, "kind": "reachable"},
        lambda f: {**f, "name": "goes_offline"},
        lambda f: {**f, "name": "no_such_property"},
    ],
)
def test_what_does_not_pass_is_removed_and_told(done, tmp_path, change):
    todo = work()
    done(todo)
    cache, key = Cache(tmp_path), knowing._key(todo)
    body = cache.body(key)
    findings = body["record"]["findings"]
    (bad,) = [f for f in findings if f["verdict"] == "violated"]
    findings[findings.index(bad)] = change(bad)
    cache.store_body(key, body)
    again = known([todo], tmp_path, MODELS)
    assert again.records == () and again.wrong == (todo.id,)
    assert cache.body(key) is None


def test_a_goal_without_a_witness_does_not_pass(done, tmp_path):
    todo = work()
    done(todo)
    cache, key = Cache(tmp_path), knowing._key(todo)
    body = cache.body(key)
    (goal,) = [f for f in body["record"]["findings"] if f["name"] == "goes_offline"]
    goal |= {"trace": None, "kind": "always", "verdict": "exhausted"}
    cache.store_body(key, body)
    assert known([todo], tmp_path, MODELS).wrong == (todo.id,)


def test_a_record_without_an_answer_does_not_pass(done, tmp_path):
    todo = replace(work(), expects=("offline_never_free", "goes_offline"))
    done(todo)
    cache, key = Cache(tmp_path), knowing._key(todo)
    body = cache.body(key)
    body["record"]["findings"].pop()
    body["record"]["findings"].pop()
    cache.store_body(key, body)
    assert known([todo], tmp_path, MODELS).wrong == (todo.id,)


def test_another_job_of_the_same_model_is_not_known(done, tmp_path):
    done(work(hook="false"))
    for other in (
        work(hook="true"),
        replace(work(), sizes={"getter": "1"}),
        replace(work(), engine="bmc"),
        replace(work(), depth=3),
        replace(work(), rlimit=5),
        replace(work(), properties=("offline_never_free",)),
        replace(work(), digest="of another text"),
    ):
        assert known([other], tmp_path, MODELS) == knowing.Known()


def test_a_model_that_changed_after_it_was_planned_is_not_known(done, tmp_path, monkeypatch):
    todo = work()
    done(todo)

    def changed(target, root):
        loaded = load(target, root)
        return replace(loaded, described=replace(loaded.described, digest="of another text"))

    monkeypatch.setattr(knowing, "load", changed)
    assert known([todo], tmp_path, MODELS) == knowing.Known()


def test_a_job_that_was_not_what_it_said_is_not_kept(done, tmp_path):
    """Its files changed after it was planned."""
    todo = replace(work(), digest="of the text before")
    _, again = done(todo)
    assert again.records == ()


# What a digest is of

DIGEST = """
import os, site, sys
from pathlib import Path
site.getsitepackages = lambda: [sys.argv[1] + "/installed"]
sys.path.insert(0, sys.argv[1] + "/installed")
from pagestate.gate.describe import load
loaded = load("put.py", Path(sys.argv[1]))
print(loaded.described.digest, loaded.settled, len(loaded.described.files))
"""
HEAD = """
import os
import helper
import package
LIMIT = int(os.environ.get("LIMIT", "0"))
"""


def digest_of(root, **more: str) -> list[str]:
    ran = subprocess.run(
        [sys.executable, "-c", DIGEST, str(root)],
        cwd=root,
        env=environment(**more),
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.split()


def test_everything_a_model_is_made_of_counts(tmp_path):
    text = (MODELS / "put.py").read_text()
    text = text.replace("\nhook = ", HEAD + "\nhook = ", 1)
    text = text.replace("if hook and ", "if LIMIT == 0 and helper.ON and hook and ")
    assert text.count("LIMIT") == 3
    (tmp_path / "put.py").write_text(text)
    (tmp_path / "helper.py").write_text("ON = True\n")
    (tmp_path / "installed").mkdir()
    (tmp_path / "installed" / "package.py").write_text("NUMBER = 1\n")
    first = digest_of(tmp_path)
    assert first == digest_of(tmp_path)
    assert first[1:] == ["True", "2"], "installed packages count, but are no files of the model"
    digests = [first, digest_of(tmp_path, LIMIT="3")]
    for name in ("helper.py", "installed/package.py", "put.py"):
        path = tmp_path / name
        path.write_text(path.read_text() + "# more\n")
        digests.append(digest_of(tmp_path))
    assert len({d[0] for d in digests}) == 5


def test_what_has_no_digest_is_not_known(tmp_path, monkeypatch, large):
    (tmp_path / "put.py").write_text(
        "import re\nPATTERN = re.compile('x')\n"
        + (MODELS / "put.py").read_text().replace("if hook and ", "if PATTERN and hook and ")
    )
    monkeypatch.chdir(tmp_path)
    loaded = load("put.py", tmp_path)
    assert not loaded.settled


def test_another_program_or_library_is_another_job(monkeypatch):
    from pagestate.gate import program

    before = program.program_digest.__wrapped__()
    version = program.metadata.version
    monkeypatch.setattr(
        program.metadata, "version", lambda n: "0" if n == "z3-solver" else version(n)
    )
    other = program.program_digest.__wrapped__()
    monkeypatch.undo()
    monkeypatch.setattr(program, "program_files", lambda more=(): [Path(__file__)])
    third = program.program_digest.__wrapped__()
    assert len({before, other, third}) == 3


# The gate


def test_a_warm_gate_takes_jobs_over(project):
    here = project("put")
    table = '[[model]]\nname = "rfc_v3"\nscenarios = ["balloon"]\n'
    (here.root / "pagestate.toml").write_text(f'models = ["rfc_v3"]\n{table}')
    assert here.gate().code == 0
    cold = here.findings()
    warm = here.gate()
    assert warm.code == 0 and "of 18 known" in warm.out
    for name, finding in here.findings().items():
        assert replace(finding, recheck="") == cold[name]
    how = {f.name: f.recheck for f in here.findings().values()}
    assert how["goes_offline"] == "replayed"
    assert how["mark_is_kept"].startswith("the same job as on ")
    assert "not searched again" in warm.out.splitlines()[-2]


COMPUTED = """
import time
import settings.limits
from settings.limits import LAZY, Level
"""
LIMITS = """
import os
from enum import Enum

LIMIT = int(os.environ.get("LIMIT", "0"))


class Level(Enum):
    LOW = int(os.environ.get("LEVEL", "0"))


class Lazy:
    @property
    def limit(self) -> int:
        return int(os.environ.get("LAZY", "0"))


LAZY = Lazy()
"""


@pytest.mark.parametrize(
    "what, where",
    [
        ("settings.limits.LIMIT", "LIMIT"),
        ("Level.LOW.value", "LEVEL"),
        ("LAZY.limit", "LAZY"),
        ("time.timezone", "TZ"),
    ],
)
def test_what_a_dotted_name_stands_for_counts(tmp_path, what, where):
    """The files stay as they are: the values are those of another environment."""
    text = (MODELS / "put.py").read_text()
    text = text.replace("\nhook = ", COMPUTED + "\nhook = ", 1)
    text = text.replace("if hook and ", f"if {what} == 0 and hook and ")
    (tmp_path / "put.py").write_text(text)
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings" / "__init__.py").write_text("")
    (tmp_path / "settings" / "limits.py").write_text(LIMITS)
    plain = {"LIMIT": "0", "LEVEL": "0", "LAZY": "0", "TZ": "UTC"}
    first = digest_of(tmp_path, **plain)
    assert first == digest_of(tmp_path, **plain) and first[1] == "True"
    other = "XYZ-5" if where == "TZ" else "1"
    assert digest_of(tmp_path, **{**plain, where: other})[0] != first[0]
