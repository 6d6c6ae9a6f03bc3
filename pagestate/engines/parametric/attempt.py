"""One attempt to prove properties: guess laws, run the proof loop, leave out what is not needed."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from pagestate.core.expr import Expr, Param
from pagestate.core.pageform import PageForm
from pagestate.core.sorts import IndexSort
from pagestate.engines.parametric.invariant import Invariant
from pagestate.engines.parametric.laws import mine
from pagestate.engines.parametric.minimise import minimise, uses
from pagestate.engines.parametric.owners import owners
from pagestate.engines.parametric.printing import print_invariant
from pagestate.engines.parametric.prove import Proof, Stuck
from pagestate.engines.parametric.table import Cube, Table


@dataclass(frozen=True, slots=True)
class Aim:
    """The system in page form, its sort of pages, and the page that properties are about."""

    form: PageForm
    sort: IndexSort | None
    subject: Param


@dataclass(frozen=True, slots=True)
class Outcome:
    """An invariant, or what could not be kept; what clauses excluded, and the solver's queries."""

    invariant: Invariant | None
    stuck: Stuck | None
    cubes: tuple[Cube, ...]


def attempt(
    aim: Aim,
    table: Table,
    goals: Mapping[str, Expr],
    cubes: tuple[Cube, ...],
    phase: Callable[[str], AbstractContextManager[None]],
    tick: Callable[[Proof], bool],
) -> Outcome:
    """Try to prove ``goals`` with the ``table`` as oracle, beginning with clauses of ``cubes``.

    ``phase`` is told what is being done, ``tick`` is called after each query and returns false to
    stop: then ValueError is raised.  Raises ``smt.stepcheck.Undecided``.
    """
    with phase("laws"):
        laws = mine(aim.form, table, aim.subject)
        sums = owners(aim.form, table, aim.subject)
    guesses = [(law.formula, law.where) for law in laws]
    guesses += [(own.formula, None) for own in sums]
    with phase("loop"):
        proof = Proof(aim.form, aim.sort, aim.subject, tuple(goals.items()), guesses, table, cubes)
        stuck = proof.run(lambda: tick(proof))
        if stuck is not None:
            return Outcome(None, stuck, proof.cubes())
        minimise(proof)
        kept = tuple(f.formula for f in proof.facts if f.kind == "law")
        clauses = tuple(f.formula for f in proof.facts if f.kind == "clause")
        text = print_invariant(proof, [*laws, *proof.learnt], sums)
        invariant = Invariant(aim.subject, tuple(goals), kept, clauses, text, uses(proof))
    return Outcome(invariant, None, proof.cubes())
