"""Promela models: SPIN stores the states that the exhaustive search visits without symmetry."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.systems import UNPLUGGED_NEVER_FREE, offlining, sizes
from pagestate.core.property import Property
from pagestate.core.sorts import Sizes
from pagestate.core.system import System
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task
from pagestate.interchange.instance import NotExportable, instance
from pagestate.interchange.promela import promela
from tests.examples.looking import COUNT_BOUND, compiled

needs_spin = pytest.mark.skipif(
    shutil.which("spin") is None or shutil.which("gcc") is None, reason="needs SPIN and a compiler"
)
EXAMPLES = [
    pytest.param(name, {}, marks=[] if quick else [pytest.mark.slow], id=name)
    for name, quick in (
        ("peterson.py", True),
        ("deferred_free.py", True),
        ("specifications/cigarette_smokers.py", True),
        ("german.py", False),
        ("ticket_lock.py", False),
        ("readers_writers.py", False),
        ("bakery.py", False),
        ("specifications/two_phase_commit.py", False),
        ("specifications/dining_philosophers.py", False),
    )
]
BROKEN = [
    ("peterson.py", {"interested_first": "false"}),
    ("specifications/die_hard.py", {}),
    ("specifications/cigarette_smokers.py", {"wait_for_smoker": "false"}),
]


def example(name: str, settings: dict[str, str]) -> tuple[System, list[Property], Sizes]:
    made = compiled(name, settings)
    asked = [p for p in made.properties if p.kind == "always"]
    return made.system, asked, Sizes(made.model.sizes, COUNT_BOUND)


def spin(folder: Path, text: str, options: Sequence[str] = ("-DNOREDUCE",)) -> tuple[int, int, int]:
    """Stored states, transitions and errors of an exhaustive run."""
    (folder / "model.pml").write_text(text, encoding="utf-8")

    def run(*command: str) -> str:
        made = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=True, timeout=100
        )
        return made.stdout

    said = run("spin", "-a", "model.pml")
    assert "rror" not in said, said
    run("gcc", "-w", "-O1", "-DSAFETY", *options, "-o", "pan", "pan.c")
    out = run("./pan", "-m1000000")
    numbers = re.findall(r"(\d+) states, stored|(\d+) transitions|errors: (\d+)", out)
    found = {k: int(value) for row in numbers for k, value in enumerate(row) if value}
    assert "max search depth too small" not in out
    return found[0], found[1], found[2]


def visited(system: System, properties: Sequence[Property], small: Sizes) -> tuple[int, int]:
    engine = Explicit(Task(system, tuple(properties), small), lambda progress: None, False)
    assert engine.advance(10_000)
    assert engine.complete
    return engine.states, engine.transitions


@needs_spin
@pytest.mark.parametrize("name, settings", EXAMPLES)
def test_as_many_states_as_spin(name: str, settings: dict[str, str], tmp_path: Path) -> None:
    what = example(name, settings)
    made = instance(*what)
    states, steps, errors = spin(tmp_path, promela(made))
    assert errors == 0
    extra = 1 if made.open_start else 0
    if name.endswith("dining_philosophers.py"):
        assert (states, steps) == (8040 + extra, 40320 + extra)
        return
    ours, transitions = visited(*what)
    assert states == ours + extra
    assert steps == transitions + 1 + (extra and count_starts(what))


def count_starts(what: tuple[System, list[Property], Sizes]) -> int:
    engine = Explicit(Task(what[0], tuple(what[1]), what[2]), lambda progress: None, False)
    engine.advance(0)
    return engine.states


@needs_spin
@pytest.mark.parametrize("coarse", [False, True])
def test_as_many_states_as_spin_of_the_benchmark_at_two_pages(coarse: bool, tmp_path: Path) -> None:
    what = offlining(coarse=coarse), [UNPLUGGED_NEVER_FREE], sizes(2, 2)
    states, _, errors = spin(tmp_path, promela(instance(*what)))
    assert errors == 0
    assert states == visited(*what)[0] == (212 if coarse else 1062)


@needs_spin
@pytest.mark.parametrize("name, settings", BROKEN, ids=[name for name, _ in BROKEN])
def test_spin_finds_what_is_broken(name: str, settings: dict[str, str], tmp_path: Path) -> None:
    assert spin(tmp_path, promela(instance(*example(name, settings))))[2] == 1


@needs_spin
def test_a_counter_does_not_wrap(tmp_path: Path) -> None:
    small = Sizes(sizes(2, 2).index, 1)
    assert spin(tmp_path, promela(instance(offlining(), [], small)))[2] == 1
    assert spin(tmp_path, promela(instance(offlining(), [], sizes(2, 2))))[2] == 0


def test_the_text_of_a_small_model() -> None:
    made = promela(instance(*example("specifications/lock.py", {})))
    assert "byte inside = 0;" in made
    assert re.search(r"^byte process_pc\[2\] = process_pc_start;$", made, re.M)
    assert "active proctype process() {" in made
    assert "active proctype monitor() {" in made
    assert made.count("end: do") == 2
    assert "provided" not in made


def test_what_is_read_is_not_overwritten_before() -> None:
    made = promela(instance(*example("specifications/die_hard.py", {})))
    both = [block for block in made.split("d_step")[1:] if "small" in block and "new_0" in block]
    assert both
    for block in both:
        assert block.index("new_0 =") < block.index("= new_0")


def test_properties_of_steps_are_refused() -> None:
    made = compiled("specifications/barrier.py", {})
    steps = [p for p in made.properties if p.kind == "step"]
    with pytest.raises(NotExportable, match="leave_together"):
        instance(made.system, steps, Sizes(made.model.sizes, COUNT_BOUND))
