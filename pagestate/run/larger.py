"""After a finite search: does what it exhausted hold at every size?

A check that names no size is about the sizes of the model.  Where nothing was found there, the
engine for every size may go on: what it proves is `proved` instead of `exhausted`, and a violation
that only a larger instance shows is a violation.  That takes longer than the search where a model
has many steps, so of a model with many scenarios `check` tries it by itself where it is small only
(``Larger.AUTO``), and of a scenario that is looked at alone in any case.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import StrEnum

from pagestate.check.request import Request
from pagestate.core.property import Property
from pagestate.core.sorts import IndexSort
from pagestate.core.verdict import Result, Verdict
from pagestate.run.outcome import Outcome

MOST_STEPS = 64
"""The steps of a system for which the proof takes about as long as start-up."""
MOST_ALONE = 600
"""The steps of one that is checked alone: of a kernel model it takes seconds."""
OTHER_SIZES = "other sizes:"
"""How a note about them begins."""
SECONDS, SECONDS_ALONE = 3.0, 20.0
"""Processor time for the proof where nobody asked for it."""


class Larger(StrEnum):
    """Whether to ask for every size what a finite search exhausted."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


Ask = Callable[[Request, float | None], Outcome]
"""Asks the engine for every size, within a number of seconds (None: its own limit)."""


def upgrade(
    request: Request, outcome: Outcome, mode: Larger, ask: Ask, *, alone: bool = False
) -> None:
    """Ask for every size about what ``outcome`` exhausted, and put the answers in it.

    ``alone``: no other scenario is checked, so that there is more time for this one.
    What is not proved stays as it is; a note says why.  An error of the proof is one of the run.
    """
    open_ = _candidates(request, outcome.results)
    if mode == Larger.NEVER or not open_ or outcome.interrupted:
        return
    sorts = _unordered(request)
    if not sorts:
        return
    steps = len(request.compiled.system.actions)
    if mode == Larger.AUTO and steps > (MOST_ALONE if alone else MOST_STEPS):
        outcome.notes.append(
            f"{OTHER_SIZES} not tried, the model has {steps} steps (--any always tries it)"
        )
        return
    wider = replace(request, properties=open_, unbounded=frozenset(s.name for s in sorts))
    seconds = SECONDS_ALONE if alone else SECONDS
    found = ask(wider, seconds if mode == Larger.AUTO else None)
    outcome.errors += found.errors
    outcome.problems += found.problems
    outcome.interrupted |= found.interrupted
    answers = {r.name: r for r in found.results}
    outcome.results[:] = [_better(r, answers.get(r.name), outcome) for r in outcome.results]
    left = [r for r in outcome.results if r.verdict == Verdict.EXHAUSTED and r.name in answers]
    for reason in dict.fromkeys(_short(answers[r.name].reason) for r in left):
        names = [r.name for r in left if _short(answers[r.name].reason) == reason]
        are = "is" if len(names) == 1 else "are"
        outcome.notes.append(f"{OTHER_SIZES} {', '.join(names)} {are} not proved: {reason}")


def _short(reason: str) -> str:
    """Why something is not proved, without the state in which it breaks."""
    return reason.partition(" starts from ")[0]


def _candidates(request: Request, results: Sequence[Result]) -> tuple[Property, ...]:
    held = {r.name for r in results if r.verdict == Verdict.EXHAUSTED and r.trace is None}
    return tuple(p for p in request.properties if p.name in held and p.kind in ("always", "step"))


def _unordered(request: Request) -> tuple[IndexSort, ...]:
    return tuple(s for s in request.compiled.system.sorts if not s.ordered)


def _better(result: Result, other: Result | None, outcome: Outcome) -> Result:
    """The answer for every size in place of one for the sizes of the model, if it says more.

    A violation that the finite search should have seen is a disagreement.
    """
    if other is None or other.verdict not in (Verdict.PROVED, Verdict.VIOLATED):
        return result
    if other.verdict == Verdict.VIOLATED and other.trace is not None:
        small = result.scope == other.scope
        if small:
            outcome.errors.append(
                f"engines disagree on {result.name}: {other.engine} violates at {other.scope} what"
                f" {result.engine} exhausted"
            )
            return replace(result, verdict=Verdict.UNKNOWN, reason="engines disagree")
        shows = f"not with {result.scope}, but with {other.scope}"
        reason = "; ".join(filter(None, (shows, other.reason)))
        return replace(other, reason=reason, seconds=result.seconds + other.seconds)
    return replace(other, reason=other.scope, seconds=result.seconds + other.seconds)
