"""A graph that is ready to be drawn: nodes with a name, edges with who moves along them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx

from pagestate.core.system import Action
from pagestate.graph.texts import bare_text


@dataclass(frozen=True, slots=True)
class Node:
    """A node: ``states`` of the model are in it; ``details`` are lines that say more of it."""

    name: str
    states: int
    initial: bool
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """What leads from one node to another, by the nodes' numbers: ``(thread, step)``, each once."""

    source: int
    target: int
    moves: tuple[tuple[str, str], ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The moves as ``thread: step``."""
        return tuple(f"{thread}: {step}" for thread, step in self.moves)


@dataclass(frozen=True, slots=True)
class Picture:
    """The graph; ``notes`` say of what it is, and what is not in it."""

    title: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    notes: tuple[str, ...] = ()

    @property
    def threads(self) -> tuple[str, ...]:
        """The threads that move along some edge, in the order of the edges."""
        return tuple(dict.fromkeys(t for e in self.edges for t, _ in e.moves))


def edges_of(found: Iterable[tuple[int, int, Action]]) -> tuple[Edge, ...]:
    """The edges of some steps, one for each pair of nodes, in the order of the nodes."""
    moves = dict[tuple[int, int], dict[tuple[str, str], None]]()
    for source, target, action in found:
        text = bare_text(action.info.text or action.name)
        moves.setdefault((source, target), {})[action.thread, text] = None
    return tuple(Edge(s, t, tuple(sorted(m))) for (s, t), m in sorted(moves.items()))


def networkx_graph(picture: Picture) -> Any:
    """The same for ``networkx``, with attributes that every format can hold."""
    graph = nx.DiGraph(title=picture.title)
    for number, node in enumerate(picture.nodes):
        graph.add_node(
            number,
            label=node.name,
            states=node.states,
            initial=node.initial,
            details="\n".join(node.details),
        )
    for edge in picture.edges:
        graph.add_edge(edge.source, edge.target, label="\n".join(edge.lines))
    return graph


def numbers_of(names: Iterable[str]) -> Mapping[str, int]:
    """The number of each name, in the order of their first occurrence."""
    return {name: n for n, name in enumerate(dict.fromkeys(names))}
