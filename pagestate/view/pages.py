"""What a report shows: traces, and results without one, such as proofs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher

from pagestate.core.sorts import Value
from pagestate.view.text import render_text
from pagestate.view.traceview import TraceView

_MOST_PAIRS = 60


@dataclass(frozen=True, slots=True)
class TracePage:
    """A trace; ``name`` tells it from the others in the report."""

    name: str
    view: TraceView


@dataclass(frozen=True, slots=True)
class ResultPage:
    """A result without a trace: a proof with its laws, a bound, or why there is no answer.

    A law that is not indented among laws that are is the heading of those below it.
    """

    name: str
    model: str
    property: str
    verdict: str
    title: str = ""
    scope: str = ""
    engine: str = ""
    reason: str = ""
    laws: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    certificate: str = ""
    switches: Mapping[str, Value] | None = None


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which steps of two traces correspond: runs of ``(left, right, length)`` from step 1.

    ``notes`` say of steps of the left trace why the right one has none; ``summary`` is
    what the comparison shows, in sentences.
    """

    left: int
    right: int
    runs: tuple[tuple[int, int, int], ...]
    notes: Mapping[int, str] = field(default_factory=dict)
    summary: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """Pages with an index; ``made`` says which program wrote it.

    ``compared`` are pairs whose comparison is known already; the first of them is what the report
    opens with.
    """

    title: str
    pages: tuple[TracePage | ResultPage, ...]
    made: str = ""
    compared: tuple[Alignment, ...] = ()


def alignments(report: Report) -> tuple[Alignment, ...]:
    """The pairs of the report's traces that can be seen side by side.

    Of many traces those of the same property come first, and not all pairs are made.
    """
    traces = [(n, p.view) for n, p in enumerate(report.pages) if isinstance(p, TracePage)]
    every = [(a, b) for k, a in enumerate(traces) for b in traces[k + 1 :]]
    every.sort(key=lambda pair: pair[0][1].property != pair[1][1].property)
    known = {(a.left, a.right) for a in report.compared}
    return (
        *report.compared,
        *(
            Alignment(left, right, aligned(one, other))
            for (left, one), (right, other) in every[:_MOST_PAIRS]
            if (left, right) not in known
        ),
    )


def aligned(one: TraceView, other: TraceView) -> tuple[tuple[int, int, int], ...]:
    """The steps of two traces that are alike: the same thread does the same."""
    matcher = SequenceMatcher(None, _keys(one), _keys(other), autojunk=False)
    return tuple((m.a + 1, m.b + 1, m.size) for m in matcher.get_matching_blocks() if m.size)


def _keys(view: TraceView) -> Sequence[tuple[str, str]]:
    return [(view.lanes[row.lane].title, row.text) for row in view.rows]


def commit_text(view: TraceView) -> str:
    """The diagram that a reader copies into a commit message."""
    return render_text(view)
