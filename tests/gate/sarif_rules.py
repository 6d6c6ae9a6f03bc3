"""What SARIF 2.1.0 demands: its JSON schema, and the rules that a schema cannot say."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator, FormatChecker

_SCHEMA = Path(__file__).parents[1] / "data" / "sarif" / "sarif-2.1.0-rtm.5.json"
_VALIDATOR = Draft4Validator(
    json.loads(_SCHEMA.read_text(encoding="utf-8")), format_checker=FormatChecker()
)


def broken_rules(log: Any) -> list[str]:
    """The rules that ``log`` breaks."""
    found = [f"{e.json_path}: {e.message}" for e in _VALIDATOR.iter_errors(log)]
    for run in log["runs"]:
        rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
        found += [f"rule {r} twice" for r in {r for r in rules if rules.count(r) > 1}]
        for number, result in enumerate(run["results"]):
            where = f"result {number}"
            if rules[result["ruleIndex"]] != result["ruleId"]:
                found.append(f"{where}: ruleIndex is of another rule")
            if result["kind"] != "fail" and result["level"] != "none":
                found.append(f"{where}: level of what does not fail")
            found += [f"{where}: {what}" for flow in _flows(result) for what in _order(flow)]
        for base in run["originalUriBaseIds"].values():
            if not base["uri"].endswith("/"):
                found.append("a base without a slash")
    return found


def _flows(result: Any) -> list[Any]:
    return result.get("codeFlows", [])


def _order(flow: Any) -> list[str]:
    """The steps of all threads of a flow are numbered in one order, ascending in each thread."""
    numbers = [[s.get("executionOrder", -1) for s in t["locations"]] for t in flow["threadFlows"]]
    every = sorted(n for row in numbers for n in row if n >= 0)
    found = [] if len(every) == len(set(every)) else ["a number of a step twice"]
    return found + ["a thread goes back" for row in numbers if row != sorted(row)]
