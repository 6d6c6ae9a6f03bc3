"""Liveness engine: fair cycles in the graph of reachable states of a finite instance.

`eventually` and `leads_to` are refuted by an execution that from some state on never meets the
goal and is fair; in a finite graph there is one exactly if a fair cycle lies in the part that can
be reached without the goal (Lichtenstein and Pnueli, Checking that finite state concurrent programs
satisfy their linear specification, 1985).  The whole graph is built first (`graph`), then that part
is decomposed under fairness (`fairness`, `components`), and a fair component becomes a lasso
(`lasso`), which `core.lasso` checks again on concrete states, by the definition.

No symmetry: fairness tells threads apart.  Answers are about the sizes of the instance only.
Where states or memory run out, cycles are looked for among the states all of whose steps are known,
so that violations are real; everything else is `unknown`, as it is where a counter meets its bound.
"""

from dataclasses import replace

import numpy as np

from pagestate.core.execute import NotAPath, states_of
from pagestate.core.ground import ground
from pagestate.core.lasso import flaw
from pagestate.core.property import LIVENESS, Property
from pagestate.core.verdict import Answer, Verdict
from pagestate.engines.explicit.pack import Array, make_layout
from pagestate.engines.explicit.program import build_check
from pagestate.engines.explicit.rebuild import BrokenTrace
from pagestate.engines.interface import Progress, Report, Task
from pagestate.engines.liveness.fairness import Demands, demands, fair_components, sound
from pagestate.engines.liveness.graph import Graph, Incomplete, explore
from pagestate.engines.liveness.lasso import lasso, region

_CHUNK = 1 << 14
_MAX_STATES = 5_000_000
_MAX_BYTES = 2 << 30
_FIRST_LOOKS = (20_000, 400_000)
"""Loops are looked for among so many states first: most counterexamples are found there."""


class Liveness:
    """The liveness engine at work on one task (an ``engines.interface.Engine``).

    Building it raises ValueError for a property of another kind, or KeyError for a sort without a
    size; ``advance`` raises OutOfRange if a step leaves a variable's sort, and BrokenTrace if a
    counterexample is none.
    """

    def __init__(
        self,
        task: Task,
        report: Report,
        *,
        max_states: int = _MAX_STATES,
        max_bytes: int = _MAX_BYTES,
    ) -> None:
        for prop in task.properties:
            if prop.kind not in LIVENESS:
                raise ValueError(f"{prop.name}: the liveness engine does not decide {prop.kind}")
        self._task, self._report = task, report
        self._ground = ground(task.system, task.sizes)
        self._limits = max_states, max_bytes
        self._answers: tuple[Answer, ...] | None = None
        self.notes = ("without symmetry: fairness tells threads apart",)

    @property
    def name(self) -> str:
        """The engine's name on the command line."""
        return "liveness"

    def advance(self, bound: int) -> bool:
        """Decide everything (``bound`` plays no part: cycles need the whole graph); always true."""
        if self._answers is None:
            most, memory = self._limits
            found = dict[str, Answer]()
            for limit in (*(n for n in _FIRST_LOOKS if n < most), most):
                if self._look(limit, memory, found) or len(found) == len(self._task.properties):
                    break
            self._answers = tuple(found[p.name] for p in self._task.properties)
        return True

    def _look(self, limit: int, memory: int, found: dict[str, Answer]) -> bool:
        """Search up to ``limit`` states; whether that was all there is to find out.

        What is decided goes to ``found``; at last, so does what stays open.
        """
        last = limit == self._limits[0]
        left = [p for p in self._task.properties if p.name not in found]
        try:
            layout = make_layout(self._ground, ())
            graph = explore(self._ground, layout, self._tell, limit, memory)
        except Incomplete as why:
            if last or why.overflow:
                found.update((p.name, self._open(p, why)) for p in left)
            return last or bool(why.overflow)
        asked, alive = demands(graph), sound(graph)
        for prop in left:
            answer = self._decide(graph, asked, alive, prop)
            if last or not graph.missing or answer.verdict == Verdict.VIOLATED:
                found[prop.name] = answer
        return not graph.missing

    def answers(self) -> tuple[Answer, ...]:
        """One answer per property of the task, in its order."""
        if self._answers is None:
            return tuple(
                Answer(p.name, Verdict.UNKNOWN, self.name, reason="not started")
                for p in self._task.properties
            )
        return self._answers

    def _tell(self, depth: int, states: int) -> None:
        self._report(Progress(self.name, depth, states))

    def _open(self, prop: Property, why: Incomplete) -> Answer:
        return Answer(
            prop.name,
            Verdict.UNKNOWN,
            self.name,
            None,
            why.states,
            why.reason,
            overflow=why.overflow,
        )

    def _decide(self, graph: Graph, asked: Demands, alive: Array, prop: Property) -> Answer:
        depth = int(graph.depth.max()) if graph.states else 0
        holds = Answer(prop.name, Verdict.EXHAUSTED, self.name, depth, graph.states)
        if not graph.states:
            return replace(holds, verdict=Verdict.VACUOUS, reason="there is no initial state")
        goal, start = self._truth(graph, prop)
        known = np.arange(graph.states) < graph.expanded
        if graph.missing:
            holds = replace(holds, verdict=Verdict.UNKNOWN, reason=graph.missing)
        elif prop.kind == "leads_to" and not start.any():
            reason = "its first condition holds in no reachable state"
            return replace(holds, verdict=Verdict.VACUOUS, reason=reason)
        bad = region(graph, start, ~goal & alive & known)
        number = fair_components(graph, asked, bad.inside)
        if number is None:
            return holds
        path = lasso(graph, asked, bad, number)
        system, sizes = self._task.system, self._task.sizes
        try:
            states = states_of(system, sizes, path)
        except NotAPath as error:
            raise BrokenTrace(f"{prop.name}: {error}") from error
        wrong = flaw(system, sizes, prop, states, path)
        if wrong:
            raise BrokenTrace(f"{prop.name}: {wrong}")
        return replace(holds, verdict=Verdict.VIOLATED, depth=len(path.moves), path=path, reason="")

    def _truth(self, graph: Graph, prop: Property) -> tuple[Array, Array]:
        """Where the goal holds, and where its absence may begin."""
        terms = [self._ground.expr(t) for t in prop.terms]
        check = build_check(self._ground, graph.layout, terms)
        found = np.empty((len(terms), graph.states), dtype=np.bool_)
        for a in range(0, graph.states, _CHUNK):
            columns = np.ascontiguousarray(graph.rows[a : a + _CHUNK].T)
            for row, value in zip(found, check(columns), strict=True):
                row[a : a + _CHUNK] = value
        start = found[1] if prop.kind == "leads_to" else graph.parent < 0
        return found[0], start
