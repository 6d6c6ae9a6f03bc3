"""Terms and invariants as JSON, so that a proof can be kept and re-checked another day.

What is read back is untrusted: it becomes part of an invariant, and an invariant counts only after
its obligations were rebuilt from the model and refuted.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, assert_never

from pagestate.core.expr import Cell, Expr, Lit, Op, Param, Quant, Read, Size
from pagestate.core.invariant import AnyInvariant, FiniteInvariant, Invariant
from pagestate.core.sorts import (
    BoolSort,
    CountSort,
    DataSort,
    EnumSort,
    IndexSort,
    IntSort,
    RefSort,
    Sort,
)


class BadTerm(Exception):
    """The text is not what :func:`invariant_text` writes."""


def invariant_text(invariant: AnyInvariant) -> str:
    """An invariant as one line of JSON."""
    if isinstance(invariant, FiniteInvariant):
        return json.dumps(
            {
                "properties": list(invariant.properties),
                "laws": [_term(e) for e in invariant.laws],
                "count_bound": invariant.count_bound,
                "depth": invariant.depth,
                "distinct": invariant.distinct,
                "text": invariant.text,
            },
            separators=(",", ":"),
        )
    return json.dumps(
        {
            "subject": _term(invariant.subject),
            "properties": list(invariant.properties),
            "laws": [_term(e) for e in invariant.laws],
            "clauses": [_term(e) for e in invariant.clauses],
            "text": invariant.text,
            "uses": [[name, list(numbers)] for name, numbers in invariant.uses],
            "elsewhere": list(invariant.elsewhere),
        },
        separators=(",", ":"),
    )


def invariant_from(text: str) -> AnyInvariant:
    """The invariant that was written.  Raises BadTerm."""
    try:
        body = json.loads(text)
        if "depth" in body:
            return FiniteInvariant(
                tuple(str(p) for p in body["properties"]),
                tuple(_read(e) for e in body["laws"]),
                int(body["count_bound"]),
                int(body["depth"]),
                bool(body["distinct"]),
                str(body["text"]),
            )
        subject = _read(body["subject"])
        if not isinstance(subject, Param):
            raise BadTerm("the subject is no parameter")
        return Invariant(
            subject,
            tuple(str(p) for p in body["properties"]),
            tuple(_read(e) for e in body["laws"]),
            tuple(_read(e) for e in body["clauses"]),
            str(body["text"]),
            tuple((str(name), tuple(int(n) for n in ns)) for name, ns in body.get("uses", ())),
            tuple(str(name) for name in body.get("elsewhere", ())),
        )
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise BadTerm(f"{type(error).__name__}: {error}") from None


def _sort(sort: Sort) -> list[Any]:
    match sort:
        case BoolSort():
            return ["bool"]
        case EnumSort(name=name, members=members):
            return ["enum", name, list(members)]
        case IntSort(lo=lo, hi=hi):
            return ["int", lo, hi]
        case CountSort():
            return ["count"]
        case IndexSort(name=name, ordered=ordered):
            return ["index", name, ordered]
        case RefSort(index=index):
            return ["ref", index.name, index.ordered]
        case _:
            assert_never(sort)


def _term(e: Expr) -> list[Any]:
    match e:
        case Lit(value=value, sort=sort):
            return ["lit", value, _sort(sort)]
        case Param(name=name, sort=sort):
            return ["param", name, _sort(sort)]
        case Read(var=var, index=index, sort=sort, primed=primed):
            return ["read", var, [_term(i) for i in index], _sort(sort), primed]
        case Cell(number=number, sort=sort, primed=primed):
            return ["cell", number, _sort(sort), primed]
        case Op(op=op, args=args, sort=sort):
            return ["op", op, [_term(a) for a in args], _sort(sort)]
        case Quant(kind=kind, binder=binder, body=body):
            return ["quant", kind, _term(binder), _term(body)]
        case Size(index=index_sort):
            return ["size", _sort(index_sort)]
        case _:
            assert_never(e)


_SORTS: Mapping[str, Callable[..., Sort]] = {
    "bool": BoolSort,
    "enum": lambda name, members: EnumSort(name, tuple(str(m) for m in members)),
    "int": IntSort,
    "count": CountSort,
    "index": IndexSort,
    "ref": lambda name, ordered: RefSort(IndexSort(name, ordered)),
}


def _read_sort(body: Any) -> Sort:
    kind, *rest = body
    return _SORTS[kind](*rest)


def _data_sort(body: Any) -> DataSort:
    sort = _read_sort(body)
    if isinstance(sort, IndexSort):
        raise BadTerm("an index sort where data is expected")
    return sort


def _read(body: Any) -> Expr:
    match body:
        case ["lit", value, sort]:
            return Lit(value, _read_sort(sort))
        case ["param", name, sort]:
            return Param(name, _read_sort(sort))
        case ["read", var, index, sort, primed]:
            return Read(var, tuple(_read(i) for i in index), _data_sort(sort), bool(primed))
        case ["cell", number, sort, primed]:
            return Cell(number, _data_sort(sort), bool(primed))
        case ["op", op, args, sort]:
            return Op(op, tuple(_read(a) for a in args), _read_sort(sort))
        case ["quant", kind, binder, inner]:
            bound = _read(binder)
            if not isinstance(bound, Param):
                raise BadTerm("a quantifier binds a parameter")
            return Quant(kind, bound, _read(inner))
        case ["size", sort]:
            index = _read_sort(sort)
            if not isinstance(index, IndexSort):
                raise BadTerm("a size of something that is no index sort")
            return Size(index)
        case _:
            raise BadTerm(f"no term: {str(body)[:60]}")
