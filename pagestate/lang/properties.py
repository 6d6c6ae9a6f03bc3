"""From declared properties to core properties: their bodies are pure terms over the state."""

import ast
from collections.abc import Mapping, Sequence

from pagestate.core.expr import Expr, Lit, Param, Read, conj, disj, eq, neg
from pagestate.core.property import Property
from pagestate.core.sorts import BOOL, DataSort
from pagestate.core.system import Action, Thread
from pagestate.core.waiting import FAULT, NO_FAULT, all_at, is_quiet, no_cycle
from pagestate.lang.declare import Model
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.functions import Predicate, PropertyDecl
from pagestate.lang.layout import Layout
from pagestate.lang.scope import Scope, Step
from pagestate.lang.source import source_of
from pagestate.lang.terms import pure_body, pure_pair


def deadlock_property(
    decl: PropertyDecl,
    threads: Sequence[Thread],
    actions: Sequence[Action],
    sorts: Mapping[str, DataSort],
) -> Property:
    """``deadlock_free`` of a model's threads and locks; quiet is also what follows a fault."""
    quiet = conj(*(all_at(t, sorts[t.control], is_quiet(t)) for t in threads))
    if FAULT in sorts:
        fault = sorts[FAULT]
        quiet = disj(quiet, neg(eq(Read(FAULT, (), fault), Lit(NO_FAULT, fault))))
    formula = no_cycle(threads, actions, sorts)
    return Property(decl.name, decl.kind, formula, decl.doc, decl.title, antecedent=quiet)


def pure_scope(
    fn: Predicate,
    layout: Layout,
    valuation: Mapping[str, bool | str | int],
    step_property: bool = False,
    idle: Mapping[str, Expr] | None = None,
) -> Scope:
    """Where the body of a pure function of the whole state is evaluated."""
    source = source_of(fn)
    primed = source.args[0][0] if step_property and source.args else ""

    def named(value: Expr, node: ast.AST) -> Expr:
        if isinstance(value, Param):
            return value
        raise ModelError(
            "PS216",
            "a property can index a field only with the member of a quantifier",
            source.span(node),
            "quantify over what it names: all(... for p in m.pages if m.f == p)",
        )

    return Scope(
        source,
        layout,
        valuation,
        Step(),
        lambda name: None,
        named,
        ghosts=True,
        primed=primed,
        idle={} if idle is None or step_property else idle,
    )


def compile_property(
    decl: PropertyDecl,
    layout: Layout,
    valuation: Mapping[str, bool | str | int],
    model: Model,
    idle: Mapping[str, Expr] | None = None,
) -> Property:
    """A declared property over the model's state; ``idle`` says where its threads are not at work.

    Raises ModelError PS305 if it does not bind.
    """
    scope = pure_scope(decl.fn, layout, valuation, decl.kind == "step", idle)
    antecedent: Expr | None = None
    try:
        if decl.kind == "leads_to":
            antecedent, formula = pure_pair(scope)
        else:
            formula = pure_body(scope)
    except ModelError as error:
        if error.code != "PS205":
            raise
        raise ModelError(
            "PS305",
            f"property {decl.name} does not fit model {model.name}: {error.message}",
            error.span,
            error.hint,
        ) from None
    if formula.sort != BOOL or (antecedent is not None and antecedent.sort != BOOL):
        raise ModelError(
            "PS216", f"property {decl.name} is not a bool", scope.source.span(scope.source.tree)
        )
    span = scope.source.span(scope.source.tree)
    return Property(
        decl.name, decl.kind, formula, decl.doc, decl.title, span, antecedent=antecedent
    )
