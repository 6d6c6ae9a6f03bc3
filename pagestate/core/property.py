"""Properties: what a model is checked for."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from pagestate.core.expr import Expr
from pagestate.core.span import Span

PropertyKind: TypeAlias = Literal[
    "always", "step", "reachable", "eventually", "leads_to", "deadlock_free"
]
SAFETY: frozenset[PropertyKind] = frozenset({"always", "step", "reachable"})
"""What every engine for finite sizes decides."""
INVARIANT: frozenset[PropertyKind] = frozenset({"always", "step"})
"""What holds in every state or of every step: an invariant proves it."""
LIVENESS: frozenset[PropertyKind] = frozenset({"eventually", "leads_to"})
"""Properties of infinite executions; they assume fairness."""


@dataclass(frozen=True, slots=True)
class Property:
    """A named property of a system.

    ``always``: ``formula`` holds in every reachable state.  ``step``: it holds of every step
    (terms read with ``primed`` are the values after it).  ``reachable``: some reachable state
    satisfies it; not finding one is a failure (vacuity).
    ``eventually``: every fair execution gets to a state where ``formula`` holds.  ``leads_to``: a
    fair execution gets to one after every state where ``antecedent`` holds (or that is one).
    ``deadlock_free``: ``formula`` says that no threads wait for each other's locks, and where
    ``antecedent`` (all is quiet) does not hold some step can be taken.
    ``builtin`` marks the safety properties every model has (no underflow, lock rules, bug_on).
    """

    name: str
    kind: PropertyKind
    formula: Expr
    doc: str = ""
    title: str = ""
    span: Span | None = field(default=None, compare=False)
    builtin: bool = False
    antecedent: Expr | None = None

    @property
    def terms(self) -> tuple[Expr, ...]:
        """The formula and, if there is one, the antecedent."""
        return (self.formula,) if self.antecedent is None else (self.formula, self.antecedent)

    def mapped(self, change: Callable[[Expr], Expr]) -> "Property":
        """The same property with its terms changed."""
        before = None if self.antecedent is None else change(self.antecedent)
        return replace(self, formula=change(self.formula), antecedent=before)
