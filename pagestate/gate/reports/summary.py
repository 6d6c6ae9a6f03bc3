"""The report on a terminal or in a log: the counterexamples, then twenty lines that say it all."""

from collections import Counter
from collections.abc import Iterator
from textwrap import indent

from pagestate.check.outcome import Exit
from pagestate.core.verdict import PROOFS
from pagestate.gate.policy import Judged, Status
from pagestate.gate.report import Report, diagram, sentence

LINES = 20
_DIAGRAMS = 5
_WIDTH = 160
_RESULTS = {
    Exit.OK: "ok",
    Exit.FAILED: "FAILED",
    Exit.USAGE: "ERROR in models or configuration",
    Exit.INCONCLUSIVE: "INCONCLUSIVE",
    Exit.INTERNAL: "INTERNAL ERROR",
    Exit.NOTHING: "nothing selected",
    Exit.INTERRUPTED: "INTERRUPTED",
}


def render_log(report: Report) -> str:
    """Counterexamples that nobody expects, problems in full, then the summary."""
    return "\n".join([*_details(report), *summary(report)])


def _details(report: Report) -> Iterator[str]:
    judged = report.judgement
    for problem in judged.problems:
        yield f"error: {problem}"
        yield ""
    for error in judged.errors:
        yield f"internal error: {error}"
        yield ""
    failed = judged.of(Status.FAILED)
    drawn = [(item, text) for item in failed if (text := diagram(item))]
    for item, text in drawn[:_DIAGRAMS]:
        yield f"{item.job.label}: {item.finding.title or item.finding.name}"
        yield f"    {report.relative(item.finding.file)}:{item.finding.line}"
        yield ""
        yield text
        yield ""
    if len(drawn) > _DIAGRAMS:
        yield f"{len(drawn) - _DIAGRAMS} more counterexamples are in the results file"
        yield ""
    for item in judged.of(Status.OPEN):
        if "\n" in item.finding.reason:
            yield f"{item.job.label} {item.finding.name}:"
            yield indent(item.finding.reason, "    ")
            yield ""


def summary(report: Report) -> list[str]:
    """At most ``LINES`` lines: what needs attention, how many of what, how it ends."""
    judged = report.judgement
    last = [*_counts(report), _last(report)]
    bad = [f"error   {text.splitlines()[0]}" for text in (*judged.errors, *judged.problems)]
    bad += [_line(item) for item in judged.of(Status.FAILED)]
    bad += [f"gone    {text}" for text in judged.gone]
    bad += [_line(item) for item in judged.of(Status.OPEN)]
    bad += [f"note    {text}" for text in judged.notes]
    room = LINES - len(last) - 1
    if len(bad) > room:
        bad = [*bad[: room - 1], f"... and {len(bad) - room + 1} more"]
    return ["=" * 78, *(line[:_WIDTH] for line in bad), *last]


def _line(item: Judged) -> str:
    label = f"{item.job.label} {item.finding.name}"
    return f"{item.status.value:<7} {label}: {sentence(item)}"


def _counts(report: Report) -> Iterator[str]:
    judged = report.judgement
    statuses = Counter(item.status for item in judged.items)
    verdicts = Counter(
        "hold" if item.finding.verdict in PROOFS else item.finding.verdict.value
        for item in judged.items
    )
    if judged.items:
        parts = [f"{n} {status.value}" for status in Status if (n := statuses[status])]
        found = [f"{n} {verdict}" for verdict, n in sorted(verdicts.items(), key=lambda v: v[0])]
        yield f"answers: {len(judged.items)} ({', '.join(parts)}); {', '.join(found)}"
    cached = Counter(_again(item.finding.recheck) for item in judged.items if item.finding.recheck)
    if cached:
        ordered = sorted(cached.items(), key=lambda way: (-way[1], way[0]))
        ways = ", ".join(f"{n} {how}" for how, n in ordered)
        yield f"cache: {cached.total()} answers were known ({ways})"
    kept = (report.results.end or {}).get("kept", 0)
    if kept:
        yield f"resumed: {kept} jobs were done before"
    if judged.stopped:
        yield f"not run: {len(judged.stopped)} jobs"
    if report.policy.since:
        yield f"selected: models changed since {report.policy.since}"


def _again(recheck: str) -> str:
    """What was done with an answer from the cache, without the numbers."""
    for how in ("replayed", "not searched again", "searched again", "certificate re-checked"):
        if how in recheck:
            return how
    return recheck


def _last(report: Report) -> str:
    code = report.judgement.code
    seconds = "" if report.seconds is None else f", {report.seconds:.1f} s"
    jobs = len(report.results.jobs)
    models = len({job.model for job in report.results.jobs})
    what = f"{jobs} job{'' if jobs == 1 else 's'} of {models} model{'' if models == 1 else 's'}"
    return f"gate: {_RESULTS[code]} (exit {int(code)}): {what}{seconds}"
