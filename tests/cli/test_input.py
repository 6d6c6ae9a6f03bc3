"""Bad input: one paragraph on stderr and exit code 2; never a traceback."""

import os
from pathlib import Path

import pytest

from tests.cli.running import RACE, Ran, check, cli

SOURCE = Path(RACE).read_text(encoding="utf-8")


def refused(ran: Ran, *words: str) -> None:
    assert ran.code == 2, ran
    assert ran.out == ""
    assert "\n\n" not in ran.err.strip()
    for word in words:
        assert word in ran.err


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["--property", "offline_never"], ["PS306", "did you mean 'offline_never_free'?"]),
        (["--property", "xyz"], ["PS306", "goes_offline"]),
        (["--set", "hok=true"], ["PS301", "'hok'", "did you mean 'hook'?"]),
        (["--set", "hook=perhaps"], ["PS302", "perhaps", "one of: false, true"]),
        (["--set", "hook=True"], ["PS302", "one of: false, true"]),
        (["--set", "lock=spin"], ["PS302", "one of: none, mutex"]),
        (["--set", "hook"], ["--set hook", "NAME=VALUE"]),
        (["--set", "hook="], ["NAME=VALUE"]),
        (["--set", "=true"], ["NAME=VALUE"]),
        (["--set", "hook=true", "--set", "hook=false"], ["hook is given twice"]),
        (["--size", "pag=2"], ["PS303", "did you mean 'page'?"]),
        (["--size", "page=0"], ["PS304", "page=0", "positive number"]),
        (["--size", "page=-1"], ["PS304", "page=-1"]),
        (["--size", "page=x"], ["PS304", "page=x"]),
        (["--size", "page=1.5"], ["PS304"]),
        (["--size", "page=" + "9" * 5000], ["PS304"]),
        (["--size", "page=2", "--size", "page=3"], ["page is given twice"]),
        (["--size", "page=any", "--engine", "explicit"], ["finite sizes only"]),
        (["--size", "page=any", "--engine", "bmc"], ["finite sizes only"]),
        (["--engine", "parametric"], ["--size page=any"]),
        (["--engine", "magic"], ["magic", "explicit"]),
        (["--depth", "-1"], ["--depth"]),
        (["--depth", "x"], ["--depth"]),
        (["--timeout", "0"], ["--timeout", "positive"]),
        (["--timeout", "-1"], ["--timeout", "positive"]),
        (["--timeout", "nan"], ["--timeout", "positive"]),
        (["--timeout", "inf"], ["--timeout", "positive"]),
        (["--timeout", "soon"], ["--timeout"]),
        (["--nonsense"], ["--nonsense"]),
        (["surplus"], ["surplus"]),
        (["--json", "no/such/directory/out.json"], ["no directory"]),
        (["--json", "/"], ["is a directory"]),
        (["--trace-dir", RACE], ["race.py"]),
    ],
)
def test_wrong_options(args, words):
    refused(check(*args), *words)


@pytest.mark.parametrize("command", ["check", "prove", "needs", "matrix", "bugs"])
@pytest.mark.parametrize("time", ["0", "-1", "nan", "inf"])
def test_no_amount_of_time(command, time):
    what = "H20" if command == "bugs" else RACE
    refused(cli(command, what, "--timeout", time), f"--timeout {time}: a positive number")


@pytest.mark.parametrize(
    "args",
    [
        ["check", RACE, "--trace-dir"],
        ["check", RACE, "--html"],
        ["prove", RACE, "--certificate"],
        ["needs", RACE, "--trace-dir"],
        ["bugs", "H20", "--trace-dir"],
    ],
)
def test_a_folder_without_permission_is_refused_before_the_work(args, tmp_path, monkeypatch):
    real = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path and real(path, mode))
    refused(cli(*args, str(tmp_path)), f"{tmp_path}: no permission to write")


@pytest.mark.parametrize("folder", [".", "/", "tests/"])
def test_a_directory_is_no_model(folder):
    refused(cli("check", folder), f"'{folder}' is a directory")


