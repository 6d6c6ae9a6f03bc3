"""A shipped model under the gate: green as it is, red with the race of 2019 put back."""

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.gate.sarif_rules import broken_rules

pytestmark = pytest.mark.slow

SHIPPED = Path(__file__).parents[2] / "models"


def test_the_race_put_back_into_rfc_v3(project):
    here = project(text='[[model]]\nname = "rfc_v3"\nscenarios = ["getters"]\n')
    model = here.root / "models" / "rfc_v3.py"
    shutil.copy(SHIPPED / "rfc_v3.py", model)
    reports = ("--junit", "j.xml", "--sarif", "s.sarif")
    green = here.gate(*reports)
    assert green.code == 0, green
    assert json.loads((here.root / "s.sarif").read_text())["runs"][0]["results"] == []
    text = model.read_text()
    assert text.count("hook=True") == 1
    model.write_text(text.replace("hook=True", "hook=False"))
    red = here.gate(*reports)
    assert red.code == 1
    columns = "CPU0                            CPU1"
    violation = "offline_never_free is violated in 12 steps (2 CPUs, 2 pages)"
    last = red.out.split("=" * 78)[-1]
    assert "offline_never_free: violated in 12 steps" in last and len(last.splitlines()) <= 20
    failures = {f.text for f in ET.parse(here.root / "j.xml").getroot().iter("failure")}
    found = json.loads((here.root / "s.sarif").read_text())
    assert broken_rules(found) == []
    results = {r["ruleId"]: r for r in found["runs"][0]["results"]}
    bad = results["PS-rfc_v3/offline_never_free"]
    assert [len(f["threadFlows"]) for f in bad["codeFlows"]] == [2]
    for text in (red.out, "\n".join(failures), bad["message"]["text"]):
        assert columns in text and violation in text
    model.write_text(model.read_text().replace("hook=False", "hook=True"))
    again = here.gate(*reports)
    assert again.code == 0 and "20 of 20 known" in again.out
