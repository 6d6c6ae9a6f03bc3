"""Every engine that decides a property asked, every trace replayed."""

from pagestate.check.replay import replay
from pagestate.core.execute import trace_of
from pagestate.core.property import LIVENESS
from pagestate.core.sorts import Sizes
from pagestate.core.trace import Trace
from pagestate.core.verdict import Answer
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Task
from pagestate.engines.liveness import Liveness
from pagestate.lang.compile import Compiled


def decide(compiled: Compiled, sizes: Sizes) -> dict[str, tuple[Answer, Trace | None]]:
    """The answer to every property, by the engine for it, with its replayed trace."""
    found = dict[str, tuple[Answer, Trace | None]]()
    for live in (False, True):
        asked = tuple(p for p in compiled.properties if (p.kind in LIVENESS) == live)
        task = Task(compiled.system, asked, sizes)
        engine = (Liveness if live else Explicit)(task, lambda progress: None)
        engine.advance(10**6)
        for prop, answer in zip(asked, engine.answers(), strict=True):
            trace = None
            if answer.path is not None:
                trace = trace_of(
                    compiled.system,
                    sizes,
                    answer.path,
                    prop,
                    answer.verdict,
                    answer.engine,
                    compiled.valuation,
                )
                replay(compiled, prop, trace)
            found[prop.name] = answer, trace
    return found


def verdicts(compiled: Compiled, sizes: Sizes) -> dict[str, str]:
    """The verdicts alone."""
    return {name: str(answer.verdict) for name, (answer, _) in decide(compiled, sizes).items()}
