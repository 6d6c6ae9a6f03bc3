"""What a proof for every size rests on; the class is in core, where checkers find it."""

from pagestate.core.invariant import Invariant

__all__ = ["Invariant"]
