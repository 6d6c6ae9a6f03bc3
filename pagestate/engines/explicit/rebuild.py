"""From parent links to a path in real member numbers, and the replay of paths.

The search stores canonical states.  A path is rebuilt forwards: from a concrete state take that
choice of parameters of the stored action whose successor has the stored canonical form.  It exists
because the canonical form differs from the concrete state by a renaming of members only; so every
member keeps its number along the path.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from pagestate.core.evaluate import (
    CountOverflow,
    apply,
    bindings,
    enabled,
    evaluate,
)
from pagestate.core.execute import NotAPath, states_of, why_not
from pagestate.core.ground import GroundSystem
from pagestate.core.property import Property
from pagestate.core.sorts import Sizes, Value
from pagestate.core.system import Action, System
from pagestate.core.trace import CellName, State
from pagestate.core.verdict import Move, Path
from pagestate.engines.explicit.pack import Array, Layout, canonical, pack, unpack


class BrokenTrace(Exception):
    """A path does not replay or does not show what it should: an error of the engine."""


def rebuild(
    system: GroundSystem,
    layout: Layout,
    rows: Sequence[Array],
    actions: Sequence[int],
    last: tuple[int, Property] | None,
) -> Path:
    """The path through the canonical ``rows``; ``last``: a final step that breaks a property.

    Raises BrokenTrace if there is none.
    """
    core, sizes = system.system, system.sizes
    state: State = system.state(unpack(layout, rows[0]))
    free = {v.name for v in core.variables if v.free}
    initial = tuple((cell, value) for cell, value in state.items() if cell[0] in free)
    moves = list[Move]()
    for number, row in zip(actions, rows[1:], strict=True):
        action = system.actions[number].action
        for move, after in _steps(core, sizes, action, state):
            if np.array_equal(_form(system, layout, after), row):
                moves.append(move)
                state = after
                break
        else:
            raise BrokenTrace(f"no choice of parameters of {action.name} leads to the next state")
    if last is not None:
        action, prop = system.actions[last[0]].action, last[1]
        for move, after in _steps(core, sizes, action, state):
            if not evaluate(prop.formula, state, sizes, {}, after):
                moves.append(move)
                break
        else:
            raise BrokenTrace(f"no choice of parameters of {action.name} breaks {prop.name}")
    return Path(initial, tuple(moves))


def _steps(
    system: System, sizes: Sizes, action: Action, state: State
) -> Iterator[tuple[Move, dict[CellName, Value]]]:
    for binding in bindings(action, sizes):
        if enabled(action, state, sizes, binding):
            try:
                after = apply(system, action, state, sizes, binding)
            except CountOverflow:
                continue
            yield Move(action, tuple(binding.items())), after


def _form(system: GroundSystem, layout: Layout, state: State) -> Array:
    row = pack(layout, system.codes(state))
    canonical(layout, row)
    found: Array = row[0]
    return found


def replay(system: System, sizes: Sizes, prop: Property, path: Path) -> tuple[State, ...]:
    """The states of the path.  Raises BrokenTrace if it is no execution that decides ``prop``.

    It must break an ``always`` property in its last state, a ``step`` property by its last step,
    reach the goal in its last state, or end in a deadlock.
    """
    try:
        states = states_of(system, sizes, path)
    except NotAPath as error:
        raise BrokenTrace(f"{prop.name}: {error}") from error
    why = why_not(system, sizes, prop, states, path)
    if why:
        raise BrokenTrace(f"{prop.name}: {why}")
    return tuple(states)
