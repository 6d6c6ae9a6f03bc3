"""Schedules are followed, or it is said where they cannot be."""

import pytest

from pagestate.check.request import Request, make_request
from pagestate.core.evaluate import successors
from pagestate.core.execute import states_of
from pagestate.core.waiting import members
from pagestate.schedule import Actor, Schedule, showing
from pagestate.schedule.follow import follow, trace_of_schedule
from pagestate.schedule.items import Item
from pagestate.schedule.matching import ScheduleError
from pagestate.schedule.moves import Moves
from tests.schedule.small import WATCH, R, S, V, model

RACE = [
    V("alloc_contig_range -> true", "rc1 off0 plug1 OUT", page=0),
    S("get_page_unless_zero -> true", "rc2", page=0),
    V("offline = True", "off1", page=0),
    V("page_ref_dec", "rc1", page=0),
    V("plugged = False", "plug0", page=0),
    S("put_page_testzero", "rc0 OUT", page=0),
    S("free = True", "rc0 off1 FREE plug0", page=0),
]


def request(pages: int = 1, getters: int = 1, hook: str = "false") -> Request:
    return make_request(model, {"hook": hook}, {"page": str(pages), "getter": str(getters)}, [])


def schedule(*items: Item) -> Schedule:
    return Schedule("test", items, "", WATCH)


def texts(*items: Item, pages: int = 1) -> list[str]:
    trace = trace_of_schedule(request(pages), schedule(*items))
    return [f"{s.thread}: {s.text}" for s in trace.steps]


def refused(*items: Item, pages: int = 1) -> str:
    with pytest.raises(ScheduleError) as caught:
        follow(request(pages), schedule(*items))
    return str(caught.value)


@pytest.mark.parametrize("pages", [1, 3])
def test_the_race_is_an_execution(pages: int) -> None:
    assert texts(*RACE, pages=pages) == [
        "virtio_mem: mutex_lock(hotplug_mutex)",
        "virtio_mem: alloc_contig_range(page 0) -> true",
        "getter: get_page_unless_zero(page 0) -> true",
        "virtio_mem: offline[page 0] = True",
        "virtio_mem: page_ref_dec(page 0)",
        "virtio_mem: plugged[page 0] = False",
        "getter: put_page_testzero(page 0) -> true",
        "getter: free[page 0] = True",
    ]


def test_the_marks_say_where_items_end() -> None:
    followed = follow(request(), schedule(*RACE))
    assert followed.marks == (2, 3, 4, 5, 6, 7, 8)
    states = states_of(request().compiled.system, request().bounds(7), followed.path)
    assert states[-1] == followed.end
    assert states[2]["refcount", (0,)] == 1


def test_the_state_after_every_item_is_compared() -> None:
    text = refused(*RACE[:5], S("put_page_testzero", "rc1", page=0))
    assert "item 6 (getter 0: put_page_testzero at page 0 -> rc1) is not possible" in text
    assert "rc1 off1 plug0 OUT" in text
    assert "put_page_testzero(page 0) -> true   <- the step, but then: page 0: rc0 off1" in text


def test_words_are_whole_words() -> None:
    assert "not possible" in refused(V("alloc_contig_range", "rc", page=0))
    assert "not possible" in refused(V("alloc_contig_range", "FREE", page=0))


def test_a_thread_that_waits_is_reported() -> None:
    text = refused(R("mutex_lock"), V("alloc_contig_range", page=0))
    assert "virtio_mem is at start:" in text
    assert "not possible: mutex_lock(hotplug_mutex)" in text


def test_the_hook_forbids_the_race() -> None:
    with pytest.raises(ScheduleError, match=r"item 7 .*getter 0: free = True"):
        follow(request(hook="true"), schedule(*RACE))


def test_an_inline_function_is_left() -> None:
    assert texts(*RACE[:2], V("set_fake_offline", "off1 rc1", page=0))[-2:] == [
        "virtio_mem: offline[page 0] = True",
        "virtio_mem: page_ref_dec(page 0)",
    ]
    whole = texts(*RACE[:5], S("put_page", page=0))
    assert whole == texts(*RACE)
    assert "not possible" in refused(*RACE[:5], S("put_page", "OUT", page=0))


