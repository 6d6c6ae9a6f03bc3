"""What ``expect_dead`` is about: the steps that get there, and those behind them."""

from collections.abc import Sequence

from pagestate.lang.control import Control, Transition


def dead_behind(start: Control, transitions: Sequence[Transition]) -> dict[Control, str]:
    """The control states that only steps which are expected to be dead lead to, and why."""
    leads = dict[Control, list[Transition]]()
    for transition in transitions:
        leads.setdefault(transition.source, []).append(transition)
    alive, todo = {start}, [start]
    doubtful = list[tuple[Control | None, str]]()
    while todo:
        for transition in leads.get(todo.pop(), ()):
            target, reason = transition.target, transition.step.expect_dead
            if reason:
                doubtful.append((target, reason))
            elif target is not None and target not in alive:
                alive.add(target)
                todo.append(target)
    found = dict[Control, str]()
    while doubtful:
        target, reason = doubtful.pop()
        if target is not None and target not in alive and target not in found:
            found[target] = reason
            doubtful += [(t.target, reason) for t in leads.get(target, ())]
    return found
