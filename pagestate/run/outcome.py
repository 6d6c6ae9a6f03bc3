"""What a run found out, and how the answers of several engines become one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pagestate.core.verdict import CONCLUSIVE, PROOFS, Result, Verdict
from pagestate.run.messages import Decided


@dataclass
class Outcome:
    """What a run found out, also when it was interrupted.

    ``errors`` are internal errors, ``problems`` files that could not be written; ``failures`` say
    why an engine gave up.  ``fired`` counts how often each step was taken, after a complete
    search; ``notes`` are remarks of the engines.
    """

    results: list[Result] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    fired: Mapping[str, int] | None = None
    notes: list[str] = field(default_factory=list)
    interrupted: bool = False


def best(answers: Sequence[Decided]) -> Decided | None:
    """The answer that counts: the first conclusive one, else the deepest bound, else any.

    ``answers`` come in the order in which they were given.
    """
    for answer in answers:
        if answer.verdict in CONCLUSIVE:
            return answer
    bounded = [a for a in answers if a.verdict == Verdict.BOUNDED]
    return max(bounded, key=lambda a: a.depth or 0, default=answers[0] if answers else None)


def enough(answer: Decided | None, depth: int | None) -> bool:
    """Whether no engine can add to ``answer`` when nobody asks beyond ``depth`` steps."""
    if answer is None or answer.verdict in CONCLUSIVE:
        return answer is not None
    searched = answer.verdict == Verdict.BOUNDED and answer.depth is not None
    return searched and depth is not None and (answer.depth or 0) >= depth


def disagreement(one: Decided, other: Decided) -> str:
    """Why two answers about the same property cannot both be right (empty: they can)."""
    claims = {_claim(one), _claim(other)} - {""}
    contrary = len(claims) > 1 or _found_below_bound(one, other) or _found_below_bound(other, one)
    if not contrary:
        return ""
    return f"engines disagree on {one.property}: {_say(one)}, {_say(other)}"


def _claim(answer: Decided) -> str:
    if answer.verdict in PROOFS:
        return "holds"
    return answer.verdict.value if answer.verdict in CONCLUSIVE else ""


def _found_below_bound(found: Decided, bounded: Decided) -> bool:
    """Whether one has an execution where the other says that there is none."""
    if bounded.verdict != Verdict.BOUNDED or found.trace is None or bounded.depth is None:
        return False
    return len(found.trace.steps) <= bounded.depth


def _say(answer: Decided) -> str:
    steps = ""
    if answer.trace is not None:
        steps = f" in {len(answer.trace.steps)} steps"
    elif answer.verdict == Verdict.BOUNDED:
        steps = f" to depth {answer.depth}"
    return f"{answer.engine} says {answer.verdict.value}{steps}"
