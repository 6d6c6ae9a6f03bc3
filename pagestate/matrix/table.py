"""The matrix: what was found out about each property of each model, in each of its scenarios."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pagestate.core.verdict import CONCLUSIVE, Result, Verdict
from pagestate.run.part import Part

GOALS = "goals"
"""The kind of properties that ask for something to be reachable."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One verdict: of a property, in a scenario of a model (empty: it has none).

    ``steps`` is the length of the shortest counterexample (or witness of a goal), ``expected`` the
    verdict that the model declares, if any, and ``why`` the reason it gives.
    """

    model: str
    scenario: str
    property: str
    title: str
    verdict: str
    scope: str
    engine: str
    steps: int | None
    states: int | None
    seconds: float
    expected: str | None
    why: str
    goal: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """All cells, in declared order, with the models and scenarios that were asked for."""

    models: tuple[str, ...]
    cells: tuple[Cell, ...]

    def of(self, model: str, prop: str) -> tuple[Cell, ...]:
        """The cells of one property of one model, one per scenario."""
        return tuple(c for c in self.cells if c.model == model and c.property == prop)

    def properties(self, goals: bool = False) -> tuple[str, ...]:
        """The properties (or the goals) that some model has, in the order they first appear."""
        return tuple(dict.fromkeys(c.property for c in self.cells if c.goal == goals))

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {"models": list(self.models), "cells": [asdict(c) for c in self.cells]}


def matrix_of(parts: Iterable[Part], goals: Iterable[str], models: Sequence[str]) -> Matrix:
    """The matrix of what runs found out; ``goals`` are the names of ``reachable`` properties."""
    known = frozenset(goals)
    cells = [_cell(part, r, known) for part in parts for r in part.results]
    return Matrix(tuple(models), tuple(cells))


def _cell(part: Part, r: Result, goals: frozenset[str]) -> Cell:
    return Cell(
        model=part.model,
        scenario=r.scenario,
        property=r.name,
        title=r.title,
        verdict=r.verdict.value,
        scope=r.scope,
        engine=r.engine,
        steps=None if r.trace is None else len(r.trace.steps),
        states=r.states,
        seconds=round(r.seconds, 2),
        expected=None if r.expected is None else r.expected.value,
        why=part.reasons.get(r.name, ""),
        goal=r.name in goals,
    )


def worst(cells: Sequence[Cell]) -> str:
    """One word for a property of a model in all its scenarios: the first bad verdict, if any."""
    order = (Verdict.VIOLATED, Verdict.VACUOUS, Verdict.UNKNOWN, Verdict.BOUNDED)
    found = {c.verdict for c in cells}
    for verdict in order:
        if verdict.value in found:
            return verdict.value
    return "holds" if found else ""


def undecided(matrix: Matrix) -> list[Cell]:
    """The cells without an answer."""
    conclusive = {v.value for v in CONCLUSIVE}
    return [c for c in matrix.cells if c.verdict not in conclusive and c.verdict != "vacuous"]
