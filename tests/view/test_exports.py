"""Traces in the formats of other tools: well formed whatever the names are, and saying the same."""

import ast
import json
import re
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings

from pagestate.check.retrace import NotRetraced, retrace
from pagestate.core.execute import NotAPath
from pagestate.core.trace import Step
from pagestate.view.export.dot import render_dot
from pagestate.view.export.mermaid import MOST_STEPS, render_mermaid
from pagestate.view.export.perfetto import render_perfetto
from pagestate.view.export.pytestfile import render_pytest
from pagestate.view.export.svg import render_svg
from pagestate.view.report import render_report
from pagestate.view.traceview import view_of

from . import behind, hostile, samples
from .strategies import traces

QUICK = settings(derandomize=True, deadline=None, max_examples=60)


def long(steps: int):
    step = Step("getter", 0, "get", "get_page_unless_zero(page 0)")
    trace = samples.race_2019()
    return replace(trace, steps=(step,) * steps, states=(trace.states[0],) * (steps + 1))


# Mermaid: every line is a statement of its grammar, with nothing in its texts that ends one.

MERMAID = re.compile(
    r"sequenceDiagram|    (title .+|participant \w+ as .+|end|loop for ever"
    r"|Note (over|right of) \w+: .+|\w+->>\w+: .+)"
)


@QUICK
@given(traces())
def test_mermaid_has_only_statements(trace):
    for line in render_mermaid(view_of(trace)).split("\n"):
        assert MERMAID.fullmatch(line), line
        text = re.sub(r"#(\d+|[a-z]+);", "", line.partition(": ")[2])
        assert not re.search(r'[;#<>"&]', text.replace("->>", "")), line


def test_mermaid_says_who_does_what():
    text = render_mermaid(behind.explained(behind.offlined()))
    assert "participant CPU2 as CPU2: offliner" in text
    assert "CPU1->>M: 2. mutex_lock(device)" in text
    assert "Note right of M: device: free -#gt; driver" in text
    assert "Note over CPU2: mutex_lock(device) [waits for CPU1]" in text
    assert text.count("->>") == 7
    assert "loop" not in text
    stuck = render_mermaid(behind.explained(behind.deadlocked()))
    assert stuck.count("[waits for CPU") == 2
    lasso = render_mermaid(view_of(samples.lasso())).split("\n")
    assert lasso.index("    loop for ever") < lasso.index("    end")


def test_a_long_mermaid_diagram_is_cut_and_says_so():
    text = render_mermaid(view_of(long(100)))
    assert text.count("->>") == MOST_STEPS and "the first 40 steps are left out" in text


# DOT


@QUICK
@given(traces())
def test_dot_is_balanced_and_quoted(trace):
    text = render_dot(view_of(trace))
    bare = re.sub(r'"(?:[^"\\]|\\.)*"', "", text)
    assert '"' not in bare and bare.count("{") == bare.count("}")
    assert all(" " <= c <= "~" or c == "\n" for c in text)


def test_dot_has_a_node_per_step_in_the_cluster_of_its_thread():
    text = render_dot(view_of(samples.race_2019()))
    assert re.findall(r"^    (s\d)", text, re.MULTILINE) == ["s1", "s5", "s6", "s2", "s3", "s4"]
    for one, other in pairwise(["start", "s1", "s2", "s3", "s4", "s5", "s6"]):
        assert f"  {one} -> {other}" in text
    assert "s6 [label=" in text and "color=red" in text
    assert 's3 -> s2 [style=dashed, label="for ever"]' in render_dot(view_of(samples.lasso()))


# Perfetto


@QUICK
@given(traces())
def test_perfetto_slices_of_a_track_are_nested(trace):
    events = json.loads(render_perfetto(view_of(trace)))["traceEvents"]
    tracks = {}
    for event in events:
        assert event["ph"] in "MXC" and isinstance(event["name"], str)
        if event["ph"] == "X":
            assert event["dur"] >= 1
            tracks.setdefault(event["tid"], []).append((event["ts"], event["ts"] + event["dur"]))
    for slices in tracks.values():
        for a, b in slices:
            assert all(
                b <= c or d <= a or (a <= c and d <= b) or (c <= a and b <= d) for c, d in slices
            )
    steps = [e for e in events if e["ph"] == "X" and "step" in e["args"]]
    assert [e["args"]["step"] for e in sorted(steps, key=lambda e: e["ts"])] == list(
        range(1, len(trace.steps) + 1)
    )


def test_perfetto_has_calls_locks_and_counters():
    events = json.loads(render_perfetto(behind.explained(behind.offlined())))["traceEvents"]
    slices = {(e["name"], e["ts"], e["dur"]) for e in events if e["ph"] == "X"}
    assert {("device", 1, 4), ("hotplug", 2, 5), ("device", 5, 2)} <= slices
    assert ("mutex_lock(device)", 3, 1) in slices
    assert ("mark(page 1)", 6, 1) in slices
    names = {e["args"]["name"] for e in events if e["ph"] == "M"}
    assert {"CPU1 holds device", "CPU2: offliner", "CPU2 blocked"} <= names
    counters = {(e["name"], e["ts"], e["args"]["value"]) for e in events if e["ph"] == "C"}
    assert {("page 1 offline", 0, 0), ("page 1 offline", 7, 1)} <= counters


def test_a_helper_that_is_called_again_is_another_slice():
    steps = tuple(
        Step("getter", 0, text, text, (call,))
        for text, call in [("a", "f"), ("b", "f"), ("c", "g")]
    )
    trace = replace(samples.no_steps(), steps=steps)
    trace = replace(trace, states=trace.states * 4)
    events = json.loads(render_perfetto(view_of(trace)))["traceEvents"]
    slices = {e["name"]: (e["ts"], e["dur"]) for e in events if e["ph"] == "X"}
    assert slices["f"] == (0, 2) and slices["g"] == (2, 1)


