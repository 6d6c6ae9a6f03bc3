"""The views that any number of pages lead to: all that instances show, and hardly more."""

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.systems import offlining
from pagestate.core.expr import FALSE, TRUE, Expr, Param, conj, disj, eq, exists, forall, neg
from pagestate.core.pageform import PageForm, page_form
from pagestate.core.property import Property
from pagestate.core.sorts import BOOL, Sizes
from pagestate.core.system import Action, StateVar, System
from pagestate.core.verdict import Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task
from pagestate.engines.parametric import Parametric
from pagestate.engines.parametric.closure import Closure
from pagestate.engines.parametric.elsewhere import NotInPairs
from pagestate.engines.parametric.forget import NotForgotten, forgetting, numbers_of
from pagestate.engines.parametric.table import Table, columns_of
from tests.lang.harness import compiled_text

from .random_pages import random_pages
from .systems import ANY, PAGE, SIZES, P, Q, bit, put

Rows = set[tuple[int, ...]]
SEEDS = range(14)
THREADS = 2
MOST_STATES = 30_000


def closed(form: PageForm, goals: dict[str, Expr] | None = None, threads: int = THREADS) -> Closure:
    return Closure(form, PAGE, SIZES, goals or {}, Param("page", PAGE), threads)


def rows_of(closure: Closure, form: PageForm) -> Rows:
    return {tuple(row) for row in closure.exact(columns_of(form)).tolist()}


def shown(system: System, form: PageForm, pages: int, getters: int) -> Rows | None:
    """What the pages of an instance look like; None: it is too large."""
    sizes = Sizes({"page": pages, "getter": getters}, SIZES.count_bound)
    endless = Property("true", "always", TRUE)
    search = Explicit(Task(system, (endless,), sizes), lambda _: None, max_states=MOST_STATES)
    search.advance(1 << 30)
    table = Table(columns_of(form))
    table.add_states(search, sizes)
    return {tuple(row) for row in table.exact.tolist()} if search.complete else None


def flags(*actions: Action) -> System:
    variables = tuple(StateVar(name, (PAGE,), BOOL, False) for name in "abcde")
    return System("flags", (PAGE,), variables, actions)


def views(system: System, exclusive: tuple[str, ...] = ()) -> set[str]:
    """The flags that a page may have, in words, as the closure has them."""
    form = replace(page_form(system, (), SIZES, frozenset({"page"})), exclusive=exclusive)
    closure = closed(form)
    assert closure.complete
    names = [c.var.name for c in columns_of(form)]
    rows = closure.exact(columns_of(form)).tolist()
    return {"".join(n for n, code in zip(names, row, strict=True) if code) for row in rows}


def test_instances_show_nothing_else(tmp_path: Path) -> None:
    """Random models at three sizes, as many getters as the closure looks at per page."""
    compared = 0
    for seed in SEEDS:
        compiled = compiled_text(tmp_path, random_pages(seed), f"pages{seed}")
        form = page_form(compiled.system, (), SIZES, ANY)
        try:
            closure = closed(form)
        except NotInPairs:
            continue  # it compares pages, or keeps nothing per page
        if not closure.complete:
            continue
        rows = rows_of(closure, form)
        for pages in (1, 2, 3):
            found = shown(compiled.system, form, pages, THREADS)
            if found is not None:
                compared += len(found)
                assert found <= rows, (seed, pages, found - rows)
    assert compared > 300


def test_a_real_protocol_has_the_views_of_three_pages() -> None:
    """Two threads work on one page each, so that a third one sees all there is to see."""
    system = offlining()
    form = page_form(system, (), SIZES, ANY)
    closure = closed(form, threads=1)
    assert closure.complete
    found = shown(system, form, 3, 1)
    assert found is not None
    assert found <= rows_of(closure, form)
    more = rows_of(closure, form) - found
    assert len(more) < len(found) / 10, sorted(more)[:5]


def test_a_third_page_may_be_the_one_that_has_something() -> None:
    """Page p may only take b where another page has a, while p and an onlooker have none."""
    first = Action("first", neg(exists(Q, bit("a", Q))), (put(bit("a"), TRUE),), (P,))
    second = Action(
        "second", conj(exists(Q, bit("a", Q)), neg(bit("a"))), (put(bit("b"), TRUE),), (P,)
    )
    third = Action("third", TRUE, (put(bit("c", Q), TRUE, Q, where=neg(bit("a", Q))),), (P,))
    assert views(flags(first, second)) == {"", "a", "b", "ab"}
    assert {"a", "b", "c", "bc"} <= views(flags(first, second, third))
    assert views(flags(second, third)) == {"", "c"}


