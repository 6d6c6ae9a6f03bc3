"""The text of a step, as a trace shows it."""

import ast
import copy
import re
from collections.abc import Callable, Mapping

from pagestate.core.expr import (
    Expr,
    Lit,
    Param,
    Read,
)
from pagestate.core.sorts import (
    IndexSort,
    RefSort,
)
from pagestate.lang.declare import Switch
from pagestate.lang.source import Source


def show(value: Expr) -> str:
    """A value in the text of a step; ``{p}`` stands for a parameter's value."""
    match value:
        case Param(name=name, sort=IndexSort(name=sort)):
            return f"{sort} {{{name}}}"
        case Param(name=name):
            return f"{{{name}}}"
        case Lit(value=bool() as flag):
            return "true" if flag else "false"
        case Lit(value=number):
            return str(number)
        case Read(var=var, sort=RefSort(index=index)) if "." in var:
            return f"{index.name} {{={var}}}"
        case Read(var=var):
            return var.rsplit(".", 1)[-1]
        case _:
            return "..."


def fill(text: str, names: Mapping[str, Expr]) -> str:
    """The text of a step with ``{name}`` of a local replaced by how its value is shown."""

    def shown(found: "re.Match[str]") -> str:
        value = names.get(found[1])
        return found[0] if value is None else show(value)

    return re.sub(r"\{(\w+)\}", shown, text)


def is_temporary(node: ast.AST, context: type[ast.expr_context] = ast.Load) -> bool:
    """Whether ``node`` reads (or stores) a value that was moved out of its statement."""
    return (
        isinstance(node, ast.Name)
        and node.id[:1] == "_"
        and node.id[1:].removeprefix("if").removeprefix("at").isdigit()
        and isinstance(node.ctx, context)
    )


class _Shown(ast.NodeTransformer):
    """Writes a statement as a trace shows it: ``m.`` dropped, index locals by their value."""

    def __init__(self, source: Source, lookup: Callable[[str], Expr | None]) -> None:
        self.source, self.lookup = source, lookup

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id == self.source.state:
            return ast.Name(node.attr, ast.Load())
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        state = self.source.state
        args = [a for a in node.args if not (isinstance(a, ast.Name) and a.id == state)]
        return self.generic_visit(ast.Call(node.func, args, node.keywords))

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        kept = [v for v in node.values if not isinstance(self.source.lookup(v), Switch)]
        return self.generic_visit(ast.BoolOp(node.op, kept) if len(kept) > 1 else kept[0])

    def visit_Name(self, node: ast.Name) -> ast.AST:
        value = self.lookup(node.id)
        if isinstance(value, Param | Lit):
            return ast.Name(show(value), node.ctx)
        if isinstance(value, Read) and isinstance(value.sort, RefSort):
            return ast.Name(f"{value.sort.index.name} {{={value.var}}}", node.ctx)
        return node


def plain_text(
    source: Source, lookup: Callable[[str], Expr | None], node: ast.stmt | ast.expr
) -> str:
    """The source text of a statement or test; ``lookup`` gives the values of locals."""
    if isinstance(node, ast.Assign) and is_temporary(node.targets[0], ast.Store):
        node = node.value
    shown = _Shown(source, lookup).visit(copy.deepcopy(node))
    return ast.unparse(ast.fix_missing_locations(shown)).split("\n")[0].rstrip(":")
