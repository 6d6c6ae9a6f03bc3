"""GitHub Actions: annotations in the log, and the step summary."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from pagestate.gate.policy import Judged, Status
from pagestate.gate.report import Report, diagram, sentence, trace_of
from pagestate.gate.reports import markdown

_MOST = 50


def annotations(report: Report) -> list[str]:
    """Workflow commands: an error for each failure, a warning for each open answer."""
    judged = report.judgement
    lines = [_command("error", "", 0, "model or configuration", p) for p in judged.problems]
    lines += [_command("error", "", 0, "not checked any more", p) for p in judged.gone]
    lines += [_command("error", "", 0, "internal error", e) for e in judged.errors]
    lines += [_item("error", report, item) for item in judged.of(Status.FAILED)]
    lines += [_item("warning", report, item) for item in judged.of(Status.OPEN)]
    return lines[:_MOST]


def deliver(report: Report, environ: Mapping[str, str] | None = None) -> Iterator[str]:
    """Inside GitHub Actions: append the step summary, and give the annotations to print.

    Raises OSError.
    """
    environ = os.environ if environ is None else environ
    if environ.get("GITHUB_ACTIONS") != "true":
        return
    target = environ.get("GITHUB_STEP_SUMMARY")
    if target:
        with Path(target).open("a", encoding="utf-8", errors="replace") as file:
            file.write(markdown.document(report))
    yield from annotations(report)


def _item(level: str, report: Report, item: Judged) -> str:
    finding = item.finding
    file, line = report.relative(finding.file), finding.line
    trace = trace_of(item)
    if trace is not None and trace.steps and trace.steps[-1].span is not None:
        span = trace.steps[-1].span
        file, line = report.relative(span.file), span.line
    text = f"{finding.title or finding.name}: {sentence(item)}"
    picture = diagram(item)
    title = f"{item.job.label} {finding.name}"
    return _command(level, file, line, title, f"{text}\n{picture}" if picture else text)


def _command(level: str, file: str, line: int, title: str, text: str) -> str:
    where = {"file": file, "line": str(line)} if file and line else {}
    fields = {**where, "title": title}
    listed = ",".join(f"{key}={_value(value)}" for key, value in fields.items())
    return f"::{level} {listed}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _value(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
