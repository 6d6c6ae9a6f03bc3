"""The plainest breadth-first search over the reference semantics, to compare engines with."""

from collections.abc import Iterator
from dataclasses import dataclass

from pagestate.core.evaluate import (
    CountOverflow,
    apply,
    bindings,
    enabled,
    evaluate,
    initial_states,
)
from pagestate.core.property import Property
from pagestate.core.sorts import Sizes, Value
from pagestate.core.system import System
from pagestate.core.trace import CellName, State
from pagestate.core.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Found:
    """Verdict and depth per property, states visited, transitions and steps taken by name.

    A state is the set of its cells with their values.
    """

    verdicts: tuple[tuple[Verdict, int], ...]
    states: int
    transitions: int
    fired: dict[str, int]
    overflow: bool
    seen: frozenset[frozenset[tuple[CellName, Value]]]


def steps(
    system: System, state: State, sizes: Sizes
) -> Iterator[tuple[str, dict[CellName, Value] | None]]:
    """Every step: the action's name and the state after it, or None on overflow."""
    for action in system.actions:
        for binding in bindings(action, sizes):
            if enabled(action, state, sizes, binding):
                try:
                    yield action.name, apply(system, action, state, sizes, binding)
                except CountOverflow:
                    yield action.name, None


def search(
    system: System, properties: tuple[Property, ...], sizes: Sizes, limit: int = 10_000
) -> Found | None:
    """Visit everything, or stop behind the level where a counter overflows or all is decided.

    None if there are more than ``limit`` states.
    """
    decided = dict[str, tuple[Verdict, int]]()
    level = [dict(s) for s in initial_states(system, sizes)]
    seen = {frozenset(s.items()) for s in level}
    fired = {a.name: 0 for a in system.actions}
    depth, overflow, total = 0, False, 0

    def look(state: State, depth: int) -> None:
        for p in properties:
            if p.kind == "step" or p.name in decided:
                continue
            if bool(evaluate(p.formula, state, sizes, {})) == (p.kind == "reachable"):
                met = Verdict.EXHAUSTED if p.kind == "reachable" else Verdict.VIOLATED
                decided[p.name] = met, depth

    for state in level:
        look(state, 0)
    while level and len(decided) < len(properties):
        fresh = list[dict[CellName, Value]]()
        for state in level:
            for name, after in steps(system, state, sizes):
                if after is None:
                    overflow = True
                    continue
                total += 1
                fired[name] += 1
                for p in properties:
                    if p.kind != "step" or p.name in decided:
                        continue
                    if not evaluate(p.formula, state, sizes, {}, after):
                        decided[p.name] = Verdict.VIOLATED, depth + 1
                key = frozenset(after.items())
                if key not in seen:
                    seen.add(key)
                    fresh.append(after)
                    look(after, depth + 1)
        if len(seen) > limit:
            return None
        level = fresh
        if overflow:
            break
        if level:
            depth += 1
    rest = {
        p.name: (
            Verdict.UNKNOWN
            if overflow
            else Verdict.VACUOUS
            if p.kind == "reachable" or not seen
            else Verdict.EXHAUSTED,
            depth,
        )
        for p in properties
    }
    verdicts = tuple((rest | decided)[p.name] for p in properties)
    return Found(verdicts, len(seen), total, fired, overflow, frozenset(seen))
