"""``pagestate check --all``: more counterexamples of the length of the one that was found."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pagestate.check.others import NotListed, other_traces
from pagestate.check.request import make_request
from pagestate.core.trace import Trace
from pagestate.core.verdict import Result, Verdict
from pagestate.lang.declare import Model
from pagestate.run.part import Part
from pagestate.view.text import render_text
from pagestate.view.traceview import view_of


@dataclass(frozen=True, slots=True)
class More:
    """The other counterexamples of a result; ``why`` there are not more of them."""

    result: Result
    traces: tuple[Trace, ...]
    why: str

    def text(self, values: bool, width: int) -> str:
        """The diagrams, each with a line that says which it is."""
        name = " ".join(filter(None, (self.result.name, self.result.scenario)))
        lines = list[str]()
        for number, trace in enumerate(self.traces, 2):
            picture = render_text(view_of(trace), values=values, width=min(width, 75))
            lines.append(f"{name}, counterexample {number}:\n\n{picture}\n")
        if self.why:
            lines.append(f"{name}: {self.why}")
        return "\n".join(lines)


def more_of(
    model: Model, parts: Sequence[Part], settings: Mapping[str, str], most: int
) -> Iterator[More]:
    """For each violated property, counterexamples up to ``most`` with the one that is known."""
    for part in parts:
        for result in part.results:
            if result.verdict == Verdict.VIOLATED and result.trace is not None and most > 1:
                yield _more(model, part, result, settings, most - 1)


def _more(model: Model, part: Part, result: Result, settings: Mapping[str, str], most: int) -> More:
    trace = result.trace
    assert trace is not None
    sizes = {name: str(size) for name, size in trace.sizes.items()}
    request = make_request(model, settings, sizes, (result.name,), part.scenario)
    prop = next((p for p in request.properties if p.name == result.name), None)
    if prop is None:
        return More(result, (), "")
    try:
        found = tuple(other_traces(request, prop, trace, most))
    except NotListed as error:
        return More(result, (), str(error))
    only = f"no other of {len(trace.steps)} steps" if not found else ""
    few = f"only {len(found) + 1} differ among those of {len(trace.steps)} steps"
    return More(result, found, "" if len(found) == most else only or few)
