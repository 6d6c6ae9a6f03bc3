"""The tables say what the states say."""

from dataclasses import replace

from hypothesis import given, settings

from pagestate.core.trace import Step
from pagestate.view.tables import tables_of
from pagestate.view.traceview import view_of
from pagestate.view.values import local_name, show_value

from . import behind, samples
from .strategies import traces


@settings(derandomize=True, deadline=None, max_examples=80)
@given(traces())
def test_every_value_of_every_state_is_in_one_cell(trace):
    found = tables_of(trace)
    shown = [c for t in found.tables for r in t.rows for c in r.cells if c is not None]
    assert sorted(shown) == list(range(len(found.cells))) == list(range(len(trace.states[0])))
    sorts = {v.name: v.sort for v in trace.variables}
    for n, state in enumerate(trace.states):
        said = sorted(cell.at(n) for cell in found.cells)
        assert said == sorted(show_value(v, sorts[c[0]]) for c, v in state.items())
    for n, changed in enumerate(found.changed, 1):
        before, after = trace.states[n - 1], trace.states[n]
        differing = [c for c in after if (type(before[c]), before[c]) != (type(after[c]), after[c])]
        assert len(changed) == len(differing)
        assert all(any(s.state == n for s in found.cells[c].history) for c in changed)


def test_pages_are_columns_and_threads_have_tables_of_their_own():
    found = tables_of(behind.offlined())
    pages, globals_, *threads = found.tables
    assert pages.columns == ("page 0", "page 1")
    assert [r.name for r in pages.rows] == ["refcount", "offline", "dirty"]
    assert {r.name for r in globals_.rows} >= {"mode", "hotplug", "device"}
    assert [t.title for t in threads] == ["getter", "offliner", "driver"]
    assert threads[0].columns == ("getter 0", "getter 1")
    assert [r.name for r in threads[0].rows] == ["at", "page"]
    assert threads[1].columns == ("",)
    offline = found.cells[pages.rows[1].cells[1]]
    assert offline.name == "page 1 offline"
    assert [(s.state, s.value) for s in offline.history] == [(0, "0"), (7, "1")]


def test_a_value_of_another_type_is_another_value():
    trace = samples.no_steps()
    state = {**trace.states[0], ("refcount", (0,)): False}
    trace = replace(trace, states=(trace.states[0], state), steps=(Step("t", None, "a", "a"),))
    found = tables_of(trace)
    assert [found.cells[c].name for c in found.changed[0]] == ["page 0 refcount"]


def test_two_indices():
    trace = samples.three_lanes()
    assert all(t.columns for t in tables_of(trace).tables)


def test_members_of_a_step():
    view = behind.explained(behind.offlined())
    assert [r.members for r in view.rows] == [
        ("page 1",),
        (),
        ("page 1",),
        (),
        (),
        (),
        ("page 1",),
    ]
    assert [r.members for r in view_of(samples.race_2019()).rows] == [("page 0",)] * 6


def test_names_of_locals():
    for name, short in {
        "virtio_mem.plug@45:8/alloc@77:16.taken": "alloc.taken",
        "virtio_mem.online@48:12.seen:179": "online.seen",
        "virtio_mem.page": "page",
        "virtio_mem_pc": "pc",
        "other": "other",
    }.items():
        assert local_name(name, "virtio_mem") == short
    assert local_name("a.b", None) == "a.b"
