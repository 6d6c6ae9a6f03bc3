"""Example files: which there are, their models under a valuation, all that is reachable."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pagestate.core.expr import TRUE
from pagestate.core.property import Property
from pagestate.core.sorts import Sizes
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task
from pagestate.lang.compile import Compiled, compile_model, valuation_of
from pagestate.lang.declare import Model
from pagestate.lang.load import load_model

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
COUNT_BOUND = 7


def files() -> list[str]:
    """The example files, as paths under ``examples/``."""
    return sorted(str(p.relative_to(EXAMPLES)) for p in EXAMPLES.rglob("*.py"))


def model_of(name: str) -> Model:
    return load_model(str(EXAMPLES / name))


def texts(when: Mapping[str, object]) -> dict[str, str]:
    """Switch values as the command line takes them."""
    return {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in when.items()}


def valuations(model: Model) -> Iterator[dict[str, str]]:
    """The valuations that the model expects something of, the defaults first."""
    seen = list[dict[str, str]]()
    for when in [{}, *(texts(e.when) for e in model.expect)]:
        if when not in seen:
            seen.append(when)
            yield when


def compiled(name: str, settings: Mapping[str, str]) -> Compiled:
    model = model_of(name)
    return compile_model(model, valuation_of(model, settings))


@dataclass(frozen=True)
class Counts:
    """What an exhaustive search counts, as TLC does."""

    distinct: int
    generated: int
    levels: int


def counts(made: Compiled, sizes: Mapping[str, int], symmetry: bool = False) -> Counts:
    """Distinct states, generated ones (initial ones and all steps), levels of the search."""
    everything = Property("everything", "always", TRUE)
    task = Task(made.system, (everything,), Sizes(sizes, COUNT_BOUND))
    engine = Explicit(task, lambda progress: None, symmetry)
    engine.advance(0)
    initial = engine.states
    assert engine.advance(100_000)
    assert engine.complete
    depth = engine.answers()[0].depth
    assert depth is not None
    return Counts(engine.states, initial + engine.transitions, depth + 1)
