"""The first and the last line of a diagram."""

from collections.abc import Sequence

from pagestate.core.trace import Trace
from pagestate.core.verdict import PROOFS, Verdict
from pagestate.view.broken import Break
from pagestate.view.values import Fact, fact_lines, plural

_SHOWN_SUBJECTS = 4


def _reached(trace: Trace) -> bool:
    """Whether the trace is the witness of a ``reachable`` goal."""
    return trace.verdict in PROOFS or trace.verdict in ("reachable", "reached", "witness")


def headline(trace: Trace, lanes: int) -> str:
    """What happened: ``X is violated in 4 steps (2 CPUs, 1 page)``."""
    of_pages = dict.fromkeys(d for v in trace.variables if v.thread is None for d in v.dims)
    sizes = [plural(d, trace.sizes[d]) for d in of_pages if d in trace.sizes]
    scope = ", ".join(([plural("CPU", lanes)] if lanes else []) + sizes)
    steps = len(trace.steps)
    when = f"in {plural('step', steps)}" if steps else "in the initial state"
    if trace.verdict == Verdict.VIOLATED:
        what = f"{trace.property} is violated {when}"
    elif _reached(trace):
        what = f"{trace.property} is reached {when}"
    else:
        about = ", ".join(filter(None, (trace.property or trace.model, trace.verdict)))
        what = f"{about or 'trace'}: {plural('step', steps)}"
    return f"{what} ({scope})" if scope else what


def final(trace: Trace, changes: Sequence[Fact] | None, broken: Sequence[Break]) -> str:
    """What the last step did to the property; empty where there is nothing to say.

    ``changes`` are those of the last step (None: there is no step).  The pages that ``broken``
    names are added where the changes do not name them.
    """
    if trace.verdict == Verdict.VIOLATED:
        passive, active = "is violated", "violates"
    elif _reached(trace):
        passive, active = "is reached", "reaches"
    else:
        return ""
    told = _told(changes or ())
    lines = fact_lines(told)
    why = trace.meta.get("violation") or trace.title
    missing = _pages(broken, {c.subject for c in told})
    because = f"{f' for {missing}' if missing else ''}{f': {why}' if why else ''}"
    if trace.loop is not None or (changes is not None and not lines):
        return f"{trace.property} {passive}{because}"
    if changes is None:
        return f"the initial state {active} {trace.property}{because}"
    shown = "; ".join(lines[:_SHOWN_SUBJECTS])
    more = len(lines) - _SHOWN_SUBJECTS
    return f"{shown}{f'; and {more} more' if more > 0 else ''} {active} {trace.property}{because}"


def final_changes(changes: Sequence[Fact]) -> tuple[str, ...]:
    """What a step changed in the shared state, ghosts only where there is nothing else."""
    return fact_lines(_told(changes))


def _told(changes: Sequence[Fact]) -> list[Fact]:
    shared = [c for c in changes if c.scope == "shared"]
    return [c for c in shared if not c.ghost] or shared


def _pages(broken: Sequence[Break], named: set[str]) -> str:
    """The members for which the property breaks, where it is not for one that is named already."""
    found = dict.fromkeys(", ".join(b.members) for b in broken if b.members)
    if any(m in named for b in broken for m in b.members):
        return ""
    return " and ".join(list(found)[:2])
