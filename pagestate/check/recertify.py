"""A written certificate checked from scratch: rebuilt from the model and the laws, then refuted.

Nothing in the directory is believed.  The index says which model, switches, scenario and sizes to
compile; the laws are read back as terms; every obligation is built again and must be, byte by byte,
the script that is there; then a solver refutes each.  What a weakened law, a swapped script or
another model's index would prove does not matter: the scripts no longer fit.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pagestate.check.certificate import FORMAT, INDEX, TERMS, About, compare, content, recheck
from pagestate.check.instance import obligations_of
from pagestate.check.request import COUNT_BOUND, Request, make_request
from pagestate.check.smtlib import NoText
from pagestate.check.starts import nothing_starts
from pagestate.check.termjson import BadTerm, invariant_from
from pagestate.core.shape import NotInForm
from pagestate.engines.interface import Task
from pagestate.lang.declare import Model
from pagestate.lang.load import shipped_names

_NONSENSE = (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
"""What terms that are none lead to."""


class BadCertificate(Exception):
    """The directory holds no certificate that can be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Index:
    """What the index of a certificate says that it is of."""

    about: About
    properties: tuple[str, ...]
    content: str


def about(request: Request) -> About:
    """What a certificate of ``request`` is of: a shipped model by its name, another by its file."""
    model = request.compiled.model
    file = "" if model.span is None else model.span.file
    shipped = Path(file).stem in shipped_names() and Path(file).resolve().parent.name == "models"
    sizes: dict[str, int | str] = dict(request.sizes)
    sizes |= dict.fromkeys(request.unbounded, "any")
    named = Path(file).stem if shipped else file
    return About(named or model.name, request.compiled.valuation, request.scenario, sizes)


def read_index(directory: Path) -> Index:
    """The index of a certificate.  Raises BadCertificate."""
    try:
        body = json.loads((directory / INDEX).read_text(encoding="utf-8"))
        if body["format"] != FORMAT:
            raise BadCertificate(f"{INDEX}: format {body['format']} is not {FORMAT}")
        of = About(
            _text(body["model"]),
            _values(body["switches"]),
            _text(body["scenario"]),
            _values(body["sizes"]),
        )
        names = tuple(_text(name) for name in body["properties"])
        return Index(of, names, _text(body["content"]))
    except (OSError, ValueError) as error:
        raise BadCertificate(f"{INDEX}: {error}") from None
    except (KeyError, TypeError, AttributeError) as error:
        raise BadCertificate(f"{INDEX}: it lacks or mistakes {error}") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(repr(value))
    return value


def _values(body: Any) -> Mapping[str, Any]:
    for name, value in body.items():
        if not isinstance(name, str) or not isinstance(value, bool | int | str):
            raise TypeError(repr(name))
    found: Mapping[str, Any] = body
    return found


def request_of(index: Index, model: Model) -> Request:
    """The request that the certificate answers.  Raises ModelError for another model's index."""

    def word(value: bool | int | str) -> str:
        return str(value).lower() if isinstance(value, bool) else str(value)

    return make_request(
        model,
        {name: word(value) for name, value in index.about.switches.items()},
        {name: word(size) for name, size in index.about.sizes.items()},
        index.properties,
        index.about.scenario,
    )


def recertify(directory: Path, index: Index, request: Request, solver: str) -> tuple[str, ...]:
    """What is wrong with a certificate (nothing: it holds).

    Raises BadCertificate, and check.solvers.NoSolver.
    """
    try:
        invariant = invariant_from((directory / TERMS).read_text(encoding="utf-8"))
    except (OSError, ValueError, BadTerm) as error:
        raise BadCertificate(f"{TERMS}: {error}") from None
    if set(invariant.properties) != set(index.properties):
        return ("the index and the invariant name different properties",)
    system, everything = request.compiled.system, request.compiled.properties
    task = Task(system, everything, request.bounds(COUNT_BOUND), request.unbounded)
    try:
        made = obligations_of(task, invariant)
    except (NoText, NotInForm, *_NONSENSE) as error:
        return (f"its laws say nothing about this model: {error}",)
    nothing = nothing_starts(task)
    if nothing:
        return (f"it proves nothing: {nothing}",)
    wrong = compare(directory, made)
    if index.content != content(made):
        wrong = ("the checksum of its content is another one", *wrong)
    return wrong or recheck(made, solver)
