"""What proofs rest on: laws about one page for every size, about all cells for one size."""

from dataclasses import dataclass
from typing import TypeAlias

from pagestate.core.expr import Expr, Param


@dataclass(frozen=True, slots=True)
class Invariant:
    """An inductive invariant of a system in page form, said of any page ``subject``.

    The invariant is: the variables are in their sorts (no counter is negative), at most one page
    has each flag that was a reference, and every property, law and clause holds of every page.
    ``text`` prints the laws and clauses for people, grouped by subject.  ``uses`` names for
    steps in a role the facts (properties, laws, clauses, numbered in this order) that are enough
    to keep all of them: a hint, which can make a checker fail but not accept too much.  Without
    an entry all facts are assumed.  ``elsewhere`` names the steps in a role that are kept only with
    the help of further pages, of which a quantifier or a reference says that there are some; all
    others do without (a hint, too).
    """

    subject: Param
    properties: tuple[str, ...]
    laws: tuple[Expr, ...]
    clauses: tuple[Expr, ...]
    text: str = ""
    uses: tuple[tuple[str, tuple[int, ...]], ...] = ()
    elsewhere: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FiniteInvariant:
    """An invariant of a finite instance that is inductive over ``depth`` steps.

    The facts are: every value is in its sort and no counter above ``count_bound``, the properties
    named (of a ``reachable`` one: that the goal does not hold) and ``laws``, which name members by
    literals.  They hold along the first ``depth - 1`` steps, and where they hold along ``depth``
    states in a row (with ``distinct``: of which no two are equal) they hold after one more step.
    The bound is no assumption: that no counter passes it is among the facts.
    """

    properties: tuple[str, ...]
    laws: tuple[Expr, ...]
    count_bound: int
    depth: int = 1
    distinct: bool = False
    text: str = ""


REFERENCES = "references"
"""The entry of ``Invariant.uses`` for where references are set, and that pages do not share one."""

AnyInvariant: TypeAlias = Invariant | FiniteInvariant
