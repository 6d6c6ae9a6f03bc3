"""What a proof for every size rests on: laws and clauses about one page and the globals."""

from dataclasses import dataclass

from pagestate.core.expr import Expr, Param


@dataclass(frozen=True, slots=True)
class Invariant:
    """An inductive invariant of a system in page form, said of any page ``subject``.

    The invariant is: the variables are in their sorts (no counter is negative), at most one page
    has each flag that was a reference, and every property, law and clause holds of every page.
    ``text`` prints the laws and clauses for people, grouped by subject.  ``uses`` names for
    steps in a role the facts (properties, laws, clauses, numbered in this order) that are enough
    to keep all of them: a hint, which can make a checker fail but not accept too much.
    """

    subject: Param
    properties: tuple[str, ...]
    laws: tuple[Expr, ...]
    clauses: tuple[Expr, ...]
    text: str = ""
    uses: tuple[tuple[str, tuple[int, ...]], ...] = ()
