"""The models of the gate as items of pytest.

A model file that is configured for the gate becomes a collector; for each job of it there is an
item for every property, and one for the rules that every model has.  The first item of a job does
the job in a process of its own, the others read its answers.  A failure shows the CPU diagram.
With pytest-xdist, ``--dist loadscope`` keeps the items of a job together.
"""

import json
from collections.abc import Iterator
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from pagestate.gate.config import Config, ConfigError, load
from pagestate.gate.jobs import Job, plan
from pagestate.gate.names import targets
from pagestate.gate.policy import Judged, Judgement, Policy, Status, judge
from pagestate.gate.records import DONE, Record, record_from
from pagestate.gate.report import diagram, sentence
from pagestate.gate.run import described, order
from pagestate.gate.supervise import perform

RULES = "built_in_rules"
"""The item for what every model is checked for besides its properties."""


def models_of(root: Path) -> "Models":
    """The models that are configured from ``root`` upwards.  Raises pytest.UsageError."""
    try:
        gate = load(None, root, {})
        names = targets(gate.get("models"), gate.get("exclude"), gate.root)
    except (ConfigError, ValueError) as error:
        raise pytest.UsageError(f"pagestate: {error}") from None
    return Models(gate, names)


class Models:
    """What collects the models; a plugin of pytest."""

    def __init__(self, config: Config, names: list[str]) -> None:
        self.config = config
        self.files = {(config.root / n).resolve(): n for n in names if n.endswith(".py")}
        self.records = dict[str, Record]()

    @pytest.hookimpl
    def pytest_collect_file(
        self, file_path: Path, parent: pytest.Collector
    ) -> "pytest.Collector | None":
        """A collector for a model's file."""
        name = self.files.get(file_path.resolve())
        if name is None:
            return None
        made: ModelFile = ModelFile.from_parent(parent, path=file_path)
        made.models, made.target = self, name
        return made

    def record(self, job: Job) -> Record:
        """The record of a job; the first to ask has it done."""
        if job.id not in self.records:
            body = json.loads(perform(order(self.config, job)))
            self.records[job.id] = record_from(body)
        return self.records[job.id]

    @cached_property
    def policy(self) -> Policy:
        """Expectations count as in the gate; the baseline does not."""
        return Policy(date.today(), self.config.expectations, None, whole=False)


class ModelFile(pytest.File):
    """The file of one model."""

    models: Models
    target: str

    def collect(self) -> "Iterator[Answer]":
        """The items: a name for each answer that the model's jobs will give."""
        found, problems = described(self.models.config, [self.target])
        if problems:
            raise self.CollectError("\n".join(problems))
        try:
            jobs = plan(self.models.config, found)
        except ConfigError as error:
            raise self.CollectError(str(error)) from None
        for job in jobs:
            for name in (*job.expects, *((RULES,) if job.with_rules else ())):
                item: Answer = Answer.from_parent(self, name=f"{job.label}::{name}")
                item.job, item.property = job, name
                yield item


class Failure(Exception):
    """An answer that fails the gate; its text is what pytest shows."""


class Answer(pytest.Item):
    """The answer about one property of one job."""

    job: Job
    property: str

    def runtest(self) -> None:
        """Judge the answer.  Raises Failure."""
        file = self.parent
        assert isinstance(file, ModelFile)
        record = file.models.record(self.job)
        judged = judge([self.job], {self.job.id: record}, file.models.policy)
        mine = [i for i in judged.items if self._is_mine(i)]
        if judged.problems or judged.errors:
            raise Failure("\n".join((*judged.problems, *judged.errors)))
        if record.status != DONE:
            raise Failure(f"the job {record.status}: {record.message}")
        bad = [i for i in mine if i.status in (Status.FAILED, Status.OPEN)]
        if bad:
            raise Failure("\n\n".join(_shown(i) for i in bad))
        excused = [i for i in mine if i.status == Status.EXPECTED]
        if excused:
            pytest.xfail("; ".join(sentence(i) for i in excused))
        if not mine and self.property != RULES:
            raise Failure(_nothing(judged))

    def _is_mine(self, item: Judged) -> bool:
        name = item.finding.name
        return name == self.property or (self.property == RULES and name not in self.job.expects)

    def repr_failure(
        self, excinfo: "pytest.ExceptionInfo[BaseException]", style: Any = None
    ) -> str:
        """The diagram; anything else than a failure as usual."""
        if isinstance(excinfo.value, Failure):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is said to be."""
        return self.path, None, self.name


def _shown(item: Judged) -> str:
    finding = item.finding
    head = f"{item.job.label} {finding.name}: {finding.title}".rstrip(": ")
    parts = (head, sentence(item), diagram(item) or finding.reason)
    return "\n\n".join(p for p in dict.fromkeys(parts) if p)


def _nothing(judged: Judgement) -> str:
    return f"the job gave no answer about it (exit code {int(judged.code)})"
