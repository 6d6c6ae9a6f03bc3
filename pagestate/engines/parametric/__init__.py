"""Proofs for every number of pages and threads."""

from pagestate.engines.parametric.engine import Parametric
from pagestate.engines.parametric.invariant import Invariant

__all__ = ["Invariant", "Parametric"]
