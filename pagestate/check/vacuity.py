"""What a complete search says about the model itself: steps and threads that never move."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pagestate.check.request import Request
from pagestate.core.system import Action
from pagestate.core.verdict import Result, Verdict


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether a step is taken by some execution (None: that is not known).

    ``number`` tells apart the steps of a thread that read the same.
    """

    thread: str
    text: str
    number: int
    taken: bool | None


def coverage(request: Request, fired: Mapping[str, int] | None) -> tuple[Coverage, ...]:
    """What is known of the steps of this instance, in the order of the model.

    Not among them: steps that may be dead (``expect_dead``) and those that report a fault, whose
    absence is what the model is checked for.  ``fired`` is what a complete search gave.
    """
    found, alike = list[Coverage](), Counter[tuple[str, str]]()
    for action in request.compiled.system.actions:
        if action.expect_dead or _reports_fault(action):
            continue
        label = action.info.label
        text = f"{_text(action)} ({label})" if label else _text(action)
        alike[action.thread, text] += 1
        taken = None if fired is None else fired.get(action.name, 0) > 0
        found.append(Coverage(action.thread, text, alike[action.thread, text], taken))
    return tuple(found)


def dead_steps(request: Request, fired: Mapping[str, int]) -> list[str]:
    """The steps that no execution of this instance takes, in the order of the model."""
    return [c.text for c in coverage(request, fired) if c.taken is False]


def dead_everywhere(parts: Sequence[Sequence[Coverage]]) -> list[str]:
    """The steps that no execution of any of several instances takes."""
    taken = dict[tuple[str, str, int], bool]()
    for step in (c for part in parts for c in part):
        key = (step.thread, step.text, step.number)
        taken[key] = taken.get(key, False) or step.taken is not False
    return [f"{thread}: {text}" for (thread, text, _), some in taken.items() if not some]


def idle_threads(request: Request, fired: Mapping[str, int]) -> list[Result]:
    """A vacuous result for every thread that has steps to take and never takes one."""
    system, found = request.compiled.system, list[Result]()
    for thread in system.threads:
        steps = [a for a in system.actions if a.thread == thread.name]
        meant = [a for a in steps if not a.expect_dead and not _reports_fault(a)]
        if meant and not any(fired.get(a.name, 0) for a in steps):
            found.append(
                Result(
                    name=f"{thread.name}_moves",
                    verdict=Verdict.VACUOUS,
                    scope=request.scope,
                    engine="explicit",
                    depth=None,
                    states=None,
                    seconds=0.0,
                    reason=f"thread {thread.name} never takes a step",
                    trace=None,
                    certificate=None,
                    expected=None,
                    assumptions=request.assumptions,
                    scenario=request.scenario,
                )
            )
    return found


def _reports_fault(action: Action) -> bool:
    return any(w.var == "fault" for w in action.writes)


def _text(action: Action) -> str:
    """The step without values: ``free_to_buddy(page)``."""
    text = action.info.text or action.name
    text = re.sub(r"\b(\w+) \{[^{}]*\}", r"\1", text)
    return re.sub(r"\{=?([^{}]*)\}", r"\1", text)
