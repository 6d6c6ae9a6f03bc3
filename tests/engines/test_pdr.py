"""The pdr engine: known systems, random ones against the plain search, orbits, certificates."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from benchmarks.systems import UNPLUGGED_NEVER_FREE, offlining, sizes
from pagestate.check.certificate import certify
from pagestate.core.evaluate import evaluate
from pagestate.core.expr import Lit, Read, add, disj, eq, forall, implies, le, lit, lt, neg
from pagestate.core.ground import ground
from pagestate.core.invariant import FiniteInvariant
from pagestate.core.sorts import BOOL, COUNT, RefSort, Sizes
from pagestate.core.system import Action, StateVar, System, Write
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.interface import Progress, Task
from pagestate.engines.pdr import Pdr
from pagestate.engines.pdr.clauses import Clauses
from pagestate.smt import frames
from pagestate.smt.cubes import IS, LEAST, Literal, Renamings
from pagestate.smt.frames import Frames, Hit
from tests.engines.finite_proofs import checked, compare
from tests.engines.plain_search import search
from tests.engines.random_systems import Instance, instances
from tests.engines.systems import (
    PAGE,
    Known,
    P,
    all_known,
    known_race,
    mutex,
    overflowing,
    prop,
    put,
    race,
    read,
)

FAR = 60
"""More frames than any system here needs."""


def make(task: Task) -> Pdr:
    return Pdr(task, lambda progress: None)


def plain(task: Task) -> Pdr:
    return Pdr(task, lambda progress: None, symmetry=False, order=False)


def task_of(known: Known) -> Task:
    return Task(known.system, known.properties, known.sizes)


@pytest.mark.parametrize("known", all_known(), ids=lambda k: k.system.name)
def test_known_systems(known: Known) -> None:
    """Every property is decided, and every counterexample is a shortest one."""
    as_known(known, make)


@pytest.mark.parametrize("known", all_known()[2:], ids=lambda k: k.system.name)
def test_known_systems_without_renaming_and_comparisons(known: Known) -> None:
    as_known(known, plain)


def as_known(known: Known, engine) -> None:
    answers = checked(engine, task_of(known), FAR)
    for answer, (verdict, depth), asked in zip(
        answers, known.verdicts, known.properties, strict=True
    ):
        if verdict is Verdict.UNKNOWN:
            assert (answer.verdict, answer.overflow) == (verdict, known.overflow)
        elif verdict is Verdict.VIOLATED or (
            verdict is Verdict.EXHAUSTED and asked.kind == "reachable"
        ):
            assert answer.path is not None and answer.depth == depth
        else:
            goal = asked.kind == "reachable"
            assert answer.verdict is (Verdict.VACUOUS if goal else Verdict.PROVED)
            assert answer.certificate is not None


@settings(derandomize=True, deadline=None, max_examples=20, suppress_health_check=[*HealthCheck])
@given(instances())
def test_random_systems(made: Instance) -> None:
    decided(made, compare(make, made, FAR))


@settings(derandomize=True, deadline=None, max_examples=20, suppress_health_check=[*HealthCheck])
@given(instances(flat=True))
def test_random_symmetric_systems(made: Instance) -> None:
    decided(made, compare(make, made, FAR))


def decided(made: Instance, answers: tuple[Answer, ...]) -> None:
    """Without an overflow everything is decided, violations at their shortest length."""
    found = search(made.system, made.properties, made.sizes, limit=400) if answers else None
    if found is None:
        return
    free = any(v.free and v.sort == COUNT for v in made.system.variables)
    for answer, (verdict, depth), asked in zip(
        answers, found.verdicts, made.properties, strict=True
    ):
        hit = verdict is Verdict.VIOLATED
        hit = hit or (asked.kind == "reachable" and verdict is Verdict.EXHAUSTED)
        if hit:
            assert answer.path is not None and answer.depth == depth
        elif not found.overflow and not free:
            assert answer.certificate is not None, answer


# ---------------------------------------------------------------------------------------- orbits


def test_the_images_of_a_cube() -> None:
    made = ground(offlining(), sizes(3, 2))
    page, getter = made.system.sorts
    renamings = Renamings(made, (page, getter))
    target, count = made.number["target", (0,)], made.number["refcount", (1,)]
    cube = frozenset({Literal(target, IS, 1), Literal(count, LEAST, 2)})
    orbit = renamings.orbit(cube)
    assert orbit[0] == cube and len(set(orbit)) == len(orbit) == 3 * 2 * 2
    for image in orbit:
        (named,) = (x for x in image if x.relation == IS)
        (other,) = (x for x in image if x.relation == LEAST)
        assert made.cells[named.cell].name[0] == "target"
        assert made.cells[other.cell].name[1] != (named.code - 1,)
    assert len(Renamings(made, (getter,)).orbit(cube)) == 2
    assert Renamings(made, ()).orbit(cube) == (cube,)


def test_a_law_says_that_no_state_is_in_the_orbit() -> None:
    made = ground(offlining(), sizes(2, 2))
    cube = frozenset(
        {Literal(made.number["target", (0,)], IS, 1), Literal(made.number["refcount", (1,)], 1, 2)}
    )
    renamings = Renamings(made, made.system.sorts)
    law, orbit = renamings.law(cube), renamings.orbit(cube)
    for target in (0, 1, 2):
        for count in (0, 1, 2, 3):
            codes = [0] * len(made.cells)
            codes[made.number["target", (1,)]] = target
            codes[made.number["refcount", (0,)]] = count
            inside = any(
                all(codes[x.cell] == x.code if x.relation == IS else codes[x.cell] >= x.code
                    for x in image)
                for image in orbit
            )  # fmt: skip
            assert evaluate(law, made.state(codes), made.sizes, {}) == (not inside)


def test_every_image_of_every_clause_learned_holds_in_every_reachable_state() -> None:
    known = known_race(True)
    engine = make(task_of(known))
    assert engine.symmetric == ("page", "getter")
    engine.advance(FAR)
    invariant = engine.answers()[0].certificate
    assert isinstance(invariant, FiniteInvariant) and invariant.laws
    found = search(known.system, known.properties, known.sizes)
    assert found is not None and len(found.seen) == known.states
    for state in found.seen:
        for law in invariant.laws:
            assert evaluate(law, dict(state), known.sizes, {}), law


def test_members_that_a_term_names_are_not_renamed() -> None:
    """The first page is special: a clause about it says nothing of the others."""
    flag, ready = read("flag", BOOL, P), read("ready", BOOL)
    first = Lit(0, RefSort(PAGE))
    step = Action("set", disj(neg(eq(P, first)), ready), (put("flag", lit(True), P),), (P,))
    variables = (StateVar("flag", (PAGE,), BOOL, False), StateVar("ready", (), BOOL, False))
    system = System("first", (PAGE,), variables, (step,))
    asked = prop("never", forall(P, implies(eq(P, first), neg(flag))))
    task = Task(system, (asked,), Sizes({"page": 3}))
    engine = make(task)
    assert engine.symmetric == ()
    (answer,) = checked(make, task, FAR)
    assert answer.verdict is Verdict.PROVED


def test_orbits_make_few_clauses_for_many_pages() -> None:
    """The number of orbits does not grow with the pages."""
    learned = []
    for pages in (2, 4):
        task = Task(offlining(coarse=True), (UNPLUGGED_NEVER_FREE,), sizes(pages, 2))
        engine = make(task)
        assert engine.advance(FAR)
        answer = engine.answers()[0]
        assert isinstance(answer.certificate, FiniteInvariant)
        assert certify(task, answer.certificate) == ()
        learned.append(len(answer.certificate.laws))
    assert max(learned) < 30


# ----------------------------------------------------------------------------------- certificates


def test_a_generalisation_that_goes_too_far_is_caught_by_the_re_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The engine is made to leave out literals without asking: its certificate is refused."""
    whole = Frames.step_into

    def careless(self, level, cube, tried):
        found = whole(self, level, cube, tried)
        if isinstance(found, Hit) or len(found) < 2:
            return found
        return frozenset(sorted(found)[1:])

    known = known_race(True)
    task = Task(known.system, known.properties[:1], known.sizes)
    monkeypatch.setattr(Frames, "step_into", careless)
    with pytest.raises(AssertionError, match="not inductive"):
        make(task).advance(FAR)
    monkeypatch.setattr(Clauses, "needed", lambda self, cubes, targets: cubes)
    engine = make(task)
    engine.advance(FAR)
    (answer,) = engine.answers()
    assert isinstance(answer.certificate, FiniteInvariant)
    assert "not refuted" in certify(task, answer.certificate)[0]