def test_a_file_without_bugs_is_called_by_its_name():
    refused(cli("bugs", "--from", RACE), f"{RACE} has no list BUGS")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x = (1 +\n", ["model.py:1:", "PS101"]),
        ("def f(:\n    pass\n", ["model.py:1:7: error PS101", "def f(:", "^"]),
        ("import no_such_module_anywhere\n", ["model.py:1:", "PS102", "no_such_module_anywhere"]),
        ("x = 1\ny = x / 0\n", ["model.py:2:", "PS102", "ZeroDivisionError", "y = x / 0"]),
        ("import sys\nsys.exit(0)\n", ["sys.exit()"]),
        ("exit(3)\n", ["sys.exit()"]),
        ("x = 1\n", ["PS103", "defines no model", "model = Model("]),
        ("", ["PS103"]),
        (SOURCE + "\nother = Model('other', state=Memory, threads=[getter])\n", ["PS104", "other"]),
        (SOURCE.replace("m.refcount[page] -= 1", "m.refcount[page] -= 1; yield", 1), ["PS201"]),
        (SOURCE.replace("m.offline[p] and m.buddy[p]", "m.ofline[p]"), ["PS305", "ofline"]),
        (SOURCE.replace('"violated", "wrongly"', '"wrong", "wrongly"'), ["PS308", "'wrong'"]),
        ("x = '\0'\n", ["model.py"]),
    ],
)
def test_wrong_models(tmp_path, text, words):
    path = tmp_path / "model.py"
    path.write_text(text, encoding="utf-8")
    refused(check(model=str(path)), *words)


def test_files_that_are_no_models(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(cli("check", "nothing.py"), "nothing.py")
    refused(cli("check", "./nothing"), "./nothing")
    refused(cli("check", "rfc_v33"), "rfc_v33", "rfc_v3")
    (tmp_path / "folder").mkdir()
    refused(cli("check", "./folder"), "folder")
    (tmp_path / "folder.py").mkdir()
    refused(cli("check", "folder.py"), "folder.py")
    (tmp_path / "model.txt").write_text(SOURCE, encoding="utf-8")
    refused(cli("check", "./model.txt"), "model.txt")
    (tmp_path / "bytes.py").write_bytes(b"x = '\xff'\n")
    refused(cli("check", "bytes.py"), "bytes.py")
    refused(cli("check", ""), "no model")
    refused(cli("check", "a\0b.py"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_model(tmp_path):
    path = tmp_path / "secret.py"
    path.write_text(SOURCE, encoding="utf-8")
    path.chmod(0)
    refused(cli("check", str(path)), "secret.py", "Permission denied")


def test_a_model_imports_its_neighbour(tmp_path):
    (tmp_path / "neighbour_of_race.py").write_text(SOURCE.partition("model = Model")[0])
    path = tmp_path / "with_neighbour.py"
    path.write_text(
        "from neighbour_of_race import *\n"
        "model = Model('near', state=Memory, threads=[getter, unplug], switches=[hook],\n"
        "              properties=[offline_never_free], sizes={'page': 1, 'getter': 1})\n"
    )
    ran = check(model=str(path))
    assert ran.code == 0, ran
    assert ran.out.startswith("near: ")


def test_a_model_with_other_letters(tmp_path):
    path = tmp_path / "modèle ü.py"
    path.write_text(SOURCE.replace("the race of 2019", "le problème → 2019"), encoding="utf-8")
    ran = check("--set", "hook=false", model=str(path))
    assert ran.code == 0
    assert "le problème → 2019" in " ".join(ran.out.split())


def test_a_path_and_a_name_are_the_same_model():
    import pagestate.models

    path = Path(next(iter(pagestate.models.__path__))) / "rfc_v3.py"
    args = ["--depth", "0", "--engine", "explicit", "--scenario", "getters"]
    by_path, by_name = cli("check", str(path), *args), cli("check", "rfc_v3", *args)
    assert by_path == by_name
    assert by_name.out.startswith("rfc_v3: ") and "bounded" in by_name.out


# ------------------------------------------------------------------------------ show


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"states": []}', "\0", '{"a": 1, "a": 2}'])
def test_files_that_are_no_traces(tmp_path, text):
    path = tmp_path / "trace.itf.json"
    path.write_text(text)
    refused(cli("show", str(path)), "trace.itf.json")


def test_a_truncated_trace(tmp_path):
    check("--set", "hook=false", "--trace-dir", str(tmp_path))
    path = tmp_path / "race-offline_never_free.itf.json"
    whole = path.read_text()
    for part in (1, 2, 3, 7):
        path.write_text(whole[: len(whole) * part // 8])
        refused(cli("show", str(path)), path.name)


def test_show_refuses():
    refused(cli("show", "nothing.json"), "nothing.json")
    refused(cli("show", "/"), "directory")
    refused(cli("show"), "TRACE")
    refused(cli("show", "x", "--width", "10"), "--width")
    refused(cli("nonsense"), "nonsense")
