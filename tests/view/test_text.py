"""What holds of every diagram: width, ASCII, and that it can be read back."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pagestate.core.trace import Step, Trace
from pagestate.view.text import MIN_WIDTH, render_text
from pagestate.view.traceview import view_of
from pagestate.view.wellformed import TraceError
from pagestate.view.wrap import plain, wrap

from . import behind, samples
from .strategies import traces

OPTIONS = st.fixed_dictionaries(
    {
        "width": st.integers(MIN_WIDTH, 130),
        "values": st.sampled_from([False, True, "shared", "all"]),
        "numbers": st.booleans(),
        "header": st.booleans(),
    }
)


def columns_of(lines: list[str]) -> list[int]:
    """Where the columns of a diagram start, by its line of CPUs; nothing for a log."""
    for line, below in pairwise(lines):
        if re.fullmatch(r" *----( +----)*", below) and re.fullmatch(r" *CPU0( +CPU\d)*", line):
            return [m.start() for m in re.finditer("CPU", line)]
    return []


def read_back(text: str) -> list[tuple[int, int]]:
    """The (number, lane) of each step of a diagram with numbers: the reader's view of it."""
    lines = text.split("\n")
    columns = columns_of(lines)
    steps = []
    for line in lines:
        match = re.match(r" *(\d+) ( *)(?:CPU(\d+): )?", line)
        if match is None or match.end(1) > 5:
            continue
        if columns:
            start = match.end(1) + len(match[2]) + 1
            lane = max(n for n, c in enumerate(columns) if c <= start)
        else:
            lane = int(match[3])
        steps.append((int(match[1]), lane))
    return steps


@settings(derandomize=True, deadline=None, max_examples=120)
@given(traces(), OPTIONS)
def test_lines_fit_and_are_plain(trace, options):
    for line in render_text(view_of(trace), **options).split("\n"):
        assert len(line) <= options["width"]
        assert all(" " <= c <= "~" for c in line)
        assert line == line.rstrip()


@settings(derandomize=True, deadline=None, max_examples=120)
@given(traces(), OPTIONS)
def test_order_and_lanes_can_be_read_back(trace, options):
    text = render_text(view_of(trace), **{**options, "numbers": True, "header": False})
    lanes: list[tuple[str, int | None]] = []
    expected = []
    for n, step in enumerate(trace.steps):
        who = (step.thread, step.member)
        if who not in lanes:
            lanes.append(who)
        expected.append((n + 1, lanes.index(who)))
    assert read_back(text) == expected


@pytest.mark.parametrize("make", [behind.offlined, behind.waiting, behind.deadlocked])
@pytest.mark.parametrize("width", [40, 60, 75, 120])
@pytest.mark.parametrize("values", [False, "all"])
def test_waiting_threads_are_not_steps(make, width, values):
    view = behind.explained(make())
    text = render_text(view, width=width, numbers=True, values=values)
    assert read_back(text) == [(r.number, r.lane) for r in view.rows]
    assert "".join(text.split()).count("[waits") == sum(len(r.waits) for r in view.rows) + len(
        view.stuck
    )
    assert all(len(line) <= width for line in text.split("\n"))


@settings(derandomize=True, deadline=None)
@given(
    st.text(alphabet="ab0 ,(:_>-", max_size=200).map(plain),
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(0, 20),
    st.booleans(),
)
def test_wrapping_loses_nothing_but_blanks(text, first, rest, spare, prose):
    lines = wrap(text, first, rest, spare, prose)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert len(lines[0]) <= first + spare
    assert all(0 < len(line) <= rest + spare for line in lines[1:])


def test_four_thousand_steps_keep_their_numbers():
    step = Step("getter", 0, "get", "get_page_unless_zero(page 0)")
    trace = replace(samples.race_2019(), steps=(step,) * 4000)
    trace = replace(trace, states=(trace.states[0],) * 4001)
    text = render_text(view_of(trace), numbers=True)
    assert read_back(text) == [(n, 0) for n in range(1, 4001)]


def test_a_very_long_name_is_cut_into_the_column():
    step = Step("getter", 0, "get", "x" * 100_000)
    trace = replace(samples.no_steps(), steps=(step,))
    trace = replace(trace, states=trace.states * 2)
    text = render_text(view_of(trace), header=False)
    assert max(map(len, text.split("\n"))) <= 75
    assert text.count("x") == 100_000 + text.count("start: x")


@pytest.mark.parametrize("lanes", [1, 2, 3, 4])
def test_names_reach_into_the_next_column_but_not_beyond_the_width(lanes):
    widest = 0
    for length in range(1, 100):
        steps = tuple(Step("getter", n, "get", "x" * length) for n in range(lanes))
        trace = replace(samples.no_steps(), steps=steps)
        trace = replace(trace, states=trace.states * (lanes + 1))
        lines = render_text(view_of(trace), header=False).split("\n")
        assert max(map(len, lines)) <= 75
        widest = max(widest, *(len(line) for line in lines if line.endswith("x")))
        whole = [line for line in lines if line.endswith("x" * length)]
        room = 75 - 4 - 2 - (6 if lanes > 3 else 0)
        assert length > room or whole
    assert widest == 75


