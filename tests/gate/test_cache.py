"""The cache: it forgets nothing it should know, and believes nothing it should not."""

import json
import multiprocessing
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from pagestate.check.certificate import certify
from pagestate.check.recertify import about
from pagestate.check.replay import ReplayMismatch
from pagestate.check.request import make_request
from pagestate.check.termjson import invariant_text
from pagestate.core.expr import lit
from pagestate.core.invariant import FiniteInvariant
from pagestate.core.verdict import Verdict
from pagestate.engines.interface import Task
from pagestate.gate import recheck
from pagestate.gate.cache import Cache, Coverage, Entry, Route
from pagestate.gate.jobs import job_from
from pagestate.gate.perform import perform
from pagestate.gate.recheck import confirm
from pagestate.lang.load import load_model
from tests.cli.running import cli, environment
from tests.gate.projects import MODELS
from tests.gate.test_policy import job

ROUTE = Route(((0, (1,), True),), ((3, (0, None)),), {"page": 2})
ENTRY = Entry(Verdict.VIOLATED, "explicit", 3, 8, "why", 0.5, ROUTE)
KEY = "ab" * 32


def test_what_is_stored_reads_back(tmp_path):
    cache = Cache(tmp_path / "c")
    assert cache.entry(KEY) is None
    cache.store(KEY, ENTRY)
    assert cache.entry(KEY) == ENTRY
    cache.store(KEY, Coverage((1, 0, 3)))
    assert cache.coverage(KEY) == Coverage((1, 0, 3))
    assert (tmp_path / "c" / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172")
    assert (tmp_path / "c" / ".gitignore").read_text() == "*\n"


def damaged(text: str):
    yield "empty", ""
    yield "torn", text[: len(text) // 2]
    yield "another verdict", text.replace('"violated"', '"exhausted"')
    yield "another key", text.replace(KEY, "cd" * 32)
    yield "no object", "[]\n"
    yield "binary", "\x00\x01"


def test_a_corrupt_entry_is_no_entry_and_goes(tmp_path):
    cache = Cache(tmp_path)
    cache.store(KEY, ENTRY)
    (path,) = tmp_path.glob("v*/*/*.json")
    good = path.read_text()
    for what, text in damaged(good):
        path.write_text(text)
        assert cache.entry(KEY) is None, what
        assert not path.exists(), what
    path.write_text(good)
    assert cache.entry(KEY) == ENTRY


def _writer(folder, number):
    cache = Cache(folder)
    for n in range(60):
        cache.store(KEY, replace(ENTRY, reason="x" * (1000 * (n % 7)), depth=number))
        found = cache.entry(KEY)
        if found is None or set(found.reason) - {"x"}:
            os._exit(1)
    os._exit(0)


def test_two_at_once_never_see_half_an_entry(tmp_path):
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=_writer, args=(tmp_path, n)) for n in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    assert [p.exitcode for p in both] == [0, 0]
    assert not list(tmp_path.rglob("*.tmp"))


# Re-checks


def request(hook="true", **sizes):
    return make_request(load_model(str(MODELS / "put.py")), {"hook": hook}, sizes, ())


def work(hook="true", sizes=None, **more):
    path = str(MODELS / "put.py")
    return replace(
        job(sizes=sizes or {}), model=path, switches={"hook": hook}, timeout=60.0, **more
    )


def entries_of(tmp_path):
    """Every entry of a cache, with its path."""
    return {p: json.loads(p.read_text())["body"] for p in tmp_path.glob("v*/*/*.json")}


@pytest.mark.parametrize("hook", ["true", "false"])
def test_a_hit_says_the_same_and_what_was_looked_at(tmp_path, hook):
    first = perform(work(hook), tmp_path, tmp_path)
    again = perform(work(hook), tmp_path, tmp_path)
    assert first.findings and all(f.recheck == "" for f in first.findings)
    assert all(f.recheck for f in again.findings)
    same = ("name", "verdict", "scope", "engine", "depth", "trace", "assumptions", "line")
    for one, two in zip(first.findings, again.findings, strict=True):
        assert [getattr(one, n) for n in same] == [getattr(two, n) for n in same]
    assert first.dead == again.dead
    how = {f.name: f.recheck for f in again.findings}
    assert how["goes_offline"] == "replayed"
    assert ("replayed" if hook == "false" else "states searched") in how["offline_never_free"]


def forged(tmp_path, name_of, change):
    """Change the stored entry of a property, with a sum that fits; what the next run says."""
    cache = Cache(tmp_path)
    for path, body in entries_of(tmp_path).items():
        if "verdict" in body and name_of(body):
            entry = cache.entry(path.stem)
            cache.store(path.stem, change(entry))


def test_a_forged_exhausted_is_found_out_and_recomputed(tmp_path):
    first = perform(work("false"), tmp_path, tmp_path)
    bad = {f.name: f.verdict for f in first.findings}
    assert bad["offline_never_free"] == Verdict.VIOLATED
    forged(
        tmp_path,
        lambda body: body["verdict"] == "violated",
        lambda e: replace(e, verdict=Verdict.EXHAUSTED, route=None),
    )
    again = perform(work("false"), tmp_path, tmp_path)
    assert again.dropped == ("offline_never_free",)
    assert {f.name: f.verdict for f in again.findings} == bad
    assert {f.name: f.recheck for f in again.findings}["offline_never_free"] == ""
    assert perform(work("false"), tmp_path, tmp_path).dropped == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda r: replace(r, moves=r.moves[:-1]),
        lambda r: replace(r, moves=tuple(reversed(r.moves))),
        lambda r: replace(r, moves=((10_000, ()),)),
        lambda r: replace(r, moves=tuple((n, ()) for n, _ in r.moves)),
        lambda r: replace(r, sizes={"page": 7}),
        lambda r: replace(r, initial=((10_000, (0,), True),)),
    ],
)
def test_a_forged_path_is_found_out(tmp_path, change):
    perform(work("false"), tmp_path, tmp_path)
    forged(
        tmp_path,
        lambda body: body["verdict"] == "violated",
        lambda e: replace(e, route=change(e.route)),
    )
    again = perform(work("false"), tmp_path, tmp_path)
    assert again.dropped == ("offline_never_free",)
    assert Verdict.VIOLATED in {f.verdict for f in again.findings}


