"""Small projects with a gate of their own."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from pagestate.gate.records import Finding, Record
from pagestate.gate.report import Report, make_report
from pagestate.gate.store import Results, read
from tests.cli.running import Ran, cli

MODELS = Path(__file__).parent / "models"
RACE = """
[[model]]
name = "put"
switches = { hook = false }
"""
EXCUSED = """
[[expect]]
model = "put"
property = "offline_never_free"
verdict = "violated"
reason = "the race of 2019"
switches = { hook = false }
"""


@dataclass(frozen=True)
class Project:
    """A folder with models and a configuration."""

    root: Path

    def configure(self, text: str) -> None:
        (self.root / "pagestate.toml").write_text('models = ["models/*.py"]\n' + text)

    def gate(self, *args: str) -> Ran:
        return cli("gate", *args)

    def results(self) -> Results:
        return read(self.root / "pagestate-results.jsonl")

    def report(self) -> Report:
        return make_report(self.results())

    def records(self) -> dict[str, Record]:
        """The records by the label of their jobs."""
        results = self.results()
        return {j.label: results.records[j.id] for j in results.jobs if j.id in results.records}

    def findings(self) -> dict[str, Finding]:
        """The findings of a gate of one job, by property."""
        (record,) = self.records().values()
        return {f.name: f for f in record.findings}


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Makes the project; its folder becomes the working directory."""

    def make(*models: str, text: str = "") -> Project:
        root = tmp_path / "project"
        (root / "models").mkdir(parents=True)
        for name in models:
            shutil.copy(MODELS / f"{name}.py", root / "models")
        made = Project(root)
        made.configure(text)
        monkeypatch.chdir(root)
        for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
            monkeypatch.delenv(name, raising=False)
        return made

    return make
