"""The command as a process: streams in any condition, signals, engines that die."""

import json
import os
import pty
import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.cli.running import (
    RACE,
    SLOW,
    Running,
    check,
    command,
    environment,
    gone,
    lives,
    spawn,
)

RACY = ["check", RACE, "--set", "hook=false", "--set", "lock=mutex"]
OPEN = ["--property", "offline_never_free", "--property", "no_underflow"]
HARD = ["--engine", "bmc", "--set", "hook=false", "--size", "page=5", "--size", "getter=5"]
"""With OPEN: a violation within seconds, and one property that stays open for minutes."""


def test_results_on_stdout_nothing_on_stderr():
    ran = spawn(*RACY, "--any", "never")
    assert (ran.code, ran.err) == (1, "")
    assert ran.out == check("--set", "hook=false", "--set", "lock=mutex").out


def test_errors_on_stderr_nothing_on_stdout():
    ran = spawn("check", "nothing.py")
    assert (ran.code, ran.out) == (2, "")
    assert "nothing.py" in ran.err


def test_json_on_stdout_is_all_there_is():
    ran = spawn(*RACY, "--json", "-")
    assert ran.code == 1
    assert json.loads(ran.out)["model"] == "race"
    assert ran.err.startswith("race: ")


# ------------------------------------------------------------------------------ streams


def closed_pipe() -> int:
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def test_a_reader_that_has_seen_enough_does_not_change_the_verdict(tmp_path):
    pipe = closed_pipe()
    ran = spawn(*RACY, "--json", str(tmp_path / "out.json"), stdout=pipe)
    os.close(pipe)
    assert (ran.code, ran.err) == (1, "")
    assert json.loads((tmp_path / "out.json").read_text())["properties"]


@pytest.mark.parametrize("args", [["models"], ["--help"]])
def test_head_ends_other_commands_quietly(args):
    pipe = closed_pipe()
    ran = spawn(*args, stdout=pipe)
    os.close(pipe)
    assert ran.err == ""


@pytest.mark.parametrize("descriptors", [[1], [0, 1, 2]])
def test_closed_streams_do_not_change_the_verdict(descriptors, tmp_path):
    target = tmp_path / "out.json"
    ran = spawn(*RACY, "--json", str(target), before=lambda: [os.close(d) for d in descriptors])
    assert ran.code == 1
    assert json.loads(target.read_text())["model"] == "race"


@pytest.mark.parametrize("args", [[], ["--json", "-"]])
def test_a_full_disk_under_stdout(args):
    with open("/dev/full", "wb") as full:
        ran = spawn(*RACY, *args, stdout=full)
    assert ran.code == 2
    assert ran.err.endswith("pagestate: <stdout>: No space left on device\n")


def test_a_full_disk_under_the_list_of_models():
    with open("/dev/full", "wb") as full:
        ran = spawn("models", stdout=full)
    assert (ran.code, ran.err) == (2, "pagestate: <stdout>: No space left on device\n")


def test_a_full_disk_under_json():
    ran = spawn(*RACY, "--json", "/dev/full")
    assert ran.code == 2
    assert ran.err == "pagestate: /dev/full: No space left on device\n"
    assert "offline_never_free is violated" in ran.out
    assert Path("/dev/full").is_char_device()


@pytest.mark.parametrize(
    "args",
    [
        ["export", RACE, "--format", "aiger", "-o", "/dev/full"],
        ["bugs", "H20", "--json", "/dev/full"],
        ["graph", RACE, "--format", "dot", "-o", "/dev/full"],
    ],
)
def test_a_full_disk_is_named(args):
    ran = spawn(*args)
    assert (ran.code, ran.err) == (2, "pagestate: /dev/full: No space left on device\n")


def small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


def test_a_full_disk_under_json_and_traces(tmp_path):
    ran = spawn(
        *RACY,
        "--any",
        "never",
        "--json",
        str(tmp_path / "out.json"),
        "--trace-dir",
        str(tmp_path),
        before=small_files,
    )
    assert ran.code == 2
    assert "out.json: File too large" in ran.err
    assert "race-offline_never_free.itf.json: cannot write: File too large" in ran.err
    assert "offline_never_free is violated" in ran.out
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_under_certificates(tmp_path):
    ran = spawn(
        "check",
        RACE,
        "--size",
        "page=any",
        "--property",
        "offline_never_free",
        "--trace-dir",
        str(tmp_path),
        before=small_files,
    )
    assert ran.code == 2
    assert "ok    proved" in ran.out
    assert "File too large" in ran.err


