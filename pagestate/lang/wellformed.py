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
        all_of(what, values, kind, hint, span)
    check_sizes(model.sizes, span)
    check_init(model.init, span)


def all_of(what: str, values: Any, kind: type, hint: str, span: Span | None) -> list[Any]:
    """``values`` as a list.  Raises ModelError PS308 if they are not of ``kind``."""
    if not isinstance(values, Iterable) or isinstance(values, str):
        raise ModelError("PS308", f"a list is needed for each {what}", span, hint)
    found = list(values)
    for value in found:
        if not isinstance(value, kind):
            shown = getattr(value, "__name__", repr(value))
            raise ModelError("PS308", f"{shown} is no {what}", span, hint)
    return found


def check_sizes(sizes: Any, span: Span | None) -> None:
    """Raises ModelError PS304 or PS308 for what are no sizes."""
    if not isinstance(sizes, Mapping):
        raise ModelError("PS308", "sizes are a mapping", span, "sizes={'page': 2}")
    for name, size in sizes.items():
        if isinstance(size, bool) or not isinstance(size, int | str) or not _positive(size):
            raise ModelError("PS304", f"size {name}={size!r}", span, "a positive number, or any")


def check_init(init: Any, span: Span | None) -> None:
    """Raises ModelError PS308 for what is no condition."""
    if init is not None and not hasattr(init, "__code__"):
        hint = "init=condition, where def condition(m: Memory) -> bool"
        raise ModelError("PS308", "init is no function", span, hint)


def _positive(size: int | str) -> bool:
    return size == "any" if isinstance(size, str) else size > 0
