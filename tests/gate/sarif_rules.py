"""What the SARIF 2.1.0 standard demands of the parts we write, checked by hand.

For each object: its required properties, the type of each property, and that there is no other.
"""

import re
from typing import Any

TEXT, NUMBER, FLAG = str, int, bool
_LEVELS = {"none", "note", "warning", "error"}
_MESSAGE = {"text!": TEXT}
_ARTIFACT = {"uri!": TEXT, "uriBaseId": TEXT}
_PHYSICAL = {"artifactLocation!": _ARTIFACT, "region": {"startLine!": NUMBER}}
_LOCATION = {"physicalLocation": _PHYSICAL, "message": _MESSAGE}
_STEP = {
    "location": _LOCATION,
    "executionOrder": NUMBER,
    "nestingLevel": NUMBER,
    "importance": {"important", "essential", "unimportant"},
    "state": ("map", _MESSAGE),
}
_THREAD = {"id": TEXT, "message": _MESSAGE, "locations!": ["+", _STEP]}
_FLOW = {"message": _MESSAGE, "threadFlows!": ["+", _THREAD]}
_RESULT = {
    "ruleId": TEXT,
    "ruleIndex": NUMBER,
    "kind": {"notApplicable", "pass", "fail", "review", "open", "informational"},
    "level": _LEVELS,
    "message!": _MESSAGE,
    "locations": [_LOCATION],
    "relatedLocations": [_LOCATION],
    "codeFlows": [_FLOW],
    "partialFingerprints": ("map", TEXT),
    "suppressions": [{"kind!": {"inSource", "external"}, "justification": TEXT}],
    "properties": ("map", TEXT),
}
_RULE = {
    "id!": TEXT,
    "name": TEXT,
    "shortDescription": _MESSAGE,
    "fullDescription": _MESSAGE,
    "defaultConfiguration": {"level": _LEVELS},
}
_NOTE = {"descriptor": {"id": TEXT}, "level": _LEVELS, "message!": _MESSAGE}
_INVOCATION = {
    "executionSuccessful!": FLAG,
    "exitCode": NUMBER,
    "startTimeUtc": TEXT,
    "toolExecutionNotifications": [_NOTE],
}
_RUN = {
    "tool!": {"driver!": {"name!": TEXT, "semanticVersion": TEXT, "rules": [_RULE]}},
    "columnKind": {"utf16CodeUnits", "unicodeCodePoints"},
    "originalUriBaseIds": ("map", {"uri!": TEXT}),
    "invocations": [_INVOCATION],
    "results": [_RESULT],
}
_LOG = {"$schema": TEXT, "version!": {"2.1.0"}, "runs!": [_RUN]}
_URI = re.compile(r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+")


def broken_rules(log: Any) -> list[str]:
    """The rules that ``log`` breaks."""
    found = list(_breaks(log, _LOG, "log"))
    for run in log["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        found += [f"rule {r} twice" for r in {r for r in rules if rules.count(r) > 1}]
        for number, result in enumerate(run["results"]):
            where = f"result {number}"
            if rules[result["ruleIndex"]] != result["ruleId"]:
                found.append(f"{where}: ruleIndex is of another rule")
            if result["kind"] != "fail" and result["level"] != "none":
                found.append(f"{where}: level of what does not fail")
        for base in run["originalUriBaseIds"].values():
            if not base["uri"].endswith("/"):
                found.append("a base without a slash")
    return found


def _breaks(value: Any, rule: Any, where: str):
    if isinstance(rule, type):
        if type(value) is not rule or (rule is int and value < 0):
            yield f"{where}: {value!r} is no {rule.__name__}"
        elif where.endswith(".uri") and not _URI.fullmatch(value):
            yield f"{where}: {value!r} is no URI"
        elif where.endswith(".startLine") and value < 1:
            yield f"{where}: lines count from 1"
    elif isinstance(rule, set):
        if value not in rule:
            yield f"{where}: {value!r} is none of {sorted(rule)}"
    elif isinstance(rule, tuple):
        for key, inner in value.items():
            yield from _breaks(inner, rule[1], f"{where}.{key}")
    elif isinstance(rule, list):
        if not isinstance(value, list) or (rule[0] == "+" and not value):
            yield f"{where}: is no list, or an empty one"
            return
        for number, inner in enumerate(value):
            yield from _breaks(inner, rule[-1], f"{where}[{number}]")
    else:
        known = {key.rstrip("!"): inner for key, inner in rule.items()}
        for key in rule:
            if key.endswith("!") and key[:-1] not in value:
                yield f"{where}: without {key[:-1]}"
        for key, inner in value.items():
            if key not in known:
                yield f"{where}: has a {key}"
            else:
                yield from _breaks(inner, known[key], f"{where}.{key}")
