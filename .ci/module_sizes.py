"""Modules stay small: a warning above the soft limit of lines, a failure above the hard one."""

import sys
from pathlib import Path

SOFT, HARD = 400, 600
FOLDERS = ("pagestate", "models", "properties", "tests", "benchmarks", "examples", "bin", ".ci")


def main() -> int:
    """The exit code: 1 when a module is above the hard limit."""
    root = Path(__file__).resolve().parent.parent
    paths = [path for folder in FOLDERS for path in sorted((root / folder).rglob("*.py"))]
    too_long = 0
    for path in paths:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > SOFT:
            name = path.relative_to(root)
            kind, limit = ("error", HARD) if lines > HARD else ("warning", SOFT)
            print(f"{kind}: {name}: {lines} lines, more than {limit}")
            too_long += lines > HARD
    print(f"{len(paths)} modules looked at, {too_long} above {HARD} lines")
    return 1 if too_long or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
