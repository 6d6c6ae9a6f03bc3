"""Recordings held against a model, and against a plain search that shares nothing with it."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from pagestate.check.request import Request, make_request
from pagestate.conformance.corrupt import Corruption, a_moment_off, corruptions, reject
from pagestate.conformance.recording import (
    Recording,
    RecordingError,
    Sample,
    changed,
    distinct,
    read_recording,
)
from pagestate.conformance.reproduce import (
    Bounds,
    Impossible,
    Reproduced,
    Reproduction,
    Table,
    reproduce,
)
from pagestate.conformance.space import BoundTooSmall
from pagestate.core.evaluate import initial_states, successors
from pagestate.core.trace import State
from pagestate.schedule import Schedule
from pagestate.schedule.watch import Watch, bind
from tests.schedule.small import WATCH, S, V, model

FREE, OUT, MARKED = "rc0/off0/plug1/FREE", "rc1/off0/plug1/OUT", "rc1/off1/plug1/OUT"
GONE = "rc0/off1/plug0/OUT"
UNPLUG = [(FREE, FREE), (OUT, FREE), (MARKED, FREE), (GONE, FREE), (GONE, OUT), (GONE, GONE)]


def shown(page: Mapping[str, Any]) -> str:
    return WATCH.show(page).replace(" ", "/")


SEEN = Watch(WATCH.fields, shown)


def request(pages: int = 2, hook: str = "true") -> Request:
    return make_request(model, {"hook": hook}, {"page": str(pages), "getter": "1"}, [])


def recording(*rows: tuple[str, ...]) -> Recording:
    samples = tuple(Sample(row, f"event{k}", "task") for k, row in enumerate(rows))
    return Recording("test", ("a", "b")[: len(rows[0])], distinct(samples))


def found(rows: Sequence[tuple[str, ...]], bounds: Bounds, hook: str = "true") -> Reproduced:
    return reproduce(request(hook=hook), SEEN, recording(*rows), bounds)


def plain(asked: Request, record: Recording, bounds: Bounds, table: Table | None = None) -> bool:
    """Whether the recording can be shown, by the definition, state by state."""
    system, sizes = asked.compiled.system, asked.bounds(7)
    seen, pages = bind(SEEN, asked.compiled, sizes), len(record.pages)

    def sees(state: State) -> tuple[str, ...]:
        return seen(state)[:pages]

    def after(state: State) -> list[State]:
        return [new for _, _, new in successors(system, state, sizes)]

    def fits(state: State, row: Sequence[str]) -> bool:
        return all(w in (table or {}).get(r, (r,)) for w, r in zip(sees(state), row, strict=True))

    def odd(state: State, old: Sequence[str], new: Sequence[str]) -> bool:
        known = table or {}
        return any(
            w not in (*known.get(a, (a,)), *known.get(b, (b,)))
            for w, a, b in zip(sees(state), old, new, strict=True)
        )

    rows = [s.shown for s in record.samples]
    states = [s for s in list[State](initial_states(system, sizes)) if fits(s, rows[0])]
    for old, new in pairwise(rows):
        silent, level = list(states), list(states)
        for _ in range(bounds.silent):
            level = [n for s in level for n in after(s) if fits(n, old) and n not in silent]
            level = [n for k, n in enumerate(level) if n not in level[:k]]
            silent += level
        run = [(n, 0) for s in silent for n in after(s) if not fits(n, old)]
        states = [s for s in silent if fits(s, new)]
        for step in range(bounds.hidden + 1):
            more = list[tuple[State, int]]()
            for state, before in run:
                strange = before + odd(state, old, new)
                if fits(state, new):
                    states.append(state)
                elif strange <= bounds.strange and step < bounds.hidden:
                    follow = [n for n in after(state) if not fits(n, old) or fits(n, new)]
                    more += [(n, strange) for n in follow]
            run = [r for k, r in enumerate(more) if r not in more[:k]]
        states = [n for k, n in enumerate(states) if n not in states[:k]]
    return bool(states)


def test_a_recording_is_shown() -> None:
    result = found(UNPLUG, Bounds(strange=2))
    assert len(result.marks) == 6
    words = bind(SEEN, request().compiled, request().bounds(7))
    for row, mark in zip(UNPLUG, result.marks, strict=True):
        assert words(result.trace.states[mark]) == row
    assert len(result.used) == 5
    assert (result.used[0].silent, result.used[0].hidden) == (1, 0)
    assert (result.used[2].hidden, result.used[2].strange) == (1, 1)
    assert result.trace.states[-1]["plugged", (1,)] is False
    assert {s.thread for s in result.trace.steps} == {"virtio_mem"}


def test_what_is_between_is_bounded() -> None:
    with pytest.raises(Impossible) as caught:
        found(UNPLUG, Bounds(strange=0))
    assert caught.value.sample == 3
    assert found(UNPLUG, Bounds(strange=2, hidden=4))
    with pytest.raises(Impossible):
        found(UNPLUG, Bounds(strange=2, hidden=0))
    with pytest.raises(Impossible):
        found(UNPLUG, Bounds(strange=2, silent=0))


def test_pages_change_one_after_another() -> None:
    """Both pages are taken between two samples: a state in between shows old and new words."""
    rows: list[tuple[str, ...]] = [(GONE, FREE), (GONE, OUT)]
    start = Schedule("one is gone", [V("mutex_unlock", "off1 plug0", page=0)], "", WATCH)
    both = reproduce(request(), SEEN, recording(*rows), Bounds(), start)
    assert both.setup > 0
    assert both.marks[0] == both.setup
    with pytest.raises(Impossible, match="begins differently"):
        reproduce(request(), SEEN, recording(*rows), Bounds())


def test_why_a_recording_is_impossible() -> None:
    with pytest.raises(Impossible) as caught:
        found([(FREE, FREE), (OUT, FREE), (GONE, FREE)], Bounds(hidden=1, strange=1))
    text = str(caught.value)
    assert text.startswith(f"sample 2 (event2 task: {GONE} {FREE}) is not shown after {OUT} {FREE}")
    assert f"{MARKED} {FREE}   by virtio_mem: offline[page page] = True" in text


RACE = [
    (FREE, FREE),
    (OUT, FREE),
    (OUT.replace("rc1", "rc2"), FREE),
    (MARKED.replace("rc1", "rc2"), FREE),
    (MARKED, FREE),
    (MARKED.replace("rc1", "rc0"), FREE),
    ("rc0/off1/plug1/FREE", FREE),
]


def test_another_thread_may_move() -> None:
    result = found(RACE, Bounds(), hook="false")
    assert [s.thread for s in result.trace.steps].count("getter") == 3
    with pytest.raises(Impossible) as caught:
        found(RACE, Bounds(), hook="true")
    assert caught.value.sample == 6


def test_fewer_pages_can_be_watched_than_there_are() -> None:
    one = reproduce(request(), SEEN, recording((FREE,), (OUT,), (MARKED,)), Bounds())
    assert len(one.marks) == 3
    with pytest.raises(ValueError, match="more than the instance"):
        reproduce(request(1), SEEN, recording(*UNPLUG), Bounds())


def test_a_counter_that_is_too_small_is_no_answer() -> None:
    asked, rows = request(), [(FREE, FREE), (OUT, FREE), (OUT.replace("rc1", "rc2"), FREE)]
    with pytest.raises(BoundTooSmall, match="refcount"):
        Reproduction(asked, SEEN, recording(*rows), Bounds(), count_bound=1).run()


def random_recording(random: Random, asked: Request) -> Recording:
    """What is seen at some of the steps of a random execution."""
    system, sizes = asked.compiled.system, asked.bounds(7)
    seen = bind(SEEN, asked.compiled, sizes)
    state: State = next(initial_states(system, sizes))
    samples = [Sample(seen(state))]
    for _ in range(random.randrange(4, 16)):
        steps = list(successors(system, state, sizes))
        state = random.choice(steps)[2]
        if random.random() < 0.6:
            samples.append(Sample(seen(state)))
    return Recording("random", ("a", "b"), distinct(samples))


TABLES: list[Table | None] = [
    None,
    {FREE: (FREE, OUT), GONE: (GONE, "rc0/off1/plug1/OUT")},
    {OUT: (OUT, MARKED), MARKED: (MARKED, OUT.replace("rc1", "rc2"))},
]


@pytest.mark.parametrize("seed", range(18))
def test_against_a_plain_search(seed: int) -> None:
    random, hook = Random(seed), ["true", "false"][seed % 2]
    asked, table = request(hook=hook), TABLES[seed % 3]
    record = random_recording(random, asked)
    bounds = Bounds(random.randrange(1, 6), random.randrange(0, 4), random.randrange(0, 3))
    words = [*record.vocabulary, MARKED]
    for _ in range(4):
        try:
            reproduce(asked, SEEN, record, bounds, table=table)
            mine = True
        except Impossible:
            mine = False
        assert mine == plain(asked, record, bounds, table)
        if len(record.samples) < 2:
            break
        number = random.randrange(1, len(record.samples))
        record = changed(record, number, random.randrange(2), random.choice(words))


def test_executions_are_shown_whatever_was_seen() -> None:
    for seed in range(5):
        random = Random(seed)
        record = random_recording(random, request(hook="false"))
        assert reproduce(request(hook="false"), SEEN, record, Bounds(60, 12, 12))


def test_words_may_stand_for_others() -> None:
    """The recording tells two states apart that are one in the model."""
    rows: list[tuple[str, ...]] = [("fresh", FREE), ("taken", FREE), ("mine", FREE), (MARKED, FREE)]
    table = {"fresh": (FREE,), "taken": (OUT, FREE), "mine": (OUT,)}
    shown_ = reproduce(request(), SEEN, recording(*rows), Bounds(hidden=0), table=table)
    assert shown_.marks[0] == 0
    assert shown_.marks[1] in (0, 2)
    assert shown_.marks[2:] == (2, 3)
    with pytest.raises(Impossible):
        reproduce(request(), SEEN, recording(*rows), Bounds(), table={"fresh": (FREE,)})


def test_what_goes_there_and_back_is_no_silence() -> None:
    """Two getters: one comes and goes while the driver turns to the next page."""
    asked = make_request(model, {"hook": "true"}, {"page": "2", "getter": "2"}, [])
    items = [V("alloc_contig_range", page=0), S("get_page_unless_zero", page=0)]
    start = Schedule("held", [*items, V("plugged = False", page=0)])
    held = "rc1/off1/plug0/OUT"
    record = recording((held, FREE), (held, OUT))
    assert reproduce(asked, SEEN, record, Bounds(silent=2), start)
    with pytest.raises(Impossible):
        reproduce(asked, SEEN, record, Bounds(silent=0, hidden=9, strange=3), start)
    assert reproduce(asked, SEEN, record, Bounds(silent=0, hidden=9, strange=4), start)


def test_silent_steps_are_bounded_where_a_state_fits_two_samples() -> None:
    start = Schedule("locked", [V("mutex_lock")])
    table = {"fresh": (FREE, OUT), "taken": (OUT,)}
    record = recording(("fresh", FREE), ("taken", FREE))
    assert reproduce(request(), SEEN, record, Bounds(silent=1), start, table)
    with pytest.raises(Impossible):
        reproduce(request(), SEEN, record, Bounds(silent=0), start, table)


@pytest.mark.parametrize("seed", [10, 15])
def test_the_rest_of_a_corrupted_recording_counts(seed: int) -> None:
    """Among these is one whose next sample can be shown, and the one after that cannot."""
    asked, bounds = request(hook="false"), Bounds(4, 1, 1)
    record = random_recording(Random(seed), asked)
    rejection = reject(Reproduction(asked, SEEN, record, bounds))
    for corruption in corruptions(record, record.vocabulary):
        shown_ = plain(asked, corruption.of(record), bounds)
        assert shown_ == (corruption in (*rejection.legal, *rejection.accepted)), corruption


def test_corrupted_recordings_are_rejected() -> None:
    reproduction = Reproduction(request(), SEEN, recording(*UNPLUG), Bounds(strange=2))
    rejection = reject(reproduction)
    everything = list(corruptions(reproduction.recording, reproduction.recording.vocabulary))
    assert rejection.total == len(everything) > 20
    for corruption in everything[::3]:
        record = corruption.of(reproduction.recording)
        shown_ = plain(request(), record, Bounds(20, 12, 2))
        assert shown_ == (corruption in (*rejection.legal, *rejection.accepted)), corruption
    assert rejection.rejected == rejection.total - len(rejection.legal) - len(rejection.accepted)
    assert rejection.rate == rejection.rejected / (rejection.total - len(rejection.legal))
    assert rejection.rate > 0.8


def test_a_sample_a_moment_off_is_legal() -> None:
    record = recording(*UNPLUG)
    assert a_moment_off(record, Corruption(1, 0, FREE))
    assert a_moment_off(record, Corruption(4, 1, GONE))
    assert not a_moment_off(record, Corruption(1, 0, GONE))


def test_only_some_corruptions() -> None:
    reproduction = Reproduction(request(), SEEN, recording(*UNPLUG), Bounds(strange=2))
    some = reject(reproduction, ["nonsense"], only=lambda c: c.sample == 2)
    assert (some.total, some.rejected, some.rate) == (2, 2, 1.0)
    with pytest.raises(Impossible):
        reject(Reproduction(request(), SEEN, recording(*UNPLUG), Bounds(hidden=0)))


def test_files(tmp_path: Path) -> None:
    file = tmp_path / "x.txt"
    file.write_text("# a comment\npages a b\n\nstart init A B  # first\nnext wr A B\nlast wr A C\n")
    record = read_recording(file)
    assert (record.name, record.pages) == ("x", ("a", "b"))
    assert record.samples == (Sample(("A", "B"), "start", "init"), Sample(("A", "C"), "last", "wr"))
    assert record.vocabulary == ("A", "B", "C")
    for text in ("", "pages\n", "start init A\n", "pages a b\nstart init A\n", "pages a\n"):
        file.write_text(text)
        with pytest.raises(RecordingError, match=r"x\.txt"):
            read_recording(file)


def test_a_getter_may_come_and_go_unseen() -> None:
    """Silent steps are those that leave what is seen as it is: a reference does not."""
    rows: list[tuple[str, ...]] = [(FREE, FREE), (OUT, FREE), (MARKED, FREE)]
    assert found(rows, Bounds())
    start = Schedule("held", [V("alloc_contig_range", page=0), S("get_page_unless_zero", page=0)])
    held: list[tuple[str, ...]] = [(OUT.replace("rc1", "rc2"), FREE), (MARKED, FREE)]
    with pytest.raises(Impossible):
        reproduce(request(), SEEN, recording(*held), Bounds(hidden=0), start)
    assert reproduce(request(), SEEN, recording(*held), Bounds(strange=1), start)
