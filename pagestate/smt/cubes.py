"""Cubes of a finite instance: sets of states, as what is known of some cells; their renamings.

A literal says that the code of a cell is one value, at least or at most one (counters and integers
have the last two).  A renaming of members of index sorts maps cells to cells, and references to
references; the images of a cube under all of them are its orbit.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import permutations, product
from typing import NamedTuple, TypeAlias

from pagestate.core.expr import Cell, Expr, Lit, Param, Read, disj, eq, forall, le, lit, neg
from pagestate.core.ground import GroundSystem
from pagestate.core.sorts import CountSort, IndexSort, IntSort, RefSort, decode

IS, LEAST, MOST = 0, 1, 2


class Literal(NamedTuple):
    """Cell ``cell`` is ``code`` (IS), at least (LEAST) or at most (MOST)."""

    cell: int
    relation: int
    code: int


Cube: TypeAlias = frozenset[Literal]
Member: TypeAlias = tuple[IndexSort, int]


def holds(literal: Literal, code: int) -> bool:
    """Whether a cell with this code satisfies the literal."""
    if literal.relation == IS:
        return code == literal.code
    return code >= literal.code if literal.relation == LEAST else code <= literal.code


def meaning(ground: GroundSystem, literal: Literal, of: Expr | None = None) -> Expr:
    """The literal as a ground term; ``of``: said of this value in the place of the cell's."""
    cell = ground.cells[literal.cell]
    value = Cell(cell.number, cell.sort) if of is None else of
    code = decode(cell.sort, literal.code)
    if literal.relation == IS:
        return eq(value, Lit(code, cell.sort))
    assert isinstance(code, int)
    return le(lit(code), value) if literal.relation == LEAST else le(value, lit(code))


def literals_of(ground: GroundSystem, codes: Sequence[int], order: bool = True) -> list[Literal]:
    """All that is true of the state with these codes; ``order``: numbers by comparison."""
    found = list[Literal]()
    for cell, code in zip(ground.cells, codes, strict=True):
        if order and isinstance(cell.sort, CountSort | IntSort) and cell.size > 2:
            if code > 0:
                found.append(Literal(cell.number, LEAST, code))
            if code < cell.size - 1:
                found.append(Literal(cell.number, MOST, code))
        else:
            found.append(Literal(cell.number, IS, code))
    return found


class Renamings:
    """The renamings of the members of ``sorts``, which must leave the system unchanged."""

    def __init__(self, ground: GroundSystem, sorts: Sequence[IndexSort]) -> None:
        self._ground = ground
        self.sorts = tuple(sorts)
        self._dims = {v.name: v.dims for v in ground.system.variables}

    def members(self, literal: Literal) -> Iterator[Member]:
        """The members that a literal is about."""
        cell = self._ground.cells[literal.cell]
        var, index = cell.name
        for sort, member in zip(self._dims[var], index, strict=True):
            if sort in self.sorts:
                yield sort, member
        if isinstance(cell.sort, RefSort) and cell.sort.index in self.sorts and literal.code:
            yield cell.sort.index, literal.code - 1

    def image(self, literal: Literal, where: Mapping[Member, int]) -> Literal:
        """The literal with members renamed."""
        cell = self._ground.cells[literal.cell]
        var, index = cell.name
        dims = self._dims[var]
        moved = tuple(where.get((s, m), m) for s, m in zip(dims, index, strict=True))
        code = literal.code
        if isinstance(cell.sort, RefSort) and code:
            code = where.get((cell.sort.index, code - 1), code - 1) + 1
        return Literal(self._ground.number[var, moved], literal.relation, code)

    def orbit(self, cube: Cube) -> tuple[Cube, ...]:
        """Every image of ``cube``, itself first."""
        named = self._named(cube)
        images = {cube: None}
        choices = [
            permutations(range(self._ground.sizes.of(sort)), len(members))
            for sort, members in named.items()
        ]
        keys = [(sort, m) for sort, members in named.items() for m in members]
        for choice in product(*choices):
            where = dict(zip(keys, (m for part in choice for m in part), strict=True))
            images[frozenset(self.image(x, where) for x in cube)] = None
        return tuple(images)

    def _named(self, cube: Cube) -> dict[IndexSort, list[int]]:
        found: dict[IndexSort, set[int]] = {}
        for literal in cube:
            for sort, member in self.members(literal):
                found.setdefault(sort, set()).add(member)
        return {s: sorted(found[s]) for s in self.sorts if s in found}

    def law(self, cube: Cube) -> Expr:
        """That no state is in the orbit of ``cube``: for all members that differ."""
        named = self._named(cube)
        params = dict[Member, Param]()
        for sort, some in named.items():
            for k, member in enumerate(some):
                params[sort, member] = Param(f"{sort.name} {k + 1}" if k else sort.name, sort)
        same = [
            eq(params[sort, a], params[sort, b])
            for sort, members in named.items()
            for i, a in enumerate(members)
            for b in members[i + 1 :]
        ]
        law = disj(*same, *(self._denied(x, params) for x in sorted(cube)))
        for param in reversed(params.values()):
            law = forall(param, law)
        return law

    def _denied(self, literal: Literal, params: Mapping[Member, Param]) -> Expr:
        """That the literal does not hold, with parameters in the place of members."""
        cell = self._ground.cells[literal.cell]
        var, where = cell.name
        dims = self._dims[var]
        index = tuple(params.get((s, m), Lit(m, s)) for s, m in zip(dims, where, strict=True))
        read = Read(var, index, cell.sort)
        if isinstance(cell.sort, RefSort) and literal.code:
            to = params.get((cell.sort.index, literal.code - 1))
            if to is not None:
                return neg(eq(read, to))
        if literal.relation == IS:
            return neg(meaning(self._ground, literal, read))
        at_least = literal.relation == LEAST
        bound, code = (MOST, literal.code - 1) if at_least else (LEAST, literal.code + 1)
        return meaning(self._ground, Literal(literal.cell, bound, code), read)
