"""What the results of a run mean for the caller: the exit code, in one pure function."""

from collections.abc import Sequence
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


def code_of(result: Result, require_proof: bool) -> Exit:
    """What one result contributes.

    Expected to be violated: a violation is fine, a proof is a failure (the expected violation did
    not occur), anything else is inconclusive.  ``bounded`` satisfies a request that does not ask
    for a proof.
    """
    if result.verdict == Verdict.SKIPPED:
        return Exit.OK
    if result.expected in (Verdict.VIOLATED, Verdict.VACUOUS):
        if result.verdict == result.expected:
            return Exit.OK
        return Exit.FAILED if result.verdict in CONCLUSIVE else Exit.INCONCLUSIVE
    if result.verdict in (Verdict.VIOLATED, Verdict.VACUOUS):
        return Exit.FAILED
    if result.verdict in PROOFS:
        return Exit.OK
    if result.verdict == Verdict.BOUNDED and not require_proof:
        return Exit.OK
    return Exit.INCONCLUSIVE


def exit_code(
    results: Sequence[Result],
    *,
    require_proof: bool = False,
    interrupted: bool = False,
    internal_error: bool = False,
    usage_error: bool = False,
) -> Exit:
    """The exit code of a run: the gravest of all contributions, as ``PRECEDENCE`` orders them."""
    codes = {code_of(r, require_proof) for r in results}
    if not [r for r in results if r.verdict != Verdict.SKIPPED]:
        codes.add(Exit.NOTHING)
        codes.discard(Exit.OK)
    if interrupted:
        codes.add(Exit.INTERRUPTED)
    if internal_error:
        codes.add(Exit.INTERNAL)
    if usage_error:
        codes.add(Exit.USAGE)
    return next(code for code in PRECEDENCE if code in codes)
