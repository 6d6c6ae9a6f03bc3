"""What of this program an answer depends on: a digest of its own code, and library versions."""

import hashlib
import sys
from collections.abc import Iterable
from functools import cache
from importlib import metadata
from pathlib import Path

import pagestate

_PARTS = ("core", "lang", "smt", "engines", "check", "run")
_REPORTING = ("gate", "view")
LIBRARIES = {"z3-solver": "z3", "numpy": "numpy", "networkx": "networkx", "click": "click"}
"""The packages that this program needs, and what they are imported as."""


@cache
def program_digest(everything: bool = False) -> str:
    """The digest; any change of the code that finds or checks answers changes it.

    ``everything``: of that which reports them, too.
    """
    made = hashlib.sha256()
    for line in (sys.version, *(f"{name} {metadata.version(name)}" for name in LIBRARIES)):
        made.update(line.encode() + b"\n")
    for path in program_files(_REPORTING if everything else ()):
        made.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return made.hexdigest()


def program_files(more: Iterable[str] = ()) -> list[Path]:
    """The files of this program that answers depend on, and of the parts named besides."""
    package = Path(pagestate.__file__).resolve().parent
    return [path for part in (*_PARTS, *more) for path in sorted((package / part).rglob("*.py"))]
