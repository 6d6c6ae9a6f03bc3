"""Ledger laws: found where they hold, and never asserted where they do not."""

from pagestate.core.evaluate import evaluate, initial_states, successors
from pagestate.core.expr import TRUE, Cell, Expr, Read, add, conj, eq, ite, le, lit, lt, transform
from pagestate.core.ground import GroundSystem, ground
from pagestate.core.property import Property
from pagestate.core.sorts import BOOL, COUNT, Sizes
from pagestate.core.system import Action, StateVar, System, Write
from pagestate.core.trace import State
from pagestate.core.verdict import Verdict
from pagestate.engines.bmc import Bmc
from pagestate.engines.interface import Task
from pagestate.engines.ledger import ledger_laws
from pagestate.smt.orbits import swaps
from pagestate.smt.unroll import Absent, Found, Unrolling
from tests.engines.systems import known_race, read


def start(made: GroundSystem) -> list[int]:
    return made.codes(next(initial_states(made.system, made.sizes)))


def reachable(made: GroundSystem) -> list[State]:
    seen = dict[tuple[int, ...], State]()
    todo: list[State] = list(initial_states(made.system, made.sizes))
    while todo:
        state = todo.pop()
        key = tuple(made.codes(state))
        if key not in seen:
            seen[key] = state
            todo.extend(after for _, _, after in successors(made.system, state, made.sizes))
    return list(seen.values())


def holds(made: GroundSystem, law: Expr, state: State) -> bool:
    """Whether a ground law holds, by the reference semantics."""

    def read_back(term: Expr) -> Expr | None:
        if not isinstance(term, Cell):
            return None
        var, index = made.cells[term.number].name
        return Read(var, tuple(lit(i) for i in index), term.sort)

    return bool(evaluate(transform(law, read_back), state, made.sizes, {}))


def test_what_is_kept_holds_in_every_reachable_state() -> None:
    known = known_race(True)
    made = ground(known.system, known.sizes)
    unrolling = Unrolling(made, swaps(made, known.system.sorts))
    kept = unrolling.assume(ledger_laws(made, start(made)))
    assert kept
    states = reachable(made)
    assert len(states) == known.states
    assert all(holds(made, law, state) for law in kept for state in states)


N, M, F = read("n", COUNT), read("m", COUNT), read("f", BOOL)
PAIR = System(
    "pair",
    (),
    (StateVar("n", (), COUNT, 0), StateVar("m", (), COUNT, 0), StateVar("f", (), BOOL, False)),
    (
        Action("take", conj(eq(F, lit(False)), lt(N, lit(1))), (Write("n", (), add(N, lit(1))),)),
        Action("flag", le(N, lit(0)), (Write("f", (), TRUE),)),
        Action("more", lt(M, lit(3)), (Write("m", (), add(M, lit(1))),)),
    ),
)
CELL_N, CELL_M = Cell(0, COUNT), Cell(1, COUNT)
NOT_F = Cell(2, BOOL)


def test_laws_that_fail_are_dropped() -> None:
    made = ground(PAIR, Sizes({}, 3))
    unrolling = Unrolling(made)
    wrong_at_once = eq(CELL_N, lit(1))
    wrong_later = eq(CELL_M, lit(0))
    true_with_help = le(add(CELL_N, ite(NOT_F, lit(1), lit(0))), lit(1))
    true = le(CELL_N, lit(1))
    kept = unrolling.assume((wrong_at_once, wrong_later, true_with_help, true))
    assert kept == (true_with_help, true)
    for _ in range(3):
        unrolling.extend()
    assert isinstance(unrolling.find([eq(CELL_M, lit(3))]), Found)
    assert isinstance(unrolling.find([lt(lit(1), CELL_N)]), Absent)


def test_a_law_that_needs_a_dropped_law_goes_too() -> None:
    follow = System(
        "follow",
        (),
        (StateVar("n", (), COUNT, 0), StateVar("m", (), COUNT, 0)),
        (
            Action("copy", TRUE, (Write("m", (), N),)),
            Action("up", lt(N, lit(3)), (Write("n", (), add(N, lit(1))),)),
        ),
    )
    made = ground(follow, Sizes({}, 3))
    assert Unrolling(made).assume((eq(CELL_M, lit(0)), eq(CELL_N, lit(0)))) == ()


def test_laws_change_no_answer() -> None:
    for hook in (True, False):
        known = known_race(hook)
        task = Task(known.system, known.properties, known.sizes)
        found = list[list[tuple[Verdict, int | None]]]()
        for laws in (True, False):
            engine = Bmc(task, lambda _: None, laws=laws)
            engine.advance(9)
            found.append([(a.verdict, a.depth) for a in engine.answers()])
        assert found[0] == found[1]
        assert (Verdict.PROVED, 8) in found[0]


def test_no_laws_without_counters() -> None:
    system = System("none", (), (StateVar("f", (), BOOL, False),), ())
    made = ground(system, Sizes({}))
    assert ledger_laws(made, [0]) == ()


def test_a_late_violation_is_not_hidden() -> None:
    """The sampler starts where ``f`` is false only in one of two initial states."""
    free = System(
        "free",
        (),
        (StateVar("n", (), COUNT, 0), StateVar("f", (), BOOL, free=True)),
        (
            Action("up", conj(F, lt(N, lit(10))), (Write("n", (), add(N, lit(1))),)),
            Action("still", lt(N, lit(10)), (Write("n", (), N),)),
        ),
    )
    task = Task(free, (Property("p", "always", lt(N, lit(10))),), Sizes({}, 11))
    engine = Bmc(task, lambda _: None)
    engine.advance(12)
    (answer,) = engine.answers()
    assert (answer.verdict, answer.depth) == (Verdict.VIOLATED, 10)
