"""What a complete search says about the model itself: steps and threads that never move."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from pagestate.check.request import Request
from pagestate.core.system import Action
from pagestate.core.verdict import Result, Verdict


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether a step is taken by some execution (None: that is not known).

    ``where`` is the statement it was compiled from; an inlined function has copies of each.
    """

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
        taken = None if fired is None else fired.get(action.name, 0) > 0
        found.append(Coverage(action.name, action.thread, _text(action), taken, _where(action)))
    return tuple(found)


def dead_statements(parts: Sequence[Sequence[Coverage]]) -> list[str]:
    """The statements none of whose copies any execution of any of the instances takes.

    An outcome of a test is told apart from the other one; a function that several threads call is
    alive if one of them takes its steps.
    """
    taken = dict[tuple[str, str], bool]()
    threads = dict[tuple[str, str], dict[str, None]]()
    for step in (c for part in parts for c in part):
        key = step.where, step.text
        taken[key] = taken.get(key, False) or step.taken is not False
        threads.setdefault(key, {})[step.thread] = None
    return [
        f"{', '.join(threads[where, text])}: {text}" + (f" ({where})" if where else "")
        for (where, text), some in taken.items()
        if not some
    ]


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
    """The step without values: ``free_to_buddy(page)``; of one without words its label."""
    if not action.info.text:
        return action.info.label or action.name
    text = re.sub(r"\b(\w+) \{[^{}]*\}", r"\1", action.info.text)
    return re.sub(r"\{=?([^{}]*)\}", r"\1", text)


def _where(action: Action) -> str:
    """File and line, without the folders."""
    span = action.info.span
    return "" if span is None else f"{PurePath(span.file).name}:{span.line}"
