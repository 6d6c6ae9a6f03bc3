"""Why steps could be taken and others not: guards, locks, waiting, where the property breaks."""

from dataclasses import replace
from pathlib import Path

import pytest

from pagestate.cli.behind import Models
from pagestate.view.background import background_of
from pagestate.view.sources import read_sources
from pagestate.view.text import render_text
from pagestate.view.traceview import view_of
from pagestate.view.wellformed import TraceError
from pagestate.view.wording import final

from . import behind


def guard(view, number):
    return {c.text: c for c in view.rows[number - 1].guard}


def test_the_guard_of_a_step_conjunct_by_conjunct():
    view = behind.explained(behind.waiting())
    found = guard(view, 8)
    assert all(c.holds for c in found.values())
    assert found["refcount[page 1] == 0"].kind == "shared"
    assert found["refcount[page 1] == 0"].values == (("refcount[page 1]", "0"),)
    assert found["page == page 1"].kind == "local"
    assert [c.kind for t, c in found.items() if t.startswith("pc == ")] == ["control"]
    assert found["fault == none"].kind == "control"
    assert guard(view, 4)["either"].kind == "choice"
    assert guard(view, 6)["device == free"].values == (("device", "free"),)


def test_every_guard_of_an_execution_holds():
    for trace in (behind.offlined(), behind.waiting(), behind.deadlocked()):
        for row in behind.explained(trace).rows:
            assert row.guard and all(c.holds for c in row.guard)


def test_who_is_blocked_on_what():
    view = behind.explained(behind.offlined())
    assert [lane.title for lane in view.lanes] == ["getter 1", "driver", "offliner"]
    others = {o.lane: o for o in view.rows[3].others}
    assert others[2].status == "blocked" and others[2].text == "mutex_lock(device)"
    assert others[2].why == "waits for device, held by CPU1"
    assert others[2].lock == "device" and others[2].holders == (1,)
    assert others[0].status == "ready" and others[0].text == "put_page(page 1)"
    assert {o.lane: o.status for o in view.rows[0].others} == {1: "quiet", 2: "quiet"}
    after = {o.lane: o.status for o in view.rows[6].others}
    assert after == {0: "ready", 1: "quiet"}


def test_a_condition_that_is_waited_for():
    trace = behind.waiting()
    view = behind.explained(trace)
    waiting = next(o for o in view.rows[6].others if o.lane == 2)
    assert waiting.status == "blocked" and waiting.lock == ""
    assert waiting.why == "waits until refcount[page 1] == 0 (refcount[page 1] is 1)"


def test_locks_are_held_from_the_step_that_takes_them_to_the_one_that_gives_them_back():
    view = behind.explained(behind.offlined())
    bars = [(b.lane, b.lock, b.mode, b.first, b.last, b.released) for b in view.locks]
    assert bars == [
        (1, "device", "held", 2, 5, True),
        (2, "hotplug", "held", 3, 7, False),
        (2, "device", "held", 6, 7, False),
    ]


def test_blocked_threads_are_shown_once_where_they_give_way():
    text = render_text(behind.explained(behind.offlined()))
    assert text.count("[waits") == 1
    lines = text.split("\n")
    at = next(n for n, line in enumerate(lines) if "[waits" in line)
    assert "mutex_lock(" in "".join(lines[at - 2 : at + 1])
    assert "mode = Mode.ONLINE" in "".join(lines[at : at + 4]).replace("\n", "")
    assert "[waits" not in render_text(view_of(behind.offlined()))


def test_a_deadlock_shows_both_sides_at_its_end():
    view = behind.explained(behind.deadlocked())
    assert [(w.lane, w.text, w.note) for w in view.stuck] == [
        (0, "mutex_lock(device)", "waits for CPU1"),
        (1, "mutex_lock(hotplug)", "waits for CPU0"),
    ]
    assert {o.status for o in view.end} == {"blocked"}
    text = render_text(view)
    assert text.count("[waits") == 2 and text.count("CPU1]") == text.count("CPU0]") == 1


def test_where_the_property_breaks():
    view = behind.explained(behind.offlined())
    (found,) = view.broken
    assert found.members == ("page 1",) and not found.holds
    assert found.text == "not offline[page 1] or refcount[page 1] == 0"
    assert found.values == (("offline[page 1]", "1"), ("refcount[page 1]", "1"))
    assert behind.explained(behind.deadlocked()).broken == ()


def test_the_page_is_named_where_the_last_step_does_not_name_it():
    trace = behind.offlined()
    view = behind.explained(trace)
    assert view.final.startswith("page 1: offline 0 -> 1 violates offline_unused: an offline")
    elsewhere = [f for r in view.rows for f in r.changes if f.variable == "mode"]
    assert elsewhere == [] and "for page 1" not in final(trace, view.rows[-1].changes, view.broken)
    locked = view.rows[1].changes
    assert final(trace, locked, view.broken).startswith(
        "device: free -> driver violates offline_unused for page 1: an offline"
    )
    assert "for page" not in final(trace, locked, ())


