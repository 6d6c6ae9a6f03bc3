"""Traces in files: exact round trips, clear errors, other tools' traces."""

import copy
import json
import os
import resource
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagestate.core.trace import Trace
from pagestate.view.itf import dumps, from_itf, load_trace, save_trace, to_itf
from pagestate.view.text import render_text
from pagestate.view.traceview import view_of
from pagestate.view.wellformed import TraceError

from . import samples
from .strategies import traces


def exact(trace: Trace) -> list[object]:
    """All of a trace, with true told from 1, and mappings without their order."""

    def go(obj: object) -> object:
        if isinstance(obj, dict):
            return sorted((repr(k), go(v)) for k, v in obj.items())
        if isinstance(obj, tuple):
            return [go(o) for o in obj]
        if hasattr(obj, "__slots__"):
            return [type(obj).__name__, *(go(getattr(obj, n)) for n in obj.__slots__)]
        return repr(obj)

    return [go(getattr(trace, n)) for n in trace.__slots__]


@settings(derandomize=True, deadline=None, max_examples=120)
@given(traces())
def test_a_trace_reads_back_exactly(trace):
    assert exact(from_itf(json.loads(dumps(trace)))) == exact(trace)


def test_the_round_trip_test_sees_types():
    trace = samples.no_steps()
    other = {**trace.states[0], ("refcount", (0,)): False}
    assert trace.states[0] == other
    assert exact(trace) != exact(Trace(*_with(trace, "states", (other,))))


def _with(trace: Trace, name: str, value: object) -> list[object]:
    return [value if n == name else getattr(trace, n) for n in trace.__slots__]


def test_files_round_trip_and_replace_older_ones(tmp_path):
    path = tmp_path / "x.itf.json"
    path.write_text("old", encoding="utf-8")
    save_trace(samples.race_2019(), path)
    assert exact(load_trace(path)) == exact(samples.race_2019())
    assert os.listdir(tmp_path) == ["x.itf.json"]
    assert path.read_bytes().isascii()


def test_the_form_other_tools_expect():
    top = to_itf(samples.race_2019())
    assert top["vars"][-2:] == ["mbt::actionTaken", "mbt::nondetPicks"]
    assert [s["#meta"]["index"] for s in top["states"]] == list(range(7))
    state = top["states"][1]
    assert state["refcount"] == {"#map": [[{"#bigint": "0"}, {"#bigint": "2"}]]}
    assert state["getter_page"]["#map"][0][1] == {"tag": "Some", "value": {"#bigint": "0"}}
    assert top["states"][0]["getter_page"]["#map"][0][1]["tag"] == "None"
    assert state["unplug_pc"] == "start"
    assert state["mbt::actionTaken"] == "getter.get_page_unless_zero"
    assert state["mbt::nondetPicks"]["page"] == {"tag": "Some", "value": {"#bigint": "0"}}
    assert "loop" not in top
    assert to_itf(samples.lasso())["loop"] == 1
    assert set(top["states"][0]) == {"#meta", *top["vars"]}


def test_what_cannot_be_written_is_refused():
    trace = samples.lasso()
    renamed = Trace(*_with(trace, "states", trace.states[:2]))
    with pytest.raises(TraceError, match="2 states and 3 steps"):
        to_itf(renamed)
    info = samples.PAGE_FIELDS[0]
    for name in ("#meta", "mbt::actionTaken"):
        hostile = type(info)(name, (), "bool")
        states = tuple({(name, ()): True} for _ in trace.states)
        bad = Trace(*_with(Trace(*_with(trace, "states", states)), "variables", (hostile,)))
        with pytest.raises(TraceError, match="cannot be written"):
            to_itf(bad)


# Files that are no traces.


