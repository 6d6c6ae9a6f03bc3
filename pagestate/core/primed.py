"""Terms about a step: reads of values after it."""

from collections.abc import Collection
from dataclasses import replace

from pagestate.core.expr import Expr, Read, transform, walk


def primed(term: Expr) -> bool:
    """Whether ``term`` reads a value after the step."""
    return any(isinstance(t, Read) and t.primed for t in walk(term))


def unprimed(term: Expr, changed: Collection[str]) -> Expr:
    """``term`` of a step that changes at most the variables ``changed``, constants folded.

    Of any other variable the values after the step are those before it.
    """

    def visit(e: Expr) -> Expr | None:
        if isinstance(e, Read) and e.primed and e.var not in changed:
            return replace(e, primed=False)
        return None

    return transform(term, visit)
