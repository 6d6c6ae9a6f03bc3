"""What the results of a run mean for the caller: the exit code, in one pure function."""

from collections.abc import Collection, Sequence
from enum import IntEnum

from pagestate.core.verdict import CONCLUSIVE, PROOFS, Result, Verdict


class Exit(IntEnum):
    """The exit codes of ``check`` and ``gate``."""

    OK = 0
    FAILED = 1
    USAGE = 2
    INCONCLUSIVE = 3
    INTERNAL = 4
    NOTHING = 5
    INTERRUPTED = 130


PRECEDENCE = (
    Exit.INTERRUPTED,
    Exit.INTERNAL,
    Exit.USAGE,
    Exit.FAILED,
    Exit.INCONCLUSIVE,
    Exit.NOTHING,
    Exit.OK,
)
"""The gravest first."""


def code_of(result: Result, require_proof: bool) -> Exit:
    """What one result contributes.

    A violation (or vacuity) that is expected is fine when it occurs, a failure when something else
    is certain, and inconclusive otherwise.  ``bounded`` is enough where neither the caller nor an
    expectation asks for a proof; a verdict below that is enough only where it is the expected one.
    """
    verdict, expected = result.verdict, result.expected
    if expected in (Verdict.VIOLATED, Verdict.VACUOUS):
        if verdict == expected:
            return Exit.OK
        return Exit.FAILED if verdict in CONCLUSIVE else Exit.INCONCLUSIVE
    if verdict in (Verdict.VIOLATED, Verdict.VACUOUS):
        return Exit.FAILED
    if verdict in PROOFS:
        return Exit.OK
    if verdict == Verdict.SKIPPED and expected in (None, Verdict.SKIPPED):
        return Exit.OK
    if require_proof or expected in PROOFS:
        return Exit.INCONCLUSIVE
    return Exit.OK if verdict in (Verdict.BOUNDED, expected) else Exit.INCONCLUSIVE


def exit_code(
    results: Sequence[Result],
    *,
    require_proof: bool = False,
    interrupted: bool = False,
    internal_error: bool = False,
    usage_error: bool = False,
) -> Exit:
    """The exit code of a run: the gravest of all contributions, as ``PRECEDENCE`` orders them."""
    codes = {code_of(r, require_proof) for r in results if r.verdict != Verdict.SKIPPED}
    if not codes:
        codes.add(Exit.NOTHING)
    codes |= {c for r in results if (c := code_of(r, require_proof)) != Exit.OK}
    if interrupted:
        codes.add(Exit.INTERRUPTED)
    if internal_error:
        codes.add(Exit.INTERNAL)
    if usage_error:
        codes.add(Exit.USAGE)
    return gravest(codes)


def gravest(codes: Collection[Exit]) -> Exit:
    """The code that stands for all of ``codes``; without any, that nothing was selected."""
    return next((code for code in PRECEDENCE if code in codes), Exit.NOTHING)
