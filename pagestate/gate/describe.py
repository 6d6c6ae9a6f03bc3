"""What a model says about itself when it is loaded, in the process that loads it."""

import contextlib
import hashlib
import os
import site
import sys
import sysconfig
from pathlib import Path

import pagestate
from pagestate.gate.digest import text_digest
from pagestate.gate.jobs import Described, Part
from pagestate.gate.program import program_digest
from pagestate.gate.values import word
from pagestate.lang.declare import Model
from pagestate.lang.load import load_model

_SHIPPED = ("pagestate.models", "pagestate.properties")


def describe(target: str, root: Path) -> Described:
    """Load the model and list what it has.  Raises ModelError.

    The working directory must be ``root``.
    """
    before = set(sys.modules)
    model = load_model(target)
    files = _sources(before, model)
    made = hashlib.sha256()
    for file in files:
        made.update(Path(file).name.encode() + b"\0")
        with contextlib.suppress(OSError):
            made.update(Path(file).read_bytes())
    switches = model.declared_switches()
    parts = [model.in_scenario(s.name) for s in model.scenarios]
    return Described(
        model=target,
        name=model.name,
        file=_relative(_file_of(model), root),
        files=tuple(_relative(f, root) for f in files),
        digest=text_digest(made.hexdigest(), program_digest()),
        choices={s.name: tuple(word(c) for c in s.choices) for s in switches},
        parts=tuple(_part(m) for m in parts or [model]),
    )


def _part(model: Model) -> Part:
    return Part(
        model.scenario.name if model.scenario else None,
        {s.name: word(s.default) for s in model.declared_switches()},
        tuple(p.name for p in model.properties),
    )


def _file_of(model: Model) -> str:
    return model.span.file if model.span else ""


def _sources(before: set[str], model: Model) -> list[str]:
    """The files the model was made of: what loading it imported, but for installed packages."""
    libraries = [sysconfig.get_paths()[k] for k in ("stdlib", "platstdlib", "purelib", "platlib")]
    libraries += site.getsitepackages()
    package = str(Path(pagestate.__file__).resolve().parent)
    shipped = {str((Path(package) / name.partition(".")[2]).resolve()) for name in _SHIPPED}
    found = {str(Path(_file_of(model)).resolve())}
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name in before or not file:
            continue
        path = str(Path(file).resolve())
        inside = any(path.startswith(f"{folder}{os.sep}") for folder in shipped)
        library = any(path.startswith(f"{Path(p).resolve()}{os.sep}") for p in libraries)
        if inside or not (library or path.startswith(f"{package}{os.sep}")):
            found.add(path)
    return sorted(found)


def _relative(file: str, root: Path) -> str:
    path = Path(file).resolve()
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