def test_control_characters_and_other_alphabets_are_replaced():
    step = Step("getter", 0, "get", "a\x1b[31mb\nc\u00e9\u2192d")
    trace = replace(samples.no_steps(), steps=(step,))
    trace = replace(trace, states=trace.states * 2)
    assert "a?[31mb c?->d" in render_text(view_of(trace))


def test_too_narrow_is_an_error():
    with pytest.raises(ValueError, match="at least 40"):
        render_text(view_of(samples.lasso()), width=39)


def test_a_call_is_shown_again_after_a_step_outside_it():
    call = ("put_page(page 0)",)
    steps = tuple(
        Step("getter", 0, text, text, calls)
        for text, calls in [("a", call), ("b", call), ("c", ()), ("d", call)]
    )
    trace = replace(samples.no_steps(), steps=steps)
    trace = replace(trace, states=trace.states * 5)
    assert render_text(view_of(trace)).count("put_page(page 0)") == 2


def test_a_repeating_thread_is_introduced_again():
    trace = samples.race_2019()
    again = replace(trace.steps[0], args={})
    states = (*trace.states, {**trace.states[-1], ("getter_pc", (0,)): "got"})
    trace = replace(trace, steps=(*trace.steps, again), states=states)
    assert [r.starts for r in view_of(trace).rows if r.starts] == [
        "getter(page 0)",
        "unplug(page 0)",
        "getter(page 0)",
    ]


def test_the_threads_own_call_opens_it_and_is_no_helper():
    trace = samples.race_2019()
    steps = tuple(replace(s, args={}, calls=(f"{s.thread}(page 7)", *s.calls)) for s in trace.steps)
    text = render_text(view_of(trace))
    assert render_text(view_of(replace(trace, steps=steps))) == text.replace(
        "getter(page 0)", "getter(page 7)"
    ).replace("unplug(page 0)", "unplug(page 7)")


def test_a_lasso_that_stands_still():
    trace = replace(samples.lasso(), loop=3)
    assert "<- nothing moves any more" in render_text(view_of(trace))


def test_the_reason_of_a_violation_replaces_the_title():
    trace = replace(samples.lasso(), meta={"violation": "CPU0 waits for ever"})
    assert "CPU0 waits for ever ***" in render_text(view_of(trace))


def test_values_that_look_alike_are_different():
    trace = samples.no_steps()
    state = {**trace.states[0], ("refcount", (0,)): False}
    trace = Trace(
        **{
            name: getattr(trace, name)
            for name in trace.__slots__
            if name not in ("states", "steps")
        },
        states=(trace.states[0], state),
        steps=(Step("t", None, "a", "a"),),
    )
    assert [c.variable for c in view_of(trace).rows[0].changes] == ["refcount"]


def test_parts_that_do_not_fit_together():
    trace = samples.lasso()
    with pytest.raises(TraceError, match="4 states and 2 steps"):
        view_of(replace(trace, steps=trace.steps[:2]))
    with pytest.raises(TraceError, match="returns to state 4"):
        view_of(replace(trace, loop=4))
    with pytest.raises(TraceError, match="state 3 and state 0 do not have the same cells"):
        view_of(replace(trace, states=(*trace.states[:3], {})))
    with pytest.raises(TraceError, match="not declared"):
        view_of(replace(trace, variables=()))
    with pytest.raises(TraceError, match="same name"):
        view_of(replace(trace, variables=trace.variables * 2))


def nested(deep: int, lanes: int) -> Trace:
    """Threads that take steps ``deep`` calls inside, one after another."""
    calls = tuple(f"helper_with_a_name_{n}(page 0)" for n in range(deep))
    text = "set_migratetype_isolate(page 0) -> true"
    steps = tuple(Step(f"thread{n}", None, "a", text, calls) for n in range(lanes))
    trace = replace(samples.no_steps(), steps=steps)
    return replace(trace, states=trace.states * (lanes + 1))


def test_three_threads_deep_in_calls_are_shown_in_a_log():
    view = view_of(nested(4, 3))
    text = render_text(view, header=False)
    assert columns_of(text.split("\n")) == []
    assert all(f"{call}\n" in text for call in view.rows[0].calls), "calls stand in one line"
    assert [n for n, _ in read_back(render_text(view, numbers=True))] == [1, 2, 3]
    assert len(columns_of(render_text(view, shape="columns").split("\n"))) == 3
    for deep, lanes in ((1, 3), (4, 2), (4, 1)):
        other = render_text(view_of(nested(deep, lanes)), header=False).split("\n")
        assert len(columns_of(other)) == lanes
    assert columns_of(render_text(view_of(nested(1, 2)), shape="log").split("\n")) == []
    assert len(columns_of(render_text(view, width=130).split("\n"))) == 3


@pytest.mark.parametrize("lanes", [2, 3])
def test_each_call_is_indented_more_than_the_one_around_it(lanes):
    view = view_of(nested(4, lanes))
    lines = render_text(view, header=False, shape="columns").split("\n")
    heads = [next(line for line in lines if f"name_{n}(" in line) for n in range(4)]
    depths = [len(line) - len(line.lstrip()) for line in heads]
    assert all(a < b for a, b in pairwise(depths))
