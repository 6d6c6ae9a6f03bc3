"""What files that belong to a result are called."""

import re


def file_stem(model: str, prop: str) -> str:
    """How the files about a property of a model are called, without their ending."""
    return f"{re.sub(r'[^A-Za-z0-9_.-]', '_', model)}-{prop}"
