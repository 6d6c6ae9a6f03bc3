"""Whether a lasso is a fair execution that violates a liveness property, by the definition.

This is the reference for engines, and the check of what they find; it is slow and plain on
purpose.  docs/semantics.md states the rules of fairness.
"""

from collections.abc import Sequence
from itertools import pairwise

from pagestate.core.evaluate import CountOverflow, apply, bindings, enabled, evaluate
from pagestate.core.property import Property
from pagestate.core.sorts import Sizes
from pagestate.core.system import Action, System, Thread
from pagestate.core.trace import State
from pagestate.core.verdict import Move, Path
from pagestate.core.waiting import FAULT, NO_FAULT, is_quiet, label_of, members


def flaw(system: System, sizes: Sizes, prop: Property, states: Sequence[State], path: Path) -> str:
    """Why ``path`` through ``states`` is no counterexample to ``prop`` (empty: it is one)."""
    loop = path.loop
    if loop is None or not 0 <= loop <= len(path.moves):
        return "it is no lasso"
    if states[-1] != states[loop]:
        return f"the loop does not come back to state {loop}"
    if any(s.get((FAULT, ()), NO_FAULT) != NO_FAULT for s in states):
        return "a built-in rule is broken in it"
    for n, (before, after) in enumerate(pairwise(states), 1):
        if n > loop and before == after:
            return f"step {n} of the loop changes nothing"
    missed = [not evaluate(prop.formula, s, sizes, {}) for s in states]
    if not all(missed[loop:]):
        return "the goal is met in the loop"
    if prop.kind == "eventually":
        if not all(missed):
            return "the goal is met before the loop"
    else:
        assert prop.antecedent is not None
        last = len(missed) - next((k for k, m in enumerate(reversed(missed)) if not m), len(missed))
        if not any(evaluate(prop.antecedent, s, sizes, {}) for s in states[last:]):
            return "the goal is met wherever the first condition held"
    return unfair(system, sizes, states[loop:], path.moves[loop:])


def unfair(system: System, sizes: Sizes, states: Sequence[State], moves: Sequence[Move]) -> str:
    """Who is not treated fairly by ``moves`` around ``states`` for ever (empty: nobody)."""
    for thread in system.threads:
        steps = [a for a in system.actions if a.thread == thread.name]
        locks = [a for a in steps if a.takes]
        for member in members(thread, sizes):
            if thread.fair == "none" or any(_moves(m, thread, member) for m in moves):
                continue
            who = thread.name if member is None else f"{thread.name} {member}"
            if all(ready(system, sizes, thread, member, s, steps) for s in states):
                return f"{who} could always take a step and never does"
            again = steps if thread.fair == "strong" else locks
            if any(ready(system, sizes, thread, member, s, again) for s in states):
                return f"{who} could take a step again and again and never does"
    return ""


def _moves(move: Move, thread: Thread, member: int | None) -> bool:
    mover = move.action.thread_param
    if move.action.thread != thread.name:
        return False
    return mover is None or dict(move.picks)[mover.name] == member


def ready(
    system: System,
    sizes: Sizes,
    thread: Thread,
    member: int | None,
    state: State,
    steps: Sequence[Action],
) -> bool:
    """Whether the member is at work and one of ``steps`` would change something."""
    label = label_of(thread, member, state)
    if label in is_quiet(thread) and not (thread.eager and label == thread.start):
        return False
    for action in steps:
        for binding in bindings(action, sizes):
            mover = action.thread_param
            if mover is not None and binding[mover.name] != member:
                continue
            if enabled(action, state, sizes, binding):
                try:
                    if apply(system, action, state, sizes, binding) != state:
                        return True
                except CountOverflow:
                    return True
    return False
