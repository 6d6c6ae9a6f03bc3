"""Where references are set, on a driver made by hand: take a page, work on it, give it back."""

from dataclasses import replace

from pagestate.core.expr import TRUE, Expr, Lit, Read, conj, disj, eq
from pagestate.core.references import Holder, holders_of
from pagestate.core.sorts import BOOL, EnumSort, RefSort
from pagestate.core.system import Action, StateVar, System, Thread, Write
from tests.parametric.systems import PAGE, P

LABELS = ("idle", "work", "done")
LABEL = EnumSort("label", LABELS)
REF = RefSort(PAGE)
NONE = Lit(None, REF)


def at(label: str) -> Expr:
    return eq(Read("pc", (), LABEL), Lit(label, LABEL))


def step(name: str, source: Expr, target: Expr, *writes: Write, thread: str = "driver") -> Action:
    return Action(name, source, (Write("pc", (), target), *writes), (P,), thread)


def goto(label: str) -> Expr:
    return Lit(label, LABEL)


def refer(value: Expr) -> Write:
    return Write("ref", (), value)


TAKE = step("take", at("idle"), goto("work"), refer(P))
WORK = step("work", at("work"), goto("done"))
GIVE = step("give", at("done"), goto("idle"), refer(NONE))


def driver(*actions: Action, free: bool = False) -> System:
    pc = StateVar("pc", (), LABEL, "idle", thread="driver", control=True)
    ref = StateVar("ref", (), REF, None, free=free, thread="driver")
    busy = StateVar("busy", (PAGE,), BOOL, False)
    thread = Thread("driver", "pc", "idle", LABELS, repeat=True)
    return System("driver", (PAGE,), (pc, ref, busy), actions, (thread,))


def test_the_reference_is_set_from_taking_to_giving_back() -> None:
    held = Holder("ref", disj(at("work"), at("done")))
    assert holders_of(driver(TAKE, WORK, GIVE)) == (held,)


def test_a_reference_that_is_never_set_is_held_nowhere() -> None:
    assert holders_of(driver(replace(TAKE, writes=TAKE.writes[:1]), WORK)) == ()


def test_a_label_reached_with_and_without_a_page_says_nothing() -> None:
    skip = step("skip", at("idle"), goto("work"))
    assert holders_of(driver(TAKE, skip, WORK, GIVE)) == ()
    keep = step("keep", at("done"), goto("idle"))
    assert holders_of(driver(TAKE, WORK, keep)) == ()


def test_what_is_open_says_nothing() -> None:
    assert holders_of(driver(TAKE, WORK, GIVE, free=True)) == ()
    copied = step("copy", at("idle"), goto("work"), refer(Read("ref", (), REF)))
    assert holders_of(driver(copied, WORK, GIVE)) == ()
    jump = step("jump", at("idle"), Read("pc", (), LABEL), refer(P))
    assert holders_of(driver(jump, WORK, GIVE)) == ()


def test_a_step_of_another_thread_may_not_touch_the_reference() -> None:
    steal = Action("steal", conj(at("work")), (refer(NONE),), (), "thief")
    assert holders_of(driver(TAKE, WORK, GIVE, steal)) == ()


def test_a_step_without_a_label_starts_at_every_label() -> None:
    drop = Action("drop", TRUE, (refer(NONE),), (), "driver")
    assert holders_of(driver(TAKE, WORK, GIVE, drop)) == ()


def test_steps_from_a_label_that_nothing_leads_to_tell_nothing() -> None:
    """The proof does not know that they are impossible: their label counts as held."""
    more = replace(LABEL, members=(*LABELS, "never"))
    never = Action("never", eq(Read("pc", (), more), Lit("never", more)),
                   (Write("pc", (), Lit("done", more)),), (), "driver")  # fmt: skip
    made = driver(TAKE, WORK, GIVE, never)
    pc = replace(made.variables[0], sort=more)
    (holder,) = holders_of(replace(made, variables=(pc, *made.variables[1:])))
    assert holder.condition == disj(
        *(eq(Read("pc", (), more), Lit(label, more)) for label in ("work", "done", "never"))
    )
    loses = replace(never, writes=(*never.writes, refer(NONE)))
    made = driver(TAKE, WORK, GIVE, loses)
    assert holders_of(replace(made, variables=(pc, *made.variables[1:]))) == ()
