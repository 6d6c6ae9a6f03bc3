"""Strongly connected components of a part of a graph.

States that lie on no cycle are peeled off first, whole frontiers at once; the rest goes through
Tarjan's algorithm (Depth-first search and linear graph algorithms, 1972) in the iterative form of
Pearce (A space-efficient algorithm for finding strongly connected components, 2016).
"""

from array import array

import numpy as np

from pagestate.engines.explicit.pack import Array
from pagestate.engines.liveness.graph import adjacency


def components(states: int, source: Array, target: Array, among: Array) -> Array:
    """The component of each state in ``among`` (a mask), as a number; -1 for the other states.

    ``source`` and ``target`` are the ends of the steps to look at, all within ``among``.
    """
    found = np.full(states, -1, dtype=np.int64)
    left = _on_cycles(states, source, target, among)
    alone = np.flatnonzero(among & ~left)
    found[alone] = np.arange(len(alone))
    inner = left[source] & left[target]
    _tarjan(np.flatnonzero(left), source[inner], target[inner], found, len(alone))
    return found


def _on_cycles(states: int, source: Array, target: Array, among: Array) -> Array:
    """``among`` without the states that no cycle can go through, because they lead nowhere."""
    left = among.copy()
    for before, after in ((source, target), (target, source)):
        inner = left[before] & left[after]
        before, after = before[inner], after[inner]
        degree = np.bincount(before, minlength=states)
        into = adjacency(after, states)
        gone = np.flatnonzero(left & (degree == 0))
        while len(gone):
            left[gone] = False
            behind = before[into.of(gone)]
            np.subtract.at(degree, behind, 1)
            gone = np.unique(behind[(degree[behind] == 0) & left[behind]])
    return left


def _tarjan(members: Array, source: Array, target: Array, found: Array, number: int) -> None:
    """Number the components of ``members`` from ``number`` on, in ``found``."""
    size = len(members)
    local = np.empty(len(found), dtype=np.int64)
    local[members] = np.arange(size)
    graph = adjacency(local[source], size)
    start = array("q", graph.start.tobytes())
    after = array("i", local[target[graph.edges]].astype(np.int32).tobytes())
    at = start[:-1]
    index, component = array("i", [0]) * size, array("i", [-1]) * size
    low, count = array("i", [0]) * size, 0
    stack = list[int]()
    for root in range(size):
        if index[root]:
            continue
        count += 1
        index[root] = low[root] = count
        stack.append(root)
        path = [root]
        while path:
            v = path[-1]
            k = at[v]
            if k < start[v + 1]:
                at[v] = k + 1
                w = after[k]
                if not index[w]:
                    count += 1
                    index[w] = low[w] = count
                    stack.append(w)
                    path.append(w)
                elif component[w] < 0 and index[w] < low[v]:
                    low[v] = index[w]
                continue
            path.pop()
            if low[v] == index[v]:
                while True:
                    w = stack.pop()
                    component[w] = number
                    if w == v:
                        break
                number += 1
            if path and low[v] < low[path[-1]]:
                low[path[-1]] = low[v]
    found[members] = component
