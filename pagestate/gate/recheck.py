"""What an answer from the cache has to pass before it counts.

* A violation, or a goal that is reached: the path is executed again by the system and by the
  model's own functions, as for a new one.
* A proof: the obligations are rebuilt from the model and refuted by a solver; some execution must
  begin.
* ``exhausted`` (and ``vacuous``, ``bounded``) without a path has no certificate smaller than the
  search.  The search is begun again and must agree up to ``PREFIX`` states; where there are no more
  states than that, the answer is established anew.  Beyond, it rests on the cached search having
  been one of an equal system by equal code: both are in the key.

What does not pass is dropped and computed.  Solvers and engines are imported where they are needed:
most jobs of a warm gate need none.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from pagestate.check.replay import ReplayMismatch, replay
from pagestate.check.request import COUNT_BOUND, Request
from pagestate.core.evaluate import CountOverflow, OutOfRange
from pagestate.core.execute import NotAPath, trace_of
from pagestate.core.expr import FALSE
from pagestate.core.property import INVARIANT, LIVENESS, Property
from pagestate.core.sorts import Sizes, Value
from pagestate.core.system import System
from pagestate.core.trace import CellName, Trace
from pagestate.core.verdict import PROOFS, Move, Path, Verdict
from pagestate.engines.interface import Task
from pagestate.gate.cache import Coverage, Entry, Route
from pagestate.lang.concrete import Machine

PREFIX = 20_000
"""How many states of a cached exhaustive search are searched again."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A cached answer that has passed; ``how`` says what was looked at again."""

    entry: Entry
    trace: Trace | None
    how: str


def confirm(
    request: Request, entries: Mapping[str, Entry], coverage: Coverage | None = None
) -> tuple[dict[str, Confirmed], bool]:
    """The entries, by property, that pass; and whether the coverage does.

    What is not in the answer has failed.
    """
    found = dict[str, Confirmed]()
    searched = dict[str, Entry]()
    proved = dict[str, dict[str, Entry]]()
    kinds = {p.name: p for p in request.properties}
    machine: Machine | None = None
    for name, entry in entries.items():
        prop = kinds[name]
        if entry.route is not None:
            trace, machine = _replayed(request, prop, entry, entry.route, machine)
            if trace is not None:
                found[name] = Confirmed(entry, trace, "replayed")
        elif entry.verdict == Verdict.PROVED and entry.invariant is not None:
            if prop.kind in INVARIANT:  # of a goal it says that nothing meets it
                proved.setdefault(entry.invariant, {})[name] = entry
        elif _searchable(request, prop, entry):
            searched[name] = entry
    for text, group in proved.items():
        if _certified(request, text, group):
            found |= {n: Confirmed(e, None, "certificate re-checked") for n, e in group.items()}
    steps = False
    cycles = {n: e for n, e in searched.items() if kinds[n].kind in LIVENESS}
    states = {n: e for n, e in searched.items() if n not in cycles}
    if states or coverage is not None:
        good, how, steps = _searched_again(request, states, coverage)
        found |= {n: Confirmed(e, None, how) for n, e in states.items() if n in good}
    if cycles:
        good, how = _cycles_again(request, cycles)
        found |= {n: Confirmed(e, None, how) for n, e in cycles.items() if n in good}
    return found, steps


def _searchable(request: Request, prop: Property, entry: Entry) -> bool:
    """Whether an answer without a path is one that a search can begin to confirm."""
    if request.unbounded:
        return False
    if prop.kind in LIVENESS:
        return entry.verdict in (Verdict.EXHAUSTED, Verdict.VACUOUS)
    holds = entry.verdict in (Verdict.EXHAUSTED, Verdict.BOUNDED) and prop.kind != "reachable"
    return holds or (entry.verdict == Verdict.VACUOUS and prop.kind == "reachable")


def _replayed(
    request: Request, prop: Property, entry: Entry, route: Route, machine: Machine | None
) -> tuple[Trace | None, Machine | None]:
    """The trace of a path, if it still is an execution that decides the property.

    And the machine that has executed it, for the next one.
    """
    means = entry.verdict in PROOFS if prop.kind == "reachable" else entry.verdict == "violated"
    path = path_of(request.compiled.system, route)
    if not means or path is None:
        return None, None
    sizes = Sizes({**request.sizes, **route.sizes}, COUNT_BOUND + len(route.moves))
    if not request.unbounded and dict(sizes.index) != dict(request.sizes):
        return None, None
    compiled, verdict = request.compiled, entry.verdict.value
    try:
        trace = trace_of(
            compiled.system, sizes, path, prop, verdict, entry.engine, compiled.valuation
        )
        return trace, replay(compiled, prop, trace, machine)
    except (NotAPath, ReplayMismatch, KeyError, ValueError, TypeError, CountOverflow, OutOfRange):
        return None, None


