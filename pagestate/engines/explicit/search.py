"""Explicit-state search: exhaustive breadth-first exploration of a finite instance.

Breadth-first search with full-state storage (as in Holzmann's SPIN, without bit-state hashing)
and scalarset symmetry reduction (Ip and Dill, Better verification through symmetry, 1996).  The
variant: whole frontiers at once.  Ground actions are compiled to NumPy code over packed states
(`program`, `vector`), new states are found with a vectorised hash table that compares full rows
(`table`), and members of a symmetric sort are put in order by sorting their words (`pack`), which
is an exact canonical form when no state refers to a member.  Systems with replicated threads and
references are brought to that form first by `core.pageform`; where that is not possible the sort
is searched unreduced and `notes` says so.

All properties are decided in one search, level by level, so counterexamples and witnesses are
shortest.  The search is incomplete where a counter runs into the bound of the instance or the
state or memory limit is reached; then the open properties are `unknown`, never `exhausted`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pagestate.core.ground import ground
from pagestate.core.pageform import NotInForm, PageForm, page_form
from pagestate.core.property import Property
from pagestate.core.verdict import Answer, Path, Verdict
from pagestate.engines.explicit.batch import Batch, LimitReached
from pagestate.engines.explicit.initial import TooMany, initial_rows
from pagestate.engines.explicit.pack import Array, canonical, make_layout
from pagestate.engines.explicit.program import build, build_check
from pagestate.engines.explicit.rebuild import BrokenTrace, rebuild, replay
from pagestate.engines.explicit.symmetry import symmetric_sorts
from pagestate.engines.explicit.table import Visited
from pagestate.engines.interface import Progress, Report, Task, refuse_liveness

_CHUNK = 1 << 14
_BATCH = 1 << 18
_BUFFER_BYTES = 64 << 20
_MAX_STATES = 100_000_000
_MAX_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class _Hit:
    """Where a property was decided: a state, and the step from it for a step property."""

    state: int
    action: int | None
    depth: int


class Explicit:
    """The explicit engine at work on one task (an ``engines.interface.Engine``).

    ``notes`` say how symmetry was used.  Building it raises ValueError or KeyError for a system
    that has no finite instance, and ValueError for a liveness property; ``advance`` raises
    OutOfRange if a step leaves a variable's sort, and ``answers`` BrokenTrace if a counterexample
    does not replay.
    """

    def __init__(
        self,
        task: Task,
        report: Report,
        symmetry: bool = True,
        *,
        max_states: int = _MAX_STATES,
        max_bytes: int = _MAX_BYTES,
    ) -> None:
        self._task = task
        self._report = report
        refuse_liveness(task)
        system, properties = task.system, task.properties
        self._form, self.notes = _in_form(task) if symmetry else (None, ())
        if self._form is not None:
            system, properties = self._form.system, self._form.properties
        self._properties = properties
        self._ground = ground(system, task.sizes)
        if symmetry:
            sorts, notes = symmetric_sorts(system, properties, task.sizes)
            self.notes += notes
        else:
            sorts = ()
        self._layout = make_layout(self._ground, sorts)
        formulas = [self._ground.expr(p.formula) for p in properties]
        steps = {k: f for k, f in enumerate(formulas) if properties[k].kind == "step"}
        self._state_numbers = [k for k in range(len(formulas)) if k not in steps]
        states = [formulas[k] for k in self._state_numbers]
        self._program = build(self._ground, self._layout, states, steps)
        self._quiet = {
            k: build_check(self._ground, self._layout, [self._ground.expr(p.antecedent)])
            for k, p in enumerate(properties)
            if p.kind == "deadlock_free" and p.antecedent is not None
        }
        self._visited = Visited(self._layout)
        self._max_states = max_states
        capacity = max(_CHUNK, min(_BATCH, _BUFFER_BYTES // (8 * self._layout.words)))
        limits = max_states, max_bytes
        self._batch = Batch(self._ground, self._layout, self._visited, capacity, limits)
        if self._quiet:
            self._batch.moved = np.zeros(0, dtype=np.bool_)
        self._hits = dict[int, _Hit]()
        self._paths = dict[int, Path]()
        self._level: tuple[int, int] | None = None
        self._depth = 0
        self._stopped = ""
        self._overflow = ""

    @property
    def name(self) -> str:
        """The engine's name on the command line."""
        return "explicit"

    @property
    def states(self) -> int:
        """States visited, up to symmetry."""
        return self._visited.count

    @property
    def symmetric(self) -> tuple[str, ...]:
        """The index sorts whose members are sorted."""
        return tuple(g.sort.name for g in self._layout.groups)

    @property
    def fired(self) -> Mapping[str, int]:
        """How often each action of the task's system was taken, up to symmetry, by name."""
        total = {a.name: 0 for a in self._task.system.actions}
        for made, times in zip(self._ground.actions, self._batch.fired, strict=True):
            name = made.action.name
            if self._form is not None:
                name = self._form.origins[name].action.name
            total[name] += times
        return total

    @property
    def transitions(self) -> int:
        """Transitions taken, up to symmetry."""
        return sum(self._batch.fired)

    @property
    def complete(self) -> bool:
        """Whether every reachable state was visited, in the bounds of the instance."""
        return self._exhausted() and not self._overflow and not self._stopped

    @property
    def overflow(self) -> str:
        """The counter that ran into its bound, if one did."""
        return self._overflow

    def codes(self, var: str, index: tuple[int, ...]) -> Array:
        """The codes of one cell of the instance, in every visited state.  Raises KeyError."""
        cell = self._ground.number[var, index]
        where = self._layout.fields[cell]
        if not where.bits:
            return np.full(self.states, self._ground.cells[cell].init or 0, np.int16)
        units = self._visited.rows[:, where.unit]
        kind = units.dtype.type
        found: Array = (units >> kind(where.shift)) & kind((1 << where.bits) - 1)
        return found.astype(np.int16)

    def advance(self, bound: int) -> bool:
        """Search up to ``bound`` steps; true when more depth cannot change an answer."""
        try:
            if self._level is None:
                self._start()
            while not self._finished() and self._depth < bound:
                self._expand()
        except (TooMany, LimitReached) as limit:
            self._stopped = str(limit)
        except MemoryError:
            self._stopped = "out of memory"
        return self._finished()

    def _finished(self) -> bool:
        decided = len(self._hits) == len(self._properties)
        return decided or bool(self._stopped or self._overflow) or self._exhausted()

    def _exhausted(self) -> bool:
        return self._level is not None and self._level[0] == self._level[1]

    def _start(self) -> None:
        rows = initial_rows(self._ground, self._layout, self._max_states)
        canonical(self._layout, rows)
        none = np.full(len(rows), -1, dtype=np.int32)
        self._visited.insert(rows, none, none)
        self._level = 0, self._visited.count
        self._test(0, 0)

    def _expand(self) -> None:
        """One level: all steps from the frontier, then the new states become the frontier.

        Where the level is not complete, what it did show still counts: nothing is shorter.
        """
        assert self._level is not None
        first, end = self._level
        batch, depth = self._batch, self._depth + 1
        try:
            for a in range(first, end, _CHUNK):
                rows = self._visited.rows[a : min(end, a + _CHUNK)]
                self._program.expand(rows, np.ascontiguousarray(rows.T), a, batch)
                if end - first > _CHUNK:
                    self._report(Progress(self.name, self._depth, self._visited.count))
            batch.flush()
        finally:
            for number, (state, action) in batch.hits.items():
                self._hits.setdefault(number, _Hit(state, action, depth))
            self._test(end, depth)
        if batch.overflows:
            self._overflow = batch.overflows[0]
            return
        self._stuck(first, end)
        self._level = end, self._visited.count
        if not self._exhausted():
            self._depth = depth
        self._report(Progress(self.name, self._depth, self._visited.count))

    def _test(self, first: int, depth: int) -> None:
        """Look for what the new states, from number ``first`` on, decide."""
        for a in range(first, self._visited.count, _CHUNK):
            columns = np.ascontiguousarray(self._visited.rows[a : a + _CHUNK].T)
            results = self._program.check(columns)
            for number, holds in zip(self._state_numbers, results, strict=True):
                if number in self._hits:
                    continue
                goal = self._properties[number].kind == "reachable"
                if isinstance(holds, bool):
                    found = 0 if holds == goal else -1
                else:
                    hit = holds if goal else ~holds
                    found = int(hit.argmax()) if hit.any() else -1
                if found >= 0:
                    self._hits[number] = _Hit(a + found, None, depth)

    def _stuck(self, first: int, end: int) -> None:
        """Look for deadlocks among the states of a level from which all steps were taken."""
        if not self._quiet or self._batch.moved is None:
            return
        moved = np.zeros(end, dtype=np.bool_)
        known = self._batch.moved[:end]
        moved[: len(known)] = known
        still = first + np.flatnonzero(~moved[first:end])
        if not len(still):
            return
        columns = np.ascontiguousarray(self._visited.rows[still].T)
        for number, quiet in self._quiet.items():
            stuck = np.broadcast_to(~np.asarray(quiet(columns)[0]), len(still))
            found = self._hits.get(number)
            if stuck.any() and (found is None or found.depth > self._depth):
                self._hits[number] = _Hit(int(still[stuck.argmax()]), None, self._depth)

    def answers(self) -> tuple[Answer, ...]:
        """One answer per property of the task, in its order, as things stand.

        A ``reachable`` goal that was met is ``exhausted`` with the path that meets it.
        """
        return tuple(self._answer(k, p) for k, p in enumerate(self._task.properties))

    def _answer(self, number: int, prop: Property) -> Answer:
        hit, seen = self._hits.get(number), self._visited.count

        def say(verdict: Verdict, depth: int, reason: str = "", **more: Any) -> Answer:
            return Answer(prop.name, verdict, self.name, depth, seen, reason, **more)

        if hit is not None:
            verdict = Verdict.EXHAUSTED if prop.kind == "reachable" else Verdict.VIOLATED
            return say(verdict, hit.depth, path=self._path(number, prop, hit))
        if self._overflow:
            reason = f"bound of {self._overflow} too small"
            return say(Verdict.UNKNOWN, self._depth, reason, overflow=self._overflow)
        if self._stopped:
            return say(Verdict.UNKNOWN, self._depth, self._stopped)
        if not self._exhausted():
            if prop.kind != "deadlock_free":
                return say(Verdict.BOUNDED, self._depth)
            if self._depth == 0:  # whether the initial states can move is not known yet
                return say(Verdict.UNKNOWN, 0, "no step was tried")
            return say(Verdict.BOUNDED, self._depth - 1)
        if seen == 0:
            return say(Verdict.VACUOUS, 0, "there is no initial state")
        if prop.kind == "reachable":
            return say(Verdict.VACUOUS, self._depth, "no reachable state satisfies the goal")
        return say(Verdict.EXHAUSTED, self._depth)

    def _path(self, number: int, prop: Property, hit: _Hit) -> Path:
        if number not in self._paths:
            chain, actions = self._chain(hit.state)
            rows = [self._visited.rows[n] for n in chain]
            last = None if hit.action is None else (hit.action, self._properties[number])
            path = rebuild(self._ground, self._layout, rows, actions, last)
            if self._form is not None:
                path = self._form.lift(path)
            if len(path.moves) != hit.depth:
                raise BrokenTrace(f"{prop.name}: a path of another length")
            replay(self._task.system, self._task.sizes, prop, path)
            self._paths[number] = path
        return self._paths[number]

    def _chain(self, state: int) -> tuple[list[int], list[int]]:
        """The states on the way to ``state``, and the ground actions between them."""
        chain, actions = [state], list[int]()
        while (parent := int(self._visited.parent[chain[-1]])) >= 0:
            actions.append(int(self._visited.action[chain[-1]]))
            chain.append(parent)
        return chain[::-1], actions[::-1]


def _in_form(task: Task) -> tuple[PageForm | None, tuple[str, ...]]:
    """The task's system in page form, or why it is searched as it is."""
    try:
        form = page_form(task.system, task.properties, task.sizes)
    except NotInForm as error:
        return None, (f"searched without page form: {error}",)
    return form, form.notes
