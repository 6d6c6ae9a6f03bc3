"""Certificates of the engines that prove one size, on the command line, and tampered with."""

import json
from pathlib import Path
from shutil import copytree

import pytest

from tests.cli.running import RACE, check, cli

SAFE = "offline_never_free"
Z3 = ("--solver", "z3")


@pytest.fixture(scope="module")
def proved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proof")
    asked = ("--engine", "pdr", "--property", SAFE, "--trace-dir", str(folder), "--json", "-")
    ran = check(*asked)
    assert ran.code == 0, ran.out + ran.err
    (found,) = json.loads(ran.out)["properties"]
    assert (found["verdict"], found["engine"]) == ("proved", "pdr")
    assert Path(found["certificate"]) == folder / f"race-{SAFE}"
    assert "getter" in found["scope"] and "any" not in found["scope"]
    return Path(found["certificate"])


@pytest.fixture
def copy(proved, tmp_path):
    return copytree(proved, tmp_path / "certificate")


def certify(folder: Path, *more: str):
    return cli("certify", str(folder), *Z3, *more)


def rewritten(folder: Path, name: str, change) -> None:
    body = json.loads((folder / name).read_text())
    change(body)
    (folder / name).write_text(json.dumps(body))


def script(folder: Path, part: str) -> Path:
    return next(p for p in sorted(folder.glob("*.smt2")) if part in p.name)


def test_it_is_accepted_by_two_solvers(proved):
    assert certify(proved).code == 0
    pytest.importorskip("cvc5")
    ran = cli("certify", str(proved))
    assert ran.code == 0, ran.out + ran.err


def test_its_laws_are_about_every_member(proved):
    text = (proved / "invariant.txt").read_text()
    assert "for each page" in text and SAFE in text


def weaken(body) -> None:
    body["laws"] = [["op", "or", [law, ["lit", True, ["bool"]]], ["bool"]] for law in body["laws"]]


def strengthen(body) -> None:
    body["laws"].append(["lit", False, ["bool"]])


def drop_all(body) -> None:
    body["laws"].clear()


def another_bound(body) -> None:
    body["count_bound"] = 1


@pytest.mark.parametrize("change", [weaken, strengthen, drop_all, another_bound])
def test_other_laws_are_rejected(copy, change):
    rewritten(copy, "invariant.json", change)
    assert certify(copy).code == 1


@pytest.mark.parametrize("change", [weaken, strengthen, drop_all, another_bound])
def test_other_laws_are_rejected_with_scripts_to_match(copy, change):
    from pagestate.check.certificate import certify as write
    from pagestate.check.recertify import about, read_index, request_of
    from pagestate.check.request import COUNT_BOUND
    from pagestate.check.termjson import invariant_from
    from pagestate.engines.interface import Task
    from pagestate.lang.load import load_model

    rewritten(copy, "invariant.json", change)
    request = request_of(read_index(copy), load_model(RACE))
    invariant = invariant_from((copy / "invariant.json").read_text())
    compiled = request.compiled
    task = Task(compiled.system, compiled.properties, request.bounds(COUNT_BOUND))
    write(task, invariant, copy, about(request))
    ran = certify(copy)
    assert ran.code == 1 and "not refuted" in ran.out


def test_an_obligation_that_says_false_is_rejected(copy):
    script(copy, "consecution").write_text("(set-logic QF_LIA)\n(assert false)\n(check-sat)\n")
    ran = certify(copy)
    assert ran.code == 1 and "the script is not the obligation" in ran.out


def test_a_dropped_script_is_rejected(copy):
    script(copy, "initiation").unlink()
    ran = certify(copy)
    assert ran.code == 1 and "no script" in ran.out


def test_another_models_certificate_is_rejected(copy, tmp_path):
    other = tmp_path / "race.py"
    text = Path(RACE).read_text().replace("m.refcount[page] += 1", "m.refcount[page] += 2")
    other.write_text(text)
    assert certify(copy, "--model", str(other)).code == 1


def test_another_size_is_rejected(copy):
    rewritten(copy, "index.json", lambda body: body["sizes"].update(page=3))
    assert certify(copy).code == 1


def test_a_cross_check_of_all_engines_agrees():
    ran = check("--cross-check", "--property", SAFE, "--json", "-")
    assert ran.code == 0, ran.out + ran.err
