"""Help, the list of models, stored traces."""

import json

import pytest

from tests.cli.running import check, cli


@pytest.mark.parametrize("words", [[], ["check"], ["models"], ["show"], ["needs"]])
def test_help_has_an_example(words):
    ran = cli(*words, "--help")
    assert (ran.code, ran.err) == (0, "")
    assert "Examples:\n" in ran.out
    command = " ".join(["pagestate", *words])
    assert command in ran.out.partition("Examples:\n")[2]
    assert max(len(line) for line in ran.out.splitlines()) <= 90
    assert cli(*words, "-h").out == ran.out


def test_commands_are_listed_with_whole_lines():
    listing = cli("--help").out.partition("Commands:\n")[2].partition("Examples:")[0]
    assert "check" in listing and "..." not in listing


def test_help_of_check_lists_options_verdicts_and_exit_codes():
    text = cli("check", "--help").out
    for option in ("property", "set", "size", "engine", "depth", "timeout", "json", "trace-dir"):
        assert f"--{option}" in text
    for verdict in ("proved", "exhausted", "bounded", "violated", "vacuous", "unknown"):
        assert f"  {verdict} " in text
    for code in (0, 1, 2, 3, 4, 5, 130):
        assert f"  {code} " in text


def test_without_arguments_there_is_help():
    ran = cli()
    assert (ran.code, ran.out) == (0, cli("--help").out)


def test_version():
    ran = cli("--version")
    assert ran.code == 0 and ran.out.startswith("pagestate, version ")


def test_models_are_listed_with_their_switches():
    ran = cli("models")
    assert ran.code == 0
    lines = ran.out.splitlines()
    assert any(line.startswith("rfc_v3: ") for line in lines)
    assert any(line.startswith("    hook=true ") and "PageOffline" in line for line in lines)


def test_models_as_json():
    found = json.loads(cli("models", "--json").out)
    race = found["rfc_v3"]
    assert set(race) == {"summary", "sizes", "switches", "properties", "scenarios"}
    assert race["switches"]["hook"]["default"] is True
    assert race["switches"]["hook"]["choices"] == [False, True]
    assert "offline_never_free" in race["properties"]


def test_show(tmp_path):
    check("--set", "hook=false", "--trace-dir", str(tmp_path))
    path = str(tmp_path / "race-offline_never_free.itf.json")
    plain = cli("show", path)
    assert plain.code == 0 and "CPU0" in plain.out and "start:" not in plain.out
    values = cli("show", path, "--values")
    assert "start:" in values.out and "page 0: refcount 1 -> 2" in values.out
    assert "  1 " in cli("show", path, "--numbers").out
    assert "is violated" not in cli("show", path, "--no-header").out.splitlines()[0]
    assert max(len(line) for line in cli("show", path, "--width", "60").out.splitlines()) <= 60
