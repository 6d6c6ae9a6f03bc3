"""What is faded: what the end of a trace does not depend on, and nothing else."""

import random

import pytest

from pagestate.check.request import make_request
from pagestate.check.retrace import NotRetraced, retrace
from pagestate.core.evaluate import evaluate, initial_states
from pagestate.core.execute import NotAPath, trace_of
from pagestate.core.verdict import Path
from pagestate.core.waiting import members
from pagestate.lang.load import load_model
from pagestate.schedule.moves import Moves
from pagestate.view.brief import brief
from pagestate.view.text import render_text
from pagestate.view.traceview import view_of

from . import behind, fading, samples
from .test_text import read_back


def fades(view):
    return {r.number: r.fade for r in view.rows if r.fade}


def idle(view):
    return {view.tables.cells[n].name for n in view.idle}


def test_what_the_race_of_two_threads_does_not_need():
    view = fading.explained(fading.trace())
    apart = dict.fromkeys((2, 4, 5, 6), "apart")
    assert fades(view) == {**apart, 1: "passing", 7: "passing", 8: "passing"}
    assert {"page 1 refcount", "page 1 free", "page 0 seen", "busy", "other"} <= idle(view)
    assert not {"page 0 refcount", "page 0 offline", "page 0 free"} & idle(view)


def test_a_look_counts_if_what_it_saw_changes_before_it_is_used():
    view = fading.explained(fading.trace(fading.LOOKED, late=True, hook=True))
    assert fades(view) == dict.fromkeys((1, 3, 5), "passing")
    looked = next(r for r in view.rows if r.text == "offline[page 0] -> false")
    assert looked.number == 7 and not looked.fade


def test_a_lock_counts_where_one_thread_waits_for_the_other():
    view = fading.explained(fading.trace(fading.HANDED_OVER, locked=True))
    assert fades(view) == {1: "passing", 3: "passing", 4: "passing"}
    assert "marks" not in idle(view)


def test_a_lock_that_was_given_back_in_time_is_not_missed():
    view = behind.explained(behind.offlined())
    assert fades(view) == {2: "apart", 3: "passing", 4: "apart", 5: "apart", 6: "passing"}


def test_the_rest_is_an_execution_and_less_is_none():
    found = fading.trace()
    kept = [n for n, r in enumerate(fading.explained(found).rows) if r.fade != "apart"]

    def rest(numbers):
        return retrace(
            fading.MODEL,
            [fading.RACE[n] for n in numbers],
            prop="offline_never_free",
        )

    assert len(rest(kept).steps) == 8
    for n in kept:
        with pytest.raises((NotRetraced, NotAPath)):
            rest([k for k in kept if k != n])


def walks(seeds, longest=80):
    """Executions of the model that take a step at random until they violate the property."""
    request = make_request(load_model(fading.MODEL), {}, {}, ["offline_never_free"])
    sizes, system, prop = request.bounds(100), request.compiled.system, request.properties[0]
    moves = Moves(system, sizes)
    threads = [(t.name, m) for t in system.threads for m in members(t, sizes)]
    for seed in seeds:
        choice, state, path = random.Random(seed), next(iter(initial_states(system, sizes))), []
        while len(path) < longest:
            steps = list(moves.steps(*choice.choice(threads), state))
            if not steps:
                continue
            taken = choice.choice(steps)
            path.append(taken.move)
            state = taken.after
            if not evaluate(prop.formula, state, sizes, {}):
                yield trace_of(
                    system, sizes, Path((), tuple(path)), prop, "violated", "walk",
                    request.compiled.valuation,
                )  # fmt: skip
                break


def test_random_executions_without_the_steps_apart():
    lengths = []
    for found in walks(range(60)):
        view = fading.explained(found)
        steps = [
            (view.lanes[r.lane].title, s.text, dict(s.picks))
            for r, s in zip(view.rows, found.steps, strict=True)
            if r.fade != "apart"
        ]
        rest = retrace(fading.MODEL, steps, prop="offline_never_free")
        lengths.append((len(found.steps), len(rest.steps)))
    assert len(lengths) > 20
    assert sum(a for a, _ in lengths) > 2 * sum(b for _, b in lengths)


def test_a_deadlock_needs_those_who_are_in_it():
    schedule = [behind.OFFLINED[0], *behind.CROSSED]
    found = retrace(
        behind.MODEL, schedule, prop="deadlock_free", switches={"nested": True}, initial=behind.FREE
    )
    assert fades(behind.explained(found)) == {1: "apart"}


def test_nothing_is_faded_where_it_is_not_known_what_matters():
    for view in (view_of(samples.race_2019()), view_of(samples.lasso())):
        assert view.idle is None and not fades(view)


# The diagram without them


def test_the_brief_diagram_has_the_other_steps_under_their_numbers():
    view = fading.explained(fading.trace())
    short = brief(view)
    text = render_text(short, numbers=True)
    lanes = {"getter 0": 0, "unplug": 1}
    kept = [(r.number, lanes[view.lanes[r.lane].title]) for r in view.rows if not r.fade]
    assert read_back(text) == kept
    assert text == SHORT


SHORT = """\
    offline_never_free is violated in 12 steps (2 of 4 CPUs, 2 pages):

    CPU0                            CPU1
    ----                            ----
    getter(page 0)
  3   get_page(page 0) -> true
                                    unplug(page 0)
                                      ...
  9                                   offline[page 0] = True
 10                                   put_page_testzero(page 0)
      ...
      put_page(page 0)
 11     put_page_testzero(
            page 0) -> true
 12     free[page 0] = True
    *** page 0: free 0 -> 1 violates offline_never_free: an offline page is
        never free ***

    (7 of 12 steps are left out: the end does not depend on them)"""


def test_a_brief_view_of_what_is_not_known_is_the_view():
    view = view_of(samples.race_2019())
    assert brief(view) is view
