"""Asking about a small model, in this process but for the proof itself."""

from pathlib import Path

from pagestate.check.request import Request, any_sizes, make_request
from pagestate.lang.load import load_model
from pagestate.needs.base import Base, prove_base
from pagestate.needs.candidate import Candidate, candidates
from pagestate.needs.decide import decide
from pagestate.needs.row import Row
from pagestate.run.interrupt import Interrupt, caught
from tests.lang.harness import HEADER


def file_of(folder: Path, text: str) -> Path:
    path = folder / "small.py"
    path.write_text(HEADER + text, encoding="utf-8")
    return path


def request_of(path: Path, **settings: str) -> Request:
    model = load_model(str(path))
    return make_request(model, settings, any_sizes(model, settings), ())


def base_of(request: Request) -> Base:
    with caught() as interrupt:
        assert isinstance(interrupt, Interrupt)
        return prove_base(request, lambda working: None, interrupt)


def rows_of(folder: Path, text: str, **settings: str) -> dict[str, Row]:
    """The answers about a model by kind and name, ``"test m.x"``."""
    request = request_of(file_of(folder, text), **settings)
    base = base_of(request)
    assert base.proved is not None, base
    rows = [decide(base.proved, c, lambda progress: None) for c in candidates(request)]
    return {title(r.candidate): r for r in rows}


def title(candidate: Candidate) -> str:
    return f"{candidate.kind} {candidate.name}"
