"""What a complete search says about the model itself: steps and threads that never move."""

import re
from collections.abc import Mapping

from pagestate.check.request import Request
from pagestate.core.system import Action
from pagestate.core.verdict import Result, Verdict


def dead_steps(request: Request, fired: Mapping[str, int]) -> list[str]:
    """The steps that no execution of this instance takes, in the order of the model.

    Not among them: steps that may be dead (``expect_dead``) and those that report a fault, whose
    absence is what the model is checked for.
    """
    return [
        f"{_text(a)} ({a.info.label})" if a.info.label else _text(a)
        for a in request.compiled.system.actions
        if not fired.get(a.name, 0) and not a.expect_dead and not _reports_fault(a)
    ]


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
