"""Certificates hold, are accepted by another solver, and are rejected when tampered with."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import z3

from pagestate.check.certificate import certify, recheck, refuted, verify
from pagestate.check.obligations import obligations
from pagestate.check.smtlib import NoText
from pagestate.check.termjson import invariant_from
from pagestate.core.expr import TRUE, Lit, Op, Read, disj, eq, exists, ite, lit, neg
from pagestate.core.property import Property
from pagestate.core.sorts import BOOL, EnumSort, IndexSort, RefSort
from pagestate.core.system import Action, StateVar, System, Write
from pagestate.core.verdict import Verdict
from pagestate.engines.interface import Task
from pagestate.engines.parametric import Invariant, Parametric

from .systems import (
    ANY,
    OFFLINE_NOT_FREE,
    PAGE,
    SIZES,
    UNPLUGGED_NOT_FREE,
    P,
    Q,
    bit,
    put,
    race,
)

PROPERTIES = (OFFLINE_NOT_FREE, UNPLUGGED_NOT_FREE)
TASK = Task(race(local=True), PROPERTIES, SIZES, ANY)


def proof_of(task: Task) -> Invariant:
    engine = Parametric(task, lambda _: None)
    assert engine.advance(1)
    for answer in engine.answers():
        assert answer.verdict == Verdict.PROVED, answer.reason
    found = engine.answers()[0].certificate
    assert isinstance(found, Invariant)
    return found


@pytest.fixture(scope="module")
def invariant() -> Invariant:
    return proof_of(TASK)


def test_the_certificate_holds(invariant: Invariant, tmp_path: Path) -> None:
    assert certify(TASK, invariant, tmp_path) == ()
    assert verify(tmp_path, TASK, invariant) == ()
    index = json.loads((tmp_path / "index.json").read_text())
    assert index["properties"] == ["offline_not_free", "unplugged_not_free"]
    assert len(index["obligations"]) == len(list(tmp_path.glob("*.smt2"))) > 20
    assert "rc = getter@hold" in (tmp_path / "invariant.txt").read_text()
    titles = {o["title"] for o in index["obligations"]}
    assert {"initial states", "property offline_not_free"} <= titles
    for action in ("driver.take", "driver.ref", "getter.get", "driver.off"):
        assert f"step {action}, actor" in titles
        assert f"step {action}, bystander" in titles or action != "driver.take"
    assert "step driver.take, p and q do not share driver.page" in titles


def test_another_solver_accepts_it(invariant: Invariant) -> None:
    cvc5 = pytest.importorskip("cvc5")
    for obligation in obligations(TASK, invariant):
        solver = cvc5.Solver()
        parser = cvc5.InputParser(solver)
        parser.setStringInput(cvc5.InputLanguage.SMT_LIB_2_6, obligation.text, "x")
        manager, said = parser.getSymbolManager(), ""
        while not (command := parser.nextCommand()).isNull():
            said += str(command.invoke(solver, manager) or "")
        assert said.strip() == "unsat", obligation.title


def test_laws_and_clauses_are_needed(invariant: Invariant) -> None:
    """Most parts cannot be left out (the set is small, not the smallest), the ledger never."""
    parts = [
        (name, k) for name in ("laws", "clauses") for k in range(len(getattr(invariant, name)))
    ]
    kept = []
    for name, k in parts:
        items = getattr(invariant, name)
        less = replace(invariant, **{name: items[:k] + items[k + 1 :]})
        if certify(TASK, less) == ():
            kept.append((name, k))
    assert 2 * len(kept) < len(parts), f"far from minimal: {kept}"
    assert ("laws", 0) not in kept


def weaker(invariant: Invariant) -> Invariant:
    law = invariant.laws[0]
    return replace(invariant, laws=(disj(law, bit("offline")),))


def stronger(invariant: Invariant) -> Invariant:
    return replace(invariant, clauses=(*invariant.clauses, bit("buddy")))


def false_from_the_start(invariant: Invariant) -> Invariant:
    return replace(invariant, clauses=(*invariant.clauses, bit("offline")))


@pytest.mark.parametrize("change", [weaker, stronger, false_from_the_start])
def test_another_invariant_is_rejected(
    change: Callable[[Invariant], Invariant], invariant: Invariant
) -> None:
    assert certify(TASK, change(invariant))


def test_another_system_is_rejected(invariant: Invariant) -> None:
    assert certify(replace(TASK, system=race(hook=False, local=True)), invariant)


def test_a_step_left_out_of_the_proof_is_found(invariant: Invariant) -> None:
    free = put(bit("buddy"), lit(True))
    more = replace(TASK.system, actions=(*TASK.system.actions, Action("oops", TRUE, (free,), (P,))))
    wrong = certify(replace(TASK, system=more), invariant)
    assert any(w.startswith("step oops, actor") for w in wrong)


def test_a_bulk_write_is_seen_by_bystanders(invariant: Invariant) -> None:
    free = Write("buddy", (Q,), lit(True), (Q,))
    more = replace(TASK.system, actions=(*TASK.system.actions, Action("all", TRUE, (free,))))
    assert certify(replace(TASK, system=more), invariant)


def test_two_pages_with_one_flag_are_found(invariant: Invariant) -> None:
    system: System = TASK.system
    driver = system.variable("driver.page")
    assert driver.sort == RefSort(PAGE)
    names = [o.title for o in obligations(TASK, invariant)]
    assert "step driver.take, q and r do not share driver.page" in names


def test_scripts_that_were_swapped_are_rejected(invariant: Invariant, tmp_path: Path) -> None:
    certify(TASK, invariant, tmp_path)
    one, two, *_ = sorted(tmp_path.glob("*.smt2"))
    one.write_text(two.read_text())
    assert any("is not the obligation" in w for w in verify(tmp_path, TASK, invariant))
    one.unlink()
    assert any("no script" in w for w in verify(tmp_path, TASK, invariant))
    (tmp_path / "more.smt2").write_text(two.read_text())
    assert any("belongs to no obligation" in w for w in verify(tmp_path, TASK, invariant))


def test_facts_with_quantifiers_are_refused(invariant: Invariant) -> None:
    fact = exists(Q, bit("buddy", Q))
    with pytest.raises(NoText):
        obligations(TASK, replace(invariant, clauses=(fact,)))
    assert certify(TASK, replace(invariant, clauses=(fact,)))


def test_scripts_do_not_share_the_engine_terms(invariant: Invariant) -> None:
    assert isinstance(invariant.laws[0], Op)
    text = obligations(TASK, invariant)[0].text
    assert "(set-logic QF_LIA)" in text and "(check-sat)" in text


def test_further_pages_are_spoken_of_where_they_are_needed(tmp_path: Path) -> None:
    """Some page has a mark, and each that has one says that marks are allowed."""
    allowed, seen = Read("allowed", (), BOOL), Read("seen", (), BOOL)
    law = disj(neg(bit("mark")), allowed)
    asked = Property("seen_is_allowed", "always", disj(neg(seen), allowed))
    system = System(
        "marks",
        (PAGE,),
        (*(StateVar(v.var, (), BOOL, False) for v in (allowed, seen)),
         StateVar("mark", (PAGE,), BOOL, False)),
        (Action("allow", TRUE, (put(allowed, lit(True)),)),
         Action("mark", allowed, (put(bit("mark"), lit(True)),), (P,)),
         Action("look", exists(Q, bit("mark", Q)), (put(seen, lit(True)),))),
    )  # fmt: skip
    task = Task(system, (asked,), SIZES, frozenset({"page"}))
    made = Invariant(P, (asked.name,), (law,), ())
    assert recheck(obligations(task, made)) == ("step look, actor: not refuted",)
    more, scripts, wrong = refuted(task, made)
    assert wrong == () and isinstance(more, Invariant) and more.elsewhere == ("look@actor",)
    assert scripts == obligations(task, more)
    assert certify(task, made, tmp_path) == () and verify(tmp_path, task, more) == ()
    assert invariant_from((tmp_path / "invariant.json").read_text()) == more
    lost = replace(made, laws=())
    assert certify(task, lost) == ("step look, actor: not refuted",)


@pytest.mark.parametrize("name", ["sorts", "witness", "true", "mod", "xor", "p"])
@pytest.mark.parametrize("dims", [(), (PAGE,)])
def test_a_variable_may_have_any_name(name: str, dims: tuple[IndexSort, ...]) -> None:
    """The first step breaks the property; no name of a script has two meanings."""
    mode = EnumSort("mode", ("on", "off"))
    read, bad = Read(name, (P,) if dims else (), mode), Read("bad", (), BOOL)
    go = Action("go", eq(read, Lit("on", mode)), (put(bad, lit(True)),), (P,))
    variables = StateVar(name, dims, mode, "on"), StateVar("bad", (), BOOL, False)
    page = StateVar("buddy", (PAGE,), BOOL, True)
    never = Property("never_bad", "always", neg(bad))
    task = Task(System("s", (PAGE,), (*variables, page), (go,)), (never,), SIZES, ANY - {"getter"})
    made = obligations(task, Invariant(P, ("never_bad",), (), ()))
    assert recheck(made)[0] == "step go, actor: not refuted"
    pytest.importorskip("cvc5")
    assert recheck(made, "cvc5")[0] == "step go, actor: not refuted"


def test_a_quantifier_means_the_same_from_each_page() -> None:
    """The reference changes or stays for all pages alike: two never get it."""
    cur = StateVar("cur", (), RefSort(PAGE), None)
    read, some = Read("cur", (), RefSort(PAGE)), exists(Q, bit("buddy", Q))
    take = Action("take", TRUE, (Write("cur", (), ite(some, P, read)),), (P,))
    system = System("s", (PAGE,), (cur, StateVar("buddy", (PAGE,), BOOL, True)), (take,))
    task = Task(system, (), SIZES, frozenset({"page"}))
    assert certify(task, Invariant(P, (), (), ())) == ()


def test_a_word_of_another_enumeration_is_refused() -> None:
    """Numbers stand for words in scripts; the same word may have another one elsewhere."""
    mode, other = EnumSort("mode", ("on", "off")), EnumSort("mode", ("off", "on"))
    read, off = Read("mode", (), mode), Lit("off", other)
    variables = StateVar("mode", (), mode, "on"), StateVar("buddy", (PAGE,), BOOL, True)
    same = Action("same", eq(read, Lit("on", mode)), (put(read, Lit("on", mode)),))
    stays = Invariant(P, (), (eq(read, Lit("on", mode)),), ())
    for action, law in (
        (replace(same, guard=eq(read, off), writes=(put(read, read),)), stays),
        (replace(same, writes=(put(read, off),)), stays),
        (replace(same, writes=(put(read, ite(bit("buddy"), off, read)),), params=(P,)), stays),
        (same, replace(stays, laws=(eq(read, off),))),
        (same, replace(stays, laws=(eq(Read("mode", (), other), off),))),
    ):
        task = Task(System("s", (PAGE,), variables, (action,)), (), SIZES, frozenset({"page"}))
        with pytest.raises(NoText):
            obligations(task, law)
    still = System("s", (PAGE,), variables, (same,))
    assert certify(Task(still, (), SIZES, frozenset({"page"})), stays) == ()


def test_two_variables_of_one_name_are_refused() -> None:
    system = replace(TASK.system, variables=(*TASK.system.variables, TASK.system.variables[0]))
    with pytest.raises(NoText, match="two variables"):
        obligations(replace(TASK, system=system), Invariant(P, (), (), ()))


def test_each_script_is_refuted_alone(invariant: Invariant) -> None:
    for obligation in obligations(TASK, invariant):
        solver = z3.Solver()
        solver.from_string(obligation.text)
        assert solver.check() == z3.unsat, obligation.title
        assert obligation.text.count("(check-sat)") == 1
        assert not any("(assert" in text for text in obligation.shared)
