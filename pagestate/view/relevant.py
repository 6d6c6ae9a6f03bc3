"""Which steps of a trace, and which cells of the state, the violation depends on.

A dynamic slice (Agrawal, Horgan, Dynamic program slicing, 1990), backwards from what the property
reads at the end, in two stages.  A step is *needed* if it changed what the property, or the guard
or a written value of a needed step, reads, or if its thread has to take it to get to a needed
step; the others stand ``apart``.  A needed step *counts* if its values flow to the end or if it
meets another thread: it reads what another thread's step wrote, or what another thread's step that
counts writes before its own thread goes on to one that counts.  The rest is ``passing``: the thread
takes it to get on, and nobody else would notice.

Neither is believed before it was run: the trace without the steps apart has to be an execution
that ends in the same violation, and it has to be one still when passing steps check nothing and
change nothing but their own thread.  What does not stand this test is not faded.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from typing import Literal, TypeAlias

from pagestate.core.evaluate import (
    Binding,
    CountOverflow,
    OutOfRange,
    apply,
    bindings,
    enabled,
    evaluate,
    values,
)
from pagestate.core.execute import why_not
from pagestate.core.expr import Expr
from pagestate.core.property import LIVENESS, Property
from pagestate.core.system import Action
from pagestate.core.trace import CellName, State, Trace
from pagestate.core.verdict import Move, Path
from pagestate.core.waiting import label_of, wait_cycle
from pagestate.view.background import Background
from pagestate.view.support import support
from pagestate.view.terms import parts, pinned

Fade: TypeAlias = Literal["", "passing", "apart"]
MOST_STEPS = 20_000
"""Steps taken to find out which runs of threads can be left out."""
_Wanted: TypeAlias = tuple[CellName, int]
"""The value of a cell in a state, by the state's number."""


@dataclass(frozen=True, slots=True)
class Relevance:
    """How each step is faded (empty: it counts), and the cells whose values count."""

    steps: tuple[Fade, ...]
    cells: frozenset[CellName]


def relevance_of(trace: Trace, background: Background) -> Relevance | None:
    """What the end of ``trace`` depends on.

    None where that is not known: of a loop, where the order of all steps matters for ever, without
    the property, and where what was found does not stand the test.
    """
    prop = background.decides
    if prop is None or prop.kind in LIVENESS or trace.loop is not None or not trace.steps:
        return None
    needed = _fewer(trace, background, _Slicer(trace, background).needed())
    states = _taken(trace, background, needed, set())
    if states is None or any(_decided(prop, background, a, b) for a, b in pairwise(states[:-1])):
        needed = list(range(len(trace.steps)))
        states = list(trace.states)
    rest = replace(trace, states=tuple(states), steps=tuple(trace.steps[n] for n in needed))
    behind = replace(background, actions=tuple(background.actions[n] for n in needed))
    counts, cells = _Slicer(rest, behind).counting()
    every = range(len(rest.steps))
    if _taken(rest, behind, every, set(every) - counts) is None:
        return None
    fades: list[Fade] = ["apart" for _ in trace.steps]
    for k, n in enumerate(needed):
        fades[n] = "" if k in counts else "passing"
    return Relevance(tuple(fades), frozenset(cells))


def _decided(prop: Property, background: Background, before: State, after: State) -> bool:
    """Whether a step that is not the last one breaks the property (or reaches the goal) already."""
    if prop.kind == "deadlock_free":
        return False
    formula, sizes = prop.formula, background.sizes
    truth = bool(evaluate(formula, before if prop.kind == "step" else after, sizes, {}, after))
    return truth == (prop.kind == "reachable")


