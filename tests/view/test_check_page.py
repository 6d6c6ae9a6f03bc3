"""``pagestate check --html``: a page with every result."""

import json
import re

import pytest

from pagestate.check.certificate import LAWS
from pagestate.cli.htmlpages import check_page
from pagestate.core.verdict import Result, Verdict
from pagestate.lang.load import load_model
from pagestate.run.part import Part
from tests.cli.running import RACE, cli

from . import behind


def pages_of(text):
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return json.loads(found[1])


def part(*results):
    return Part("plugging", "", {"waits": False}, {"page": 2}, "2 pages", (), (), results, (), {})


def result(name, verdict, **more):
    known = {"scope": "2 pages", "engine": "e", "depth": None, "states": None, "reason": ""}
    known |= {"trace": None, "certificate": None, **more}
    return Result(name, verdict, seconds=1.0, expected=None, assumptions=("one page",), **known)


def test_a_check_writes_its_page(tmp_path):
    folder = tmp_path / "a" / "html"
    ran = cli("check", RACE, "--any", "never", "--set", "hook=false", "--html", str(folder))
    assert ran.code == 0
    assert [p.name for p in folder.iterdir()] == ["race.html"]
    body = pages_of((folder / "race.html").read_text())
    shown = {p["property"]: p for p in body["pages"]}
    assert shown["offline_never_free"]["verdict"] == "violated"
    assert shown["offline_never_free"]["explained"] is True
    assert shown["goes_offline"]["kind"] == "trace"
    assert shown["no_underflow"]["kind"] == "result"
    assert "states were visited" in shown["no_underflow"]["reason"]
    assert list(body["sources"]) == ["models/race.py"]
    assert body["title"] == "race: 2 violated, 2 exhausted"


def test_the_page_does_not_change_the_exit_code_or_the_text(tmp_path):
    plain = cli("check", RACE, "--property", "offline_never_free")
    paged = cli("check", RACE, "--property", "offline_never_free", "--html", str(tmp_path))
    assert (plain.code, plain.out) == (paged.code, paged.out)


def test_a_page_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    assert cli("check", RACE, "--html", str(tmp_path / "file")).code == 2
    (tmp_path / "race.html").mkdir()
    ran = cli("check", RACE, "--property", "offline_never_free", "--html", str(tmp_path))
    assert ran.code == 2 and "race.html" in ran.err and "offline_never_free" in ran.out


def test_proofs_show_the_laws_of_a_kept_certificate(tmp_path):
    (tmp_path / LAWS).write_text("For every page:\n\nLedger laws\n  refcount = getters\n")
    declared = load_model(behind.MODEL)
    proof = result("offline_unused", Verdict.PROVED, certificate=str(tmp_path))
    other = result("goes_offline", Verdict.UNKNOWN, reason="timeout", depth=4)
    gone = result("x", Verdict.PROVED, certificate=str(tmp_path / "none"))
    body = pages_of(check_page(declared, [part(proof, other, gone)], "made"))
    first, second, third = body["pages"]
    assert first["laws"] == ["For every page:", "Ledger laws", "  refcount = getters"]
    assert second["laws"] == third["laws"] == [] and second["reason"] == "timeout; depth 4"
    assert first["assumptions"] == ["one page"] and first["switches"] == [["waits", "false"]]


@pytest.mark.parametrize("fits", [True, False])
def test_traces_are_explained_where_they_fit_the_model(fits):
    declared = load_model(behind.MODEL)
    trace = behind.offlined() if fits else behind.deadlocked()
    shown = result(trace.property, Verdict.VIOLATED, trace=trace)
    if not fits:
        switched = {**trace.switches, "nested": False}
        shown = result(
            trace.property,
            Verdict.VIOLATED,
            trace=type(trace)(
                **{n: getattr(trace, n) for n in trace.__slots__ if n != "switches"},
                switches=switched,
            ),
        )
    (page,) = pages_of(check_page(declared, [part(shown)], ""))["pages"]
    assert page["explained"] is fits and len(page["rows"]) == len(trace.steps)
