"""What of this program an answer depends on: a digest of its own code, and library versions."""

import hashlib
import sys
from importlib import metadata
from pathlib import Path

import pagestate

_PARTS = ("core", "lang", "smt", "engines", "check", "run")
_LIBRARIES = ("z3-solver", "numpy", "networkx")


def program_digest() -> str:
    """The digest; any change of the code that finds or checks answers changes it."""
    made = hashlib.sha256()
    for line in (sys.version, *(f"{name} {metadata.version(name)}" for name in _LIBRARIES)):
        made.update(line.encode() + b"\n")
    for path in program_files():
        made.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return made.hexdigest()


def program_files() -> list[Path]:
    """The files of this program that answers depend on."""
    package = Path(pagestate.__file__).resolve().parent
    return [path for part in _PARTS for path in sorted((package / part).rglob("*.py"))]
