"""Models searched at small sizes, and schedules of steps replayed on them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pagestate import Model
from pagestate.core.evaluate import initial_states, successors
from pagestate.core.sorts import Sizes, Value
from pagestate.core.trace import State
from pagestate.core.verdict import Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task
from pagestate.lang.compile import Compiled, compile_model, valuation_of

COUNT_BOUND = 5


@dataclass(frozen=True)
class Searched:
    """A finished search: the answers by property, and which steps never fired."""

    compiled: Compiled
    verdicts: Mapping[str, Verdict]
    depths: Mapping[str, int | None]
    fired: Mapping[tuple[str, str, str], int]

    def violated(self) -> dict[str, int | None]:
        """The violated properties with the lengths of their counterexamples."""
        return {p: self.depths[p] for p, v in self.verdicts.items() if v == Verdict.VIOLATED}

    def unmet(self) -> set[str]:
        """The goals that nothing reaches."""
        return {p for p, v in self.verdicts.items() if v == Verdict.VACUOUS}

    def surprises(self) -> set[str]:
        """The properties whose verdict is not what the model expects."""
        expected = self.compiled.expected
        return {
            p
            for p, v in self.verdicts.items()
            if v != (expected[p][0] if p in expected else Verdict.EXHAUSTED)
        }


def settings(text: str) -> dict[str, str]:
    """``hook=false revive=false`` as a mapping."""
    return dict(item.split("=") for item in text.split())


def search(model: Model, switches: str, pages: int = 1, getters: int = 1) -> Searched:
    """Everything there is at this size."""
    compiled = compile_model(model, valuation_of(model, settings(switches)))
    sizes = Sizes({"page": pages, "getter": getters}, COUNT_BOUND)
    engine = Explicit(Task(compiled.system, compiled.properties, sizes), lambda progress: None)
    assert engine.advance(10_000)
    fired = dict[tuple[str, str, str], int]()
    for action in compiled.system.actions:
        if action.info.note:
            continue
        text = re.sub(r"\{[^}]*\}", "0", action.info.text)
        key = action.thread, text, action.info.label.partition(":")[0]
        fired[key] = fired.get(key, 0) + engine.fired[action.name]
    answers = engine.answers()
    return Searched(
        compiled,
        {a.property: a.verdict for a in answers},
        {a.property: a.depth for a in answers},
        fired,
    )


Moment = tuple[str, str, Mapping[str, Value]]
"""A thread, how the text of its step begins, and values after it: of page 0, or global."""


def replay(model: Model, switches: str, schedule: Sequence[Moment]) -> list[State]:
    """The states along a schedule on one page; fails where no step leads to the given values."""
    compiled = compile_model(model, valuation_of(model, settings(switches)))
    sizes = Sizes({"page": 1, "getter": 1}, COUNT_BOUND)
    paths: list[list[State]] = [[s] for s in initial_states(compiled.system, sizes)]
    for number, (thread, text, values) in enumerate(schedule, 1):
        longer = [
            [*path, after]
            for path in paths
            for action, _, after in successors(compiled.system, path[-1], sizes)
            if action.thread == thread and action.info.text.startswith(text)
        ]
        assert longer, f"step {number}: {thread} cannot do {text!r}"
        paths = [p for p in longer if all(value(p[-1], name) == v for name, v in values.items())]
        found = [{name: value(p[-1], name) for name in values} for p in longer]
        assert paths, f"step {number}, {thread}: {text}: {found} instead of {values}"
    return paths[0]


def value(state: State, name: str) -> Value:
    """A field of page 0, or a global."""
    return state[name, (0,)] if (name, (0,)) in state else state[name, ()]