def test_letters_that_the_terminal_does_not_have(tmp_path):
    model = tmp_path / "model.py"
    text = Path(RACE).read_text(encoding="utf-8").replace("order 0", "order → 0")
    model.write_text(text, encoding="utf-8")
    env = environment(PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    ran = spawn("check", str(model), env=env)
    assert ran.code == 0
    assert "pages are of order \\u2192 0" in ran.out


def test_no_progress_without_a_terminal():
    ran = spawn("check", *SLOW, "--timeout", "1.5")
    assert (ran.code, ran.err) == (3, "")
    assert "\r" not in ran.out
    assert "timeout after 1.5 s" in ran.out


def test_progress_on_a_terminal():
    main, terminal = pty.openpty()
    ran = spawn("check", *SLOW, "--timeout", "3", stderr=terminal)
    os.close(terminal)
    shown = os.read(main, 1 << 16).decode()
    os.close(main)
    assert ran.code == 3 and "\r" not in ran.out
    assert shown.startswith("\rexplicit: depth ")
    assert shown.endswith("\r")


# ------------------------------------------------------------------------------ the clock


def test_the_timeout_comes_quickly():
    began = time.monotonic()
    ran = spawn("check", *SLOW, "--timeout", "0.05", "--json", "-")
    assert time.monotonic() - began < 20
    assert ran.code == 3
    for p in json.loads(ran.out)["properties"]:
        assert p["verdict"] == "unknown"
        assert p["reason"].startswith("timeout after 0.05 s")


# ------------------------------------------------------------------------------ signals


def to_the_group(running: Running) -> None:
    """As a terminal does on Ctrl-C."""
    os.killpg(running.process.pid, signal.SIGINT)


def to_the_command(running: Running) -> None:
    os.kill(running.process.pid, signal.SIGINT)


def terminated(running: Running) -> None:
    os.kill(running.process.pid, signal.SIGTERM)


def test_an_interrupted_matrix_begins_no_other_model():
    with Running("matrix", SLOW[0], RACE) as running:
        running.wait_for(running.children, "engine")
        to_the_group(running)
        ran = running.finish()
    assert ran.code == 130
    assert "wide" in ran.out and "race" not in ran.out
    assert "interrupted; the above is what was decided" in ran.err


@pytest.mark.parametrize("press", [to_the_group, to_the_command, terminated])
def test_interrupted_before_anything_is_decided(press, tmp_path):
    target = tmp_path / "out.json"
    with Running("check", *SLOW, "--json", str(target)) as running:
        running.wait_for(running.children, "engine")
        children = running.children()
        press(running)
        ran = running.finish()
    assert ran.code == 130
    assert "open  unknown    never_all  interrupted" in ran.out
    assert ran.err == "pagestate: interrupted; the above is what was decided\n"
    found = json.loads(target.read_text())
    assert found["interrupted"] is True
    assert {p["verdict"] for p in found["properties"]} == {"unknown"}
    assert gone(children)


@pytest.mark.parametrize("press", [to_the_group, to_the_command])
def test_interrupted_in_a_long_solver_call(press, tmp_path):
    target, shown = tmp_path / "out.json", ""
    main, terminal = pty.openpty()
    with Running("check", RACE, *HARD, *OPEN, "--json", str(target), stderr=terminal) as running:
        os.close(terminal)
        while ", 1 open" not in shown:
            shown += os.read(main, 1 << 12).decode()
        time.sleep(1)
        (child,) = running.children()
        press(running)
        ran = running.finish()
    os.close(main)
    assert ran.code == 130
    assert "offline_never_free is violated in 6 steps" in ran.out
    found = json.loads(target.read_text())
    assert found["interrupted"] is True
    verdicts = {p["name"]: p["verdict"] for p in found["properties"]}
    assert verdicts == {"offline_never_free": "violated", "no_underflow": "unknown"}
    assert gone([child])


def test_interrupted_while_a_model_is_loaded(tmp_path):
    model, mark = tmp_path / "endless.py", tmp_path / "mark"
    model.write_text(f"open({str(mark)!r}, 'w').close()\nwhile True:\n    pass\n")
    for press in (to_the_group, terminated):
        mark.unlink(missing_ok=True)
        with Running("check", str(model)) as running:
            running.wait_for(mark.exists, "model")
            press(running)
            ran = running.finish()
        assert (ran.code, ran.out) == (130, "")
        assert "interrupted" in ran.err


def test_engines_do_not_outlive_a_killed_command():
    with Running("check", *SLOW) as running:
        running.wait_for(running.children, "engine")
        children = running.children()
        assert all(lives(c) for c in children)
        running.process.kill()
        running.finish()
    assert gone(children)


def test_a_killed_engine_is_unknown():
    with Running("check", *SLOW) as running:
        running.wait_for(running.children, "engine")
        os.kill(running.children()[0], signal.SIGKILL)
        ran = running.finish()
    assert ran.code == 3
    assert "killed by signal 9" in " ".join(ran.out.split())
    assert ran.err == "pagestate: explicit: its process was killed by signal 9\n"


def test_little_memory_is_unknown():
    def little() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (500 << 20, 500 << 20))

    ran = spawn("check", *SLOW, "--timeout", "40", before=little)
    assert ran.code == 3
    assert "open  unknown    never_all  out of memory" in ran.out


def test_a_shell_pipeline():
    line = " ".join([*command(RACY), "| head -1; echo ${PIPESTATUS[0]}"])
    done = subprocess.run(
        ["bash", "-c", line], capture_output=True, text=True, env=environment(), timeout=60
    )
    assert done.stdout.splitlines() == [
        "race: 1 getter, 1 page; hook=false lock=mutex",
        "1",
    ]
    assert done.stderr == ""