def test_the_models_own_functions_have_the_last_word(tmp_path, monkeypatch):
    perform(work("false"), tmp_path, tmp_path)

    def differs(*args):
        raise ReplayMismatch("the model's functions do something else")

    monkeypatch.setattr(recheck, "replay", differs)
    again = perform(work("false"), tmp_path, tmp_path)
    assert set(again.dropped) == {"offline_never_free", "goes_offline"}


def test_a_violation_without_a_path_and_a_goal_without_one_do_not_pass():
    r = request("false")
    assert confirm(r, {"offline_never_free": replace(ENTRY, route=None)}) == ({}, False)
    reached = Entry(Verdict.EXHAUSTED, "explicit", 1, 1, "", 0.0)
    assert confirm(r, {"goes_offline": reached}) == ({}, False)
    never = replace(reached, verdict=Verdict.VACUOUS)
    assert confirm(r, {"goes_offline": never}) == ({}, False)
    assert set(confirm(request(), {"offline_never_free": reached})[0]) == {"offline_never_free"}


def test_a_proof_is_kept_with_its_invariant_and_certified_again(tmp_path):
    sizes = {"page": "any", "getter": "any"}
    todo = work("true", sizes, properties=("offline_never_free", "no_underflow"))
    first = perform(todo, tmp_path, tmp_path)
    assert {f.verdict for f in first.findings} == {Verdict.PROVED}, first
    again = perform(todo, tmp_path, tmp_path)
    assert {f.recheck for f in again.findings} == {"certificate re-checked"}
    forged(
        tmp_path,
        lambda body: body["invariant"],
        lambda e: replace(e, invariant=_without_facts(e.invariant)),
    )
    third = perform(todo, tmp_path, tmp_path)
    assert set(third.dropped) == {"offline_never_free", "no_underflow"}
    assert {f.verdict for f in third.findings} == {Verdict.PROVED}


def _without_facts(text):
    return json.dumps({**json.loads(text), "laws": [], "clauses": []})


def test_a_proof_of_the_safe_variant_is_none_of_the_racy_one(tmp_path):
    """The invariant of one system does not pass for another, whatever the entry says."""
    sizes = {"page": "any", "getter": "any"}
    todo = work("true", sizes, properties=("offline_never_free",))
    perform(todo, tmp_path, tmp_path)
    ((path, _),) = [(p, b) for p, b in entries_of(tmp_path).items() if b.get("invariant")]
    entry = Cache(tmp_path).entry(path.stem)
    name = "offline_never_free"
    assert set(confirm(request("true", **sizes), {name: entry})[0]) == {name}
    assert confirm(request("false", **sizes), {name: entry}) == ({}, False)


