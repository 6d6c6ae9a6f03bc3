"""Whether a violation needs an unordered scan.

A loop over members visits them in any order, so that pages stay interchangeable; the kernel goes
by pfn.  A counterexample that no renaming of its members brings into pfn order is searched again
with loops that visit members by number.
"""

from itertools import islice, permutations

from pagestate.check.request import Request
from pagestate.core.property import LIVENESS, Property
from pagestate.core.sorts import Sizes
from pagestate.core.system import Action
from pagestate.core.trace import State, Trace
from pagestate.core.verdict import Verdict
from pagestate.engines.explicit.search import Explicit
from pagestate.engines.interface import Engine, Task
from pagestate.engines.liveness import Liveness
from pagestate.lang.compile import compile_model

MAX_STATES = 2_000_000
"""The search with ordered scans has no symmetry to use; beyond this it gives up."""
MAX_RENAMINGS = 5040


def remark(request: Request, prop: Property, trace: Trace) -> str:
    """What to say about the order of scans in a violation; empty if there is nothing to say."""
    if not _out_of_order(request, trace):
        return ""
    compiled = compile_model(request.compiled.model, request.compiled.valuation, ordered_scans=True)
    same = tuple(p for p in compiled.properties if p.name == prop.name)
    sizes = Sizes(dict(trace.sizes), request.bounds(7).count_bound)
    task = Task(compiled.system, same, sizes)
    engine: Engine
    if prop.kind in LIVENESS:
        engine = Liveness(task, lambda progress: None, max_states=MAX_STATES)
    else:
        engine = Explicit(task, lambda progress: None, symmetry=False, max_states=MAX_STATES)
    engine.advance(10**9)
    answer = engine.answers()[0]
    if answer.verdict == Verdict.VIOLATED:
        return f"with scans in pfn order: {answer.depth} steps"
    if answer.verdict == Verdict.EXHAUSTED:
        return "violated only with unordered scan"
    return "open whether also with scans in pfn order"


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
