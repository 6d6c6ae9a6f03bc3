"""Typed expressions over the state, with the source span they came from.

Terms are immutable and compared by structure (spans do not count).  Build them with the functions
below: they fold constants, so that a condition on a switch disappears before any engine sees it.
Terms raise when used as a Python truth value; compare terms with :func:`eq`, not ``==`` in an
``if`` on purpose.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias, Union, assert_never

from pagestate.core.sorts import BOOL, COUNT, DataSort, IndexSort, IntSort, Sort, Value
from pagestate.core.span import Span

OpName: TypeAlias = Literal["not", "and", "or", "ite", "eq", "lt", "le", "add", "sub"]
QuantKind: TypeAlias = Literal["all", "any", "count"]


class Term:
    """What all terms share: they must not be used as Python truth values."""

    __slots__ = ()

    def __bool__(self) -> bool:
        raise TypeError(f"a symbolic term has no truth value: {self!r}")


@dataclass(frozen=True, slots=True)
class Lit(Term):
    """A constant.  A literal of an index sort names one member (finite instances only)."""

    value: Value
    sort: Sort
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Param(Term):
    """A bound variable: a parameter of an action, or the variable of a quantifier."""

    name: str
    sort: Sort
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Read(Term):
    """The value of a state variable at an index; ``primed``: after the step (step properties)."""

    var: str
    index: tuple["Expr", ...]
    sort: DataSort
    primed: bool = False
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Cell(Term):
    """A state cell of a finite instance, by its number in ``GroundSystem.cells``."""

    number: int
    sort: DataSort
    primed: bool = False


@dataclass(frozen=True, slots=True)
class Op(Term):
    """An operator applied to terms; ``and``, ``or`` and ``add`` take any number of them."""

    op: OpName
    args: tuple["Expr", ...]
    sort: Sort
    span: Span | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Quant(Term):
    """``all``/``any``: over every member of the binder's sort; ``count``: for how many it holds."""

    kind: QuantKind
    binder: Param
    body: "Expr"
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def sort(self) -> Sort:
        """Bool, or count for ``count``."""
        return COUNT if self.kind == "count" else BOOL


@dataclass(frozen=True, slots=True)
class Size(Term):
    """The number of members of an index sort."""

    index: IndexSort
    span: Span | None = field(default=None, compare=False, repr=False)

    @property
    def sort(self) -> Sort:
        """A size is a natural number."""
        return COUNT


Expr: TypeAlias = Union["Lit", "Param", "Read", "Cell", "Op", "Quant", "Size"]

TRUE = Lit(True, BOOL)
FALSE = Lit(False, BOOL)


def lit(value: bool | int) -> Lit:
    """A boolean or integer constant."""
    return Lit(value, BOOL if isinstance(value, bool) else IntSort(value, value))


def neg(a: Expr) -> Expr:
    """Not ``a``; of a quantifier: the other one."""
    match a:
        case Lit(value=value):
            return FALSE if value else TRUE
        case Op(op="not", args=(inner,)):
            return inner
        case Quant(kind="any", binder=binder, body=body):
            return forall(binder, neg(body))
        case Quant(kind="all", binder=binder, body=body):
            return exists(binder, neg(body))
        case _:
            return Op("not", (a,), BOOL, span_of(a))


def conj(*terms: Expr) -> Expr:
    """The conjunction of ``terms``, flattened."""
    return _junction("and", terms, TRUE, FALSE)


def disj(*terms: Expr) -> Expr:
    """The disjunction of ``terms``, flattened."""
    return _junction("or", terms, FALSE, TRUE)


def _junction(op: OpName, terms: tuple[Expr, ...], unit: Lit, zero: Lit) -> Expr:
    flat: dict[Expr, None] = {}
    for term in terms:
        for part in term.args if isinstance(term, Op) and term.op == op else (term,):
            if part == zero:
                return zero
            if part != unit:
                flat[part] = None
    if not flat:
        return unit
    parts = tuple(flat)
    if len(parts) <= 12 and any(neg(part) in flat for part in parts):
        return zero
    return parts[0] if len(parts) == 1 else Op(op, parts, BOOL)


def implies(a: Expr, b: Expr) -> Expr:
    """If ``a`` then ``b``."""
    return disj(neg(a), b)


def ite(test: Expr, a: Expr, b: Expr) -> Expr:
    """``a`` where ``test`` holds, else ``b``."""
    if isinstance(test, Lit):
        return a if test.value else b
    if a == b:
        return a
    if a.sort == BOOL:
        if a == TRUE:
            return disj(test, b)
        if a == FALSE:
            return conj(neg(test), b)
        if b == TRUE:
            return disj(neg(test), a)
        if b == FALSE:
            return conj(test, a)
    return Op("ite", (test, a, b), a.sort, span_of(test))