# SVG


@QUICK
@given(traces())
def test_svg_is_xml_without_scripts(trace):
    root = ElementTree.fromstring(render_svg(view_of(trace)))
    kinds = {e.tag.partition("}")[2] for e in root.iter()}
    assert kinds <= {"svg", "title", "style", "rect", "text", "line"}
    assert not any(a.startswith("on") or "href" in a for e in root.iter() for a in e.attrib)


def test_svg_shows_every_step_inside_the_picture():
    view = behind.explained(behind.offlined())
    root = ElementTree.fromstring(render_svg(view))
    texts = [e for e in root.iter() if e.tag.endswith("}text")]
    numbers = [e.text for e in texts if e.get("text-anchor") == "end"]
    assert numbers == [str(n) for n in range(1, 8)]
    said = [e.text for e in texts]
    assert "mutex_lock(device) [waits for CPU1]" in said and "offline[page 1] = True" in said
    bars = [e for e in root.iter() if e.tag.endswith("}rect") and e.get("rx") == "2"]
    assert len(bars) == 3
    stuck = render_svg(behind.explained(behind.deadlocked()))
    assert stuck.count("[waits for CPU") == 2
    height = float(root.get("height"))
    assert all(0 < float(e.get("y")) < height for e in texts)


# pytest


def test_an_exported_test_replays_the_trace(tmp_path):
    for trace in (behind.waiting(), behind.deadlocked()):
        text = render_pytest(trace, behind.MODEL, behind.background(trace))
        path = tmp_path / "test_exported.py"
        path.write_text(text + "\n", encoding="ascii")
        ran = run_pytest(path)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        assert "1 passed" in ran.stdout


def test_an_exported_test_fails_when_the_schedule_is_no_longer_possible(tmp_path):
    trace = behind.waiting()
    text = render_pytest(trace, behind.MODEL, behind.background(trace))
    path = tmp_path / "test_exported.py"
    path.write_text(text.replace("'waits': True", "'waits': False"), encoding="ascii")
    ran = run_pytest(path)
    assert ran.returncode == 1
    assert "step 8: offliner cannot do wait_until" in ran.stdout


def run_pytest(path):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null"]
    return subprocess.run(
        [*command, "-p", "no:xdist", str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=behind.ROOT,
        check=False,
    )


def test_hostile_names_stay_strings_of_the_exported_test():
    trace = hostile.trace()
    text = render_pytest(trace, trace.model)
    tree = ast.parse(text)
    calls = [n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call)]
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert calls == ["retrace"] and len(imports) == 1
    schedule = next(
        ast.literal_eval(n.value)
        for n in tree.body
        if isinstance(n, ast.Assign) and n.targets[0].id == "SCHEDULE"
    )
    assert [s[1] for s in schedule] == [s.text for s in trace.steps]


@QUICK
@given(traces())
def test_every_exported_test_is_python(trace):
    ast.parse(render_pytest(trace, trace.model))


# Schedules


def test_a_schedule_that_ends_too_early_or_elsewhere():
    with pytest.raises(NotAPath, match="does not decide"):
        retrace(behind.MODEL, behind.OFFLINED[:-1], prop="offline_unused", initial=behind.FREE)
    with pytest.raises(NotRetraced, match="initial value"):
        retrace(behind.MODEL, behind.OFFLINED, prop="offline_unused")
    blocked = [*behind.CROSSED, ("offliner", "mutex_lock(device)", {})]
    with pytest.raises(NotRetraced, match=r"step 3: offliner cannot do mutex_lock\(device\) there"):
        retrace(behind.MODEL, blocked, prop="deadlock_free", initial=behind.FREE)
    strange = [("offliner", "mutex_lock(hotplug)", {"page": 7})]
    with pytest.raises(NotRetraced, match="there is no page 7"):
        retrace(behind.MODEL, strange, prop="offline_unused", initial=behind.FREE)


# The report


def test_the_report_names_the_places_and_the_change():
    text = render_report(behind.explained(behind.offlined()), made="pagestate 1", trace="a/b.json")
    lines = text.split("\n")
    assert lines[0] == lines[-1] == "=" * 66
    assert lines[1] == "BUG: pagestate: offline_unused in getter / driver / offliner"
    assert re.search(r"step 2 by driver on cpu 1 \(plugging.py:\d+\):", text)
    assert "  page 1: refcount 0 -> 1" in lines
    assert "1 more step changes no shared state" in text
    assert "not offline[page 1] or refcount[page 1] == 0 is false" in text
    assert "value changed: page 1: offline 0 -> 1" in lines
    assert "Show: pagestate show b.json --values" in lines
    assert "INFO: pagestate" in render_report(view_of(samples.race_2019(violation=False)))


@QUICK
@given(traces())
def test_the_report_fits_and_is_plain(trace):
    for width in (40, 75):
        for line in render_report(view_of(trace), width).split("\n"):
            assert len(line) <= width
            assert all(" " <= c <= "~" for c in line) and line == line.rstrip()


def test_a_report_too_narrow():
    with pytest.raises(ValueError, match="at least 40"):
        render_report(view_of(samples.lasso()), 39)


@pytest.mark.parametrize(
    "render", [render_mermaid, render_dot, render_perfetto, render_svg, render_report]
)
def test_hostile_names(render):
    text = render(view_of(hostile.trace()))
    assert all(" " <= c <= "~" or c == "\n" for c in text)
