"""Certificates of proofs: written, compared with what they should be, refuted.

A certificate is a directory: one SMT-LIB script per obligation, the invariant as terms and in
words, and an index that names the model, its switches, scenario and sizes, and has a checksum of
every script.  The obligations come from :mod:`pagestate.check.obligations` (of one size:
:mod:`pagestate.check.instance`), which shares nothing with the engine but the core.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pagestate.check.instance import obligations_of
from pagestate.check.obligation import Obligation, numbered
from pagestate.check.obligations import obligations
from pagestate.check.smtlib import NoText
from pagestate.check.solvers import Refuter, Unreadable, refuter_called
from pagestate.check.termjson import invariant_text
from pagestate.core.invariant import AnyInvariant, Invariant
from pagestate.engines.interface import Task

INDEX = "index.json"
LAWS = "invariant.txt"
TERMS = "invariant.json"
FORMAT = 1


@dataclass(frozen=True, slots=True)
class About:
    """What a certificate is of: a shipped model by name, or a file; switches, scenario, sizes."""

    model: str
    switches: Mapping[str, bool | str | int]
    scenario: str
    sizes: Mapping[str, int | str]


def certify(
    task: Task, invariant: AnyInvariant, directory: Path | None = None, about: About | None = None
) -> tuple[str, ...]:
    """What is wrong with the proof (nothing: it holds); the certificate goes to ``directory``.

    Every obligation is refuted again by a solver that knows nothing of the proof; where the
    invariant's hints do not suffice, without them.  ``about`` says what the certificate is of, for
    its index.
    """
    try:
        invariant, made, wrong = refuted(task, invariant)
    except NoText as error:
        return (f"no certificate: {error}",)
    if directory is not None:
        write(directory, task, invariant, made, about)
    return wrong


def refuted(
    task: Task, invariant: AnyInvariant
) -> tuple[AnyInvariant, tuple[Obligation, ...], tuple[str, ...]]:
    """The obligations of an invariant, and those that are not refuted.

    Where its hints do not suffice more is assumed, of further pages first: the invariant is given
    back as it was refuted.  Raises smtlib.NoText.
    """
    made, refuter = list(obligations_of(task, invariant)), refuter_called("z3")
    wrong = [_open(o, refuter) for o in made]
    if isinstance(invariant, Invariant):
        for everything in (False, True):
            steps = frozenset(o.step for o, why in zip(made, wrong, strict=True) if why) - {""}
            if not steps:
                break
            invariant = _assuming_more(invariant, steps, everything)
            places = [n for n, o in enumerate(made) if o.step in steps]
            again = obligations(task, invariant, steps)
            for n, obligation in zip(places, again, strict=True):
                made[n], wrong[n] = obligation, _open(obligation, refuter)
    return invariant, numbered(made), _said(made, wrong)


def _assuming_more(invariant: Invariant, steps: frozenset[str], everything: bool) -> Invariant:
    """The invariant with hints that assume more for steps in a role."""
    elsewhere = tuple(sorted({*invariant.elsewhere, *steps}))
    if not everything:
        return replace(invariant, elsewhere=elsewhere)
    facts = len(invariant.properties) + len(invariant.laws) + len(invariant.clauses)
    uses = {**dict(invariant.uses), **dict.fromkeys(sorted(steps), tuple(range(facts)))}
    return replace(invariant, elsewhere=elsewhere, uses=tuple(uses.items()))


def recheck(made: Sequence[Obligation], solver: str = "z3") -> tuple[str, ...]:
    """The obligations that a solver does not refute, with the reason.  Raises NoSolver."""
    refuter = refuter_called(solver)
    return _said(made, [_open(o, refuter) for o in made])


def _open(obligation: Obligation, refuter: Refuter) -> str:
    """Why an obligation is not refuted; "" if it is."""
    try:
        answer = refuter.satisfiable(obligation.shared, obligation.body)
    except Unreadable as error:
        return str(error) or "unreadable"
    return "" if answer is False else "undecided" if answer is None else "not refuted"


def _said(made: Sequence[Obligation], wrong: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{o.title}: {why}" for o, why in zip(made, wrong, strict=True) if why)


def write(
    directory: Path,
    task: Task,
    invariant: AnyInvariant,
    made: Sequence[Obligation],
    about: About | None = None,
) -> None:
    """Write the scripts, the invariant in words, and an index with checksums.

    The scripts of a certificate that was there before are removed.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if (directory / INDEX).exists():
        for old in directory.glob("[0-9][0-9][0-9][0-9]-*.smt2"):
            old.unlink()
    for obligation in made:
        (directory / obligation.file).write_text(obligation.text, encoding="utf-8")
    (directory / LAWS).write_text(invariant.text, encoding="utf-8")
    (directory / TERMS).write_text(invariant_text(invariant) + "\n", encoding="utf-8")
    index: dict[str, object] = {
        "format": FORMAT,
        "system": task.system.name,
        **({} if about is None else asdict(about)),
        "properties": list(invariant.properties),
        "any_size": sorted(task.unbounded),
        "claim": "every script is unsatisfiable",
        "content": content(made),
        "obligations": [
            {"file": o.file, "title": o.title, "sha256": _digest(o.text)} for o in made
        ],
    }
    text = json.dumps(index, indent=2, ensure_ascii=False) + "\n"
    (directory / INDEX).write_text(text, encoding="utf-8")


def compare(directory: Path, made: Sequence[Obligation]) -> tuple[str, ...]:
    """Where the scripts of a written certificate are not the obligations."""
    wrong = list[str]()
    present = {p.name for p in directory.glob("*.smt2")}
    for obligation in made:
        file = directory / obligation.file
        if obligation.file not in present:
            wrong.append(f"{obligation.title}: no script")
        elif file.read_bytes() != obligation.text.encode():
            wrong.append(f"{obligation.title}: the script is not the obligation")
    extra = present - {o.file for o in made}
    wrong += [f"{name}: belongs to no obligation" for name in sorted(extra)]
    return tuple(wrong)


def verify(directory: Path, task: Task, invariant: AnyInvariant) -> tuple[str, ...]:
    """What is wrong with a written certificate: every script is rebuilt, compared and refuted."""
    made = obligations_of(task, invariant)
    return (*compare(directory, made), *recheck(made))


def content(made: Sequence[Obligation]) -> str:
    """A checksum over all obligations: of the model, its properties and the invariant at once."""
    return _digest("".join(f"{o.file} {_digest(o.text)}\n" for o in made))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
