"""Exhaustive breadth-first search of finite instances."""

from pagestate.engines.explicit.rebuild import BrokenTrace
from pagestate.engines.explicit.search import Explicit

__all__ = ["BrokenTrace", "Explicit"]
