"""Markdown: for the step summary of a CI run, for a comment, for a mail."""

from collections.abc import Iterator

from pagestate.check.outcome import Exit
from pagestate.gate.policy import Judged, Status
from pagestate.gate.report import Report, diagram, origin, sentence
from pagestate.gate.reports.summary import summary

_ROWS = 200
_DIAGRAMS = 20


def document(report: Report) -> str:
    """The text of the file."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    judged = report.judgement
    last = summary(report)[-1]
    yield f"# {_plain(last)}"
    yield ""
    for problem in (*judged.problems, *judged.errors, *judged.gone):
        yield from _fenced(problem)
        yield ""
    attention = judged.of(Status.FAILED, Status.OPEN)
    if attention:
        yield "## Needs attention"
        yield ""
        yield from _table(attention)
        yield ""
    for item in [i for i in attention if diagram(i)][:_DIAGRAMS]:
        yield f"### {_plain(item.job.label)} {_plain(item.finding.name)}"
        yield ""
        yield _plain(item.finding.title)
        yield ""
        yield from _fenced(diagram(item))
        yield ""
    rest = [i for i in judged.items if i.code == Exit.OK]
    if rest:
        yield f"<details><summary>{len(rest)} as they should be</summary>"
        yield ""
        yield from _table(rest)
        yield ""
        yield "</details>"
        yield ""
    notes = sorted({a for item in judged.items for a in item.finding.assumptions})
    if notes:
        yield "<details><summary>Assumptions</summary>"
        yield ""
        yield from (f"- {_plain(note)}" for note in notes)
        yield ""
        yield "</details>"


def _table(items: list[Judged]) -> Iterator[str]:
    yield "| | job | property | answer | scope | engine |"
    yield "|---|---|---|---|---|---|"
    for item in items[:_ROWS]:
        cells = (
            item.status.value,
            item.job.label,
            item.finding.name,
            sentence(item),
            item.finding.scope,
            origin(item),
        )
        yield "| " + " | ".join(_plain(c) for c in cells) + " |"
    if len(items) > _ROWS:
        yield f"| | | | and {len(items) - _ROWS} more | | |"


def _fenced(text: str) -> Iterator[str]:
    fence = "```"
    while fence in text:
        fence += "`"
    yield fence
    yield text
    yield fence


def _plain(text: str) -> str:
    """Text that stays text: nothing in it is markup, or ends a cell."""
    for special in "\\`*_[]<>|":
        text = text.replace(
            special, f"\\{special}" if special not in "<>" else f"&#{ord(special)};"
        )
    return " ".join(text.split())
