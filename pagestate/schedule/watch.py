"""What is looked at of a state, as words per member: ``rc1 off0 FREELIST plug1``."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

from pagestate.core.sorts import Sizes, Value
from pagestate.core.trace import CellName, State
from pagestate.lang.compile import Compiled
from pagestate.lang.diagnostics import ModelError, near
from pagestate.lang.layout import layout_of, value_of


@dataclass(frozen=True)
class Watch:
    """What is seen of every member of ``sort``.

    ``fields`` are the fields of the model's state that ``show`` is given: for a field per member
    the value at that member, for others the value; an enumeration's value is the member's name.
    ``show`` returns words with spaces between them.
    """

    fields: Sequence[str]
    show: Callable[[Mapping[str, Any]], str]
    sort: str = "page"


Observer: TypeAlias = Callable[[State], tuple[str, ...]]
"""What is seen of a state: the words of each member."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A watch of one instance: for each member, the cells that are read, and the constants.

    A field that the valuation never writes is no variable of the instance: it has its initial
    value.
    """

    watch: Watch
    cells: tuple[tuple[tuple[str, CellName], ...], ...]
    constants: Mapping[str, Value]

    def words(self, member: int, state: State) -> str:
        """What is seen of one member."""
        seen = {name: state[cell] for name, cell in self.cells[member]}
        return self.watch.show({**self.constants, **seen})

    def __call__(self, state: State) -> tuple[str, ...]:
        """What is seen of a state."""
        return tuple(self.words(k, state) for k in range(len(self.cells)))


def bind(watch: Watch, compiled: Compiled, sizes: Sizes) -> Bound:
    """The watch for an instance.  Raises ModelError PS205, PS303."""
    system, layout = compiled.system, layout_of(compiled.model)
    if watch.sort not in sizes.index:
        hint = near(watch.sort, list(sizes.index))
        text = f"model {system.name} has no index sort {watch.sort!r}"
        raise ModelError("PS303", text, hint=hint)
    variables = {v.name: v for v in system.variables}
    constants = dict[str, Value]()
    varying = list[str]()
    for name in watch.fields:
        if name in variables:
            if [d.name for d in variables[name].dims] not in ([], [watch.sort]):
                text = f"field {name!r} is not one value for each {watch.sort}"
                raise ModelError("PS205", text)
            varying.append(name)
        elif name in layout.fields:
            constants[name] = value_of(layout.fields[name].sort, layout.fields[name].init)
        else:
            text = f"the state of model {system.name} has no field {name!r}"
            raise ModelError("PS205", text, hint=near(name, layout.names()))
    cells = tuple(
        tuple((n, (n, (k,) if variables[n].dims else ())) for n in varying)
        for k in range(sizes.index[watch.sort])
    )
    return Bound(watch, cells, constants)


def count_changes(seen: Observer, states: Sequence[State]) -> int:
    """How many steps change what is seen."""
    shown = [seen(s) for s in states]
    return sum(a != b for a, b in pairwise(shown))
