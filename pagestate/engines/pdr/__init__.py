"""The pdr engine."""

from pagestate.engines.pdr.engine import Pdr

__all__ = ["Pdr"]