IDLE = """
from pagestate import Model, State, always, free, reachable, thread, var


class M(State):
    x = var(bool, init=free())
    y = var(bool, init=False)


def start(m: M) -> bool:
    return START


@thread(repeat=True)
def t(m: M) -> None:
    m.y = True


@always("x never holds")
def never(m: M) -> bool:
    return not m.x


@reachable("x holds")
def once(m: M) -> bool:
    return m.x


model = Model("idle", state=M, threads=[t], properties=[never, once], init=start)
"""


@pytest.mark.parametrize(
    "start, name, laws",
    [
        ("not m.x", "once", ()),  # it proves that nothing meets the goal
        ("m.x and not m.x", "never", (lit(False),)),  # it proves all of no states
    ],
)
def test_an_invariant_that_proves_something_else_does_not_pass(tmp_path, start, name, laws):
    path = tmp_path / "idle.py"
    path.write_text(IDLE.replace("START", start))
    asked = make_request(load_model(str(path)), {}, {}, ())
    invariant = FiniteInvariant((name,), laws, 1)
    entry = Entry(Verdict.PROVED, "pdr", 1, None, "", 0.1, None, invariant_text(invariant))
    task = Task(asked.compiled.system, asked.properties, asked.bounds(1))
    assert certify(task, invariant) == ()
    assert confirm(asked, {name: entry}) == ({}, False)
    folder = tmp_path / "certificate"
    certify(task, invariant, folder, about(asked))
    ran = cli("certify", str(folder), "--solver", "z3")
    assert (ran.code, "once is not reachable" in ran.out) == ((1, False) if laws else (0, True))


def test_a_bound_is_kept_where_it_was_asked_for(tmp_path):
    todo = work("true", engine="bmc", depth=3)
    first = perform(todo, tmp_path, tmp_path)
    assert {f.name: f.verdict for f in first.findings}["offline_never_free"] == Verdict.BOUNDED
    again = {f.name: f for f in perform(todo, tmp_path, tmp_path).findings}
    assert again["offline_never_free"].recheck
    assert again["offline_never_free"].depth == first.findings[0].depth


@pytest.mark.parametrize("lazy", ["false", "true"])
def test_cycles_are_looked_for_again(tmp_path, lazy):
    """A lasso is replayed; that there is none is searched for again."""
    todo = replace(
        job(), model=str(MODELS / "lamp.py"), switches={"lazy": lazy}, timeout=60.0, name="lamp"
    )
    first = perform(todo, tmp_path, tmp_path)
    wanted = Verdict.VIOLATED if lazy == "true" else Verdict.EXHAUSTED
    assert {f.verdict for f in first.findings} == {wanted}
    again = perform(todo, tmp_path, tmp_path)
    assert [f.trace for f in again.findings] == [f.trace for f in first.findings]
    how = {f.recheck for f in again.findings}
    assert how == ({"replayed"} if lazy == "true" else {"all 4 states searched again for cycles"})
    cache = Cache(tmp_path)
    for path, body in entries_of(tmp_path).items():
        if "verdict" in body:
            entry = cache.entry(path.stem)
            lie = Verdict.EXHAUSTED if lazy == "true" else Verdict.VACUOUS
            cache.store(path.stem, replace(entry, verdict=lie, route=None))
    third = perform(todo, tmp_path, tmp_path)
    assert third.dropped == ("lit", "lit_by_day")
    assert {f.verdict for f in third.findings} == {wanted}


def test_the_record_of_a_job_is_json(tmp_path):
    record = perform(work("false"), None, tmp_path)
    assert job_from(work().to_json()) == work()
    assert json.loads(json.dumps(record.to_json()))["status"] == "done"


def test_an_answer_outlives_the_lines_it_was_found_at(tmp_path):
    folder = tmp_path / "cache"
    model = tmp_path / "put.py"
    model.write_text((MODELS / "put.py").read_text())
    todo = replace(work("false"), model=str(model))
    perform(todo, folder, tmp_path)
    model.write_text("# one more line\n" + model.read_text())
    again = subprocess.run(
        [sys.executable, "-c", _AGAIN, str(model), str(folder), str(tmp_path)],
        capture_output=True,
        text=True,
        env=environment(),
    )
    assert again.returncode == 0, again.stderr
    assert again.stdout.split() == ["replayed", "replayed", "all"]


_AGAIN = """
import sys
from dataclasses import replace
from pathlib import Path
from pagestate.gate.perform import perform
from tests.gate.test_cache import work
model, folder, root = sys.argv[1:]
record = perform(replace(work("false"), model=model), Path(folder), Path(root))
print(*(f.recheck.split()[0] for f in record.findings))
"""
