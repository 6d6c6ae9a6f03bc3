"""What files that belong to a result are called."""

import re


def file_stem(model: str, prop: str, scenario: str = "") -> str:
    """How the files about a property of a model (in a scenario) are called, without ending."""
    parts = (re.sub(r"[^A-Za-z0-9_.-]", "_", model), scenario, prop)
    return "-".join(p for p in parts if p)
