"""From Python expressions to core terms: the symbolic meaning of what a step reads."""

import ast
from dataclasses import replace
from enum import Enum
from typing import Any

from pagestate.core.expr import (
    FALSE,
    TRUE,
    Expr,
    Lit,
    Op,
    Param,
    add,
    at,
    conj,
    count,
    disj,
    eq,
    exists,
    forall,
    ite,
    le,
    lit,
    lt,
    neg,
    sub,
)
from pagestate.core.sorts import (
    BOOL,
    COUNT,
    BoolSort,
    CountSort,
    EnumSort,
    IndexSort,
    IntSort,
    RefSort,
    Sort,
)
from pagestate.lang.declare import Switch
from pagestate.lang.diagnostics import near
from pagestate.lang.functions import Function
from pagestate.lang.locals import WORD
from pagestate.lang.scope import Scope, bad_call, bound, field_of, is_state, read, with_local
from pagestate.lang.source import source_of
from pagestate.lang.state import Index, Members, index_sort
from pagestate.lang.statements import idle


def term(scope: Scope, node: ast.expr) -> Expr:
    """The core term of a Python expression.  Raises ModelError PS202 to PS206, PS211, PS214."""
    return at(_term(scope, node), scope.source.span(node))


def _term(scope: Scope, node: ast.expr) -> Expr:
    match node:
        case ast.Constant(value=bool() as value):
            return lit(value)
        case ast.Constant(value=int() as value):
            return lit(value)
        case ast.Constant(value=str() as text):
            return Lit(text, EnumSort(WORD, (text,)))
        case ast.Constant(value=None):
            return Lit(None, RefSort(IndexSort("none")))
        case ast.Name(id=name):
            return _name(scope, node, name)
        case ast.Subscript() | ast.Attribute():
            return _access(scope, node)
        case ast.BoolOp(op=op, values=values):
            parts = list[Expr]()
            stop = FALSE if isinstance(op, ast.And) else TRUE
            for operand in values:
                part = condition(scope, operand)
                parts.append(part)
                if part == stop:  # the rest is not evaluated: it may belong to another valuation
                    break
            return conj(*parts) if isinstance(op, ast.And) else disj(*parts)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return neg(condition(scope, operand))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as value)):
            return lit(-value)
        case ast.BinOp(left=left, op=ast.Add() | ast.Sub() as op, right=right):
            a, b = number(scope, left), number(scope, right)
            return add(a, b) if isinstance(op, ast.Add) else sub(a, b)
        case ast.IfExp(test=test, body=body, orelse=orelse):
            decided = condition(scope, test)
            if isinstance(decided, Lit):
                return term(scope, body if decided.value else orelse)
            return _either(scope, node, decided, term(scope, body), term(scope, orelse))
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            return _chain(scope, node, [left, *comparators], ops)
        case ast.Call():
            return _call(scope, node)
        case _:
            raise scope.error(
                "PS202",
                f"{type(node).__name__} is outside the language",
                node,
                "see docs/language.md for the expressions a step can use",
            )


def _chain(scope: Scope, node: ast.expr, operands: list[ast.expr], ops: list[ast.cmpop]) -> Expr:
    """``a < b < c``: what stands in the middle is read once."""
    parts, touched = list[Expr](), scope.step.touched
    for number, op in enumerate(ops):
        before = len(touched)
        if number:
            term(scope, operands[number])
        once = len(touched) - before
        del touched[before:]
        parts.append(_compare(scope, node, operands[number], op, operands[number + 1]))
        del touched[before : before + once]
    return conj(*parts)


def _either(scope: Scope, node: ast.expr, test: Expr, a: Expr, b: Expr) -> Expr:
    """``a if test else b`` of two values of one kind."""
    one, two = a.sort, b.sort
    apart = _kind(one) != _kind(two) or isinstance(one, RefSort) != isinstance(two, RefSort)
    if apart or _two_enums(one, two):
        words = _kind(one) == f"enum {WORD}"
        hint = "use an Enum for words" if words else "write it with if and else"
        raise scope.error("PS206", f"one value is {one}, the other {two}", node, hint)
    made = ite(test, a, b)
    if not isinstance(made, Op) or a.sort == b.sort:
        return made
    if isinstance(a.sort, IntSort) and isinstance(b.sort, IntSort):
        return replace(made, sort=IntSort(min(a.sort.lo, b.sort.lo), max(a.sort.hi, b.sort.hi)))
    if isinstance(a.sort, CountSort | IntSort):
        return replace(made, sort=COUNT)
    return made


