"""What a complete search says about the model itself: steps and threads that never move."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pagestate.check.request import Request
from pagestate.core.system import Action
from pagestate.core.verdict import Result, Verdict


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether a step is taken by some execution (None: that is not known)."""

    action: str
    thread: str
    text: str
    taken: bool | None
    where: str = ""


def coverage(request: Request, fired: Mapping[str, int] | None) -> tuple[Coverage, ...]:
    """What is known of the steps of this instance; those that are plainly impossible come last.

    Not among them: steps that may be dead (``expect_dead``) and those that report a fault, whose
    absence is what the model is checked for.  ``fired`` is what a complete search gave.
    """
    found = list[Coverage]()
    for action in (*request.compiled.system.actions, *request.compiled.impossible):
        if action.expect_dead or _reports_fault(action):
            continue
        label = action.info.label
        text = f"{_text(action)} ({label})" if label else _text(action)
        taken = None if fired is None else fired.get(action.name, 0) > 0
        where = f"{action.info.span}|{_text(action)}|{action.info.note}|{action.info.src}"
        found.append(Coverage(action.name, action.thread, text, taken, where))
    return tuple(found)


def dead_steps(request: Request, fired: Mapping[str, int]) -> list[str]:
    """The steps that no execution of this instance takes."""
    return [c.text for c in coverage(request, fired) if c.taken is False]


def dead_everywhere(parts: Sequence[Sequence[Coverage]]) -> list[str]:
    """The steps that no execution of any of several instances takes."""
    taken = dict[tuple[str, str, str], bool]()
    for step in (c for part in parts for c in part):
        key = (step.thread, step.text, step.action)
        taken[key] = taken.get(key, False) or step.taken is not False
    return [f"{thread}: {text}" for (thread, text, _), some in taken.items() if not some]


def idle_threads(request: Request, fired: Mapping[str, int] | None) -> list[Result]:
    """A vacuous result for every thread that has steps to take and never takes one.

    Without ``fired`` that is known of threads all of whose steps are impossible (and said if
    anything is checked at all).
    """
    system, found = request.compiled.system, list[Result]()
    for thread in system.threads:
        steps = [a for a in system.actions if a.thread == thread.name]
        never = [a for a in request.compiled.impossible if a.thread == thread.name]
        meant = [a for a in (*steps, *never) if not a.expect_dead and not _reports_fault(a)]
        if fired is None and (steps or not request.properties):
            continue
        if meant and not any((fired or {}).get(a.name, 0) for a in steps):
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
