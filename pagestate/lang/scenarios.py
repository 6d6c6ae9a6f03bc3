"""Whether the scenarios of a Model fit it; checked where the Model is declared."""

from collections.abc import Iterable, Mapping
from typing import Any

from pagestate.lang.diagnostics import ModelError, near
from pagestate.lang.functions import PropertyDecl, ThreadDecl
from pagestate.lang.wellformed import all_of, check_init, check_sizes

_SHAPE = "Scenario(name, doc, threads)"


def check_scenarios(model: Any, scenario: type, expect: type) -> None:
    """Raises ModelError for scenarios that do not fit ``model``.

    The codes are PS301, PS302, PS304, PS306 to PS308, PS310 and PS311.
    """
    named, checked = set[str](), set[str]()
    for part in all_of("scenario", model.scenarios, scenario, _SHAPE, model.span):
        _check_name(part)
        if part.name in named:
            raise ModelError("PS307", f"scenario {part.name!r} is declared twice", part.span)
        named.add(part.name)
        _check_threads(model, part)
        _check_switches(model, part)
        checked |= _check_properties(model, part, expect)
        check_sizes(part.sizes, part.span)
        check_init(part.init, part.span)
    if not model.scenarios:
        return
    for prop in model.properties:
        if prop.name not in checked:
            hint = "name it among the properties of one, or leave it out of the model"
            raise ModelError("PS311", f"no scenario has property {prop.name!r}", model.span, hint)


def _check_name(part: Any) -> None:
    if not isinstance(part.name, str) or not part.name.isidentifier():
        hint = f"a name as in Python: {_SHAPE}"
        raise ModelError("PS308", f"a scenario cannot be called {part.name!r}", part.span, hint)
    if not isinstance(part.doc, str) or not part.doc.strip():
        hint = "a line that says what it is for"
        raise ModelError("PS308", f"scenario {part.name} is not described", part.span, hint)


def _check_threads(model: Any, part: Any) -> None:
    threads = all_of("thread", part.threads, ThreadDecl, "decorate it with @thread(...)", part.span)
    if not threads:
        raise ModelError("PS308", f"scenario {part.name} has no threads", part.span, _SHAPE)
    for thread in threads:
        if model.threads and thread not in model.threads:
            what = f"scenario {part.name} names thread {thread.name!r}, which the model has not"
            raise ModelError("PS310", what, part.span, near(thread.name, _names(model.threads)))


def _check_switches(model: Any, part: Any) -> None:
    if not isinstance(part.switches, Mapping):
        raise ModelError("PS308", "switches are a mapping", part.span, "switches={'hook': False}")
    known = {s.name: s for s in model.switches}
    for name, value in part.switches.items():
        if name not in known:
            what = f"scenario {part.name} sets switch {name!r}, which the model has not"
            raise ModelError("PS301", what, part.span, near(str(name), list(known)))
        choices = known[name].choices
        if not any(value == c and type(value) is type(c) for c in choices):
            what = f"scenario {part.name} sets switch {name!r} to {value!r}"
            hint = f"one of: {', '.join(map(repr, choices))}"
            raise ModelError("PS302", what, part.span, hint)


def _check_properties(model: Any, part: Any, expect: type) -> set[str]:
    """The names of the properties that are checked in the scenario."""
    mine = set(_names(model.properties))
    if part.properties is not None:
        hint = "decorate it with @always, @step, ..."
        listed = all_of("property", part.properties, PropertyDecl, hint, part.span)
        for prop in listed:
            if prop not in model.properties:
                what = f"scenario {part.name} names property {prop.name!r}, which the model has not"
                raise ModelError("PS306", what, part.span, near(prop.name, sorted(mine)))
        mine = set(_names(listed))
    all_of("expectation", part.expect, expect, "Expect(property, verdict, reason)", part.span)
    return mine


def _names(values: Iterable[Any]) -> list[str]:
    return [v.name for v in values]
