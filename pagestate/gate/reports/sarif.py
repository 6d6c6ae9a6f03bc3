"""SARIF 2.1.0: a rule for each property, a result for what fails, a thread flow for each CPU.

The location of a violation is its last step in the model; the steps of all CPUs are numbered by
``executionOrder``, and each carries the state it changed.  Paths are relative to the root.  What is
excused is a suppressed result; what is fine is none, for code scanning makes an alert of every one.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pagestate import __version__
from pagestate.check.outcome import Exit
from pagestate.gate.baseline import fingerprint
from pagestate.gate.policy import Judged, Status
from pagestate.gate.report import Report, diagram, origin, sentence, trace_of
from pagestate.view.traceview import Row, TraceView, view_of
from pagestate.view.values import Fact

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_KINDS = {Exit.OK: "pass", Exit.FAILED: "fail", Exit.INCONCLUSIVE: "open"}


def document(report: Report) -> str:
    """The text of the file."""
    return json.dumps(render_sarif(report), indent=1) + "\n"


def render_sarif(report: Report) -> dict[str, Any]:
    """The SARIF log: one run."""
    rules = dict[str, dict[str, Any]]()
    results = list[dict[str, Any]]()
    for item in report.judgement.items:
        rule = _rule_id(item)
        if rule not in rules:
            rules[rule] = _rule(rule, item)
        if _kind(item) != "pass":
            results.append(_result(report, item, list(rules).index(rule)))
    judged = report.judgement
    said = [("model-or-configuration", p) for p in (*judged.problems, *judged.gone)]
    said += [("internal-error", e) for e in judged.errors]
    invocation: dict[str, Any] = {
        "executionSuccessful": judged.code in (Exit.OK, Exit.FAILED, Exit.INCONCLUSIVE),
        "exitCode": int(judged.code),
        "startTimeUtc": report.results.started.replace("+00:00", "Z"),
    }
    if said:
        invocation["toolExecutionNotifications"] = [
            {"descriptor": {"id": kind}, "level": "error", "message": {"text": text}}
            for kind, text in said
        ]
    driver = {
        "name": "pagestate",
        "semanticVersion": __version__,
        "rules": list(rules.values()),
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            "ROOT": {"uri": Path(report.results.root).as_uri().rstrip("/") + "/"}
        },
        "invocations": [invocation],
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule_id(item: Judged) -> str:
    return f"PS-{item.job.name}/{item.finding.name}"


def _rule(rule: str, item: Judged) -> dict[str, Any]:
    title = item.finding.title or item.finding.name
    return {
        "id": rule,
        "name": item.finding.name,
        "shortDescription": {"text": title},
        "fullDescription": {"text": f"{title} ({item.finding.kind} property of {item.job.name})"},
        "defaultConfiguration": {"level": "error"},
    }


def _kind(item: Judged) -> str:
    """``fail``, ``open`` or ``pass``; an excused failure is one."""
    excused = item.status in (Status.EXPECTED, Status.KNOWN)
    if excused and item.finding.verdict in ("violated", "vacuous"):
        return "fail"
    return _KINDS[item.code]


def _result(report: Report, item: Judged, index: int) -> dict[str, Any]:
    finding, trace = item.finding, trace_of(item)
    kind = _kind(item)
    text = f"{finding.title or finding.name}: {sentence(item)}"
    picture = diagram(item)
    here = _location(report, finding.file, finding.line, finding.title or finding.name)
    found: dict[str, Any] = {
        "ruleId": _rule_id(item),
        "ruleIndex": index,
        "kind": kind,
        "level": "error" if kind == "fail" else "none",
        "message": {"text": f"{item.job.label}: {text}" + (f"\n\n{picture}" if picture else "")},
        "locations": [here] if here else [],
        "partialFingerprints": {"pagestate/v1": fingerprint(item.job, finding)},
        "properties": {
            "verdict": finding.verdict.value,
            "job": item.job.label,
            "scope": finding.scope,
            "engine": origin(item),
        },
    }
    if item.code == Exit.OK:
        why = item.excuse or item.why
        found["suppressions"] = [{"kind": "external", "justification": why or "expected"}]
    if trace is not None:
        view = view_of(trace)
        found["codeFlows"] = [_flow(report, view)]
        last = _step_location(report, view.rows[-1]) if view.rows else None
        if last is not None and kind == "fail":
            found["locations"] = [last]
            found["relatedLocations"] = [here] if here else []
    return found


def _flow(report: Report, view: TraceView) -> dict[str, Any]:
    """The execution: a thread flow for each CPU, in the order of the lanes."""
    flows = list[dict[str, Any]]()
    for lane in view.lanes:
        steps = [_step(report, row, view) for row in view.rows if row.lane == lane.number]
        flows.append({"id": lane.cpu, "message": {"text": lane.title}, "locations": steps})
    if not flows:  # the initial state decides: there is no step, but a flow needs a location
        start = {"location": {"message": {"text": view.headline}}}
        flows.append({"id": "start", "locations": [start]})
    return {"message": {"text": view.headline}, "threadFlows": flows}


def _step(report: Report, row: Row, view: TraceView) -> dict[str, Any]:
    text = f"{row.text} [{row.note}]" if row.note else row.text
    location = _step_location(report, row) or {"message": {"text": text}}
    found: dict[str, Any] = {
        "location": location,
        "executionOrder": row.number,
        "nestingLevel": len(row.calls),
        "importance": "essential" if row.number == len(view.rows) else "important",
    }
    state = {_cell(f): {"text": f"{f.old} -> {f.value}"} for f in row.changes}
    if state:
        found["state"] = state
    return found


def _cell(fact: Fact) -> str:
    return f"{fact.name} of {fact.subject}" if fact.subject else fact.name


def _step_location(report: Report, row: Row) -> dict[str, Any] | None:
    if row.span is None:
        return None
    text = f"{row.text} ({row.src})" if row.src else row.text
    return _location(report, row.span.file, row.span.line, text)


def _location(report: Report, file: str, line: int, text: str) -> dict[str, Any] | None:
    if not file or line < 1:
        return None
    name = report.relative(file)
    artifact: Mapping[str, Any] = {"uri": quote(name, errors="replace"), "uriBaseId": "ROOT"}
    if name.startswith("/"):
        artifact = {"uri": Path(name).as_uri()}
    return {
        "physicalLocation": {"artifactLocation": artifact, "region": {"startLine": line}},
        "message": {"text": text},
    }
