"""Circuits make the steps of the instance they were written from, and no others."""

import random
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from benchmarks.systems import HOLDERS_COUNTED, UNPLUGGED_NEVER_FREE, offlining, sizes
from pagestate.core.evaluate import (
    CountOverflow,
    OutOfRange,
    apply,
    enabled,
    evaluate,
    initial_states,
)
from pagestate.core.expr import TRUE, Read, add, lit, lt, sub
from pagestate.core.ground import GroundCell
from pagestate.core.property import Property
from pagestate.core.sorts import IntSort, Sizes, Value, decode, encode
from pagestate.core.system import Action, StateVar, System, Write
from pagestate.core.trace import CellName, State
from pagestate.core.verdict import Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task
from pagestate.interchange.aiger import OUT_OF_RANGE, circuit
from pagestate.interchange.instance import Instance, instance
from tests.examples.looking import COUNT_BOUND, compiled
from tests.interchange.circuits import Circuit, read_ascii, read_binary

ABC = shutil.which("berkeley-abc") or shutil.which("abc")
EXAMPLES = [
    ("specifications/die_hard.py", {}),
    ("specifications/die_hard.py", {"big_jug": "6"}),
    ("specifications/cigarette_smokers.py", {}),
    ("ticket_lock.py", {"last_ticket": "1"}),
    ("deferred_free.py", {}),
    ("german.py", {"invalidate_for_shared": "false"}),
    ("peterson.py", {}),
]
QUICK = {"die_hard", "cigarette_smokers", "ticket_lock", "peterson", "offlining"}
OPEN = {"cigarette_smokers", "below_zero"}
Systems = tuple[System, tuple[Property, ...], Sizes]


def example(name: str, settings: Mapping[str, str]) -> Systems:
    made = compiled(name, settings)
    asked = tuple(p for p in made.properties if p.kind in ("always", "reachable"))
    return made.system, asked, Sizes(made.model.sizes, COUNT_BOUND)


def systems() -> list[Systems]:
    found = [example(name, settings) for name, settings in EXAMPLES]
    wanted = UNPLUGGED_NEVER_FREE, HOLDERS_COUNTED
    for buggy, bound in ((False, 3), (True, 3), (False, 1)):
        small = Sizes(sizes(2, 2).index, bound)
        found.append((offlining(buggy), wanted, small))
    return found


def below_zero() -> Systems:
    """A number from -2 to 3 that goes up and down, out of its range too; it starts above 0."""
    sort = IntSort(-2, 3)
    n = Read("n", (), sort)
    steps = (
        Action("down", TRUE, (Write("n", (), sub(n, lit(1))),)),
        Action("up", lt(n, lit(3)), (Write("n", (), add(n, lit(1))),)),
        Action("turn", lt(n, lit(0)), (Write("n", (), sub(lit(0), n)),)),
    )
    made = System("below_zero", (), (StateVar("n", (), sort, free=True),), steps, (), lt(lit(0), n))
    return made, (Property("not_lowest", "always", lt(lit(-2), n)),), Sizes({}, 3)


SYSTEMS = [*systems(), below_zero()]


def bits_of(cell: GroundCell, value: Value, read: Circuit) -> dict[int, bool]:
    """The latches of a cell, by number, for a value."""
    var, index = cell.name
    name = var + "".join(f"[{i}]" for i in index)
    code = encode(cell.sort, value) ^ (cell.init or 0)
    width = (cell.size - 1).bit_length()
    return {read.number("l", f"{name}[{k}]"): bool(code >> k & 1) for k in range(width)}


def row(what: Instance, read: Circuit, state: Mapping[CellName, Value]) -> list[bool]:
    """A state as the latches of the circuit hold it."""
    found = [True] * len(read.latches)
    for cell in what.ground.cells:
        for number, bit in bits_of(cell, state[cell.name], read).items():
            found[number] = bit
    return found


def state_of(what: Instance, read: Circuit, latches: list[bool]) -> dict[CellName, Value]:
    """The state that the latches hold."""
    codes = list[int]()
    for cell in what.ground.cells:
        numbers = bits_of(cell, decode(cell.sort, 0), read)
        code = sum(latches[n] << k for k, n in enumerate(numbers))
        codes.append(code ^ (cell.init or 0))
    return what.ground.state(codes)