def test_steps_are_called_by_text_name_result_or_source() -> None:
    get = "getter: get_page_unless_zero(page 0) -> true"
    for name in (
        "get_page_unless_zero",
        "get_page_unless_zero()",
        "get_page_unless_zero -> true",
        "get_page_unless_zero(page 0)",
        "get_page_unless_zero(page 0) -> true",
    ):
        assert texts(RACE[0], S(name, "rc2"))[-1] == get
    assert "not possible" in refused(RACE[0], S("get_page_unless_zero -> false"))
    assert "did you mean 'put_page'?" in refused(S("put_pag"))


def test_a_step_is_about_a_page() -> None:
    one = texts(V("alloc_contig_range", page=1), S("get_page_unless_zero", page=1), pages=2)
    assert one[-2:] == [
        "virtio_mem: alloc_contig_range(page 1) -> true",
        "getter: get_page_unless_zero(page 1) -> true",
    ]
    only = V("alloc_contig_range", page=0, within=2)
    assert "not possible" in refused(only, S("get_page_unless_zero", page=1), pages=2)
    assert "there is no page 2" in refused(V("alloc_contig_range", page=2), pages=2)
    assert "say which page shows 'rc1'" in refused(V("alloc_contig_range", "rc1"), pages=2)


def test_words_of_several_pages() -> None:
    two = V("alloc_contig_range", {0: "rc1 OUT", 1: "rc0 FREE"})
    assert texts(two, pages=2)[-1] == "virtio_mem: alloc_contig_range(page 0) -> true"
    assert "not possible" in refused(
        V("alloc_contig_range", {0: "rc1", 1: "rc1"}, within=2), pages=2
    )


def test_choices_are_fixed() -> None:
    freed = texts(V("mutex_unlock", choose={"willing": False}, then={"offline[0]": False}))
    assert "virtio_mem: put_page_testzero(page 0) -> true" in freed
    marked = texts(V("mutex_unlock", choose={"willing": True}))
    assert "virtio_mem: offline[page 0] = True" in marked
    text = refused(V("mutex_unlock", "off1", choose={"willing": False}, page=0))
    assert "against the choices of the item" in text


def test_a_choice_is_judged_by_later_items(monkeypatch: pytest.MonkeyPatch) -> None:
    found = texts(V("alloc_contig_range"), V("offline = True", page=1, within=1), pages=2)
    assert found[1:] == [
        "virtio_mem: alloc_contig_range(page 1) -> true",
        "virtio_mem: offline[page 1] = True",
    ]
    monkeypatch.setattr("pagestate.schedule.follow.FEW", 0)
    late = texts(V("mutex_unlock"), showing("off1 plug0"))
    assert "virtio_mem: plugged[page 0] = False" in late


def test_cells_and_the_state_alone() -> None:
    assert texts(showing("rc0 FREE"), RACE[0], showing("rc1", then={"plugged[0]": True}))
    assert "not possible" in refused(showing("rc1"))
    assert "no cell 'refcount[4]'" in refused(showing(then={"refcount[4]": 1}))
    assert "did you mean 'refcount'" in refused(showing(then={"refcoun[0]": 1}))


def test_either_of_two_threads() -> None:
    both = Actor("getter", 0) | Actor("virtio_mem")
    assert texts(RACE[0], both("get_page_unless_zero", page=0))[-1].startswith("getter")
    with pytest.raises(ScheduleError, match="no thread 'drive'"):
        follow(request(), schedule(Actor("drive")("x")))


def test_any_member_of_a_replicated_thread() -> None:
    anybody = Actor("getter")
    trace = trace_of_schedule(
        request(getters=2),
        schedule(RACE[0], Actor("getter", 1)("get_page_unless_zero"), anybody("put_page", "rc1")),
    )
    assert [s.member for s in trace.steps] == [None, None, 1, 1]


def test_words_need_a_watch() -> None:
    with pytest.raises(ScheduleError, match="no watch"):
        follow(request(), Schedule("test", RACE))


def test_moves_are_all_the_steps_there_are() -> None:
    asked = request(pages=2, getters=2)
    system, sizes = asked.compiled.system, asked.bounds(7)
    moves = Moves(system, sizes)
    followed = follow(asked, schedule(*RACE))
    for state in states_of(system, sizes, followed.path):
        mine = [
            (t.move.action.name, t.move.picks)
            for thread in system.threads
            for member in members(thread, sizes)
            for t in moves.steps(thread.name, member, state)
        ]
        everything = [(a.name, tuple(b.items())) for a, b, _ in successors(system, state, sizes)]
        assert sorted(mine, key=str) == sorted(everything, key=str)
