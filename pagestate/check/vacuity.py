"""What a complete search says about the model itself: steps and threads that never move."""

import ast
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pagestate.check.request import Request
from pagestate.core.system import Action
from pagestate.core.verdict import Result, Verdict


@dataclass(frozen=True, slots=True)
class Coverage:
    """Whether a step is taken by some execution (None: that is not known).

    ``where`` is the statement it was compiled from; an inlined function has copies of each.
    ``excused``: it warns, or is behind a test of a switch, which may be what it is dead for.
    """

    action: str
    thread: str
    text: str
    taken: bool | None
    where: str = ""
    excused: bool = False


@dataclass(frozen=True, slots=True)
class Dead:
    """A statement (or one outcome of a test) that no execution takes, in words."""

    text: str
    threads: tuple[str, ...]
    excused: bool


def coverage(request: Request, fired: Mapping[str, int] | None) -> tuple[Coverage, ...]:
    """What is known of the steps of this instance; those that are plainly impossible come last.

    Not among them: steps that may be dead (``expect_dead``) and those that report a fault, whose
    absence is what the model is checked for.  ``fired`` is what a complete search gave.
    """
    found = list[Coverage]()
    actions = (*request.compiled.system.actions, *request.compiled.impossible)
    excused = _excused(actions, {s.name for s in request.compiled.model.declared_switches()})
    for action in actions:
        if action.expect_dead or _reports_fault(action):
            continue
        taken = None if fired is None else fired.get(action.name, 0) > 0
        where, text = _where(action), _text(action)
        found.append(
            Coverage(action.name, action.thread, text, taken, where, action.name in excused)
        )
    return tuple(found)


def dead_statements(parts: Sequence[Sequence[Coverage]]) -> list[Dead]:
    """The statements none of whose copies any execution of any of the instances takes.

    An outcome of a test is told apart from the other one; a function that several threads call is
    alive if one of them takes its steps.
    """
    steps = dict[tuple[str, str], list[Coverage]]()
    for step in (c for part in parts for c in part):
        steps.setdefault((step.where, step.text), []).append(step)
    found = list[Dead]()
    for (where, text), copies in steps.items():
        if all(c.taken is False for c in copies):
            threads = tuple(dict.fromkeys(c.thread for c in copies))
            line = f"{', '.join(threads)}: {text}" + (f" ({where})" if where else "")
            found.append(Dead(line, threads, any(c.excused for c in copies)))
    return found


def unexplained(
    parts: Sequence[Sequence[Coverage]], scope: str, assumptions: tuple[str, ...]
) -> Result | None:
    """A vacuous result where statements are dead and nothing says that they may be.

    ``parts``: every scenario of the model, with the switches and sizes that it declares.
    """
    moving = {c.thread for part in parts for c in part if c.taken is not False}
    dead = [d for d in dead_statements(parts) if not d.excused and moving & set(d.threads)]
    if not dead:
        return None
    reason = "no step is taken by " + "; ".join(d.text for d in dead)
    reason += ": a mistake, or expect_dead(why) is missing"
    return _vacuous("every_step_is_taken", reason, scope, "", assumptions)


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
            why = f"thread {thread.name} never takes a step"
            where = request.scope, request.scenario, request.assumptions
            found.append(_vacuous(f"{thread.name}_moves", why, *where))
    return found


def _vacuous(
    name: str, reason: str, scope: str, scenario: str, assumptions: tuple[str, ...]
) -> Result:
    return Result(
        name=name,
        verdict=Verdict.VACUOUS,
        scope=scope,
        engine="explicit",
        depth=None,
        states=None,
        seconds=0.0,
        reason=reason,
        trace=None,
        certificate=None,
        expected=None,
        assumptions=assumptions,
        scenario=scenario,
    )


def _excused(actions: Sequence[Action], switches: Set[str]) -> set[str]:
    """The steps that warn or are behind a test of a switch, and those that only they lead to."""
    found = {a.name for a in actions if a.info.note or _tests_switch(a, switches)}
    leads = dict[tuple[str, str], list[Action]]()
    for action in actions:
        leads.setdefault((action.thread, action.info.label), []).append(action)
    alive = {(a.thread, a.info.label) for a in actions if a.info.label == "start"}
    todo = list(alive)
    while todo:
        thread, label = todo.pop()
        for action in leads.get((thread, label), ()):
            target = thread, action.info.target
            if action.name not in found and target not in alive:
                alive.add(target)
                todo.append(target)
    return found | {a.name for a in actions if (a.thread, a.info.label) not in alive}


def _tests_switch(action: Action, switches: Set[str]) -> bool:
    """Whether the step stands in an ``if`` (or is its outcome) whose test names a switch."""
    span = action.info.span
    if span is None or not switches:
        return False
    return any(a <= span.line <= b for a, b in _switched(span.file, frozenset(switches)))


@cache
def _switched(file: str, switches: frozenset[str]) -> tuple[tuple[int, int], ...]:
    """The lines of the ``if`` statements of a file whose tests name one of the switches."""
    try:
        tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    except (OSError, SyntaxError, ValueError):
        return ()
    return tuple(
        (node.lineno, node.end_lineno or node.lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.If | ast.While | ast.IfExp)
        and any(isinstance(n, ast.Name) and n.id in switches for n in ast.walk(node.test))
    )


def _reports_fault(action: Action) -> bool:
    return any(w.var == "fault" for w in action.writes)


def _text(action: Action) -> str:
    """The step without values: ``free_to_buddy(page)``; of one without words its label."""
    if not action.info.text:
        return re.sub(r"#\d+$", "", action.info.label) or action.name
    text = re.sub(r"\b(\w+) \{[^{}]*\}", r"\1", action.info.text)
    return re.sub(r"\{=?([^{}]*)\}", r"\1", text)


def _where(action: Action) -> str:
    """File and line, without the folders."""
    span = action.info.span
    return "" if span is None else f"{Path(span.file).name}:{span.line}"
