"""Whether a Model was given what its parameters say; a type checker would say the same."""

from collections.abc import Iterable, Mapping
from typing import Any

from pagestate.core.span import Span
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.functions import PropertyDecl, ThreadDecl
from pagestate.lang.state import State


def check_kinds(model: Any, switch: type, expect: type) -> None:
    """Raises ModelError PS308 for an argument of ``Model`` of another kind than it must be."""
    span: Span | None = model.span

    def wrong(what: str, hint: str) -> ModelError:
        return ModelError("PS308", what, span, hint)

    if not isinstance(model.name, str) or not model.name:
        raise wrong(f"the model's name is {model.name!r}", "a short name: Model('refcount', ...)")
    if not isinstance(model.state, type) or not issubclass(model.state, State):
        raise wrong(f"{model.state!r} is no state class", "derive it from State")
    for what, values, kind, hint in (
        ("thread", model.threads, ThreadDecl, "decorate it with @thread(...)"),
        ("property", model.properties, PropertyDecl, "decorate it with @always, @step, ..."),
        ("switch", model.switches, switch, "declare it with switch(name, default, meaning)"),
        ("expectation", model.expect, expect, "Expect(property, verdict, reason)"),
        ("assumption", model.assumptions, str, "a list of sentences"),
    ):
        if not isinstance(values, Iterable) or isinstance(values, str):
            raise wrong(f"a list is needed for each {what}", hint)
        for value in values:
            if not isinstance(value, kind):
                shown = getattr(value, "__name__", repr(value))
                raise wrong(f"{shown} is no {what}", hint)
    if not isinstance(model.sizes, Mapping):
        raise wrong("sizes are a mapping", "sizes={'page': 2}")
    for name, size in model.sizes.items():
        if isinstance(size, bool) or not isinstance(size, int | str) or not _positive(size):
            raise ModelError("PS304", f"size {name}={size!r}", span, "a positive number, or any")
    if model.init is not None and not hasattr(model.init, "__code__"):
        raise wrong("init is no function", "init=condition, where def condition(m: Memory) -> bool")


def _positive(size: int | str) -> bool:
    return size == "any" if isinstance(size, str) else size > 0