def test_a_law_more_or_less_is_refused() -> None:
    known = known_race(True)
    task = Task(known.system, known.properties[:1], known.sizes)
    (answer,) = checked(make, task, FAR)
    invariant = answer.certificate
    assert isinstance(invariant, FiniteInvariant)
    laws = invariant.laws
    missing = [laws[:number] + laws[number + 1 :] for number in range(0, len(laws), 4)]
    assert any(certify(task, replace(invariant, laws=rest)) for rest in missing)
    marked = forall(P, read("offline", BOOL, P))
    assert certify(task, replace(invariant, laws=(*invariant.laws, marked)))
    assert certify(task, replace(invariant, laws=(*invariant.laws, Lit(False, BOOL))))


# --------------------------------------------------------------------------------- what can happen


def counting(limit: int) -> System:
    n = read("n", COUNT)
    up = Action("up", lt(n, lit(limit)), (Write("n", (), add(n, lit(1))),))
    return System("count", (), (StateVar("n", (), COUNT, 0),), (up,))


@pytest.mark.parametrize("bound", [3, 4])
def test_a_bound_that_can_be_passed_is_no_invariant(bound: int) -> None:
    small = prop("small", le(read("n", COUNT), lit(9)))
    (answer,) = checked(make, Task(counting(4), (small,), Sizes({}, bound)), FAR)
    if bound == 3:
        assert (answer.verdict, answer.overflow) == (Verdict.UNKNOWN, "n")
        assert answer.reason == "bound of n too small: up after 3 steps"
    else:
        assert answer.verdict is Verdict.PROVED


