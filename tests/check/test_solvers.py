"""Scripts read one after the other are refuted as if each were read alone."""

import pytest

from pagestate.check.certificate import recheck
from pagestate.check.obligation import Obligation, obligation
from pagestate.check.smtlib import Script, declaration, definition
from pagestate.check.solvers import SOLVERS, Refuter, Unreadable, refuter_called
from pagestate.core.sorts import BOOL, COUNT

N = declaration("|n|", COUNT) + "\n"
SMALL = definition("|small|", BOOL, "(< |n| 3)") + "\n"
BIG = "(define-fun |big| ((k Int)) Bool (< 5 k))\n"


def script(title: str, *claims: str) -> Obligation:
    made = Script()
    for text in (N, SMALL, BIG):
        made.share(text)
    made.note(title)
    for claim in claims:
        made.claim(claim)
    return obligation(title, made)


@pytest.fixture(params=SOLVERS)
def refuter(request: pytest.FixtureRequest) -> Refuter:
    if request.param == "cvc5":
        pytest.importorskip("cvc5")
    return refuter_called(request.param)


def asked(refuter: Refuter, made: Obligation) -> bool | None:
    return refuter.satisfiable(made.shared, made.body)


def test_a_script_is_what_it_shares_then_its_body() -> None:
    made = script("both", "|small|", "(|big| |n|)")
    lines = made.text.splitlines()
    assert made.text.endswith(f"{''.join(made.shared)}{made.body}(check-sat)\n(exit)\n")
    assert lines[:3] == [
        "(set-info :smt-lib-version 2.6)",
        "(set-logic QF_LIA)",
        "(set-info :status unsat)",
    ]
    assert len(lines) == 3 + 3 + 3 + 2


def test_assertions_are_forgotten(refuter: Refuter) -> None:
    for _ in range(2):
        assert asked(refuter, script("both", "|small|", "(|big| |n|)")) is False
        assert asked(refuter, script("small", "|small|")) is True
        assert asked(refuter, script("big", "(|big| |n|)")) is True
        assert asked(refuter, script("false", "false")) is False


def test_what_a_body_declares_is_forgotten(refuter: Refuter) -> None:
    def body(kind: str, claim: str) -> str:
        return f"(declare-const |m| {kind})\n(define-fun |m'| () {kind} |m|)\n(assert {claim})\n"

    assert refuter.satisfiable((N,), body("Int", "(< |m'| |n|)")) is True
    assert refuter.satisfiable((N,), body("Bool", "(and |m'| (not |m|))")) is False
    assert refuter.satisfiable((N,), body("Int", "(< |m'| |m|)")) is False


def test_what_is_shared_asserts_nothing(refuter: Refuter) -> None:
    assert asked(refuter, script("small", "|small|")) is True
    for text in ("(assert false)\n", "(assert (= |n| 7))\n", "(check-sat)\n"):
        with pytest.raises(Unreadable):
            refuter.satisfiable((N, SMALL, text), "(assert |small|)\n")
    assert asked(refuter, script("small", "|small|")) is True


@pytest.mark.parametrize("body", ["(assert |unknown|)\n", "(assert (|small|", "(assert |n|)\n"])
def test_a_text_that_is_none_proves_nothing_and_spoils_nothing(refuter: Refuter, body: str) -> None:
    with pytest.raises(Unreadable):
        refuter.satisfiable((N, SMALL), body)
    assert asked(refuter, script("both", "|small|", "(|big| |n|)")) is False
    assert asked(refuter, script("small", "|small|")) is True


def test_one_name_does_not_get_two_meanings(refuter: Refuter) -> None:
    other = definition("|small|", BOOL, "false") + "\n"
    assert refuter.satisfiable((N, SMALL), "(assert |small|)\n") is True
    with pytest.raises(Unreadable):
        refuter.satisfiable((N, other), "(assert |small|)\n")


def test_an_obligation_that_is_not_refuted_is_named() -> None:
    made = [script("a", "|small|", "(|big| |n|)"), script("b", "|small|"), script("c", "|d|")]
    found = recheck(made)
    assert found[0] == "b: not refuted"
    assert len(found) == 2 and found[1].startswith("c: ")
