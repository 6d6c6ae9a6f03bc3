"""From a fair component to an execution: a way into it, and a cycle that is fair.

The way in is a shortest one.  The cycle is built greedily: from where it stands it goes to the
nearest step or state that satisfies a demand still open, and when all are satisfied back to its
first state; of several first states the one with the shortest result is taken.  It is short, not
always shortest.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pagestate.core.verdict import Move, Path
from pagestate.engines.explicit.pack import Array, unpack
from pagestate.engines.liveness.fairness import Demands
from pagestate.engines.liveness.graph import Adjacency, Graph, adjacency

_ENTRIES = 24
_EFFORT = 200_000


@dataclass(frozen=True, slots=True)
class Region:
    """What can be reached from certain states without meeting a goal.

    ``inside`` is a mask; ``via`` the step by which a state was reached (-1: it is one of the
    first), ``depth`` how many steps from an initial state that takes.
    """

    inside: Array
    via: Array
    depth: Array


def region(graph: Graph, first: Array, allowed: Array) -> Region:
    """The states reached from the mask ``first`` through ``allowed`` ones, by shortest ways."""
    inside = np.zeros(graph.states, dtype=np.bool_)
    via = np.full(graph.states, -1, dtype=np.int64)
    depth = np.zeros(graph.states, dtype=np.int64)
    inner = np.flatnonzero(allowed[graph.source] & allowed[graph.target])
    out = adjacency(graph.source[inner], graph.states)
    waiting = np.flatnonzero(first & allowed)
    starts = graph.depth[waiting]
    level, frontier = 0, np.empty(0, dtype=np.int64)
    while len(frontier) or len(waiting):
        if not len(frontier):
            level = max(level, int(starts.min()))
        now = waiting[(starts == level) & ~inside[waiting]]
        inside[now] = True
        depth[now] = level
        starts, waiting = starts[~inside[waiting]], waiting[~inside[waiting]]
        frontier = np.concatenate([frontier, now])
        steps = inner[out.of(frontier)]
        fresh = ~inside[graph.target[steps]]
        targets, index = np.unique(graph.target[steps[fresh]], return_index=True)
        inside[targets] = True
        via[targets] = steps[fresh][index]
        level += 1
        depth[targets] = level
        frontier = targets.astype(np.int64)
    return Region(inside, via, depth)


def lasso(graph: Graph, asked: Demands, bad: Region, number: Array) -> Path:
    """An execution into one of the components ``number`` and around in it for ever."""
    inside = np.flatnonzero(number >= 0)
    order = inside[np.argsort(bad.depth[inside], kind="stable")]
    best: tuple[int, int, list[int], list[int]] | None = None
    effort = 0
    out = adjacency(graph.source, graph.states)
    for entry in order[:_ENTRIES].tolist():
        if best is not None and (int(bad.depth[entry]) >= best[0] or effort > _EFFORT):
            break
        mine = number == number[entry]
        cycle = _Cycle(graph, asked, mine)
        effort += int(mine.sum())
        loop = cycle.around(entry)
        stem = _stem(graph, bad, entry, out)
        if best is None or len(stem) + len(loop) < best[0]:
            best = len(stem) + len(loop), entry, stem, loop
    assert best is not None
    _, entry, stem, loop = best
    return _path(graph, int(graph.source[stem[0]]) if stem else entry, stem, loop)


def _stem(graph: Graph, bad: Region, state: int, out: Adjacency) -> list[int]:
    """The numbers of the steps from an initial state to ``state``."""
    steps = list[int]()
    while (step := int(bad.via[state])) >= 0:
        steps.append(step)
        state = int(graph.source[step])
    while (before := int(graph.parent[state])) >= 0:
        here = out.edges[out.start[before] : out.start[before + 1]]
        same = (graph.target[here] == state) & (graph.action[here] == graph.by[state])
        steps.append(int(here[same.argmax()]))
        state = before
    return steps[::-1]


def _path(graph: Graph, first: int, stem: list[int], loop: list[int]) -> Path:
    state = graph.system.state(unpack(graph.layout, graph.rows[first]))
    free = {v.name for v in graph.system.system.variables if v.free}
    initial = tuple((cell, value) for cell, value in state.items() if cell[0] in free)
    moves = list[Move]()
    for step in (*stem, *loop):
        made = graph.system.actions[int(graph.action[step])]
        moves.append(Move(made.action, tuple(made.binding.items())))
    return Path(initial, tuple(moves), len(stem))


class _Cycle:
    """Looks for a fair cycle in one component."""

    def __init__(self, graph: Graph, asked: Demands, mine: Array) -> None:
        self.graph, self.asked, self.mine = graph, asked, mine
        steps = np.flatnonzero(mine[graph.source] & mine[graph.target])
        self.out = adjacency(graph.source[steps], graph.states)
        self.steps = steps

    def around(self, entry: int) -> list[int]:
        """The steps of a fair cycle from ``entry`` back to it (none: nobody need move there)."""
        state, steps, visited = entry, list[int](), {entry}
        while True:
            missing = self.missing(steps, visited)
            if not missing and state == entry:
                return steps
            for step in self.way(state, self.goal(entry, missing)):
                steps.append(step)
                state = int(self.graph.target[step])
                visited.add(state)

    def goal(self, entry: int, missing: list[int]) -> Callable[[int, int], bool]:
        """What to look for next: a step that helps, or back to the first state."""
        if missing:
            return lambda step, after: self.helps(step, after, missing)
        return lambda step, after: after == entry

    def missing(self, steps: list[int], visited: set[int]) -> list[int]:
        """The members whose demand the steps do not satisfy yet."""
        moved = {int(self.asked.mover[s]) for s in steps}
        states = np.array(sorted(visited))
        return [
            n
            for n in range(len(self.asked.who))
            if n not in moved
            and (self.asked.always[n, states].all() or self.asked.ever[n, states].any())
        ]

    def helps(self, step: int, after: int, missing: list[int]) -> bool:
        """Whether a step satisfies one of the demands ``missing``."""
        for n in missing:
            if int(self.asked.mover[step]) == n:
                return True
            if not self.asked.ever[n][self.mine].any() and not self.asked.always[n, after]:
                return True
        return False

    def way(self, state: int, wanted: Callable[[int, int], bool]) -> list[int]:
        """The shortest way from ``state`` that ends with a step that is wanted."""
        came = dict[int, int]()
        frontier, seen = [state], {state}
        while frontier:
            following = list[int]()
            for here in frontier:
                start, end = int(self.out.start[here]), int(self.out.start[here + 1])
                for edge in self.out.edges[start:end].tolist():
                    step = int(self.steps[edge])
                    after = int(self.graph.target[step])
                    if wanted(step, after):
                        return [*self.back(came, here, state), step]
                    if after not in seen:
                        seen.add(after)
                        came[after] = step
                        following.append(after)
            frontier = following
        raise AssertionError("a component is connected")

    def back(self, came: dict[int, int], here: int, start: int) -> list[int]:
        """The steps by which a search got ``here``."""
        steps = list[int]()
        while here != start:
            steps.append(came[here])
            here = int(self.graph.source[came[here]])
        return steps[::-1]
