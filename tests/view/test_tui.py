"""The terminal viewer: its panes, and its keys in Textual's own pilot."""

import asyncio

import pytest

from pagestate.cli.against import compare
from pagestate.cli.behind import Models
from pagestate.view.traceview import view_of
from pagestate.view.tui.content import (
    clean,
    detail_lines,
    matches,
    members_of,
    state_lines,
    step_line,
)
from tests.cli.running import cli

from . import behind, fading, hostile, samples


def texts(lines):
    return "\n".join(line.text for line in lines)


def test_every_step_stands_in_its_lane():
    view = behind.explained(behind.offlined())
    lines = [step_line(view, row).text for row in view.rows]
    assert [line.split()[1 + row.lane] for line, row in zip(lines, view.rows, strict=True)] == [
        "*"
    ] * len(view.rows)
    assert any("#" in line for line in lines), "a lock is held"
    assert lines[-1].endswith("!")


def test_the_detail_of_a_step_says_why_it_could_be_taken_and_who_waits():
    view = behind.explained(behind.waiting())
    every = [texts(detail_lines(view, n)) for n in range(len(view.rows) + 1)]
    assert any("Could be taken because" in text for text in every)
    assert any("waits for device" in text for text in every)
    assert any("model: " in text and "mutex_lock" in text for text in every)
    assert view.final in every[-1]


def test_the_state_shows_what_changed():
    view = behind.explained(behind.offlined())
    last = list(state_lines(view, len(view.rows), "", everything=False))
    changed = [c for line in last for c in line.cells if c.old is not None]
    assert {(c.old, c.value) for c in changed} >= {("0", "1")}
    fewer = list(state_lines(view, 1, "page 0", everything=False))
    assert len(list(state_lines(view, 1, "", everything=True))) > len(fewer)
    assert not any(c.cell is not None and "page 1" in view.tables.cells[c.cell].member
                   for line in fewer for c in line.cells)  # fmt: skip


def test_searching():
    view = behind.explained(behind.offlined())
    assert matches(view, "GET_PAGE") == [1]
    locks = matches(view, "mutex_lock")
    assert len(locks) == 3
    assert matches(view, "mutex_lock .. mutex_unlock")[0] == locks[0]
    assert matches(view, "mutex_unlock .. get_page") == []
    assert matches(view, "  ") == []


def test_hostile_texts_move_no_cursor():
    assert clean("a\x1b[31mb\r\nc\u202ed") == "a?[31mb??c?d"
    view = view_of(hostile.trace())
    for n in range(len(view.rows) + 1):
        for line in detail_lines(view, n):
            assert line.text.isprintable()


def test_the_command_line_says_what_is_missing(tmp_path):
    pytest.importorskip("textual")
    path = tmp_path / "t.itf.json"
    from pagestate.view.itf import save_trace

    save_trace(behind.offlined(), path)
    assert "terminal" in cli("show", "--tui", str(path)).err
    assert "--format" in cli("show", "--tui", "--format", "svg", str(path)).err


def piloted(views, *presses):
    """The viewer after some keys; the state of the application as it then is."""
    pytest.importorskip("textual")
    from pagestate.view.tui.app import Viewer

    async def go():
        app = Viewer(views)
        async with app.run_test(size=(120, 40)) as pilot:
            await pilot.pause()
            for key in presses:
                await pilot.press(key)
                await pilot.pause()
            from textual.widgets import Static

            title = str(app.query_one("#title", Static).render())
            steps = app.screen_stack[0].query_one("#steps")
            return app, title, steps.highlighted, len(app.screen_stack)

    return asyncio.run(go())


@pytest.fixture(scope="module")
def view():
    return behind.explained(behind.offlined())


@pytest.mark.parametrize(
    ("keys", "step"),
    [
        ("", 0),
        ("j", 1),
        ("right right left", 1),
        ("down down", 2),
        ("j k k", 0),
        ("v", 7),
        ("v j", 7),
        ("end home", 0),
        ("j j right_square_bracket", 4),
        ("v left_square_bracket", 6),
    ],
)
def test_keys_that_move(view, keys, step):
    app, title, highlighted, _ = piloted([view], *keys.split())
    assert app.step == highlighted == step
    assert f"step {step} of 7" in title


def test_pages_cells_search_and_theme(view):
    app, title, *_ = piloted([view], "p")
    assert app.member == members_of(view)[0] and f"[{app.member}]" in title
    assert piloted([view], "a")[0].everything
    app, title, *_ = piloted([view], "slash", *"offline[", "enter")
    assert app.step == 7 and "1 found" in title
    assert piloted([view], "slash", "x", "escape", "j")[0].step == 1
    assert piloted([view], "t")[0].theme == "textual-light"


def test_what_the_end_does_not_depend_on_is_dim():
    race = fading.explained(fading.trace())
    dim = [row.number for row in race.rows if step_line(race, row).kind == "less"]
    assert dim == [1, 2, 4, 5, 6, 7, 8]
    assert all(step_line(race, row, fading=False).kind != "less" for row in race.rows)
    of_page = [r.number for r in race.rows if step_line(race, r, False, "page 1").kind != "less"]
    assert of_page == [4, 12], "the violation is never dim"
    cells = [c for line in state_lines(race, 3, "", everything=True) for c in line.cells]
    assert {race.tables.cells[c.cell].name for c in cells if c.idle} >= {"page 1 free", "busy"}
    assert "dim" in texts(detail_lines(race, 0)) and "dim" in texts(detail_lines(race, 2))
    assert piloted([race], "f")[0].fading is False and piloted([race], "f", "f")[0].fading
    assert piloted([race], "p", "p", "j")[0].step == 1


def test_a_chosen_cell_is_followed(view):
    pytest.importorskip("textual")
    app, *_ = piloted([view], "tab", "down", "right", "right", "enter")
    assert app.cell is not None
    changes = [s.state for s in view.tables.cells[app.cell].history[1:]]
    app, *_ = piloted([view], "tab", "down", "right", "right", "enter", "n")
    assert app.step == changes[0]


def test_help_and_several_traces(view):
    other = view_of(samples.race_2019())
    assert piloted([view], "question_mark")[3] == 2
    assert piloted([view], "question_mark", "escape", "j")[0].step == 1
    assert piloted([view], "i")[3] == 1, "one trace has no index"
    app, title, *_ = piloted([view, other], "i", "down", "enter")
    assert app.chosen == 1 and other.property in title


def test_a_variant_says_at_its_end_where_it_was_stopped():
    known, trace = Models(), fading.trace()
    found, _ = known.background(trace, fading.MODEL)
    view = compare(trace, found, fading.MODEL, {"hook": "true"}, known).told
    assert "goes on with offline[page 0] -> true" in texts(detail_lines(view, len(view.rows)))
    assert "goes on with" not in texts(detail_lines(view, 1))


def test_hostile_texts_are_shown_as_text():
    piloted([view_of(hostile.trace())], *["j"] * 3)
