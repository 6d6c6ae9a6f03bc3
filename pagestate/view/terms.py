"""Terms of a model in the words of a reader: ``refcount[page 0] > 0``, and what they are made of.

Parameters are replaced by the members they stand for, locals lose the name of their thread, and a
comparison is written the way a person would (``!=`` and ``>`` rather than a negation).
"""

from collections.abc import Iterator, Mapping
from typing import assert_never

from pagestate.core.evaluate import Binding, evaluate
from pagestate.core.expr import Cell, Expr, Lit, Op, Param, Quant, Read, Size, children
from pagestate.core.sorts import BoolSort, EnumSort, IndexSort, RefSort, Sizes, Value
from pagestate.core.trace import State
from pagestate.view.values import local_name, plural_of, show_value

_OPPOSITE = {"eq": "!=", "lt": ">=", "le": ">"}
_SIGNS = {"eq": "==", "lt": "<", "le": "<="}
_LOOSE, _OR, _AND, _NOT, _COMPARE, _SUM, _TIGHT = range(7)


def parts(term: Expr) -> tuple[Expr, ...]:
    """The conjuncts of a guard."""
    return term.args if isinstance(term, Op) and term.op == "and" else (term,)


def show_term(term: Expr, binding: Binding, owners: Mapping[str, str | None]) -> str:
    """The text of ``term``; ``owners`` says whose local a variable is (``None``: nobody's)."""
    return _Shown(binding, owners).text(term, _LOOSE)


def reads(
    term: Expr, binding: Binding, owners: Mapping[str, str | None], state: State, sizes: Sizes
) -> tuple[tuple[str, str], ...]:
    """The variables ``term`` reads outside quantifiers, each with its value in ``state``."""
    found = dict[str, str]()
    for read in _reads(term):
        value = evaluate(read, state, sizes, binding)
        found[show_term(read, binding, owners)] = show_value(value, str(read.sort))
    return tuple(found.items())


def _reads(term: Expr) -> Iterator[Read]:
    if isinstance(term, Read):
        if not term.primed:
            yield term
    elif not isinstance(term, Quant):
        for child in children(term):
            yield from _reads(child)


class _Shown:
    """Writes terms; a term that binds less than its place asks for is put into parentheses."""

    def __init__(self, binding: Binding, owners: Mapping[str, str | None]) -> None:
        self.binding, self.owners = binding, owners

    def text(self, term: Expr, tight: int) -> str:
        """``term`` where something of strength ``tight`` stands around it."""
        text, strength = self._term(term)
        return f"({text})" if strength < tight else text

    def _term(self, term: Expr) -> tuple[str, int]:
        match term:
            case Lit(value=value, sort=sort):
                return self._value(value, str(sort), isinstance(sort, IndexSort)), _TIGHT
            case Param(name=name, sort=sort):
                return self._param(name, sort), _TIGHT
            case Read(var=var, index=index, primed=primed):
                name = local_name(var, self.owners.get(var)) + ("'" if primed else "")
                where = [i for i in index if not self._is_mover(i, var)]
                inside = ", ".join(self.text(i, _LOOSE) for i in where)
                return (f"{name}[{inside}]" if where else name), _TIGHT
            case Cell(number=number):
                return f"cell {number}", _TIGHT
            case Size(index=index):
                return f"number of {plural_of(index.name)}", _TIGHT
            case Quant(kind=kind, binder=binder, body=body):
                name = _plain_binder(binder.name)
                inner = _Shown({**self.binding, binder.name: name}, self.owners)
                every = f"{inner.text(body, _LOOSE)} for {name} in {plural_of(str(binder.sort))}"
                return f"{kind}({every})", _TIGHT
            case Op():
                return self._operation(term)
            case _:
                assert_never(term)

    def _operation(self, term: Op) -> tuple[str, int]:
        match term:
            case Op(op="not", args=(Op(op=("eq" | "lt" | "le") as op, args=args),)):
                return self._compared(_OPPOSITE[op], args)
            case Op(op="not", args=(inner,)):
                return f"not {self.text(inner, _NOT)}", _NOT
            case Op(op="eq" | "lt" | "le", args=args):
                return self._compared(_SIGNS[term.op], args)
            case Op(op="and", args=args):
                return " and ".join(self.text(a, _NOT) for a in args), _AND
            case Op(op="or", args=args):
                return " or ".join(self.text(a, _AND) for a in args), _OR
            case Op(op="add", args=args):
                return " + ".join(self.text(a, _SUM) for a in args), _SUM
            case Op(op="sub", args=(a, b)):
                return f"{self.text(a, _SUM)} - {self.text(b, _TIGHT)}", _SUM
            case Op(args=(test, a, b)):
                shown = (self.text(x, _OR) for x in (a, test, b))
                return "{} if {} else {}".format(*shown), _LOOSE
            case _:
                raise AssertionError(term.op)

    def _compared(self, sign: str, args: tuple[Expr, ...]) -> tuple[str, int]:
        left, right = args
        if isinstance(left, Lit) and sign in (">=", ">", "<", "<="):
            turned = {">=": "<=", ">": "<", "<": ">", "<=": ">="}
            left, right, sign = right, left, turned[sign]
        return f"{self.text(left, _SUM)} {sign} {self.text(right, _SUM)}", _COMPARE

    def _is_mover(self, index: Expr, var: str) -> bool:
        """Whether ``index`` only says which member of its own thread a local belongs to."""
        owner = self.owners.get(var)
        return owner is not None and isinstance(index, Param) and index.name == owner

    def _param(self, name: str, sort: object) -> str:
        if isinstance(sort, BoolSort):
            return name.partition(":")[0]
        value = self.binding.get(name, name)
        if isinstance(value, str) and not isinstance(sort, EnumSort):
            return value
        if name not in self.binding:
            return name
        return self._value(value, str(sort), isinstance(sort, IndexSort))

    def _value(self, value: Value, sort: str, index: bool) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        return f"{sort} {value}" if index else show_value(value, sort)


def _plain_binder(name: str) -> str:
    """A quantifier's variable without the source position that keeps it apart from others."""
    return name.partition(":")[0].strip() or name


def is_choice(term: Expr) -> bool:
    """Whether ``term`` is about a free choice of the step (``either``, ``choose``) alone."""
    match term:
        case Param(sort=sort):
            return isinstance(sort, BoolSort)
        case Op(args=args):
            return all(is_choice(a) or isinstance(a, Lit | Param) for a in args)
        case _:
            return False


def pinned(term: Expr) -> tuple[Read, Param] | None:
    """The local and the parameter that a conjunct ``local == parameter`` ties together."""
    match term:
        case Op(op="eq", args=(Read(sort=RefSort()) as read, Param() as param)):
            return read, param
        case Op(op="eq", args=(Param() as param, Read(sort=RefSort()) as read)):
            return read, param
        case _:
            return None