@pytest.mark.parametrize("what", SYSTEMS, ids=lambda w: w[0].name)
def test_a_walk_in_the_circuit_is_one_in_the_model(what: Systems) -> None:
    system, properties, small = what
    made = instance(system, properties, small)
    read = read_ascii(circuit(made).ascii("a comment"))
    rng = random.Random(7)
    bits = [n for n in read.names.values() if n.startswith("step[")]
    start = next(initial_states(system, small))
    first = row(made, read, start)
    moved = 0
    for _ in range(20):
        state: State = start
        now = first
        for _ in range(25):
            assert state_of(made, read, now) == state
            able = [a for a in made.ground.actions if enabled(a.action, state, small, a.binding)]
            step = rng.choice(able if able and rng.random() < 0.8 else made.ground.actions)
            given = [rng.random() < 0.5 for _ in read.inputs]
            for k in range(len(bits)):
                given[read.number("i", f"step[{k}]")] = bool(step.number >> k & 1)
            outputs, now = read.run(now, given)
            for prop in properties:
                holds = bool(evaluate(prop.formula, state, small, {}))
                assert outputs[read.number("o", prop.name)] == (holds == (prop.kind == "reachable"))
            over = False
            if step in able:
                try:
                    state = apply(system, step.action, state, small, step.binding)
                    moved += 1
                except (CountOverflow, OutOfRange):
                    over = True
            told = OUT_OF_RANGE in read.names.values()
            assert over == (told and outputs[read.number("o", OUT_OF_RANGE)])
    assert moved > 100


def test_a_step_beyond_the_bound_is_told() -> None:
    system, properties, _ = systems()[-1]
    made = instance(system, properties, Sizes(sizes(2, 2).index, 1))
    assert OUT_OF_RANGE in [name for _, name in circuit(made).outputs]
    made = instance(system, properties, Sizes(sizes(2, 2).index, 7))
    assert OUT_OF_RANGE in [name for _, name in circuit(made).outputs]


def test_numbers_of_no_step_change_nothing() -> None:
    system, properties, small = systems()[-1]
    made = instance(system, properties, small)
    read = read_ascii(circuit(made).ascii(""))
    bits = sum(n.startswith("step[") for n in read.names.values())
    assert 2**bits > len(made.ground.actions)
    now = [False] * len(read.latches)
    assert read.run(now, [True] * len(read.inputs))[1] == now


@pytest.mark.parametrize("what", [s for s in SYSTEMS if s[0].name in OPEN], ids=lambda w: w[0].name)
def test_open_initial_values_are_chosen_by_the_first_step(what: Systems) -> None:
    system, _, small = what
    made = instance(*what)
    read = read_ascii(circuit(made).ascii(""))
    assert made.open_start
    found = set[tuple[tuple[CellName, Value], ...]]()
    rng, zero = random.Random(3), [False] * len(read.latches)
    for _ in range(100):
        outputs, after = read.run(zero, [rng.random() < 0.5 for _ in read.inputs])
        assert not any(outputs)
        if after[read.number("l", "started")]:
            found.add(tuple(sorted(state_of(made, read, after).items(), key=str)))
        else:
            assert after == zero
    assert found == {tuple(sorted(s.items(), key=str)) for s in initial_states(system, small)}


@pytest.mark.parametrize("what", SYSTEMS, ids=lambda w: w[0].name)
def test_both_forms_are_the_same_circuit(what: Systems) -> None:
    graph = circuit(instance(*what))
    assert read_ascii(graph.ascii("x")) == read_binary(graph.binary("x"))


@pytest.mark.skipif(ABC is None, reason="needs ABC")
@pytest.mark.parametrize(
    "what", [s for s in SYSTEMS if s[0].name in QUICK], ids=lambda w: w[0].name
)
def test_abc_agrees(what: Systems, tmp_path: Path) -> None:
    system, properties, small = what
    engine = Explicit(Task(*what), lambda progress: None)
    engine.advance(10_000)
    assert ABC is not None
    for prop, answer in zip(properties, engine.answers(), strict=True):
        path = tmp_path / "one.aig"
        path.write_bytes(circuit(instance(system, [prop], small)).binary(prop.name))
        command = [ABC, "-c", f"read {path}; pdr"]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        proved = "Property proved" in out
        assert proved or "was asserted in frame" in out
        assert proved == (answer.path is None and answer.verdict != Verdict.UNKNOWN), prop.name
