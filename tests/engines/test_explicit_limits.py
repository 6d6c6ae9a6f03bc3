"""The explicit engine at its limits: free states, bounds, wide members, broken symmetry."""

from dataclasses import replace

import pytest

from pagestate.core.evaluate import OutOfRange
from pagestate.core.expr import (
    Lit,
    Param,
    add,
    conj,
    count,
    eq,
    exists,
    forall,
    implies,
    le,
    lit,
    lt,
    neg,
    sub,
)
from pagestate.core.sorts import BOOL, COUNT, EnumSort, IndexSort, IntSort, RefSort, Sizes
from pagestate.core.system import Action, StateVar, System
from pagestate.core.verdict import Verdict
from pagestate.engines.explicit import Explicit
from pagestate.engines.interface import Progress, Task
from tests.engines.plain_search import search
from tests.engines.systems import (
    PAGE,
    Known,
    P,
    dirty_pages,
    known_race,
    overflowing,
    prop,
    put,
    race,
    read,
)

both = pytest.mark.parametrize("symmetry", [True, False])


def quiet(progress: Progress) -> None:
    """Take no notice."""


def explore(known: Known, symmetry: bool = True, bound: int = 1000) -> Explicit:
    engine = Explicit(Task(known.system, known.properties, known.sizes), quiet, symmetry)
    engine.advance(bound)
    return engine


def verdicts(engine: Explicit) -> tuple[tuple[Verdict, int | None], ...]:
    return tuple((a.verdict, a.depth) for a in engine.answers())


def test_many_free_initial_states_are_enumerated_up_to_symmetry() -> None:
    known = replace(dirty_pages(), sizes=Sizes({"page": 40}))
    engine = explore(known)
    assert engine.symmetric == ("page",)
    assert engine.states == 39 + 1 + 39  # dirty pages, idle or busy; all clean
    assert verdicts(engine)[2:] == ((Verdict.VIOLATED, 2), (Verdict.EXHAUSTED, 2))


def test_many_free_initial_states_without_symmetry_are_unknown() -> None:
    known = replace(dirty_pages(), sizes=Sizes({"page": 40}))
    task = Task(known.system, known.properties, known.sizes)
    engine = Explicit(task, quiet, symmetry=False, max_states=10_000)
    assert engine.advance(1000)
    assert {a.verdict for a in engine.answers()} == {Verdict.UNKNOWN}
    assert all("initial states" in a.reason for a in engine.answers())


def test_the_state_limit_is_unknown_but_keeps_what_was_decided() -> None:
    known = race(False, 3, 2)
    engine = Explicit(
        Task(known.system, known.properties, known.sizes), quiet, False, max_states=8_000
    )
    assert engine.advance(1000)
    first, *others = engine.answers()
    assert (first.verdict, first.depth) == (Verdict.VIOLATED, 7)
    assert {a.verdict for a in others} == {Verdict.UNKNOWN}
    assert all("8000 states" in a.reason for a in others)


def test_the_memory_limit_is_unknown() -> None:
    known = race(True, 3, 2)
    task = Task(known.system, known.properties, known.sizes)
    engine = Explicit(task, quiet, False, max_bytes=100_000)
    assert engine.advance(1000)
    assert all(a.verdict == Verdict.UNKNOWN and "memory" in a.reason for a in engine.answers())


def test_an_overflow_names_the_counter_and_ends_the_search() -> None:
    answers = explore(overflowing()).answers()
    assert [a.overflow for a in answers] == ["", "n", "n", "n"]
    assert all("bound of n too small" in a.reason for a in answers[1:])
    wider = replace(overflowing(), sizes=Sizes({}, 20))
    assert [v for v, _ in verdicts(explore(wider))] == [
        Verdict.VIOLATED,
        Verdict.VIOLATED,
        Verdict.UNKNOWN,
        Verdict.EXHAUSTED,
    ]


def test_a_copy_of_a_larger_number_overflows_too() -> None:
    wide = IntSort(0, 9)
    system = System(
        "copy",
        (),
        (StateVar("n", (), COUNT, 0), StateVar("x", (), wide, 7)),
        (Action("copy", lit(True), (put("n", read("x", wide)),)),),
    )
    made = Known(system, (prop("true", le(read("n", COUNT), lit(9))),), Sizes({}, 3), (), 0)
    assert explore(made).answers()[0].overflow == "n"


def test_a_step_over_the_bound_breaks_no_step_property() -> None:
    n = read("n", COUNT)
    up = Action("up", lt(n, read("limit", COUNT)), (put("n", add(n, lit(2))),))
    variables = (StateVar("n", (), COUNT, 0), StateVar("limit", (), COUNT, None, free=True))
    even = prop("at_most_two", le(read("n", COUNT, primed=True), lit(2)), "step")
    made = Known(System("twos", (), variables, (up,)), (even,), Sizes({}, 3), (), 0)
    (answer,) = explore(made).answers()
    assert (answer.verdict, answer.overflow) == (Verdict.UNKNOWN, "n")
    wider = replace(made, sizes=Sizes({}, 4))
    assert verdicts(explore(wider)) == ((Verdict.VIOLATED, 2),)