def path_of(system: System, route: Route) -> Path | None:
    """The path that a route means in ``system``, if its places are there."""
    moves, initial = list[Move](), list[tuple[CellName, Value]]()
    for number, index, value in route.initial:
        if not 0 <= number < len(system.variables):
            return None
        initial.append(((system.variables[number].name, index), value))
    for number, picks in route.moves:
        if not 0 <= number < len(system.actions):
            return None
        action = system.actions[number]
        if len(picks) != len(action.params):
            return None
        named = zip((p.name for p in action.params), picks, strict=True)
        moves.append(Move(action, tuple(named)))
    return Path(tuple(initial), tuple(moves), route.loop)


def _certified(request: Request, text: str, group: Mapping[str, Entry]) -> bool:
    """Whether the invariant is one, and proves all properties of the group."""
    from pagestate.check.certificate import certify
    from pagestate.check.starts import nothing_starts
    from pagestate.check.termjson import BadTerm, invariant_from

    try:
        invariant = invariant_from(text)
        if not set(group) <= set(invariant.properties):
            return False
        everything = request.compiled.properties
        task = Task(
            request.compiled.system, everything, request.bounds(COUNT_BOUND), request.unbounded
        )
        return not nothing_starts(task) and not certify(task, invariant)
    except (BadTerm, ValueError, KeyError, TypeError, AssertionError, AttributeError):
        return False


def _searched_again(
    request: Request, entries: Mapping[str, Entry], coverage: Coverage | None
) -> tuple[set[str], str, bool]:
    """The entries that a fresh search does not contradict, what it did, whether steps fit."""
    from pagestate.engines.explicit.search import Explicit

    asked = tuple(p for p in request.properties if p.name in entries)
    if not asked:  # a goal that nothing meets keeps the search going
        asked = (Property("", "reachable", FALSE),)
    task = Task(request.compiled.system, asked, request.bounds(COUNT_BOUND))
    engine = Explicit(task, lambda progress: None, max_states=PREFIX)
    deepest = max((e.depth or 0 for e in entries.values() if e.verdict == "bounded"), default=0)
    only_bounded = all(e.verdict == Verdict.BOUNDED for e in entries.values()) and entries
    depth, complete = 0, engine.advance(0)
    while not complete and engine.states < PREFIX and not (only_bounded and depth >= deepest):
        depth += 1
        complete = engine.advance(depth)
    answers = {a.property: a for a in engine.answers()}
    met = {name: a.path for name, a in answers.items() if a.path is not None}
    good = set[str]()
    for name, entry in entries.items():
        if engine.complete and entry.verdict not in (answers[name].verdict, Verdict.BOUNDED):
            continue
        path = met.get(name)
        far = entry.verdict == Verdict.BOUNDED and entry.depth is not None
        if path is None or (far and len(path.moves) > (entry.depth or 0)):
            good.add(name)
    how = f"first {engine.states:,} states searched again"
    if engine.complete:
        how = f"all {engine.states:,} states searched again"
    return good, how, coverage is not None and _fits(request, engine.fired, coverage)


def _cycles_again(request: Request, entries: Mapping[str, Entry]) -> tuple[set[str], str]:
    """The liveness entries that a fresh search does not contradict, and what it did."""
    from pagestate.engines.liveness.engine import Liveness

    asked = tuple(p for p in request.properties if p.name in entries)
    task = Task(request.compiled.system, asked, request.bounds(COUNT_BOUND))
    engine = Liveness(task, lambda progress: None, max_states=PREFIX)
    engine.advance(0)
    answers = {a.property: a for a in engine.answers()}
    same = {n for n, e in entries.items() if answers[n].verdict in (e.verdict, Verdict.UNKNOWN)}
    whole = all(a.verdict != Verdict.UNKNOWN for a in answers.values())
    states = max((a.states or 0 for a in answers.values()), default=0)
    return same, f"{'all' if whole else 'first'} {states:,} states searched again for cycles"


def _fits(request: Request, fired: Mapping[str, int], coverage: Coverage) -> bool:
    """Whether no step was taken just now that the complete search is said not to have taken."""
    actions = request.compiled.system.actions
    if len(coverage.fired) != len(actions):
        return False
    return all(
        times or not fired.get(a.name, 0) for a, times in zip(actions, coverage.fired, strict=True)
    )
