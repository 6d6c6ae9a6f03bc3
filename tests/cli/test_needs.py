"""``pagestate needs`` on the command line."""

import json
import signal
from pathlib import Path

import pytest

from tests.cli.running import RACE, SLOW, Running, cli

PETERSON = str(Path(__file__).resolve().parents[2] / "examples" / "peterson.py")
SAFE = "offline_never_free"


@pytest.fixture(scope="module")
def peterson():
    ran = cli("needs", PETERSON, "--property", "exclusive")
    assert ran.code == 0, ran.err
    return " ".join(ran.out.split())


def test_a_sentence_says_what_is_needed(peterson):
    assert "The proof needs the switch interested_first=true; the tests m.right_wants" in peterson
    assert "It does not need the atomic blocks atomic(" in peterson or (
        "It does not need the atomic block atomic(" in peterson
    )


def test_each_row_has_its_place_and_its_counterexample(peterson):
    assert "test m.right_wants left, peterson.py:62 without it exclusive is violated" in peterson
    assert "every state visited without it: one instance" in peterson
    assert "the only actors are: left, right" in peterson


def test_any_size_and_json(tmp_path):
    ran = cli(
        "needs", RACE, "--property", SAFE, "--only", "switch", "--json", "-",
        "--trace-dir", str(tmp_path),
    )  # fmt: skip
    assert ran.code == 0, ran.err
    (answer,) = json.loads(ran.out)["answers"]
    assert answer["properties"][0] == {
        "name": SAFE,
        "verdict": "proved",
        "scope": "any number of getters, any number of pages",
        "reason": answer["properties"][0]["reason"],
    }
    (hook,) = [n for n in answer["needs"] if n["name"] == "hook=true"]
    assert (hook["need"], hook["property"]) == ("needed", SAFE)
    assert hook["steps"] == len(hook["trace"]["states"]) - 1
    assert {n["kind"] for n in answer["needs"]} == {"switch"}
    kept = list(tmp_path.glob("*hook*.itf.json"))
    assert len(kept) == 1
    assert cli("show", str(kept[0])).code == 0


@pytest.mark.parametrize(
    "words, said",
    [
        (["--timeout", "0"], "--timeout 0"),
        (["--each", "-1"], "--each -1"),
        (["--property", "no_such"], "no_such"),
        (["--scenario", "no_such"], "no_such"),
        (["--json", "/no/such/dir/x"], "/no/such/dir"),
        (["--only", "luck"], "luck"),
        (["--jobs", "0"], "0"),
    ],
)
def test_bad_input(words, said):
    ran = cli("needs", RACE, *words)
    assert ran.code == 2 and said in ran.err and not ran.out


def test_other_kinds_of_properties_are_refused():
    ran = cli("needs", PETERSON, "--property", "right_gets_in")
    assert ran.code == 2 and "right_gets_in is a reachable property" in ran.err


def test_a_violated_property_asks_for_nothing():
    ran = cli("needs", PETERSON, "--property", "exclusive", "--set", "interested_first=false")
    assert ran.code == 1 and "nothing is proved" in ran.out


def test_the_time_is_over():
    ran = cli("needs", SLOW[0], "--timeout", "1")
    assert ran.code == 3 and "nothing is proved" in ran.out


def test_ctrl_c_keeps_what_was_decided():
    with Running("needs", SLOW[0]) as running:
        running.wait_for(running.children, "an engine")
        running.process.send_signal(signal.SIGINT)
        ran = running.finish()
    assert ran.code == 130 and "interrupted" in ran.err
