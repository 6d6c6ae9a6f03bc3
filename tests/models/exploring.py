"""Models searched at small sizes."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from pagestate.check.request import COUNT_BOUND, make_request
from pagestate.core.property import LIVENESS
from pagestate.core.sorts import Sizes
from pagestate.core.verdict import PROOFS, Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task
from pagestate.engines.liveness import Liveness
from pagestate.lang.compile import Compiled
from pagestate.lang.load import load_model


@dataclass(frozen=True)
class Searched:
    """A finished search: the answers by property, and how often each step fired."""

    compiled: Compiled
    verdicts: Mapping[str, Verdict]
    depths: Mapping[str, int | None]
    fired: Mapping[str, int]
    states: int

    def violated(self) -> set[str]:
        """The violated properties."""
        return {p for p, v in self.verdicts.items() if v == Verdict.VIOLATED}

    def surprises(self) -> dict[str, str]:
        """The properties whose verdict is not what the model expects."""
        found = {}
        for name, verdict in self.verdicts.items():
            expected = self.compiled.expected.get(name)
            wanted = PROOFS if expected is None else {expected[0]}
            if verdict not in wanted:
                found[name] = verdict.value
        return found

    def idle(self) -> set[str]:
        """The threads that never move."""
        moved = {a.thread for a in self.compiled.system.actions if self.fired[a.name]}
        return {t.name for t in self.compiled.system.threads} - moved


@cache
def search(name: str, scenario: str, settings: str = "", pages: int = 1) -> Searched:
    """Everything there is in a scenario with ``pages`` pages and one getter."""
    values = dict(item.split("=") for item in settings.split())
    request = make_request(load_model(name), values, {}, [], scenario)
    compiled = request.compiled
    index = {s.name: pages if s.name == "page" else 1 for s in compiled.system.sorts}
    sizes = Sizes(index, COUNT_BOUND)
    safe = tuple(p for p in request.properties if p.kind not in LIVENESS)
    lasting = tuple(p for p in request.properties if p.kind in LIVENESS)
    engine = Explicit(Task(compiled.system, safe, sizes), lambda _: None)
    assert engine.advance(10_000)
    answers = [*engine.answers()]
    if lasting:
        graph = Liveness(Task(compiled.system, lasting, sizes), lambda _: None)
        assert graph.advance(10_000)
        answers += graph.answers()
    return Searched(
        compiled,
        {a.property: a.verdict for a in answers},
        {a.property: a.depth for a in answers},
        engine.fired,
        max((a.states or 0 for a in answers), default=0),
    )
