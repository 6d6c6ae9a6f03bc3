"""Requests and answers for engines that are made up."""

from pathlib import Path

from pagestate.check.request import Request, make_request
from pagestate.core.verdict import Verdict
from pagestate.lang.load import load_model
from pagestate.run.messages import Decided, Working
from pagestate.run.outcome import Outcome
from pagestate.run.portfolio import Options, run

RACE = str(Path(__file__).parent.parent / "cli" / "models" / "race.py")
FIRST, SECOND, GOAL = "offline_never_free", "free_not_offline", "goes_offline"


def request(*names: str, hook: str = "true", **sizes: str) -> Request:
    return make_request(load_model(RACE), {"hook": hook}, sizes, names)


def says(name: str, verdict: Verdict, engine: str, depth: int | None = None, trace=None) -> Decided:
    return Decided(name, verdict, engine, depth, None, "", trace, None)


def ignore(working: Working) -> None:
    """Progress that nobody watches."""


def real_trace(name: str = FIRST):
    found = run(request(name, hook="false"), Options("explicit"), ignore)
    return found.results[0].trace


def verdicts(outcome: Outcome) -> dict[str, Verdict]:
    return {r.name: r.verdict for r in outcome.results}