def _fewer(trace: Trace, background: Background, needed: set[int]) -> list[int]:
    """The steps of ``needed`` without those of whole runs of threads that can be left out too.

    Where a lock was taken and given back in between, say, nobody would miss it.
    """
    found, last = set(needed), len(trace.steps) - 1
    runs = [r for each in _runs(trace, background).values() for r in each]
    for run in sorted(runs, key=max, reverse=True)[: MOST_STEPS // max(len(needed), 1)]:
        fewer = sorted(found - set(run))
        worth = last in fewer and len(fewer) < len(found)
        if worth and _taken(trace, background, fewer, set()) is not None:
            found = set(fewer)
    return sorted(found)


def _taken(
    trace: Trace, background: Background, steps: Sequence[int], passing: set[int]
) -> list[State] | None:
    """The states when only ``steps`` are taken; None if they cannot be, or end in another way.

    What makes the last state of the trace the end that it is has to have the same values.  Steps
    of ``passing`` check nothing and change nothing but their own thread.
    """
    prop, system, sizes = background.decides, background.system, background.sizes
    assert prop is not None
    states, moves = [trace.states[0]], list[Move]()
    for n in steps:
        action, picks = background.actions[n], trace.steps[n].picks
        taken = action
        if n in passing:
            own = tuple(w for w in action.writes if background.owners[w.var] == action.thread)
            taken = replace(action, writes=own)
        elif not enabled(action, states[-1], sizes, picks):
            return None
        try:
            states.append(apply(system, taken, states[-1], sizes, picks))
        except (CountOverflow, OutOfRange):
            return None
        moves.append(Move(action, tuple(picks.items())))
    last, same = len(trace.steps), len(states) > 1
    for cell, n in _end(trace, background) if same else ():
        same = same and states[n - last - 1][cell] == trace.states[n][cell]
    path = Path((), tuple(moves))
    return states if same and not why_not(system, sizes, prop, states, path) else None


def _end(trace: Trace, background: Background) -> set[_Wanted]:
    """What makes the last state the end that it is."""
    prop, sizes = background.decides, background.sizes
    assert prop is not None
    states, last = trace.states, len(trace.states) - 1
    if prop.kind == "deadlock_free":
        return {(cell, last) for cell in _stuck(background, states[last])}
    if prop.kind == "step":
        found = support(prop.formula, states[last - 1], sizes, {}, states[last])
        return {(cell, last if primed else last - 1) for cell, primed in found}
    return {(cell, last) for cell, _ in support(prop.formula, states[last], sizes, {})}


def _stuck(background: Background, state: State) -> Iterator[CellName]:
    """Where the threads of a deadlock stand, and what they wait for."""
    system, sizes = background.system, background.sizes
    caught = {wait.who for wait in wait_cycle(system, sizes, state)}
    for action in system.actions:
        thread, mover = system.thread(action.thread), action.thread_param
        for picks in bindings(action, sizes):
            member = None if mover is None else picks[mover.name]
            assert member is None or isinstance(member, int)
            if caught and (thread.name, member) not in caught:
                continue
            yield thread.control, () if member is None else (member,)
            if label_of(thread, member, state) == action.info.label:
                yield from (c for c, _ in support(action.guard, state, sizes, picks))


class _Slicer:
    """Follows values of a trace back to the steps they come from."""

    def __init__(self, trace: Trace, background: Background) -> None:
        self.trace, self.background = trace, background
        self.owners = background.owners
        self.who = [(s.thread, s.member) for s in trace.steps]
        self.changers = dict[CellName, list[int]]()
        self.changed = list[list[CellName]]()
        for n, (before, after) in enumerate(zip(trace.states, trace.states[1:], strict=False)):
            self.changed.append([cell for cell, value in after.items() if value != before[cell]])
            for cell in self.changed[-1]:
                self.changers.setdefault(cell, []).append(n)
        self.runs = _runs(trace, background)

    # ------------------------------------------------------------------------- two fixpoints

    def needed(self) -> set[int]:
        """The steps without which the end cannot be reached in this way."""
        found, seen = set[int](), set[_Wanted]()
        todo = [*_end(self.trace, self.background)]
        self._need(len(self.trace.steps) - 1, found, todo)
        while todo:
            wanted = todo.pop()
            step = self._changer(*wanted)
            if wanted in seen or step is None:
                continue
            seen.add(wanted)
            todo += self._written(step, wanted[0])
            self._need(step, found, todo)
        return found

    def _need(self, step: int, found: set[int], todo: list[_Wanted]) -> None:
        """Adds a step and those that its thread takes to get there."""
        if step in found:
            return
        runs = self.runs[self.who[step]]
        at = next(n for n, run in enumerate(runs) if step in run)
        new = {s for s in runs[at] if s <= step}
        used = [n for n, run in enumerate(runs) if found.intersection(run) or n == at]
        for n in used[:-1]:  # a thread that starts over has to end first
            new |= set(runs[n])
        for each in new - found:
            found.add(each)
            todo += [(c, each) for c in self._guarded(each)]

    def counting(self) -> tuple[set[int], set[CellName]]:
        """The steps whose values matter, and the cells that carry them."""
        counts, seen, cells = {len(self.trace.steps) - 1}, set[_Wanted](), set[CellName]()
        todo = [
            *_end(self.trace, self.background),
            *((c, max(counts)) for c in self._guarded(max(counts))),
        ]
        while True:
            while todo:
                wanted = todo.pop()
                if wanted in seen:
                    continue
                seen.add(wanted)
                if self.owners[wanted[0][0]] is None:
                    cells.add(wanted[0])
                step = self._changer(*wanted)
                if step is None:
                    continue
                todo += self._written(step, wanted[0])
                todo += self._counted(step, counts)
            for step in range(len(self.trace.steps)):
                for other in self._meets(step, counts):
                    todo += self._counted(step, counts)
                    todo += self._counted(other, counts)
            if not todo:
                return counts, cells

    def _counted(self, step: int, counts: set[int]) -> list[_Wanted]:
        if step in counts:
            return []
        counts.add(step)
        return [(c, step) for c in self._guarded(step)]

    def _meets(self, step: int, counts: set[int]) -> Iterator[int]:
        """Steps of other threads that ``step`` has to come after, or before, for what it reads."""
        mine = self.who[step]
        later = max((n for n in counts if self.who[n] == mine), default=-1)
        for cell in self._looked_at(step):
            before = self._changer(cell, step)
            if before is not None and self.who[before] != mine:
                yield before
            for n in self.changers.get(cell, ()):
                if step < n < later and n in counts and self.who[n] != mine:
                    yield n

    # ------------------------------------------------------------------------- what is read

    def _changer(self, cell: CellName, state: int) -> int | None:
        """The last step before a state that changed a cell."""
        return next((n for n in reversed(self.changers.get(cell, ())) if n < state), None)

    def _guarded(self, step: int) -> set[CellName]:
        """What the guard of a step reads, but for where its thread is and what it works on."""
        action, picks = self.background.actions[step], self.trace.steps[step].picks
        found = set[CellName]()
        for part in parts(action.guard):
            if pinned(part) is None:
                read = support(part, self.trace.states[step], self.background.sizes, picks)
                found |= {cell for cell, _ in read}
        control = self.background.system.thread(action.thread).control
        return {cell for cell in found if cell[0] != control}

    def _looked_at(self, step: int) -> set[CellName]:
        """The shared cells that a step reads for its thread: in its guard and into locals."""
        found = self._guarded(step)
        for cell in self.changed[step]:
            if self.owners[cell[0]] is not None:
                found |= {c for c, _ in self._written(step, cell)}
        return {c for c in found if self.owners[c[0]] is None}

    def _written(self, step: int, cell: CellName) -> list[_Wanted]:
        """What the value that a step gave to a cell was made of."""
        action, picks = self.background.actions[step], self.trace.steps[step].picks
        state, sizes = self.trace.states[step], self.background.sizes
        found = set[tuple[CellName, bool]]()
        for terms, binding in _writes(action, picks, state, self.background, cell):
            for term in terms:
                found |= support(term, state, sizes, binding)
        return [(c, step) for c, _ in found]


def _writes(
    action: Action, picks: Binding, state: State, background: Background, cell: CellName
) -> Iterator[tuple[Sequence[Expr], Binding]]:
    """The terms of the writes of an action to one cell, each with the values of its parameters."""
    sizes = background.sizes
    for write in action.writes:
        if write.var != cell[0]:
            continue
        for choice in product(*(list(values(b.sort, sizes)) for b in write.binders)):
            inner = {**picks, **{b.name: v for b, v in zip(write.binders, choice, strict=True)}}
            if tuple(evaluate(i, state, sizes, inner) for i in write.index) == cell[1]:
                yield (write.where, write.value), inner


def _runs(trace: Trace, background: Background) -> Mapping[tuple[str, int | None], list[list[int]]]:
    """The steps of each thread, from start to end: once more for one that starts over."""
    found = dict[tuple[str, int | None], list[list[int]]]()
    for n, step in enumerate(trace.steps):
        thread = background.system.thread(step.thread)
        runs = found.setdefault((step.thread, step.member), [])
        if not runs or label_of(thread, step.member, trace.states[n]) == thread.start:
            runs.append([])
        runs[-1].append(n)
    return found