def test_what_all_pages_must_have_no_page_lacks() -> None:
    """The step that all pages must be ready for leads to c, and c stays with pages that have a."""
    ready = Action("ready", TRUE, (put(bit("a"), TRUE),), (P,))
    done = Action("done", forall(Q, bit("a", Q)), (put(bit("c"), TRUE),), (P,))
    broken = Action("spoilt", bit("c"), (put(bit("b", Q), TRUE, Q, where=neg(bit("c", Q))),), (P,))
    assert views(flags(ready, done, broken)) == {"", "a", "ac", "b", "ab", "abc"}


def test_a_step_that_asks_for_the_opposite_of_all_pages() -> None:
    start = Action("start", TRUE, (put(bit("a"), TRUE),), (P,))
    late = Action("late", conj(bit("a"), neg(forall(Q, bit("a", Q)))), (put(bit("b"), TRUE),), (P,))
    assert views(flags(start, late)) == {"", "a", "ab"}
    early = Action(
        "early", conj(neg(bit("a")), neg(exists(Q, bit("a", Q)))), (put(bit("b"), TRUE),), (P,)
    )
    assert views(flags(start, early)) == {"", "a", "b", "ab"}


def test_no_two_pages_have_what_one_page_has() -> None:
    fresh = conj(neg(bit("c")), neg(exists(Q, bit("a", Q))))
    take = Action("take", fresh, (put(bit("a"), TRUE),), (P,))
    marks = put(bit("c", Q), TRUE, Q, where=bit("a", Q))
    leave = Action("leave", bit("a"), (marks, put(bit("a"), FALSE)), (P,))
    assert views(flags(take, leave), ("a",)) == {"", "a", "c"}


def test_a_step_is_seen_by_those_who_cannot_take_it() -> None:
    """The page that has a takes the step first, but only another one makes it look different."""
    take = Action("take", neg(exists(Q, bit("a", Q))), (put(bit("a"), TRUE),), (P,))
    near = Action("near", TRUE, (put(bit("e"), TRUE),), (P,))
    ready = Action("ready", bit("e"), (put(bit("d"), TRUE),), (P,))
    marks = put(bit("c", Q), TRUE, Q, where=bit("a", Q))
    step = Action("step", disj(bit("a"), bit("d")), (marks, put(bit("c"), FALSE)), (P,))
    assert "ac" in views(flags(take, near, ready, step), ("a",))


def test_goals_that_a_view_breaks_are_named() -> None:
    start = Action("start", TRUE, (put(bit("a"), TRUE),), (P,))
    form = page_form(flags(start), (), SIZES, frozenset({"page"}))
    page = Param("page", PAGE)
    goals = {"never a": neg(bit("a", page)), "never b": neg(bit("b", page))}
    assert closed(form, goals).broken.keys() == {"never a"}


def test_what_compares_pages_is_not_answered() -> None:
    other = exists(Q, conj(bit("a", Q), neg(eq(Q, P))))
    step = Action("step", other, (put(bit("b"), TRUE),), (P,))
    form = page_form(flags(step), (), SIZES, frozenset({"page"}))
    with pytest.raises(NotInPairs, match="step compares pages"):
        closed(form)


def test_a_system_that_forgets_numbers_shows_all_the_same(tmp_path: Path) -> None:
    compared = 0
    for seed in SEEDS:
        compiled = compiled_text(tmp_path, random_pages(seed), f"pages{seed}")
        form = page_form(compiled.system, (), SIZES, ANY)
        hidden = numbers_of(form)
        try:
            less = forgetting(form, hidden)
            closure, small = closed(form), closed(less)
        except (NotInPairs, NotForgotten):
            continue
        if not closure.complete:
            continue
        assert small.complete
        left = columns_of(less)
        rows = {tuple(row) for row in closure.exact(left).tolist()}
        compared += len(rows)
        assert rows <= rows_of(small, less), seed
    assert compared > 50


def test_what_needs_two_pages_is_unknown_with_the_view_that_breaks_it() -> None:
    """No page has a and b, since a comes to one page, before any b; but one page does not tell."""
    first = Action("first", neg(exists(Q, bit("a", Q))), (put(bit("a"), TRUE),), (P,))
    second = Action(
        "second", conj(exists(Q, bit("a", Q)), neg(bit("a"))), (put(bit("b"), TRUE),), (P,)
    )
    asked = (
        Property("not_both", "always", forall(P, neg(conj(bit("a"), bit("b"))))),
        Property("never_c", "always", forall(P, neg(bit("c")))),
    )
    task = Task(flags(first, second), asked, SIZES, frozenset({"page"}))
    engine = Parametric(task, lambda _: None)
    engine.advance(1)
    both, never = engine.answers()
    assert both.verdict == Verdict.UNKNOWN and never.verdict == Verdict.PROVED
    assert both.reason == "as far as one page and the globals tell, steps lead to (a, b)"
