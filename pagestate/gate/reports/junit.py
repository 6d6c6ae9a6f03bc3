"""JUnit XML, as CI servers read it: a suite for each model, a case for each property of a job."""

import re
from xml.etree import ElementTree as ET

from pagestate.check.outcome import Exit
from pagestate.gate.policy import Judged, Status
from pagestate.gate.report import Report, diagram, sentence

_CONTROL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_junit(report: Report) -> str:
    """The XML document.  What is no character of XML is shown as ``?``."""
    root = ET.Element("testsuites", {"name": "pagestate gate"})
    suites = dict[str, ET.Element]()
    times = dict[str, float]()
    for item in report.judgement.items:
        suite = suites.get(item.job.name)
        if suite is None:
            suite = ET.SubElement(root, "testsuite", {"name": _clean(item.job.name)})
            suites[item.job.name] = suite
        suite.append(_case(report, item))
    problems = [("error", text) for text in report.judgement.problems]
    problems += [("internal error", text) for text in report.judgement.errors]
    problems += [("not checked any more", text) for text in report.judgement.gone]
    problems += [("not run", job.label) for job in report.judgement.stopped]
    if problems:
        suite = suites["gate"] = ET.SubElement(root, "testsuite", {"name": "gate"})
        for kind, text in problems:
            case = ET.SubElement(suite, "testcase", {"classname": "gate", "name": kind})
            what = {"type": kind, "message": _clean(text.splitlines()[0] if text else kind)}
            ET.SubElement(case, "error", what).text = _clean(text)
    for job in report.results.jobs:
        record = report.record(job)
        times[job.name] = times.get(job.name, 0.0) + (record.seconds if record else 0.0)
    for name, suite in suites.items():
        _count(suite, times.get(name, 0.0))
    _count(root, report.seconds or 0.0)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=False, short_empty_elements=True)


def document(report: Report) -> str:
    """The text of the file."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n{render_junit(report)}\n'


def _case(report: Report, item: Judged) -> ET.Element:
    finding = item.finding
    name = finding.name + item.job.label.removeprefix(item.job.name)
    case = ET.Element(
        "testcase",
        {
            "classname": _clean(item.job.name),
            "name": _clean(name),
            "time": f"{finding.seconds:.3f}",
            "file": _clean(report.relative(finding.file)),
            "line": str(finding.line),
        },
    )
    properties = ET.SubElement(case, "properties")
    for key, value in _properties(item):
        ET.SubElement(properties, "property", {"name": key, "value": _clean(value)})
    picture = diagram(item)
    text = "\n\n".join(t for t in (sentence(item), finding.reason, picture) if t)
    message = {"message": _clean(sentence(item))}
    match item.code, item.status:
        case Exit.FAILED, _:
            kind = {"type": finding.verdict.value, **message}
            ET.SubElement(case, "failure", kind).text = _clean(text)
        case (Exit.INCONCLUSIVE, _):
            kind = {"type": finding.verdict.value, **message}
            ET.SubElement(case, "error", kind).text = _clean(text)
        case _, (Status.EXPECTED | Status.KNOWN | Status.SKIPPED):
            ET.SubElement(case, "skipped", {"type": item.status.value, **message})
        case _:
            pass
    if item.code == Exit.OK and picture:
        ET.SubElement(case, "system-out").text = _clean(picture)
    return case


def _properties(item: Judged) -> list[tuple[str, str]]:
    finding = item.finding
    pairs = [
        ("verdict", finding.verdict.value),
        ("scope", finding.scope),
        ("engine", finding.engine),
        ("depth", "" if finding.depth is None else str(finding.depth)),
        ("states", "" if finding.states is None else str(finding.states)),
        ("recheck", finding.recheck),
        ("job", item.job.id),
    ]
    return [(key, value) for key, value in pairs if value]


def _count(element: ET.Element, seconds: float) -> None:
    element.set("tests", str(len(list(element.iter("testcase")))))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        element.set(name, str(len(list(element.iter(tag)))))
    element.set("time", f"{seconds:.3f}")


def _clean(text: str) -> str:
    return _CONTROL.sub("?", text)
