"""Model texts compiled from a folder, plain search, and walks through both meanings of a model."""

import random
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pagestate.core.evaluate import (
    CountOverflow,
    OutOfRange,
    apply,
    bindings,
    enabled,
    evaluate,
    initial_states,
)
from pagestate.core.sorts import Sizes, Value
from pagestate.core.system import Action
from pagestate.core.trace import State
from pagestate.lang.compile import Compiled, compile_model, valuation_of
from pagestate.lang.concrete import Machine
from pagestate.lang.load import load_model
from pagestate.lang.runtime import Blocked, Fault

HEADER = "from enum import Enum\nfrom pagestate import *\n\n"


class Disagreement(AssertionError):
    """The symbolic and the concrete meaning of a model differ."""


@dataclass(frozen=True)
class Move:
    """One step of a walk."""

    action: Action
    picks: Mapping[str, Value]
    after: State

    @property
    def member(self) -> int | None:
        """Which member of a replicated thread moves."""
        if self.action.thread_param is None:
            return None
        chosen = self.picks[self.action.thread_param.name]
        assert isinstance(chosen, int)
        return chosen


def compiled_file(path: Path, scenario: str = "", **settings: str) -> Compiled:
    """The model of a file, or one scenario of it, compiled."""
    model = load_model(str(path))
    if scenario:
        model = model.in_scenario(scenario)
    return compile_model(model, valuation_of(model, settings))


def compiled_text(
    folder: Path, text: str, name: str = "m", scenario: str = "", **settings: str
) -> Compiled:
    """The model of a text, compiled; the import lines are put before it."""
    path = folder / f"{name}.py"
    path.write_text(HEADER + text, encoding="utf-8")
    return compiled_file(path, scenario, **settings)


def sizes_of(compiled: Compiled, bound: int = 3) -> Sizes:
    """The model's sizes (2 where it names none)."""
    given = compiled.model.sizes
    return Sizes({s.name: given.get(s.name, 2) for s in compiled.system.sorts}, bound)


def moves(compiled: Compiled, sizes: Sizes, state: State) -> Iterator[Move]:
    """Every step from ``state`` that stays within the bound of the counters."""
    for action in compiled.system.actions:
        for picks in bindings(action, sizes):
            if enabled(action, state, sizes, picks):
                try:
                    after = apply(compiled.system, action, state, sizes, picks)
                except CountOverflow:
                    continue
                except OutOfRange as error:
                    raise Disagreement(f"{action.name}: {error} left its sort unchecked") from None
                yield Move(action, picks, after)


def reachable_states(compiled: Compiled, sizes: Sizes | None = None) -> list[State]:
    """All reachable states, by a plain breadth-first search."""
    sizes = sizes or sizes_of(compiled)
    found = {tuple(s.items()): s for s in initial_states(compiled.system, sizes)}
    todo = list(found.values())
    while todo:
        for move in moves(compiled, sizes, todo.pop()):
            if tuple(move.after.items()) not in found:
                found[tuple(move.after.items())] = move.after
                todo.append(move.after)
        assert len(found) < 20000
    return list(found.values())


def compare(compiled: Compiled, machine: Machine, state: State, where: str) -> None:
    """The shared state of both executions, cell by cell."""
    local = {v.name for v in compiled.system.variables if v.thread is not None}
    concrete = machine.shared()
    for cell, value in state.items():
        if cell[0] not in local and concrete[cell] != value:
            raise Disagreement(
                f"{where}: {cell} is {value!r} symbolically, {concrete[cell]!r} concretely"
            )


def check_properties(
    compiled: Compiled, machine: Machine, sizes: Sizes, before: State | None, state: State
) -> None:
    """Every property has the same value in both meanings."""
    by_name = {p.name: p for p in compiled.model.properties}
    for prop in compiled.properties:
        if prop.builtin or prop.kind == "deadlock_free" or (prop.kind == "step" and before is None):
            continue
        if prop.kind == "step":
            assert before is not None
            symbolic = evaluate(prop.formula, before, sizes, {}, state)
            snapshots = (
                machine.snapshot(padded(machine, before)),
                machine.snapshot(padded(machine, state)),
            )
            concrete = machine.evaluate(by_name[prop.name].fn, *snapshots)
        elif prop.kind == "leads_to":
            terms = reversed(prop.terms)
            pair = tuple(bool(evaluate(t, state, sizes, {})) for t in terms)
            symbolic, concrete = pair == machine.evaluate_pair(by_name[prop.name].fn), True
        else:
            symbolic = evaluate(prop.formula, state, sizes, {})
            concrete = machine.evaluate(by_name[prop.name].fn)
        if bool(symbolic) != concrete:
            raise Disagreement(f"property {prop.name}: {symbolic} symbolically, {concrete}")


def padded(machine: Machine, state: State) -> State:
    """``state`` with the cells that were folded away."""
    return {**machine.shared(), **state}


