"""The exit code, row by row."""

from itertools import product

import pytest

from pagestate.check.outcome import Exit, code_of, exit_code
from pagestate.core.verdict import Result, Verdict

#                expected:  none  proved exhausted bounded violated unknown vacuous skipped
TABLE = """
    proved                  0/0   0/0    0/0       0/0     1/1      0/0     1/1     0/0
    exhausted               0/0   0/0    0/0       0/0     1/1      0/0     1/1     0/0
    bounded                 0/3   3/3    3/3       0/3     3/3      0/3     3/3     0/3
    violated                1/1   1/1    1/1       1/1     0/0      1/1     1/1     1/1
    unknown                 3/3   3/3    3/3       3/3     3/3      0/3     3/3     3/3
    vacuous                 1/1   1/1    1/1       1/1     1/1      1/1     0/0     1/1
    skipped                 0/0   3/3    3/3       3/3     3/3      3/3     3/3     0/0
"""
"""Verdict by expected verdict: the exit code / the one where a proof is required."""

COLUMNS = [None, *(Verdict(v) for v in ["proved", "exhausted", "bounded", "violated", "unknown"])]
COLUMNS += [Verdict.VACUOUS, Verdict.SKIPPED]
ROWS = [
    (Verdict(verdict), expected, required, Exit(int(code)))
    for verdict, *cells in (line.split() for line in TABLE.split("\n") if line.strip())
    for expected, cell in zip(COLUMNS, cells, strict=True)
    for required, code in zip((False, True), cell.split("/"), strict=True)
]


def result(verdict: Verdict, expected: Verdict | None = None) -> Result:
    return Result("p", verdict, "", "", None, None, 0.0, "", None, None, expected, ())


def test_the_table_is_complete():
    cases = {(v, e, r) for v, e, r, _ in ROWS}
    assert cases == set(product(Verdict, [None, *Verdict], (False, True)))
    assert len(ROWS) == 112


@pytest.mark.parametrize(("verdict", "expected", "required", "code"), ROWS)
def test_one_result(verdict, expected, required, code):
    assert code_of(result(verdict, expected), required) == code


@pytest.mark.parametrize(("verdict", "expected", "required", "code"), ROWS)
def test_one_result_decides_a_run_of_one(verdict, expected, required, code):
    nothing = verdict == Verdict.SKIPPED and code == Exit.OK
    got = exit_code([result(verdict, expected)], require_proof=required)
    assert got == (Exit.NOTHING if nothing else code)


CONTRIBUTIONS = {
    Exit.OK: result(Verdict.EXHAUSTED),
    Exit.FAILED: result(Verdict.VIOLATED),
    Exit.INCONCLUSIVE: result(Verdict.UNKNOWN),
}


@pytest.mark.parametrize("present", list(product((False, True), repeat=6)))
def test_precedence(present):
    """130, 4, 2, 1, 3, 5, 0: whatever comes together, the first of these counts."""
    interrupted, internal, usage, failed, inconclusive, fine = present
    kinds = zip((Exit.FAILED, Exit.INCONCLUSIVE, Exit.OK), present[3:], strict=True)
    results = [CONTRIBUTIONS[k] for k, there in kinds if there]
    order = [
        (interrupted, 130),
        (internal, 4),
        (usage, 2),
        (failed, 1),
        (inconclusive, 3),
        (not fine, 5),
        (True, 0),
    ]
    want = next(code for there, code in order if there)
    for some in (results, results[::-1]):
        got = exit_code(some, interrupted=interrupted, internal_error=internal, usage_error=usage)
        assert got == want


def test_nothing_selected():
    assert exit_code([]) == 5
    assert exit_code([result(Verdict.SKIPPED)] * 2) == 5
    assert exit_code([result(Verdict.SKIPPED), result(Verdict.EXHAUSTED)]) == 0
    assert exit_code([result(Verdict.SKIPPED), result(Verdict.BOUNDED)]) == 0
    assert exit_code([result(Verdict.SKIPPED), result(Verdict.VIOLATED)]) == 1
