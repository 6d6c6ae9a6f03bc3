"""State graphs of small instances: all states, or the life of one page."""

from pagestate.graph.lifecycle import lifecycle_graph
from pagestate.graph.picture import Edge, Node, Picture
from pagestate.graph.reach import Reached, TooManyStates, reachable
from pagestate.graph.states import state_graph

__all__ = [
    "Edge",
    "Node",
    "Picture",
    "Reached",
    "TooManyStates",
    "lifecycle_graph",
    "reachable",
    "state_graph",
]
