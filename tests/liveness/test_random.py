"""The engines against searches of another kind, on random systems and random models of locks."""

from pathlib import Path

import pytest

from pagestate.core.sorts import Sizes
from pagestate.core.verdict import Verdict
from pagestate.core.waiting import deadlock, label_of, members, wait_cycle
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task
from pagestate.engines.liveness import Liveness
from pagestate.lang.compile import Compiled
from tests.lang.harness import compiled_text, sizes_of, walk_both
from tests.liveness.checking import decide
from tests.liveness.lock_models import random_model
from tests.liveness.oracle import Explored, explored, random_system, violated

MANY_STATES = 400


@pytest.mark.parametrize("block", range(8))
def test_fair_cycles_of_random_systems(block: int) -> None:
    seen = dict[str, int]()
    for seed in range(block * 25, block * 25 + 25):
        system, properties, sizes = random_system(seed)
        found = explored(system, sizes)
        if found is None or len(found.states) > MANY_STATES:
            continue
        engine = Liveness(Task(system, properties, sizes), lambda progress: None)
        engine.advance(0)
        for prop, answer in zip(properties, engine.answers(), strict=True):
            assert answer.states == len(found.states)
            wanted = violated(system, prop, sizes, found)
            assert (answer.verdict == Verdict.VIOLATED) == wanted, (seed, prop.name)
            kind = str(answer.verdict)
            if answer.path is not None and answer.path.loop != len(answer.path.moves):
                kind = "around"
            seen[kind] = seen.get(kind, 0) + 1
    assert min(seen.get(k, 0) for k in ("violated", "around", "exhausted", "vacuous")) > 0


def test_a_part_of_the_graph_is_enough_for_violations_only() -> None:
    seen = dict[str, int]()
    for seed in range(120):
        system, properties, sizes = random_system(seed)
        found = explored(system, sizes)
        if found is None or not 20 < len(found.states) <= MANY_STATES:
            continue
        for part in (3, len(found.states) // 2, len(found.states) - 1):
            task = Task(system, properties, sizes)
            engine = Liveness(task, lambda progress: None, max_states=part)
            engine.advance(0)
            for prop, answer in zip(properties, engine.answers(), strict=True):
                assert answer.verdict in (Verdict.VIOLATED, Verdict.UNKNOWN)
                if answer.verdict == Verdict.VIOLATED:
                    assert violated(system, prop, sizes, found)
                seen[str(answer.verdict)] = seen.get(str(answer.verdict), 0) + 1
    assert min(seen["violated"], seen["unknown"]) > 20


@pytest.mark.parametrize("seed", range(40))
def test_random_models_of_locks(tmp_path: Path, seed: int) -> None:
    compiled = compiled_text(tmp_path, random_model(seed), "locks")
    sizes = sizes_of(compiled)
    walk_both(compiled, sizes, seed, 12)
    found = explored(compiled.system, sizes)
    if found is None or len(found.states) > MANY_STATES:
        pytest.skip("too many states for the plain searches")
    answers = decide(compiled, sizes)
    for prop in compiled.properties:
        answer = answers[prop.name][0]
        if prop.kind in ("eventually", "leads_to"):
            wanted = violated(compiled.system, prop, sizes, found)
            assert (answer.verdict == Verdict.VIOLATED) == wanted, prop.name
    check_deadlocks(compiled, sizes, found, answers["deadlock_free"][0].depth)


def check_deadlocks(compiled: Compiled, sizes: Sizes, found: Explored, depth: int | None) -> None:
    """Deadlocks are found where there are any, at the least depth; with and without symmetry."""
    system = compiled.system
    distance, todo = dict.fromkeys(found.first, 0), list(found.first)
    after = dict[int, set[int]]()
    for a, b, _, _ in found.steps:
        after.setdefault(a, set()).add(b)
    for k in todo:
        for b in after.get(k, set()) - distance.keys():
            distance[b] = distance[k] + 1
            todo.append(b)
    bad = [k for k, s in enumerate(found.states) if deadlock(system, sizes, s)]
    prop = next(p for p in compiled.properties if p.kind == "deadlock_free")
    for symmetry in (False, True):
        engine = Explicit(Task(system, (prop,), sizes), lambda progress: None, symmetry)
        engine.advance(10**6)
        answer = engine.answers()[0]
        assert (answer.verdict == Verdict.VIOLATED) == bool(bad)
        if bad:
            assert answer.depth == min(distance[k] for k in bad) == depth
    for k in bad:
        check_for_ever(compiled, sizes, found, k, after)
    check_owners(compiled, sizes, found)


def check_for_ever(
    compiled: Compiled, sizes: Sizes, found: Explored, k: int, after: dict[int, set[int]]
) -> None:
    """The threads of a cycle stay where they are, whatever happens then."""
    system = compiled.system
    caught = {wait.who for wait in wait_cycle(system, sizes, found.states[k])}
    todo, seen = [k], {k}
    for here in todo:
        for thread in system.threads:
            for m in members(thread, sizes):
                if (thread.name, m) in caught:
                    stands = label_of(thread, m, found.states[here])
                    assert stands == label_of(thread, m, found.states[k])
        fresh = after.get(here, set()) - seen
        seen |= fresh
        todo += fresh


def check_owners(compiled: Compiled, sizes: Sizes, found: Explored) -> None:
    """Who holds what by control point is who holds it by the variables of the locks."""
    system = compiled.system
    names = {v.name for v in system.variables}
    for state in found.states:
        held = [
            (t.name, lock)
            for t in system.threads
            for m in members(t, sizes)
            for lock in t.holds.get(label_of(t, m, state), ())
        ]
        for name in ("a", "b", "sem"):
            if name in names:
                owners = [who for who, lock in held if lock == name]
                assert owners == ([] if state[name, ()] == "free" else [state[name, ()]])
        if "sem.queued" in names:
            assert state["sem.queued", ()] == sum(lock == "sem(queued)" for _, lock in held)


def test_random_models_have_deadlocks_and_cycles(tmp_path: Path) -> None:
    said = dict[str, int]()
    for seed in range(40):
        compiled = compiled_text(tmp_path, random_model(seed), f"locks{seed}")
        prop = next(p for p in compiled.properties if p.kind == "deadlock_free")
        engine = Explicit(Task(compiled.system, (prop,), sizes_of(compiled)), lambda p: None)
        engine.advance(10**6)
        path = engine.answers()[0].path
        said["found" if path else "none"] = said.get("found" if path else "none", 0) + 1
        said["symmetric"] = said.get("symmetric", 0) + bool(engine.notes)
    assert said["found"] > 5
    assert said["none"] > 5