def test_the_sources_are_those_of_the_model():
    trace = behind.offlined()
    view = behind.explained(trace)
    assert set(view.sources) == {str(Path(behind.MODEL).resolve())}
    row = view.rows[6]
    assert row.span is not None
    line = view.sources[row.span.file][row.span.line - 1]
    assert line[row.span.column - 1 : row.span.end_column - 1] == "m.offline[page] = True"


def test_sources_are_those_of_steps_and_of_properties():
    found = behind.background(behind.offlined())
    file = str(Path(behind.MODEL).resolve())
    assert set(read_sources(found.system, ())) == {file}
    bare = replace(found.system, actions=())
    assert set(read_sources(bare, (found.decides,))) == {file}
    assert read_sources(bare, ()) == {}


def test_files_that_only_the_trace_names_are_not_read(tmp_path):
    secret = tmp_path / "secret.py"
    secret.write_text("password = 1\n")
    trace = behind.offlined()
    span = replace(trace.steps[0].span, file=str(secret), line=1)
    steps = (replace(trace.steps[0], span=span), *trace.steps[1:])
    view = behind.explained(replace(trace, steps=steps))
    assert view.rows[0].span.file != str(secret)
    assert str(secret) not in view.sources


# What is no execution of the model.


def other_step(trace):
    return replace(trace, steps=(replace(trace.steps[0], action="x"), *trace.steps[1:]))


def other_value(trace):
    changed = {**trace.states[3], ("refcount", (0,)): 1}
    return replace(trace, states=(*trace.states[:3], changed, *trace.states[4:]))


def other_order(trace):
    steps = (trace.steps[2], *trace.steps[1:2], trace.steps[0], *trace.steps[3:])
    return replace(trace, steps=steps)


def fewer_variables(trace):
    states = tuple({c: v for c, v in s.items() if c[0] != "mode"} for s in trace.states)
    variables = tuple(v for v in trace.variables if v.name != "mode")
    return replace(trace, states=states, variables=variables)


def bad_pick(trace):
    picks = {"getter": 1, "page": 9}
    return replace(trace, steps=(replace(trace.steps[0], picks=picks), *trace.steps[1:]))


def text_pick(trace):
    picks = {"getter": "1", "page": 1}
    return replace(trace, steps=(replace(trace.steps[0], picks=picks), *trace.steps[1:]))


def no_pick(trace):
    return replace(trace, steps=(replace(trace.steps[0], picks={}), *trace.steps[1:]))


def other_choice(trace):
    step = replace(trace.steps[3], picks=dict.fromkeys(trace.steps[3].picks, False))
    return replace(trace, steps=(*trace.steps[:3], step, *trace.steps[4:]))


BROKEN = [
    (other_choice, "step 4 .*: the model cannot take it there"),
    (other_step, "no step 'x'"),
    (other_value, r"step 3 .*refcount\[0\] is 0 in the model, 1 in it"),
    (other_order, "step 1"),
    (fewer_variables, "lacks the variable mode"),
    (bad_pick, "there is no page 9"),
    (text_pick, "there is no getter 1"),
    (no_pick, "does not say which"),
    (lambda t: replace(t, sizes={"page": 2}), "how many getters"),
    (lambda t: replace(t, sizes={"page": 3, "getter": 2}), "2 values, and the sizes say 3"),
    (lambda t: replace(t, model="other"), "of the model other"),
    (lambda t: replace(t, switches={"x": True}), "no switch 'x'"),
    (lambda t: replace(t, switches={"waits": True}), "step 6"),
]


@pytest.mark.parametrize(("change", "message"), BROKEN)
def test_a_trace_of_something_else_is_refused(change, message):
    with pytest.raises(TraceError, match=message):
        Models().background(change(behind.offlined()), behind.MODEL)


def test_the_trace_itself_is_accepted():
    trace = behind.offlined()
    found = behind.background(trace)
    assert [a.name for a in found.actions] == [s.action for s in trace.steps]
    again = background_of(trace, found.system)
    assert again.decides is None and view_of(trace, again).broken == ()


def test_without_a_model_nothing_is_explained():
    view = view_of(behind.offlined())
    assert not view.explained and view.locks == view.end == view.broken == ()
    assert all(r.guard == r.others == r.waits == () for r in view.rows)
    assert Models().background(behind.offlined(), "") == (None, "")


def test_a_shipped_model_that_does_not_fit_is_a_remark():
    found, remark = Models().background(replace(behind.offlined(), model="rfc_v3"), "")
    assert found is None and "no execution of rfc_v3 as it is now" in remark