def test_a_variable_with_two_indices_keeps_its_sorts_unsorted() -> None:
    cpu = IndexSort("cpu")
    c = Param("c", cpu)
    mark, seen = read("mark", BOOL, P), read("seen", BOOL, P, c)
    actions = (
        Action("mark", neg(mark), (put("mark", lit(True), P),), (P,)),
        Action("see", conj(mark, neg(seen)), (put("seen", lit(True), P, c),), (P, c)),
    )
    variables = (
        StateVar("mark", (PAGE,), BOOL, False),
        StateVar("seen", (PAGE, cpu), BOOL, False),
    )
    marked = prop("seen_is_marked", forall(P, forall(c, implies(seen, mark))))
    system = System("seen", (PAGE, cpu), variables, actions)
    made = Known(system, (marked,), Sizes({"page": 2, "cpu": 2}), (), 0)
    engine = explore(made)
    assert (engine.symmetric, engine.states) == ((), 25)
    assert verdicts(engine) == ((Verdict.EXHAUSTED, 6),)
    assert any("more than one index" in note for note in engine.notes)


def test_free_members_of_two_words_start_sorted() -> None:
    big = IntSort(0, 2**40)
    a, b = read("a", big, P), read("b", big, P)
    variables = (
        StateVar("a", (PAGE,), big, 0),
        StateVar("b", (PAGE,), big, 0),
        StateVar("x", (PAGE,), BOOL, None, free=True),
        StateVar("y", (PAGE,), IntSort(0, 2**30), 0),
    )
    x = read("x", BOOL, P)
    actions = (
        Action("a", conj(x, eq(a, lit(0))), (put("a", lit(2**40), P),), (P,)),
        Action("b", conj(neg(x), eq(b, lit(0))), (put("b", lit(7), P),), (P,)),
    )
    system = System("free_words", (PAGE,), variables, actions)
    made = Known(system, (prop("small", forall(P, lt(b, lit(8)))),), Sizes({"page": 3}), (), 0)
    assert explore(made).states == 20
    assert explore(made, symmetry=False).states == 64


def test_decrementing_below_zero_is_an_error() -> None:
    n = read("n", COUNT)
    system = System(
        "under",
        (),
        (StateVar("n", (), COUNT, 1),),
        (Action("down", lit(True), (put("n", sub(n, lit(1))),)),),
    )
    made = Known(system, (prop("p", le(n, lit(1))),), Sizes({}, 3), (), 0)
    with pytest.raises(OutOfRange, match="down"):
        explore(made)


def test_a_system_without_initial_states_proves_nothing() -> None:
    made = dirty_pages()
    empty = replace(made, system=replace(made.system, init=conj(made.system.init, lit(False))))
    assert verdicts(explore(empty)) == ((Verdict.VACUOUS, 0),) * 4
    assert {a.reason for a in explore(empty).answers()} == {"there is no initial state"}


@both
def test_members_of_more_than_a_word(symmetry: bool) -> None:
    big = IntSort(-5, 40_000)
    cells = [f"x{k}" for k in range(5)]
    actions = tuple(
        Action(
            f"set{k}",
            eq(read(x, big, P), lit(-5)),
            (put(x, lit(30_000 + k), P), put("last", add(read("last", big), lit(1)))),
            (P,),
        )
        for k, x in enumerate(cells)
    )
    system = System(
        "wide",
        (PAGE,),
        (*(StateVar(x, (PAGE,), big, -5) for x in cells), StateVar("last", (), big, 0)),
        actions,
    )
    last = read("last", big)
    set_ = count(P, eq(read("x4", big, P), lit(30_004)))
    properties = (
        prop("bounded", le(last, lit(10))),
        prop("one", lt(set_, lit(2))),
        prop("high", forall(P, lt(read("x0", big, P), lit(30_001)))),
    )
    made = Known(system, properties, Sizes({"page": 2}), (), 0)
    found = search(system, properties, made.sizes)
    engine = explore(made, symmetry)
    assert found is not None
    assert verdicts(engine) == found.verdicts
    assert verdicts(engine)[1] == (Verdict.VIOLATED, 2)
    assert engine.states == (528 if symmetry else 1024)


def test_three_members_of_two_words() -> None:
    big = IntSort(0, 2**40)
    a, b = read("a", big, P), read("b", big, P)
    actions = (
        Action("a", eq(a, lit(0)), (put("a", lit(2**40), P),), (P,)),
        Action("b", eq(b, lit(0)), (put("b", lit(2**39), P),), (P,)),
    )
    variables = (StateVar("a", (PAGE,), big, 0), StateVar("b", (PAGE,), big, 0))
    system = System("two_words", (PAGE,), variables, actions)
    made = Known(
        system, (prop("p", le(count(P, lt(lit(0), a)), lit(3))),), Sizes({"page": 3}), (), 0
    )
    assert explore(made).states == 20
    assert explore(made, symmetry=False).states == 64


