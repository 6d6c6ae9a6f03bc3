"""The exact text of hand-made traces.

To accept new output, run ``PAGESTATE_UPDATE_GOLDEN=1 pytest tests/view`` and read the difference
in ``tests/view/golden`` before committing it.
"""

import os
import re
from pathlib import Path

import pytest

from pagestate.view.report import render_report
from pagestate.view.text import render_text
from pagestate.view.traceview import TraceView, view_of

from . import behind, samples

GOLDEN = Path(__file__).parent / "golden"
DOCS = Path(__file__).parents[2] / "docs" / "traces.md"

CASES = {
    "two_lanes": (samples.race_2019, {}),
    "two_lanes_values": (samples.race_2019, {"values": True}),
    "two_lanes_all_values_numbers": (samples.race_2019, {"values": "all", "numbers": True}),
    "two_lanes_wide": (samples.race_2019, {"width": 100, "values": True}),
    "two_lanes_narrow": (samples.race_2019, {"width": 50}),
    "witness": (lambda: samples.race_2019(violation=False), {"header": False}),
    "three_lanes": (samples.three_lanes, {}),
    "three_lanes_values": (samples.three_lanes, {"values": True}),
    "four_lanes": (samples.four_lanes, {}),
    "four_lanes_values_numbers": (samples.four_lanes, {"values": True, "numbers": True}),
    "lasso": (samples.lasso, {}),
    "no_steps": (samples.no_steps, {}),
    "waits": (lambda: behind.explained(behind.offlined()), {}),
    "deadlock": (lambda: behind.explained(behind.deadlocked()), {}),
}
REPORTS = {
    "report": samples.race_2019,
    "report_explained": lambda: behind.explained(behind.offlined()),
    "report_lasso": samples.lasso,
}


def viewed(made):
    return made if isinstance(made, TraceView) else view_of(made)


@pytest.mark.parametrize("name", CASES)
def test_text_is_as_recorded(name):
    make, options = CASES[name]
    compare(name, render_text(viewed(make()), **options) + "\n")


@pytest.mark.parametrize("name", REPORTS)
def test_report_is_as_recorded(name):
    made = render_report(viewed(REPORTS[name]()), made="pagestate", trace="race.itf.json")
    compare(name, made + "\n")


def compare(name, text):
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("PAGESTATE_UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="ascii")
    assert text == path.read_text(encoding="ascii")


def test_every_recorded_text_belongs_to_a_case():
    assert {p.stem for p in GOLDEN.glob("*.txt")} == {*CASES, *REPORTS}


def test_examples_in_the_documentation_are_real():
    blocks = re.findall(r"```\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)
    recorded = {(GOLDEN / f"{name}.txt").read_text(encoding="ascii") for name in (*CASES, *REPORTS)}
    shown = [b for b in blocks if "CPU0" in b or "BUG:" in b]
    assert len(shown) >= 2
    assert all(b in recorded for b in shown)
