"""Which index sorts the search may sort away.

The members of an index sort are interchangeable, and sorting their packed words is a canonical
form, if every variable over the sort has exactly that one dimension, no value of the state refers
to a member, and no term names or orders members.
"""

from collections.abc import Iterable, Iterator

from pagestate.core.expr import Expr, Lit, Op, walk
from pagestate.core.property import Property
from pagestate.core.sorts import IndexSort, RefSort, Sizes, Sort
from pagestate.core.system import System, terms_of


def symmetric_sorts(
    system: System, properties: Iterable[Property], sizes: Sizes
) -> tuple[tuple[IndexSort, ...], tuple[str, ...]]:
    """The sorts whose members can be sorted, and why the other unordered ones cannot."""
    terms = [system.init, *(t for p in properties for t in p.terms)]
    terms += [t for action in system.actions for t in terms_of(action)]
    named = dict[IndexSort, str]()
    for term in terms:
        for sort, why in _distinguished(term):
            named.setdefault(sort, why)
    found, notes = list[IndexSort](), list[str]()
    for sort in system.sorts:
        if sort.ordered or sizes.of(sort) < 2:
            continue
        reason = _shape(system, sort) or named.get(sort, "")
        if reason:
            notes.append(f"no symmetry over {sort.name}: {reason}")
        else:
            found.append(sort)
    return tuple(found), tuple(notes)


def _shape(system: System, sort: IndexSort) -> str:
    for var in system.variables:
        if isinstance(var.sort, RefSort) and var.sort.index == sort:
            return f"{var.name} refers to a member"
        if sort in var.dims and var.dims != (sort,):
            return f"{var.name} has more than one index"
    return ""


def _distinguished(term: Expr) -> Iterator[tuple[IndexSort, str]]:
    for e in walk(term):
        match e:
            case Lit(sort=sort, value=value) if value is not None:
                index = _index_sort(sort)
                if index is not None:
                    yield index, f"a term names member {value}"
            case Op(op="lt" | "le" | "add" | "sub", args=args):
                for arg in args:
                    index = _index_sort(arg.sort)
                    if index is not None:
                        yield index, "a term orders members"
            case _:
                pass


def _index_sort(sort: Sort) -> IndexSort | None:
    match sort:
        case IndexSort():
            return sort
        case RefSort(index=index):
            return index
        case _:
            return None