def _named(formula_member: bool, ordered: bool) -> Known:
    page = IndexSort("page", ordered)
    p = Param("p", page)
    mark = read("mark", BOOL, p)
    goal = read("mark", BOOL, Lit(1, page)) if formula_member else forall(p, mark)
    system = System(
        "named",
        (page,),
        (StateVar("mark", (page,), BOOL, False),),
        (Action("mark", neg(mark), (put("mark", lit(True), p),), (p,)),),
    )
    return Known(
        system, (prop("goal", neg(goal)), prop("true", lit(True))), Sizes({"page": 3}), (), 0
    )


def test_a_named_or_ordered_member_is_not_sorted_away() -> None:
    assert explore(_named(False, False)).states == 4
    named = explore(_named(True, False))
    assert (named.symmetric, named.states) == ((), 8)
    assert any("names member 1" in note for note in named.notes)
    assert explore(_named(False, True)).states == 8


def test_a_reference_outside_the_page_form_keeps_its_sort_unsorted() -> None:
    engine = explore(known_race(True), symmetry=False)
    assert engine.symmetric == ()


def test_a_step_may_pick_two_members() -> None:
    p, q = Param("p", PAGE), Param("q", PAGE)
    shade = EnumSort("shade", ("white", "grey", "black"))
    a, b = read("shade", shade, p), read("shade", shade, q)

    two = conj(neg(eq(p, q)), eq(a, Lit("white", shade)), eq(b, Lit("white", shade)))
    mixed = conj(eq(a, Lit("grey", shade)), eq(b, Lit("black", shade)))
    actions = (
        Action(
            "pair",
            two,
            (put("shade", Lit("grey", shade), p), put("shade", Lit("black", shade), q)),
            (p, q),
        ),
        Action("swap", mixed, (put("shade", Lit("white", shade), p),), (p, q)),
        Action(
            "own",
            conj(eq(p, q), eq(a, Lit("black", shade))),
            (put("shade", Lit("white", shade), q),),
            (p, q),
        ),
    )
    system = System("pairs", (PAGE,), (StateVar("shade", (PAGE,), shade, "white"),), actions)
    grey = count(p, eq(a, Lit("grey", shade)))
    properties = (prop("three", le(grey, lit(3))), prop("four", eq(grey, lit(4)), "reachable"))
    made = Known(system, properties, Sizes({"page": 5}), (), 0)
    found = search(system, properties, made.sizes)
    assert found is not None
    assert verdicts(explore(made)) == found.verdicts == verdicts(explore(made, symmetry=False))
    counted = {tuple(sorted(str(v) for _, v in state)) for state in found.seen}
    assert explore(made).states == len(counted)


def test_a_parameter_may_be_none() -> None:
    p = Param("p", RefSort(PAGE))
    chosen = read("chosen", RefSort(PAGE))
    system = System(
        "none",
        (PAGE,),
        (StateVar("chosen", (), RefSort(PAGE), 1), StateVar("mark", (PAGE,), BOOL, False)),
        (Action("choose", neg(eq(p, chosen)), (put("chosen", p),), (p,)),),
    )
    none = Lit(None, RefSort(PAGE))
    made = Known(system, (prop("some", neg(eq(chosen, none))),), Sizes({"page": 2}), (), 0)
    for symmetry in (True, False):
        (answer,) = explore(made, symmetry).answers()
        assert (answer.verdict, answer.depth) == (Verdict.VIOLATED, 1)


def test_a_reference_that_stays_keeps_its_sort_unsorted() -> None:
    made = dirty_pages()
    cpu = IndexSort("cpu")
    extra = StateVar("sees", (cpu, cpu), BOOL, False)
    system = replace(made.system, sorts=(PAGE, cpu), variables=(*made.system.variables, extra))
    known = replace(made, system=system, sizes=Sizes({"page": 3, "cpu": 1}))
    engine = explore(known)
    assert verdicts(engine) == known.verdicts
    assert (engine.symmetric, engine.states) == ((), known.states)
    assert any("page form" in note for note in engine.notes)
    assert any("busy refers to a member" in note for note in engine.notes)


def test_paths_choose_the_member_that_leads_to_the_next_state() -> None:
    small = IntSort(0, 2)
    x = read("x", small, P)
    up = Action("up", lt(x, lit(2)), (put("x", add(x, lit(1)), P),), (P,))
    system = System("ups", (PAGE,), (StateVar("x", (PAGE,), small, 0),), (up,))
    ones = count(P, eq(x, lit(1)))
    properties = (
        prop("three_ones", eq(ones, lit(3)), "reachable"),
        prop("one_two", conj(eq(ones, lit(1)), exists(P, eq(x, lit(2)))), "reachable"),
    )
    made = Known(system, properties, Sizes({"page": 3}), (), 0)
    first, second = explore(made).answers()
    assert first.path is not None
    assert second.path is not None
    assert sorted(dict(m.picks)["page"] for m in first.path.moves) == [0, 1, 2]
    assert len({dict(m.picks)["page"] for m in second.path.moves}) == 2
