"""Compiled steps against the meaning of the core."""

import pytest
from hypothesis import given, settings

from pagestate.core.evaluate import CountOverflow, apply, bindings, enabled, initial_states
from pagestate.core.quick import Quick
from pagestate.core.sorts import Sizes, Value
from pagestate.core.system import System
from pagestate.core.trace import State
from tests.engines.random_systems import Instance, instances
from tests.engines.systems import Known, all_known

MANY = 300


def slowly(system: System, state: State, sizes: Sizes) -> list[object]:
    """Every step, by the definition."""
    found = list[object]()
    for action in system.actions:
        for binding in bindings(action, sizes):
            if enabled(action, state, sizes, binding):
                picks = tuple(binding.items())
                try:
                    after = apply(system, action, state, sizes, binding)
                except CountOverflow as overflow:
                    found.append((action.name, picks, None, str(overflow)))
                else:
                    found.append((action.name, picks, tuple(after.values()), ""))
    return found


def agree(system: System, sizes: Sizes, most: int = MANY) -> int:
    """Compare the steps of the first states found; their number."""
    quick = Quick(system, sizes)
    todo = [quick.pack(s) for s in initial_states(system, sizes)]
    seen = set[tuple[Value, ...]](todo)
    for number, state in enumerate(todo):
        if number == most:
            break
        mine = list(quick.all_steps(state))
        told = [(n.action.name, n.picks, n.after, n.overflow) for n in mine]
        assert sorted(told, key=str) == sorted(slowly(system, quick.unpack(state), sizes), key=str)
        for step in mine:
            if step.after is not None and step.after not in seen:
                seen.add(step.after)
                todo.append(step.after)
    return len(todo)


@pytest.mark.parametrize("known", all_known(), ids=lambda k: k.system.name)
def test_known_systems(known: Known) -> None:
    assert agree(known.system, known.sizes) > 1


@settings(max_examples=60, deadline=None)
@given(instances())
def test_random_systems(instance: Instance) -> None:
    agree(instance.system, instance.sizes, MANY // 3)