def condition(scope: Scope, node: ast.expr) -> Expr:
    """A boolean term.  Raises PS206 for anything else."""
    made = term(scope, node)
    if made.sort != BOOL:
        raise scope.error(
            "PS206", f"a condition must be a bool, this is {made.sort}", node, "compare it: x == 0"
        )
    return made


def number(scope: Scope, node: ast.expr) -> Expr:
    """A number term.  Raises PS206 for anything else."""
    made = term(scope, node)
    if not isinstance(made.sort, CountSort | IntSort):
        raise scope.error("PS206", f"a number is needed here, this is {made.sort}", node)
    return made


def member(scope: Scope, node: ast.expr, sort: IndexSort | None) -> Expr:
    """A term that can index a field: a parameter of the step or a binder.  Raises PS206."""
    made = term(scope, node)
    if _is_none(made) and sort is not None:
        made = Lit(None, RefSort(sort))
    found = made.sort.index if isinstance(made.sort, RefSort) else made.sort
    if not isinstance(found, IndexSort) or (sort is not None and found != sort):
        raise scope.error("PS206", f"an index of sort {sort} is needed, this is {made.sort}", node)
    return scope.anchor(made, node)


def _name(scope: Scope, node: ast.expr, name: str) -> Expr:
    local = scope.local(name)
    if local is not None:
        return local
    if is_state(scope, node):
        raise scope.error("PS202", "the state can only be read by field", node)
    if name in scope.source.assigned:
        raise scope.error("PS213", f"{name!r} may be read here before it has a value", node)
    if name not in scope.source.names:
        raise scope.error("PS204", f"unknown name {name!r}", node)
    return _constant(scope, node, scope.source.names[name])


def _constant(scope: Scope, node: ast.expr, value: Any) -> Expr:
    match value:
        case Switch(name=switch):
            if switch not in scope.valuation:
                raise scope.error(
                    "PS204",
                    f"switch {switch!r} is not among the model's switches",
                    node,
                    "add it to Model(switches=[...])",
                )
            chosen = scope.valuation[switch]
            if isinstance(chosen, str):
                return Lit(chosen, EnumSort(WORD, (chosen,)))
            return lit(chosen)
        case bool() | int():
            return lit(value)
        case str():
            return Lit(value, EnumSort(WORD, (value,)))
        case Enum():
            cls = type(value)
            return Lit(value.name, EnumSort(cls.__name__, tuple(cls.__members__)))
        case None:
            return Lit(None, RefSort(IndexSort("none")))
        case _:
            raise scope.error(
                "PS202",
                "this name is not a local, a switch, an enumeration member or a constant",
                node,
            )


def _access(scope: Scope, node: ast.expr) -> Expr:
    found = field_of(scope, node)
    if found is None:
        value = scope.source.lookup(node)
        if value is None:
            raise scope.error("PS202", "only fields of the state can be read like this", node)
        return _constant(scope, node, value)
    info, index = found
    if info.ghost and not scope.ghosts:
        raise scope.error(
            "PS211",
            f"ghost field {info.name!r} is for properties; the protocol cannot read it",
            node,
        )
    where = () if index is None else (member(scope, index, info.index),)
    if not info.ghost:
        scope.step.touched.append(info.name)
    if scope.bulk is not None and info.name in scope.bulk[1] and where != (scope.bulk[0],):
        raise scope.error(
            "PS209",
            f"this loop changes {info.name!r} of every member and reads it of another one",
            node,
            "what it reads would depend on the order of the members: read it before the loop",
        )
    base = node.value if isinstance(node, ast.Subscript) else node
    assert isinstance(base, ast.Attribute) and isinstance(base.value, ast.Name)
    return read(scope.step, info.name, where, info.sort, base.value.id == scope.primed)