def eq(a: Expr, b: Expr) -> Expr:
    """``a`` equals ``b``; on booleans: the same truth value."""
    if a == b:
        return TRUE
    if isinstance(a, Lit) and isinstance(b, Lit):
        return lit(a.value == b.value)
    if isinstance(a, Lit):
        a, b = b, a
    if isinstance(b, Lit) and b.sort == BOOL:
        return a if b.value else neg(a)
    return Op("eq", (a, b), BOOL, span_of(a))


def lt(a: Expr, b: Expr) -> Expr:
    """``a`` is less than ``b``."""
    x, y = _number(a), _number(b)
    return lit(x < y) if x is not None and y is not None else Op("lt", (a, b), BOOL, span_of(a))


def le(a: Expr, b: Expr) -> Expr:
    """``a`` is at most ``b``."""
    x, y = _number(a), _number(b)
    return lit(x <= y) if x is not None and y is not None else Op("le", (a, b), BOOL, span_of(a))


def add(*terms: Expr) -> Expr:
    """The sum of ``terms``."""
    total, rest = 0, list[Expr]()
    for term in terms:
        number = _number(term)
        if number is None:
            rest.append(term)
        else:
            total += number
    if total or not rest:
        rest.append(lit(total))
    return rest[0] if len(rest) == 1 else Op("add", tuple(rest), COUNT)


def sub(a: Expr, b: Expr) -> Expr:
    """``a`` minus ``b``; may be negative."""
    x, y = _number(a), _number(b)
    if x is not None and y is not None:
        return lit(x - y)
    return a if y == 0 else Op("sub", (a, b), COUNT, span_of(a))


def _number(a: Expr) -> int | None:
    return a.value if isinstance(a, Lit) and isinstance(a.value, int) else None


def forall(binder: Param, body: Expr) -> Expr:
    """``body`` for every member (true if ``body`` is)."""
    return body if isinstance(body, Lit) else Quant("all", binder, body, span_of(body))


def exists(binder: Param, body: Expr) -> Expr:
    """``body`` for some member; false when the sort is empty, so ``true`` is not folded."""
    return FALSE if body == FALSE else Quant("any", binder, body, span_of(body))


def count(binder: Param, body: Expr) -> Expr:
    """For how many members ``body`` holds."""
    return Quant("count", binder, body, span_of(body))


def span_of(a: Expr) -> Span | None:
    """Where the term was written, if known."""
    return None if isinstance(a, Cell) else a.span


def at(a: Expr, span: Span | None) -> Expr:
    """The same term, said to stand at ``span`` (cells carry none)."""
    return a if isinstance(a, Cell) or span is None else replace(a, span=span)


def children(a: Expr) -> tuple[Expr, ...]:
    """The direct subterms."""
    match a:
        case Lit() | Param() | Cell() | Size():
            return ()
        case Read(index=index):
            return index
        case Op(args=args):
            return args
        case Quant(body=body):
            return (body,)
        case _:
            assert_never(a)


def walk(a: Expr) -> Iterator[Expr]:
    """The term and all its subterms, outermost first."""
    yield a
    for child in children(a):
        yield from walk(child)


_BUILD: dict[OpName, Callable[..., Expr]] = {
    "not": neg,
    "and": conj,
    "or": disj,
    "ite": ite,
    "eq": eq,
    "lt": lt,
    "le": le,
    "add": add,
    "sub": sub,
}


def rebuild(a: Expr, child: Callable[[Expr], Expr]) -> Expr:
    """``a`` with ``child`` applied to each direct subterm, constants folded."""
    match a:
        case Lit() | Param() | Cell() | Size():
            return a
        case Read(index=index):
            return replace(a, index=tuple(child(i) for i in index)) if index else a
        case Op(op=op, args=args):
            return at(_BUILD[op](*(child(x) for x in args)), a.span)
        case Quant(kind="all", binder=binder, body=body):
            return forall(binder, child(body))
        case Quant(kind="any", binder=binder, body=body):
            return exists(binder, child(body))
        case Quant(binder=binder, body=body):
            return count(binder, child(body))
        case _:
            assert_never(a)


def substitute(a: Expr, binding: "dict[Param, Expr]") -> Expr:
    """``a`` with free parameters replaced; binders shadow, and are renamed where they capture."""
    if not binding:
        return a
    if isinstance(a, Param):
        return binding.get(a, a)
    if isinstance(a, Quant):
        binding = {p: e for p, e in binding.items() if p != a.binder}
        if any(t == a.binder for e in binding.values() for t in walk(e)):
            other = replace(a.binder, name=a.binder.name + "'")
            a = replace(a, binder=other, body=substitute(a.body, {a.binder: other}))
            return substitute(a, binding)
    return rebuild(a, lambda child: substitute(child, binding))


def transform(a: Expr, visit: Callable[[Expr], Expr | None]) -> Expr:
    """Rewrite top-down: where ``visit`` gives a term it replaces the subterm, else go inside."""
    found = visit(a)
    return found if found is not None else rebuild(a, lambda child: transform(child, visit))
