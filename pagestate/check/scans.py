"""Whether a violation needs an unordered scan.

A loop over members visits them in any order, so that pages stay interchangeable; the kernel goes
by pfn.  A counterexample that no renaming of its members brings into pfn order is searched again
with loops that visit members by number.
"""

from collections.abc import Mapping
from itertools import islice, permutations

from pagestate.check.request import Request
from pagestate.core.property import LIVENESS, Property
from pagestate.core.sorts import Sizes
from pagestate.core.system import Action
from pagestate.core.trace import State, Trace
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Engine, Task
from pagestate.engines.liveness import Liveness
from pagestate.lang.compile import compile_model

MAX_STATES = 2_000_000
"""The search with ordered scans has no symmetry of pages to use; beyond this it gives up."""
MAX_RENAMINGS = 5040


class OrderedScans:
    """The model with scans in pfn order: compiled and searched once, when first asked for."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self._found = dict[tuple[int, ...], "_Search"]()

    def remark(self, prop: Property, trace: Trace) -> str:
        """What to say about the order of scans in a violation.

        Empty if there is one of the same length with scans in pfn order.
        """
        if not _out_of_order(self.request, trace):
            return ""
        answer = self._search(trace, prop.kind in LIVENESS).answer(prop.name)
        if answer.verdict == Verdict.VIOLATED:
            same = answer.depth == len(trace.steps)
            return "" if same else f"with scans in pfn order in {answer.depth} steps"
        if answer.verdict == Verdict.EXHAUSTED:
            return "violated only with unordered scan"
        return "open whether also in pfn order"

    def _search(self, trace: Trace, lasting: bool) -> "_Search":
        key = (lasting, *trace.sizes.values())
        if key not in self._found:
            self._found[key] = _Search(self.request, trace.sizes, lasting)
        return self._found[key]


class _Search:
    """One search for all properties of a kind, as far as the answers asked for need it."""

    def __init__(self, request: Request, sizes: Mapping[str, int], lasting: bool) -> None:
        model, valuation = request.compiled.model, request.compiled.valuation
        compiled = compile_model(model, valuation, ordered_scans=True)
        asked = {p.name for p in request.properties if (p.kind in LIVENESS) == lasting}
        same = tuple(p for p in compiled.properties if p.name in asked and p.kind != "reachable")
        task = Task(compiled.system, same, Sizes(dict(sizes), request.bounds(7).count_bound))
        self.depth = 0
        self.engine: Engine = (
            Liveness(task, lambda progress: None, max_states=MAX_STATES)
            if lasting
            else Explicit(task, lambda progress: None, max_states=MAX_STATES)
        )

    def answer(self, name: str) -> Answer:
        while True:
            done = self.engine.advance(self.depth)
            answer = next(a for a in self.engine.answers() if a.property == name)
            if done or answer.verdict == Verdict.VIOLATED:
                return answer
            self.depth += 1


def _out_of_order(request: Request, trace: Trace) -> bool:
    """Whether no renaming of members makes every scan of the trace visit them upwards."""
    actions = {a.name: a for a in request.compiled.system.actions}
    visits = [
        visit
        for step, state in zip(trace.steps, trace.states, strict=False)
        for visit in _visits(actions[step.action], dict(step.picks), state, trace)
    ]
    for sort in {v[0] for v in visits}:
        mine = [(member, seen) for s, member, seen in visits if s == sort]
        size = trace.sizes[sort]
        orders = islice(permutations(range(size)), MAX_RENAMINGS)
        if not any(
            all(rank[q] > rank[p] or q in seen for p, seen in mine for q in range(size) if q != p)
            for rank in orders
        ):
            return True
    return False


def _visits(
    action: Action, picks: "dict[str, object]", state: State, trace: Trace
) -> "list[tuple[str, int, set[int]]]":
    """The members a step starts to visit: sort, member, and those visited before."""
    found = list[tuple[str, int, set[int]]]()
    for write in action.writes:
        if ".seen:" not in write.var or write.binders:
            continue
        where = [picks[getattr(i, "name", "")] for i in write.index]
        *mine, member = where
        assert isinstance(member, int)
        sort = next(v.dims[-1] for v in trace.variables if v.name == write.var)
        seen = {
            q for q in range(trace.sizes[sort]) if state[write.var, (*map(_int, mine), q)] is True
        }
        found.append((sort, member, seen))
    return found


def _int(value: object) -> int:
    assert isinstance(value, int)
    return value
