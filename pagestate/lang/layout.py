"""The state of a model as core variables: fields, globals and locks, with their sorts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pagestate.core.sorts import (
    COUNT,
    CountSort,
    DataSort,
    EnumSort,
    IndexSort,
    IntSort,
    RefSort,
    Value,
)
from pagestate.core.system import StateVar
from pagestate.lang.changes import NOTHING, WHOLE, Changes, Cut
from pagestate.lang.declare import Model
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.functions import Function
from pagestate.lang.state import (
    Field,
    Free,
    Index,
    Lifecycle,
    Lock,
    Members,
    Var,
    data_sort,
    index_sort,
)

FREE_LOCK = "free"


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """A field or global: its index sort (None: global), data sort, lock that guards it."""

    name: str
    index: IndexSort | None
    sort: DataSort
    ghost: bool
    init: Any
    doc: str
    guard: str | None


@dataclass(frozen=True, slots=True)
class LockInfo:
    """A lock: its owner variable holds ``free`` or the name of the owning thread."""

    name: str
    kind: str
    sort: EnumSort
    doc: str

    @property
    def readers(self) -> str:
        """The counter of readers of a reader/writer lock."""
        return f"{self.name}.readers"

    @property
    def queued(self) -> str:
        """The counter of writers queued for a reader/writer lock."""
        return f"{self.name}.queued"


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything a function body can refer to through its state parameter.

    ``changes`` is what the variant does without, ``cut`` where that cuts statements.
    """

    fields: Mapping[str, FieldInfo]
    locks: Mapping[str, LockInfo]
    members: Mapping[str, IndexSort]
    derived: Mapping[str, Function]
    changes: Changes = NOTHING
    cut: Cut = WHOLE

    def names(self) -> list[str]:
        """All names, for hints."""
        return [*self.fields, *self.locks, *self.members, *self.derived]


def layout_of(model: Model) -> Layout:
    """The layout of the model's state class.  Raises ModelError PS308."""
    declared = dict[str, Any]()
    for cls in reversed(model.state.__mro__):
        declared |= {n: v for n, v in vars(cls).items() if not n.startswith("__")}
    owners = EnumSort("owner", (FREE_LOCK, *(t.name for t in model.declared_threads())))
    locks = {
        n: LockInfo(n, v.kind, owners, v.doc) for n, v in declared.items() if isinstance(v, Lock)
    }
    guards = {g: n for n, v in declared.items() if isinstance(v, Lock) for g in v.guards}
    fields = dict[str, FieldInfo]()
    members = dict[str, IndexSort]()
    derived = dict[str, Function]()
    for name, value in declared.items():
        match value:
            case Field() | Var():
                index = index_sort(value.index) if isinstance(value, Field) else None
                sort = data_sort(value.sort)
                _check_init(name, sort, value.init)
                fields[name] = FieldInfo(
                    name, index, sort, value.ghost, value.init, value.doc, guards.get(name)
                )
            case Members():
                members[name] = index_sort(value.cls)
            case Function(kind="derived"):
                derived[name] = value
            case Lock() | Lifecycle():
                pass
            case _ if not isinstance(value, type) and name != "_abc_impl":
                raise ModelError(
                    "PS308",
                    f"{model.state.__name__}.{name} is not a field, lock or derived predicate",
                    model.span,
                    "declare it with per_page(...), per(...), var(...), mutex() or @derived",
                )
            case _:
                pass
    for guarded, lock in guards.items():
        if guarded not in fields:
            raise ModelError("PS205", f"lock {lock!r} guards {guarded!r}, which is no field")
    if "fault" in (*fields, *locks):
        raise ModelError(
            "PS307",
            "'fault' names the variable that says which built-in rule was broken",
            model.span,
            "give the field another name",
        )
    changes = model.changes
    shared = frozenset(n for n, info in fields.items() if not info.ghost)
    freed = frozenset(g for g, lock in guards.items() if lock in changes.unlocked)
    cut = Cut(changes.cut, shared, freed) if changes.cut or freed else WHOLE
    return Layout(fields, locks, members, derived, changes, cut)


def _check_init(name: str, sort: DataSort, init: Any) -> None:
    try:
        value = value_of(sort, init)
    except (TypeError, ValueError):
        raise ModelError("PS308", f"the initial value of {name!r} is no {sort}: {init!r}") from None
    if isinstance(value, int) and not _in_range(sort, value):
        raise ModelError("PS308", f"the initial value of {name!r} is out of range: {init!r}")


def _in_range(sort: DataSort, value: int) -> bool:
    match sort:
        case CountSort():
            return value >= 0
        case IntSort(lo=lo, hi=hi):
            return lo <= value <= hi
        case _:
            return True


def value_of(sort: DataSort, value: Any) -> Value:
    """A Python value of the model as a core value.  Raises TypeError, ValueError."""
    if isinstance(value, Free):
        return None
    if isinstance(sort, EnumSort):
        name = getattr(value, "name", None)
        if name not in sort.members:
            raise ValueError(value)
        return str(name)
    if isinstance(sort, RefSort):
        if value is not None and not isinstance(value, Index):
            raise TypeError(value)
        return None if value is None else value.number
    if isinstance(value, bool) != (str(sort) == "bool") or not isinstance(value, int):
        raise TypeError(value)
    return value


def state_variables(layout: Layout, with_readers: set[str]) -> list[StateVar]:
    """The variables of the shared state; ``with_readers``: the locks that readers take."""
    made = list[StateVar]()
    for info in layout.fields.values():
        made.append(
            StateVar(
                info.name,
                (info.index,) if info.index else (),
                info.sort,
                value_of(info.sort, info.init),
                free=isinstance(info.init, Free),
                ghost=info.ghost,
                doc=info.doc,
            )
        )
    for lock in layout.locks.values():
        made.append(StateVar(lock.name, (), lock.sort, FREE_LOCK, doc=lock.doc))
        if lock.name in with_readers:
            made.append(StateVar(lock.readers, (), COUNT, 0))
            made.append(StateVar(lock.queued, (), COUNT, 0))
    return made
