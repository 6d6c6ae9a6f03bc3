"""Proofs for every size on the command line, and certificates that were tampered with."""

import json
import subprocess
import sys
from pathlib import Path
from shutil import copytree

import pytest

from tests.cli.running import RACE, check, cli, environment

pytest.importorskip("cvc5")

SAFE = "offline_never_free"


def prove(*args: str, model: str = RACE):
    return cli("prove", model, *args)


@pytest.fixture(scope="module")
def proved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("proof")
    ran = prove("--property", SAFE, "--certificate", str(folder))
    assert ran.code == 0, ran.out + ran.err
    return folder / f"race-{SAFE}"


@pytest.fixture
def copy(proved, tmp_path):
    return copytree(proved, tmp_path / "certificate")


def test_the_invariant_is_shown_in_words():
    ran = prove("--property", SAFE, "--show-invariant")
    assert ran.code == 0 and "proved" in ran.out
    laws = ran.out.partition("For every page:")[2]
    assert "Ledger laws\n  refcount = " in laws and "\n  never " in laws
    assert "For every page:" not in prove("--property", SAFE).out


def test_a_violation_is_shown_at_the_smallest_size():
    ran = prove("--property", SAFE, "--set", "hook=false")
    assert ran.code == 0 and f"{SAFE} is violated" in ran.out  # it is expected there
    sizes = ("--size", "page=any", "--size", "getter=any")
    ran = check("--property", SAFE, "--set", "hook=false", *sizes, "--json", "-")
    (found,) = json.loads(ran.out)["properties"]
    assert (found["verdict"], found["scope"]) == ("violated", "1 getter, 1 page")


def test_a_goal_that_is_reached_is_reached_at_some_size():
    ran = prove()
    line = next(line for line in ran.out.splitlines() if "goes_offline" in line)
    assert "proved" in line and "reached in 2 steps" in line


def test_certify_accepts_what_was_proved(proved):
    for folder in (proved, proved.parent):
        ran = cli("certify", str(folder))
        assert ran.code == 0, ran.out
        assert ran.out.startswith("ok ") and SAFE in ran.out and "cvc5" in ran.out
    assert "z3)" in cli("certify", str(proved), "--solver", "z3").out


def test_certify_needs_no_z3(proved):
    """The whole way from the model to the answer of cvc5 has nothing of the engine's solver."""
    code = (
        "import sys; sys.modules['z3'] = None\n"
        "from pagestate.cli.main import main\n"
        f"main(['certify', {str(proved)!r}])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_cvc5_it_says_what_to_install(proved, monkeypatch):
    monkeypatch.setitem(sys.modules, "cvc5", None)
    ran = cli("certify", str(proved))
    assert ran.code == 2 and "pip install 'pagestate[certify]'" in ran.err


def test_a_folder_without_certificates(tmp_path):
    ran = cli("certify", str(tmp_path))
    assert ran.code == 2 and "there is no certificate" in ran.err


def rewritten(folder: Path, name: str, change) -> None:
    file = folder / name
    body = json.loads(file.read_text())
    change(body)
    file.write_text(json.dumps(body))


def weaken(body) -> None:
    law = body["laws"][0]
    body["laws"][0] = ["op", "or", [law, ["lit", True, ["bool"]]], ["bool"]]


def strengthen(body) -> None:
    body["clauses"].append(["lit", False, ["bool"]])


def drop_a_clause(body) -> None:
    body["clauses"].pop()


def nonsense(body) -> None:
    body["clauses"].append(["op", "and", [["lit", 3, ["count"]]], ["count"]])


def rename(body) -> None:
    body["clauses"][0] = ["read", "no_such_field", [], ["bool"], False]


@pytest.mark.parametrize("change", [weaken, strengthen, drop_a_clause, nonsense, rename])
def test_other_laws_are_rejected(copy, change):
    rewritten(copy, "invariant.json", change)
    assert cli("certify", str(copy)).code == 1


@pytest.mark.parametrize("change", [weaken, strengthen, drop_a_clause])
def test_other_laws_are_rejected_with_scripts_to_match(copy, change):
    """Whoever rebuilds all scripts for other laws has scripts that cannot be refuted."""
    from pagestate.check.certificate import certify as write
    from pagestate.check.recertify import about, read_index, request_of
    from pagestate.check.request import COUNT_BOUND
    from pagestate.check.termjson import invariant_from
    from pagestate.engines.interface import Task
    from pagestate.lang.load import load_model

    rewritten(copy, "invariant.json", change)
    request = request_of(read_index(copy), load_model(RACE))
    invariant = invariant_from((copy / "invariant.json").read_text())
    system, everything = request.compiled.system, request.compiled.properties
    task = Task(system, everything, request.bounds(COUNT_BOUND), request.unbounded)
    write(task, invariant, copy, about(request))
    ran = cli("certify", str(copy))
    assert ran.code == 1 and "not refuted" in ran.out


def script(folder: Path, part: str) -> Path:
    return next(p for p in sorted(folder.glob("*.smt2")) if part in p.name)


def test_an_obligation_that_says_false_is_rejected(copy):
    script(copy, "actor").write_text("(set-logic QF_LIA)\n(assert false)\n(check-sat)\n")
    ran = cli("certify", str(copy))
    assert ran.code == 1 and "the script is not the obligation" in ran.out


def test_an_obligation_with_one_more_assertion_is_rejected(copy):
    file = script(copy, "actor")
    file.write_text(file.read_text().replace("(check-sat)", "(assert false)\n(check-sat)"))
    assert cli("certify", str(copy)).code == 1


def test_a_dropped_script_is_rejected(copy):
    script(copy, "bystander").unlink()
    ran = cli("certify", str(copy))
    assert ran.code == 1 and "no script" in ran.out


def test_a_script_dropped_from_the_index_too_is_rejected(copy):
    gone = script(copy, "bystander")
    gone.unlink()

    def forget(body) -> None:
        body["obligations"] = [o for o in body["obligations"] if o["file"] != gone.name]

    rewritten(copy, "index.json", forget)
    assert cli("certify", str(copy)).code == 1


def test_another_setting_of_a_switch_is_rejected(copy):
    rewritten(copy, "index.json", lambda body: body["switches"].update(hook=False))
    assert cli("certify", str(copy)).code == 1


def test_another_models_certificate_is_rejected(copy, tmp_path):
    text = Path(RACE).read_text().replace("m.refcount[page] += 1", "m.refcount[page] += 2")
    other = tmp_path / "race.py"
    other.write_text(text)
    assert cli("certify", str(copy), "--model", str(other)).code == 1


def test_a_certificate_for_more_properties_is_rejected(copy):
    rewritten(copy, "index.json", lambda body: body["properties"].append("no_underflow"))
    assert cli("certify", str(copy)).code == 1


@pytest.mark.parametrize("part", [0.0, 0.3, 0.9])
def test_a_truncated_index_is_rejected(copy, part):
    file = copy / "index.json"
    text = file.read_text()
    file.write_text(text[: int(len(text) * part)])
    ran = cli("certify", str(copy))
    assert ran.code == 1 and "index.json" in ran.out


@pytest.mark.parametrize("name", ["model", "switches", "scenario", "sizes", "content", "format"])
def test_an_index_that_lacks_something_is_rejected(copy, name):
    rewritten(copy, "index.json", lambda body: body.pop(name))
    assert cli("certify", str(copy)).code == 1


def test_a_property_that_is_not_there():
    ran = prove("--property", "no_such_property")
    assert ran.code == 2 and "no_such_property" in ran.err
