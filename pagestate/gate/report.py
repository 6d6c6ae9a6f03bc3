"""What every report is made from: a results file, judged."""

from dataclasses import dataclass
from pathlib import Path

from pagestate.core.trace import Trace
from pagestate.core.verdict import PROOFS
from pagestate.gate.jobs import Job
from pagestate.gate.policy import Judged, Judgement, Policy, Status, judge, policy_from
from pagestate.gate.records import Record
from pagestate.gate.store import BadResults, Results
from pagestate.view.text import render_text
from pagestate.view.traceview import view_of
from pagestate.view.wellformed import TraceError


@dataclass(frozen=True, slots=True)
class Report:
    """Results and what they mean.  Reports only lay out what is in here."""

    results: Results
    policy: Policy
    judgement: Judgement

    @property
    def root(self) -> Path:
        """The folder that paths are relative to."""
        return Path(self.results.root)

    @property
    def seconds(self) -> float | None:
        """How long the gate took."""
        end = self.results.end
        return float(end["seconds"]) if end else None

    def record(self, job: Job) -> Record | None:
        """How a job ended."""
        return self.results.records.get(job.id)

    def relative(self, file: str) -> str:
        """A path as reports show it: relative to the root where it is below."""
        if not file:
            return ""
        try:
            path, root = (self.root / file).resolve(), self.root.resolve()
        except ValueError:  # no name of a file
            return file
        return path.relative_to(root).as_posix() if path.is_relative_to(root) else file


def make_report(results: Results) -> Report:
    """Judge what is in a results file.  Raises BadResults."""
    try:
        policy = policy_from(results.policy)
        problems = [str(p) for p in results.policy["problems"]]
    except (ValueError, KeyError, TypeError) as error:
        raise BadResults(f"the policy of the results: {error}") from None
    end = results.end
    interrupted = end is None or bool(end.get("interrupted"))
    judgement = judge(
        results.jobs, results.records, policy, interrupted=interrupted, problems=problems
    )
    return Report(results, policy, judgement)


def trace_of(item: Judged) -> Trace | None:
    """The trace of an answer, if it has one that can be read."""
    try:
        return item.finding.opened()
    except TraceError:
        return None


def diagram(item: Judged, values: bool = False) -> str:
    """The counterexample (or witness) of an answer as the CPU diagram; empty without one."""
    trace = trace_of(item)
    return "" if trace is None else render_text(view_of(trace), values=values)


def origin(item: Judged) -> str:
    """Which engine gave an answer, and what was done with it if it comes from the cache."""
    finding = item.finding
    return f"{finding.engine} (cache: {finding.recheck})" if finding.recheck else finding.engine


def sentence(item: Judged) -> str:
    """What was found, in one line without the names of model and property."""
    finding, parts = item.finding, [item.finding.verdict.value]
    if finding.trace is not None and len(finding.trace.get("states", [])) > 0:
        count = len(finding.trace["states"]) - 1
        reached = finding.verdict in PROOFS
        parts[0] = "reached" if reached else parts[0]
        parts[0] += f" in {count} step{'' if count == 1 else 's'}"
    elif finding.verdict == "bounded":
        parts[0] += f" to depth {finding.depth}"
    parts += [item.why, finding.reason.splitlines()[0] if finding.reason else ""]
    if item.excuse:
        fails = item.status in (Status.FAILED, Status.OPEN)
        parts.append(f"the reason was: {item.excuse}" if fails else item.excuse)
    return ", ".join(p for p in parts if p)
