"""The explicit engine on systems with known verdicts: verdicts, counts, shortest paths."""

from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest

from pagestate.core.evaluate import apply, enabled, evaluate, initial_state
from pagestate.core.property import Property
from pagestate.core.sorts import Sizes, Value
from pagestate.core.system import System
from pagestate.core.trace import CellName, State
from pagestate.core.verdict import Answer, Path, Verdict
from pagestate.engines.explicit import BrokenTrace, Explicit, table
from pagestate.engines.explicit.rebuild import replay
from pagestate.engines.interface import Progress, Task
from tests.engines.plain_search import search
from tests.engines.systems import (
    Known,
    all_known,
    bounded_counter,
    dirty_pages,
    known_race,
    mutex,
    offline_all,
    race,
)

KNOWN = all_known()
NAMES = [k.system.name for k in KNOWN]
known = pytest.mark.parametrize("known", KNOWN, ids=NAMES)
both = pytest.mark.parametrize("symmetry", [True, False])


def quiet(progress: Progress) -> None:
    """Take no notice."""


def explore(known: Known, symmetry: bool = True, bound: int = 1000) -> Explicit:
    engine = Explicit(Task(known.system, known.properties, known.sizes), quiet, symmetry)
    engine.advance(bound)
    return engine


def verdicts(engine: Explicit) -> tuple[tuple[Verdict, int | None], ...]:
    return tuple((a.verdict, a.depth) for a in engine.answers())


def run(system: System, sizes: Sizes, path: Path) -> list[State]:
    """The states of a path, by the reference semantics."""
    states: list[State] = [initial_state(system, sizes, dict(path.initial))]
    assert evaluate(system.init, states[0], sizes, {})
    for move in path.moves:
        assert move.action in system.actions
        assert enabled(move.action, states[-1], sizes, dict(move.picks))
        states.append(apply(system, move.action, states[-1], sizes, dict(move.picks)))
    return states


def shows(prop: Property, states: list[State], sizes: Sizes) -> bool:
    if prop.kind == "step":
        return not evaluate(prop.formula, states[-2], sizes, {}, states[-1])
    return bool(evaluate(prop.formula, states[-1], sizes, {})) == (prop.kind == "reachable")


def test_there_are_systems() -> None:
    assert len(KNOWN) >= 8
    assert {v for k in KNOWN for v, _ in k.verdicts} == {
        Verdict.EXHAUSTED,
        Verdict.VIOLATED,
        Verdict.VACUOUS,
        Verdict.UNKNOWN,
    }


@known
def test_the_table_of_known_verdicts_is_right(known: Known) -> None:
    found = search(known.system, known.properties, known.sizes)
    assert found is not None
    assert found.verdicts == known.verdicts
    assert found.states == known.states


@known
def test_verdicts_states_and_transitions_without_symmetry(known: Known) -> None:
    found = search(known.system, known.properties, known.sizes)
    engine = explore(known, symmetry=False)
    assert found is not None
    assert verdicts(engine) == known.verdicts
    assert engine.states == known.states
    assert engine.transitions == found.transitions
    assert engine.fired == found.fired


@known
def test_verdicts_with_symmetry(known: Known) -> None:
    found = search(known.system, known.properties, known.sizes)
    engine = explore(known)
    assert found is not None
    assert verdicts(engine) == known.verdicts
    assert engine.states <= known.states
    assert {n for n, k in engine.fired.items() if k} == {n for n, k in found.fired.items() if k}


@known
@both
def test_paths_are_shortest_and_replay(known: Known, symmetry: bool) -> None:
    for checked, answer in zip(known.properties, explore(known, symmetry).answers(), strict=True):
        wanted = answer.verdict == Verdict.VIOLATED or (
            checked.kind == "reachable" and answer.verdict == Verdict.EXHAUSTED
        )
        assert (answer.path is not None) == wanted
        if answer.path is not None:
            assert len(answer.path.moves) == answer.depth
            assert shows(checked, run(known.system, known.sizes, answer.path), known.sizes)


@known
@both
def test_going_on_level_by_level_changes_nothing(known: Known, symmetry: bool) -> None:
    engine = Explicit(Task(known.system, known.properties, known.sizes), quiet, symmetry)
    for bound in range(60):
        done = engine.advance(bound)
        for (verdict, depth), answer in zip(known.verdicts, engine.answers(), strict=True):
            if answer.verdict == Verdict.BOUNDED:
                assert not done
                assert answer.depth == bound
                assert depth >= bound
            else:
                assert (answer.verdict, answer.depth) == (verdict, depth)
        if done:
            break
    assert verdicts(engine) == known.verdicts
    assert engine.advance(1000)


def test_the_race_is_symmetric_over_pages() -> None:
    engine = explore(known_race(True))
    assert engine.symmetric == ("page",)
    assert engine.states < 300


def test_equal_hashes_do_not_make_states_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    def flat(words: table.Array) -> table.Array:
        return np.full(len(words), 5, dtype=np.uint64)

    monkeypatch.setattr(table, "_mix", flat)
    known = known_race(False)
    engine = explore(known, symmetry=False)
    assert engine.states == known.states
    assert verdicts(engine) == known.verdicts


def _broken(known: Known, number: int, change: str) -> tuple[Property, Path]:
    answer: Answer = explore(known).answers()[number]
    path = answer.path
    assert path is not None
    if change == "short":
        path = replace(path, moves=path.moves[:-1])
    elif change == "order":
        path = replace(path, moves=path.moves[::-1])
    else:
        path = replace(path, initial=tuple((c, False) for c, _ in path.initial))
    return known.properties[number], path


@pytest.mark.parametrize(
    ("known", "number", "change"),
    [
        (known_race(False), 0, "short"),
        (known_race(False), 0, "order"),
        (mutex(False), 3, "short"),
        (offline_all(), 2, "short"),
        (bounded_counter(), 3, "short"),
        (dirty_pages(), 2, "initial"),
    ],
)
def test_a_broken_path_is_not_shown(known: Known, number: int, change: str) -> None:
    with pytest.raises(BrokenTrace):
        replay(known.system, known.sizes, *_broken(known, number, change))


def test_progress_is_reported() -> None:
    seen = list[Progress]()
    known = known_race(True)
    Explicit(Task(known.system, known.properties, known.sizes), seen.append).advance(1000)
    assert [p.depth for p in seen][:3] == [1, 2, 3]
    assert all(p.engine == "explicit" for p in seen)


def _orbit(state: frozenset[tuple[CellName, Value]], pages: int, getters: int) -> str:
    """The least name of the race's state under renaming of pages and getters."""
    names = list[str]()
    for p in permutations(range(pages)):
        for g in permutations(range(getters)):
            moved = list[str]()
            for (var, index), value in state:
                renamed = tuple((g if var.startswith("g_") else p)[i] for i in index)
                refers = var in ("g_page", "o_page") and isinstance(value, int)
                moved.append(f"{var}{renamed}={p[value] if refers else value}")
            names.append(" ".join(sorted(moved)))
    return min(names)


@pytest.mark.parametrize(("pages", "getters"), [(2, 2), (1, 3), (3, 1)])
@pytest.mark.parametrize("hook", [True, False])
def test_symmetry_visits_one_state_of_each_orbit(hook: bool, pages: int, getters: int) -> None:
    known = race(hook, pages, getters)
    found = search(known.system, known.properties, known.sizes)
    assert found is not None
    orbits = {_orbit(state, pages, getters) for state in found.seen}
    engine = explore(known)
    assert engine.states == len(orbits)
    assert verdicts(engine) == found.verdicts
