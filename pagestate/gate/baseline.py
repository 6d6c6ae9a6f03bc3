"""The baseline: what was known on a day, so that a gate fails only on what got worse since.

A small JSON file, made from a results file, meant to be committed: one entry per property of a
job, with its verdict, its depth and a digest of the steps of its counterexample.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pagestate.core.verdict import PROOFS, Verdict
from pagestate.gate.digest import text_digest
from pagestate.gate.jobs import Job
from pagestate.gate.records import DONE, Finding
from pagestate.gate.store import BadResults, Results

FORMAT = "pagestate-baseline"


@dataclass(frozen=True, slots=True)
class Known:
    """What the baseline says of one answer; ``steps`` is a digest of its counterexample."""

    verdict: str
    depth: int | None = None
    steps: str = ""

    @property
    def words(self) -> str:
        """The verdict for people."""
        return f"bounded to {self.depth}" if self.verdict == Verdict.BOUNDED else self.verdict


def key_of(job: Job, name: str) -> str:
    """What an answer is called: the job's label and the property."""
    return f"{job.label} {name}"


def worse(finding: Finding, known: Known) -> bool:
    """Whether an answer is worse than the known one: proof > deeper bound > unknown > violated."""
    return _rank(finding.verdict, finding.depth) < _rank(Verdict(known.verdict), known.depth)


def _rank(verdict: Verdict, depth: int | None) -> tuple[int, int]:
    if verdict in PROOFS:
        return 3, 0
    if verdict == Verdict.BOUNDED:
        return 2, depth or 0
    return (0, 0) if verdict in (Verdict.VIOLATED, Verdict.VACUOUS) else (1, 0)


def fingerprint(job: Job, finding: Finding) -> str:
    """A digest of what goes wrong: model, property and steps, whatever the lines they stand in."""
    trace = finding.opened()
    steps = [] if trace is None else [f"{s.thread}:{s.member}:{s.text}" for s in trace.steps]
    return text_digest(job.name, finding.name, *steps)[:32]


def baseline_text(results: Results) -> str:
    """The baseline file of finished results.  Raises BadResults where the gate was stopped."""
    if results.end is None or results.end.get("interrupted"):
        raise BadResults("the gate did not finish; run it again")
    known = dict[str, object]()
    for job in results.jobs:
        record = results.records.get(job.id)
        if record is None or record.status != DONE:
            raise BadResults(f"{job.label} gave no answer: a baseline would hide that")
        for finding in record.findings:
            steps = fingerprint(job, finding) if finding.verdict == Verdict.VIOLATED else ""
            depth = finding.depth if finding.verdict == Verdict.BOUNDED else None
            known[key_of(job, finding.name)] = asdict(Known(finding.verdict.value, depth, steps))
    body = {"format": FORMAT, "version": 1, "known": dict(sorted(known.items()))}
    return json.dumps(body, indent=1) + "\n"


def load_baseline(path: Path) -> Mapping[str, Known]:
    """A baseline file.  Raises BadResults and OSError."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        if body["format"] != FORMAT or body["version"] != 1:
            raise BadResults(f"{path}: is no baseline of this version")
        known = {str(k): Known(**v) for k, v in body["known"].items()}
        for each in known.values():
            Verdict(each.verdict)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadResults(f"{path}: is no baseline ({error})") from None
    return known