def run(compiled: Compiled, sizes: Sizes, start: State, walk: list[Move]) -> Machine:
    """The concrete machine after a walk."""
    machine = Machine(compiled, sizes.index, start)
    for move in walk:
        with suppress(Fault):
            machine.step(move.action.thread, move.member, move.picks)
    return machine


def check_move(
    compiled: Compiled, machine: Machine, sizes: Sizes, before: State, move: Move, story: str
) -> None:
    """Let the concrete machine follow one symbolic step and compare."""
    faulty = move.after.get(("fault", ()), "none") != "none"
    try:
        machine.step(move.action.thread, move.member, move.picks)
        if faulty:
            raise Disagreement(f"{story}: only symbolically a fault")
    except Blocked as blocked:
        raise Disagreement(f"{story}: blocked concretely: {blocked}") from None
    except Fault as fault:
        if not faulty:
            raise Disagreement(f"{story}: only concretely a fault: {fault}") from None
    compare(compiled, machine, move.after, story)
    thread = compiled.system.thread(move.action.thread)
    where = () if move.member is None else (move.member,)
    label = move.after.get((thread.control, where), thread.start)
    at_home = machine.at_start(thread.name, move.member)
    if not faulty and at_home != (label in (thread.start, thread.final)):
        raise Disagreement(f"{story}: symbolically at {label}, concretely at home: {at_home}")
    check_properties(compiled, machine, sizes, before, move.after)


class Asked(dict[str, Value]):
    """Choices of a step that remember which of them were asked for."""

    def __init__(self, picks: Mapping[str, Value]) -> None:
        super().__init__(picks)
        self.keys_read = set[str]()

    def __getitem__(self, key: str) -> Value:
        self.keys_read.add(key)
        return super().__getitem__(key)


def check_refused(
    compiled: Compiled,
    sizes: Sizes,
    start: State,
    walk: list[Move],
    state: State,
    offered: list[Move],
    dice: random.Random,
) -> None:
    """A step that is not enabled: the concrete machine must not take one that nobody offers."""
    here = list[tuple[Action, dict[str, Value]]]()
    for action in compiled.system.actions:
        thread = compiled.system.thread(action.thread)
        for picks in bindings(action, sizes):
            member = () if action.thread_param is None else (picks[action.thread_param.name],)
            label = state.get((thread.control, member), thread.start)
            if label == action.info.label and not enabled(action, state, sizes, picks):
                here.append((action, picks))
    if not here or state.get(("fault", ()), "none") != "none":
        return
    action, picks = dice.choice(here)
    wrong = Move(action, picks, {})
    machine = run(compiled, sizes, start, walk)
    story = f"{action.name} {dict(picks)} after {[m.action.name for m in walk]}"
    asked = Asked(picks)
    try:
        machine.step(action.thread, wrong.member, asked)
    except Blocked:
        return
    except Fault:
        pass
    possible = list[Move]()
    for move in offered:
        same = move.action.thread == action.thread and move.member == wrong.member
        agree = all(move.picks.get(k, v) == v for k, v in picks.items() if k in asked.keys_read)
        if same and agree:
            possible.append(move)
    shared = machine.shared()
    local = {v.name for v in compiled.system.variables if v.thread is not None}
    if not any(
        all(shared[c] == v for c, v in m.after.items() if c[0] not in local) for m in possible
    ):
        thread = compiled.system.thread(action.thread)
        own = () if wrong.member is None else (wrong.member,)
        unchanged = all(shared[c] == v for c, v in state.items() if c[0] not in local)
        if unchanged and machine.at_start(action.thread, wrong.member) == (
            state.get((thread.control, own), thread.start) in (thread.start, thread.final)
        ):
            return  # a step without effect is no step
        raise Disagreement(f"{story}: taken concretely, not enabled symbolically")


def walk_both(compiled: Compiled, sizes: Sizes, seed: int, length: int = 14) -> int:
    """One random walk through both meanings; the number of steps taken.  Raises Disagreement."""
    dice = random.Random(seed)
    starts = list(initial_states(compiled.system, sizes))
    if not starts:
        return 0
    start = dice.choice(starts)
    state: State = start
    machine = Machine(compiled, sizes.index, start)
    compare(compiled, machine, state, "initially")
    check_properties(compiled, machine, sizes, None, state)
    walk = list[Move]()
    for _ in range(length):
        offered = list(moves(compiled, sizes, state))
        if dice.random() < 0.4:
            check_refused(compiled, sizes, start, walk, state, offered, dice)
        if not offered:
            break
        move = dice.choice(offered)
        story = f"{[m.action.name for m in walk]} then {move.action.name} {dict(move.picks)}"
        check_move(compiled, machine, sizes, state, move, story)
        walk.append(move)
        state = move.after
    return len(walk)