def _compare(scope: Scope, node: ast.expr, a: ast.expr, op: ast.cmpop, b: ast.expr) -> Expr:
    if isinstance(op, ast.In | ast.NotIn):
        if not isinstance(b, ast.Tuple | ast.List | ast.Set):
            raise scope.error("PS202", "`in` needs a written-out tuple of values", b)
        hits = disj(*(_compare(scope, node, a, ast.Eq(), item) for item in b.elts))
        return hits if isinstance(op, ast.In) else neg(hits)
    x, y = term(scope, a), term(scope, b)
    kinds = {_kind(x.sort), _kind(y.sort)}
    if len(kinds) > 1 and not (_is_none(x) or _is_none(y)):
        raise scope.error("PS206", f"{x.sort} compared with {y.sort}", node)
    if _two_enums(x.sort, y.sort) and kinds != {f"enum {WORD}"}:
        raise scope.error("PS206", f"values of two enumerations, both called {x.sort}", node)
    match op:
        case ast.Eq() | ast.Is():
            return _equal(x, y)
        case ast.NotEq() | ast.IsNot():
            return neg(_equal(x, y))
        case _:
            pass
    if kinds != {"number"}:
        raise scope.error(
            "PS214" if isinstance(x.sort, IndexSort | RefSort) else "PS206",
            f"{x.sort} has no order",
            node,
            "members of an index sort are interchangeable: compare them with == only",
        )
    match op:
        case ast.Lt():
            return lt(x, y)
        case ast.LtE():
            return le(x, y)
        case ast.Gt():
            return lt(y, x)
        case ast.GtE():
            return le(y, x)
        case _:
            raise scope.error("PS202", "this comparison is outside the language", node)


def _equal(x: Expr, y: Expr) -> Expr:
    if _is_none(x) and isinstance(y.sort, RefSort):
        x = Lit(None, y.sort)
    if _is_none(y) and isinstance(x.sort, RefSort):
        y = Lit(None, x.sort)
    return FALSE if _two_enums(x.sort, y.sort) else eq(x, y)  # FALSE: two words


def _two_enums(a: Sort, b: Sort) -> bool:
    return isinstance(a, EnumSort) and isinstance(b, EnumSort) and a != b


def _is_none(x: Expr) -> bool:
    return isinstance(x, Lit) and x.value is None


def _kind(sort: Sort) -> str:
    match sort:
        case BoolSort():
            return "bool"
        case CountSort() | IntSort():
            return "number"
        case EnumSort(name=name):
            return f"enum {name}"
        case IndexSort(name=name):
            return f"member {name}"
        case RefSort(index=index):
            return f"member {index.name}"


def _call(scope: Scope, node: ast.Call) -> Expr:
    callee = scope.source.lookup(node.func)
    name = getattr(callee, "__name__", "")
    if callee is idle:
        return _idle(scope, node)
    if callee in (all, any, sum) or name == "count":
        return _quantifier(scope, node, name)
    if isinstance(callee, Function) and callee.kind == "derived":
        return derived_call(scope, callee, node.args, node)
    if isinstance(node.func, ast.Attribute) and is_state(scope, node.func.value):
        method = scope.layout.derived.get(node.func.attr)
        if method is None:
            raise scope.error(
                "PS205",
                f"the state has no derived predicate {node.func.attr!r}",
                node.func,
                near(node.func.attr, list(scope.layout.derived)),
            )
        return derived_call(scope, method, [node.func.value, *node.args], node)
    if isinstance(callee, Function):
        raise scope.error(
            "PS207", f"{callee.kind} function {callee.name} cannot be called here", node
        )
    if name in ("choose", "either"):
        raise scope.error(
            "PS202", f"{name}() must be assigned to a local or tested on its own", node
        )
    raise bad_call(scope, node)


def _idle(scope: Scope, node: ast.Call) -> Expr:
    """``idle(thread)``.  Raises PS218, PS204, PS207."""
    thread = scope.source.lookup(node.args[0]) if len(node.args) == 1 else None
    if not isinstance(thread, Function) or thread.kind != "thread":
        raise scope.error("PS218", "idle() takes a thread of the model", node)
    if not scope.idle:
        raise scope.error(
            "PS207",
            "idle() can be asked only in properties about a state",
            node,
            "no step can see where another thread is; @step properties see fields alone",
        )
    if thread.name not in scope.idle:
        hint = near(thread.name, list(scope.idle))
        raise scope.error("PS204", f"the model has no thread {thread.name!r}", node.args[0], hint)
    return scope.idle[thread.name]


