"""Imports of the needs, schedule and conformance packages go one way."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pagestate

PACKAGE = Path(pagestate.__file__).parent
ABOVE = {
    "needs": {"schedule", "gate", "conformance", "cli"},
    "schedule": {"conformance", "cli", "needs"},
    "conformance": {"cli"},
}
"""What a package must not import."""
BELOW = ("core", "lang", "smt", "engines", "check", "view", "run")
"""What must not import them."""


def imported(folder: Path) -> Iterator[tuple[str, str]]:
    """The files of a package, and the packages of pagestate that each imports."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [a.name for a in node.names] if isinstance(node, ast.Import) else []
            for name in names:
                if name.startswith("pagestate."):
                    yield path.name, name.split(".")[1]


def test_packages_import_downwards_only() -> None:
    for package, above in ABOVE.items():
        found = list(imported(PACKAGE / package))
        assert found
        assert [f for f in found if f[1] in above] == []
    for package in BELOW:
        assert [f for f in imported(PACKAGE / package) if f[1] in ABOVE] == []