def test_the_search_ends_where_a_counter_passes_its_bound() -> None:
    """What is violated before is violated; the rest is left to a search with a larger bound."""
    known = overflowing()
    engine = make(task_of(known))
    assert not engine.advance(2) and engine.advance(3)
    found = [(a.verdict, a.depth) for a in engine.answers()]
    assert found[0] == (Verdict.VIOLATED, 2)
    assert all(verdict is Verdict.UNKNOWN for verdict, _ in found[1:])


def test_a_counter_that_starts_with_any_number_is_left_alone() -> None:
    n = read("n", COUNT)
    system = System("free", (), (StateVar("n", (), COUNT, None, free=True),), ())
    (answer,) = checked(make, Task(system, (prop("small", le(n, lit(9))),), Sizes({})), FAR)
    assert answer.verdict is Verdict.UNKNOWN and "n starts with any number" in answer.reason


def test_initial_states_under_a_condition() -> None:
    """Either both pages are dirty or none is; a step copies one to the other."""
    dirty, q = read("dirty", BOOL, P), replace(P, name="q")
    other = Read("dirty", (q,), BOOL)
    start = disj(forall(P, dirty), forall(P, neg(dirty)))
    copy = Action("copy", lit(True), (put("dirty", other, P),), (P, q))
    variables = (StateVar("dirty", (PAGE,), BOOL, None, free=True),)
    system = System("same", (PAGE,), variables, (copy,), init=start)
    asked = prop("same", forall(P, forall(q, eq(dirty, other))))
    task = Task(system, (asked, prop("clean", forall(P, neg(dirty)))), Sizes({"page": 3}))
    same, clean = checked(make, task, FAR)
    assert same.verdict is Verdict.PROVED
    assert (clean.verdict, clean.depth) == (Verdict.VIOLATED, 0)


def test_it_goes_on_where_it_stopped_and_tells_how_far_it_is() -> None:
    known = known_race(False)
    told = list[Progress]()
    engine = Pdr(task_of(known), told.append)
    depth = 0
    while not engine.advance(depth):
        assert engine.answers()[0].depth == depth
        depth += 1
    at_once = make(task_of(known))
    assert at_once.advance(FAR)
    assert engine.answers() == at_once.answers()
    assert [p.depth for p in told] == sorted(p.depth for p in told) and told[-1].note


def test_a_bound_is_no_proof() -> None:
    known = race(True)
    engine = make(Task(known.system, known.properties[:1], known.sizes))
    assert engine.answers()[0].reason == "not started"
    assert not engine.advance(2)
    answer = engine.answers()[0]
    assert (answer.verdict, answer.depth) == (Verdict.BOUNDED, 2)


def test_solvers_made_anew_in_between_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    known = race(True)
    task = Task(known.system, known.properties[:1], known.sizes)
    monkeypatch.setattr(frames, "_WORN", 5)
    (answer,) = checked(make, task, FAR)
    assert answer.verdict is Verdict.PROVED


def test_a_limit_on_the_work_of_the_solver() -> None:
    known = race(True)
    engine = Pdr(task_of(known), lambda progress: None, rlimit=1)
    assert engine.advance(FAR)
    assert all(a.verdict is Verdict.UNKNOWN for a in engine.answers())
    assert "resource limit of 1 reached" in engine.answers()[0].reason


def test_infinite_executions_are_refused() -> None:
    known = mutex(True)
    with pytest.raises(ValueError, match="does not decide"):
        make(Task(known.system, (prop("ever", lit(True), "eventually"),), known.sizes))