def over(scope: Scope, node: ast.expr) -> IndexSort:
    """The index sort of ``m.pages`` or ``members(Page)``.  Raises PS202."""
    if isinstance(node, ast.Attribute) and is_state(scope, node.value):
        sort = scope.layout.members.get(node.attr)
        if sort is not None:
            return sort
    if isinstance(node, ast.Call) and getattr(scope.source.lookup(node.func), "__name__", "") == (
        "members"
    ):
        cls = scope.source.lookup(node.args[0]) if len(node.args) == 1 else None
        if isinstance(cls, type) and issubclass(cls, Index):
            return index_sort(cls)
    found = scope.source.lookup(node)
    if isinstance(found, Members):
        return index_sort(found.cls)
    raise scope.error(
        "PS202", "the members of an index sort are needed here", node, "m.pages, or members(Page)"
    )


def binder_of(scope: Scope, target: ast.expr, sort: Sort) -> Param:
    """A binder with a name of its own."""
    if not isinstance(target, ast.Name):
        raise scope.error("PS202", "a single name is needed here", target)
    return bound(target.id, target, sort)


def _quantifier(scope: Scope, node: ast.Call, name: str) -> Expr:
    if len(node.args) != 1 or not isinstance(node.args[0], ast.GeneratorExp):
        raise scope.error(
            "PS202", f"{name}(...) takes one generator", node, f"{name}(... for p in m.pages)"
        )
    generator = node.args[0]
    if len(generator.generators) != 1:
        raise scope.error("PS202", "one `for` in a quantifier; nest another all()/any()", node)
    clause = generator.generators[0]
    binder = binder_of(scope, clause.target, over(scope, clause.iter))
    inner = with_local(scope, clause.target, binder)
    before = len(scope.step.touched)
    hits = conj(*(condition(inner, test) for test in clause.ifs))
    if name == "sum":
        if not (isinstance(generator.elt, ast.Constant) and generator.elt.value == 1):
            raise scope.error(
                "PS202", "only sum(1 for ... if ...) is supported", node, "or count()"
            )
        made = count(binder, hits)
    else:
        body = condition(inner, generator.elt)
        if name == "all":
            made = forall(binder, disj(neg(hits), body))
        elif name == "any":
            made = exists(binder, conj(hits, body))
        else:
            made = count(binder, conj(hits, body))
    scope.step.touched.extend(scope.step.touched[before:][:1])
    return made


def derived_call(scope: Scope, function: Function, args: "list[ast.expr]", node: ast.AST) -> Expr:
    """A derived predicate applied: its return expression with the arguments put in."""
    source = source_of(function.fn)
    if source.tree in scope.calling:
        raise scope.error("PS208", f"{function.name} calls itself", node)
    if len(args) != len(source.args) + 1 or not is_state(scope, args[0]):
        raise scope.error(
            "PS218", f"{function.name} takes the state and {len(source.args)} more", node
        )
    values = {name: term(scope, arg) for (name, _), arg in zip(source.args, args[1:], strict=True)}
    primed = isinstance(args[0], ast.Name) and args[0].id == scope.primed
    inner = replace(
        scope,
        source=source,
        local=values.get,
        calling=(*scope.calling, source.tree),
        primed=source.state if primed else "",
    )
    return pure_body(inner)


def pure_body(scope: Scope) -> Expr:
    """The value of a function that is one return statement (after local definitions)."""
    inner, value = _returned(scope)
    return term(inner, value)


def pure_pair(scope: Scope) -> tuple[Expr, Expr]:
    """The two values of a function that returns two.  Raises PS216."""
    inner, value = _returned(scope)
    if not isinstance(value, ast.Tuple) or len(value.elts) != 2:
        hint = "return antecedent, goal"
        raise scope.error("PS216", f"{scope.source.name} must return two conditions", value, hint)
    first, second = value.elts
    return term(inner, first), term(inner, second)


def _returned(scope: Scope) -> tuple[Scope, ast.expr]:
    """What a pure function returns, and where that is evaluated.  Raises PS216."""
    values = dict[str, Expr]()
    outer = scope.local
    inner = replace(scope, local=lambda n: values[n] if n in values else outer(n))
    for stmt in scope.source.tree.body:
        match stmt:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                values[name] = term(inner, value)
            case ast.Return(value=ast.expr() as value):
                return inner, value
            case _:
                break
    raise scope.error(
        "PS216",
        f"{scope.source.name} must be local definitions and one return of an expression",
        scope.source.tree,
        "use all(...), any(...), `a if c else b` instead of statements",
    )
