"""Liveness under fairness for finite instances: fair cycles of the graph of reachable states."""

from pagestate.engines.liveness.engine import Liveness

__all__ = ["Liveness"]