def broken_files() -> dict[str, tuple[bytes, str]]:
    good = dumps(samples.race_2019()).encode()
    return {
        "empty": (b"", "ends too early"),
        "truncated": (good[: len(good) // 2], "ends too early|not JSON"),
        "one_byte_short": (good.rstrip()[:-1], "ends too early"),
        "in_a_string": (b'{"vars": ["abc', "ends too early"),
        "text": (b"hello", "not JSON .* line 1, column 1"),
        "binary": (b"\xff\xfe\x00", "not UTF-8"),
        "list": (b"[]", "expected an object, found a list"),
        "number": (b"3", "expected an object, found a number"),
        "no_itf": (b'{"a": 1}', "not an ITF trace: no vars and no states"),
        "no_states": (b'{"vars": []}', "not an ITF trace: no states"),
        "deep": (b"[" * 100_000, "nested too deeply"),
        "digits": (b'{"vars": [], "states": ' + b"9" * 5000 + b"}", "Exceeds the limit"),
        "twice": (b'{"vars": [], "vars": []}', "'vars' comes twice"),
    }


@pytest.mark.parametrize("name", broken_files())
def test_a_broken_file_is_one_clear_line(name, tmp_path):
    content, message = broken_files()[name]
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(TraceError, match=message) as caught:
        load_trace(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_every_truncation_is_an_error(tmp_path):
    text = dumps(samples.lasso()).rstrip()
    path = tmp_path / "bad.json"
    for end in range(0, len(text), 37):
        path.write_text(text[:end], encoding="ascii")
        with pytest.raises(TraceError):
            load_trace(path)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(TraceError, match="No such file"):
        load_trace(tmp_path / "none.json")
    with pytest.raises(TraceError, match="directory"):
        load_trace(tmp_path)
    with pytest.raises(TraceError, match="null"):
        load_trace("a\0b")


# Objects with one thing wrong.

WRONG = [
    ("#meta.pagestate.version", 2, "format 2 is not known"),
    ("#meta.pagestate.version", True, "expected an integer, found true"),
    ("#meta.pagestate", [], "expected an object, found a list"),
    ("#meta.pagestate.steps", {}, "expected a list"),
    ("#meta.pagestate.steps", [], "7 states and 0 steps"),
    ("#meta.pagestate.steps.0.text", 3, r"steps\[0\].text: expected a string, found a number"),
    ("#meta.pagestate.steps.0.calls", "abc", "expected a list, found a string"),
    ("#meta.pagestate.steps.0.member", "0", "expected an integer"),
    ("#meta.pagestate.steps.0.picks", {"page": 1.5}, "picks.page: expected a boolean"),
    ("#meta.pagestate.steps.0.span", [], "span: expected an object"),
    ("#meta.pagestate.steps.0.action", "other", r"states\[1\]: mbt::actionTaken"),
    ("#meta.pagestate.variables.0.name", "other", "do not agree"),
    ("#meta.pagestate.variables.0.dims", [], "refcount: expected"),
    ("#meta.pagestate.variables.0.control", 0, "expected true or false"),
    ("#meta.pagestate.switches", {"hook": []}, "switches.hook"),
    ("#meta.pagestate.sizes", {"page": "1"}, "sizes.page"),
    ("#meta.pagestate.meta", {"depth": 6}, "meta.depth: expected a string"),
    ("#meta.pagestate.title", None, "title: expected a string, found null"),
    ("vars", ["refcount"], "do not agree"),
    ("vars", 7, "expected a list"),
    ("states", {}, "expected a list"),
    ("states.3", 7, r"states\[3\]: expected an object"),
    ("states.3.refcount", {"#map": [[{"#bigint": "0"}]]}, "is a pair"),
    ("states.3.refcount", {"#map": []}, "do not have the same cells: see refcount"),
    ("states.3.refcount", {"#map": [[0, 1], [0, 2]]}, "comes twice"),
    ("states.3.refcount", {"#map": [[0, {"#bigint": "x"}]]}, "found a #bigint"),
    ("states.3.refcount", {"#map": [[0, {"#bigint": "9" * 5000}]]}, "5000 digits"),
    ("states.3.refcount", {"#map": [["0", 1]]}, "expected an integer, found a string"),
    ("states.3.refcount", 3, "expected an object"),
    ("states.3.unplug_pc", ["a"], "found a list"),
    ("states.3.unplug_pc", 1.5, "found a number"),
    ("loop", 7, "returns to state 7"),
    ("loop", -1, "returns to state -1"),
    ("loop", "1", "loop: expected an integer"),
]


@pytest.mark.parametrize(("path", "value", "message"), WRONG)
def test_one_thing_wrong(path, value, message):
    top = to_itf(samples.race_2019())
    *way, last = [int(p) if p.isdigit() else p for p in path.split(".")]
    at = top
    for part in way:
        at = at[part]
    at[last] = value
    with pytest.raises(TraceError, match=message):
        from_itf(top)


def places(obj: object, way: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    inner = obj.items() if isinstance(obj, dict) else enumerate(obj) if type(obj) is list else ()
    return [way, *(p for k, v in inner for p in places(v, (*way, k)))]


RACE = to_itf(samples.race_2019())
JUNK = st.sampled_from([None, True, 0, -1, 1.5, "x", [], {}, [[]], {"#map": 3}, {"#bigint": "7"}])


@settings(derandomize=True, deadline=None, max_examples=250)
@given(st.sampled_from(places(RACE)[1:]), JUNK, st.booleans())
def test_junk_anywhere_is_read_or_refused(way, junk, drop):
    top = copy.deepcopy(RACE)
    at = top
    for part in way[:-1]:
        at = at[part]
    if drop:
        del at[way[-1]]
    else:
        at[way[-1]] = junk
    try:
        trace = from_itf(top)
    except TraceError:
        return
    render_text(view_of(trace), values="all")
    assert exact(from_itf(to_itf(trace))) == exact(trace)


# Writing.


def test_a_full_disk_leaves_the_old_file(tmp_path):
    path = tmp_path / "x.itf.json"
    save_trace(samples.lasso(), path)
    before = path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(TraceError, match="cannot write: File too large"):
            save_trace(samples.race_2019(), path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(tmp_path) == ["x.itf.json"]
    assert path.read_bytes() == before


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_failing_system_call_leaves_nothing(call, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    owner = os if call == "fsync" else Path
    monkeypatch.setattr(owner, call, full)
    with pytest.raises(TraceError, match="No space left"):
        save_trace(samples.race_2019(), tmp_path / "x.itf.json")
    assert os.listdir(tmp_path) == []


def test_nowhere_to_write(tmp_path):
    with pytest.raises(TraceError, match="cannot write"):
        save_trace(samples.lasso(), tmp_path / "none" / "x.itf.json")
    (tmp_path / "folder").mkdir()
    with pytest.raises(TraceError, match="cannot write"):
        save_trace(samples.lasso(), tmp_path / "folder")
    assert os.listdir(tmp_path) == ["folder"]


# Traces of other tools.

FOREIGN = {
    "#meta": {"source": "bank.qnt", "status": "violation"},
    "vars": ["balances", "seen", "last", "mbt::actionTaken", "mbt::nondetPicks"],
    "states": [
        {
            "#meta": {"index": 0},
            "balances": {"#map": [["alice", {"#bigint": "5"}], ["bob", 0]]},
            "seen": {"#set": []},
            "last": {"tag": "None", "value": {}},
            "mbt::actionTaken": "init",
            "mbt::nondetPicks": {"who": {"tag": "None", "value": {"#tup": []}}},
        },
        {
            "#meta": {"index": 1},
            "balances": {"#map": [["alice", {"#bigint": "-2"}], ["bob", 0], ["eve", 7]]},
            "seen": {"#set": ["alice", {"#tup": [1, True]}]},
            "last": {"tag": "Some", "value": {"who": "alice"}},
            "mbt::actionTaken": "withdraw",
            "mbt::nondetPicks": {"who": {"tag": "Some", "value": "alice"}},
        },
    ],
}


def test_another_tools_trace_is_shown():
    trace = from_itf(FOREIGN)
    text = render_text(view_of(trace), values=True)
    for part in (
        "bank.qnt is violated in 1 step",
        "withdraw(who=alice)",
        "balances[alice]: 5 -> -2",
        "balances[eve]: none -> 7",
        "seen: {} -> {alice, <<1, 1>>}",
        "last: None -> Some([who: alice])",
    ):
        assert part in text
    assert "bob" not in text.replace("start", "")
    assert exact(from_itf(to_itf(trace))) == exact(trace)


@settings(derandomize=True, deadline=None, max_examples=120)
@given(st.sampled_from(places(FOREIGN)[1:]), JUNK)
def test_junk_in_another_tools_trace(way, junk):
    top = copy.deepcopy(FOREIGN)
    at = top
    for part in way[:-1]:
        at = at[part]
    at[way[-1]] = junk
    try:
        trace = from_itf(top)
    except TraceError:
        return
    render_text(view_of(trace), values="all")


def test_a_deep_foreign_value_is_an_error():
    value: object = 1
    for _ in range(500):
        value = {"#set": [value]}
    with pytest.raises(TraceError, match="nested too deeply"):
        from_itf({"vars": ["x"], "states": [{"x": value}]})
