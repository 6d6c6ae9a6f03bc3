"""What a model says about itself when it is loaded, in the process that loads it.

Its digest is of all that an answer about it can depend on: the files it was made of, those of other
packages included, what loading them made (:mod:`pagestate.gate.loaded`), and this program.
"""

import contextlib
import hashlib
import os
import site
import sys
import sysconfig
from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from pathlib import Path

import pagestate
from pagestate.check.request import BUILTIN, Request, make_request
from pagestate.gate.digest import text_digest
from pagestate.gate.jobs import Described, Job, Part
from pagestate.gate.loaded import loaded_digest
from pagestate.gate.program import LIBRARIES, program_digest
from pagestate.gate.values import word
from pagestate.lang.declare import Model
from pagestate.lang.load import load_model

_SHIPPED = ("pagestate.models", "pagestate.properties")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A model in memory.  ``settled``: its digest says everything about it."""

    model: Model
    described: Described
    settled: bool

    def part(self, job: Job) -> Model:
        """The scenario of the model that a job is about, or all of one without scenarios."""
        return self.model if job.scenario is None else self.model.in_scenario(job.scenario)

    def request(self, job: Job) -> Request:
        """What a job asks, compiled.  Raises ModelError."""
        rules = set(job.properties) == BUILTIN
        selected = () if rules else job.properties
        request = make_request(self.part(job), job.switches, job.sizes, selected)
        if rules:
            mine = tuple(p for p in request.properties if p.builtin)
            request = replace(request, properties=mine)
        return request


def describe(target: str, root: Path) -> Described:
    """Load the model and list what it has.  Raises ModelError.

    The working directory must be ``root``.
    """
    return load(target, root).described


def load(target: str, root: Path) -> Loaded:
    """Load the model.  Raises ModelError.

    The working directory must be ``root``, and the model not be loaded already.
    """
    before = set(sys.modules)
    model = load_model(target)
    files, others = _sources(before, model)
    made = hashlib.sha256()
    for file in (*files, *others):
        made.update(Path(file).name.encode() + b"\0")
        with contextlib.suppress(OSError):
            made.update(Path(file).read_bytes())
    contents = loaded_digest(model)
    switches = model.declared_switches()
    parts = [model.in_scenario(s.name) for s in model.scenarios]
    described = Described(
        model=target,
        name=model.name,
        file=_relative(_file_of(model), root),
        files=tuple(_relative(f, root) for f in files),
        digest=text_digest(made.hexdigest(), program_digest(), contents or ""),
        choices={s.name: tuple(word(c) for c in s.choices) for s in switches},
        parts=tuple(_part(m) for m in parts or [model]),
    )
    return Loaded(model, described, contents is not None)


def _part(model: Model) -> Part:
    return Part(
        model.scenario.name if model.scenario else None,
        {s.name: word(s.default) for s in model.declared_switches()},
        tuple(p.name for p in model.properties),
    )


def _file_of(model: Model) -> str:
    return model.span.file if model.span else ""


def _sources(before: Set[str], model: Model) -> tuple[list[str], list[str]]:
    """The files the model was made of: what loading it imported.

    Those of installed packages apart; the standard library and the packages that this program uses
    are in the digest of the program.
    """
    standard = _folders(sysconfig.get_paths()[k] for k in ("stdlib", "platstdlib"))
    installed = _folders(sysconfig.get_paths()[k] for k in ("purelib", "platlib"))
    installed += _folders(site.getsitepackages())
    package = Path(pagestate.__file__).resolve().parent
    shipped = _folders(str(package / name.partition(".")[2]) for name in _SHIPPED)
    found, others = {str(Path(_file_of(model)).resolve())}, set[str]()
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name in before or not file or name.partition(".")[0] in LIBRARIES.values():
            continue
        path = str(Path(file).resolve())
        if path.startswith(shipped):
            found.add(path)
        elif path.startswith(installed):
            others.add(path)
        elif not path.startswith((*standard, f"{package}{os.sep}")):
            found.add(path)
    return sorted(found), sorted(others)


def _folders(paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{Path(p).resolve()}{os.sep}" for p in paths)


def _relative(file: str, root: Path) -> str:
    path = Path(file).resolve()
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
