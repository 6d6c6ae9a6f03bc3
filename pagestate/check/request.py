"""What the user asked for, checked against the model: properties, switches, sizes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pagestate.core.property import LIVENESS, Property
from pagestate.core.sorts import Sizes
from pagestate.lang.compile import Compiled, compile_model, valuation_of
from pagestate.lang.declare import Model
from pagestate.lang.diagnostics import ModelError, near
from pagestate.lang.faults import FAULTS
from pagestate.lang.layout import layout_of

COUNT_BOUND = 7
"""The bound of counters in the first attempt of a finite search."""
BUILTIN = frozenset(name for name, _ in FAULTS.values())
_DIGITS = 6
PROBE_SIZE = 2
"""The size at which an engine for every size explores a sort that has no size of its own."""

_FAIR = {"weak": "", "strong": "goes on if it can again and again", "none": "may stop anywhere"}
_EAGER = "starts when it can"


@dataclass(frozen=True, slots=True)
class Request:
    """A compiled model, the selected properties, the sizes (``any`` for those in ``unbounded``)."""

    compiled: Compiled
    properties: tuple[Property, ...]
    sizes: Mapping[str, int]
    unbounded: frozenset[str]

    def bounds(self, count_bound: int) -> Sizes:
        """The finite instance with the given bound of counters."""
        return Sizes(self.sizes, count_bound)

    @property
    def scope(self) -> str:
        """The sizes in words: ``2 pages, any number of getters``."""
        return size_words(self.sizes, self.unbounded)

    @property
    def scenario(self) -> str:
        """The name of the scenario (empty: the model has none)."""
        scenario = self.compiled.model.scenario
        return "" if scenario is None else scenario.name

    def _ends(self) -> tuple[str, ...]:
        """Where executions end: what comes after a fault is not looked at."""
        rules = [p.name for p in self.compiled.properties if p.builtin]
        if not rules:
            return ()
        checked = {p.name for p in self.properties}
        left = [name for name in rules if name not in checked]
        more = f", which was not checked here: {', '.join(left)}" if left else ""
        return (f"an execution ends where it violates {' or '.join(rules)}{more}",)

    def _fairness(self) -> tuple[str, ...]:
        """What properties of infinite executions assume of the threads."""
        if not any(p.kind in LIVENESS for p in self.properties):
            return ()
        text = "fairness: a thread at work that can go on does, locks are handed out in turn"
        other = [
            f"{t.name} {' and '.join(filter(None, (_FAIR[t.fair], _EAGER * t.eager)))}"
            for t in self.compiled.system.threads
            if t.fair != "weak" or t.eager
        ]
        return ("; ".join([text, *other]),)

    @property
    def assumptions(self) -> tuple[str, ...]:
        """What every answer rests on: the meaning of models, the actors, the model's own."""
        system = self.compiled.system
        actors = []
        for thread in system.threads:
            if thread.index is None:
                actors.append(thread.name)
            elif thread.index.name in self.unbounded:
                actors.append(f"any number of {thread.name} threads")
            else:
                size = self.sizes[thread.index.name]
                actors.append(f"{size} {thread.name} thread{'' if size == 1 else 's'}")
        return (
            *left_out(self.compiled.model),
            f"the only actors are: {', '.join(actors) or 'none'}",
            *general(self.compiled.valuation),
            *self._ends(),
            *self._fairness(),
            *system.assumptions,
        )


def left_out(model: Model) -> tuple[str, ...]:
    """The assumption that names the scenario and who takes no part in it, if it is one."""
    if model.scenario is None:
        return ()
    return (f"scenario {model.scenario.name}; left out: {', '.join(model.left_out()) or 'nobody'}",)


def general(valuation: Mapping[str, bool | str | int]) -> tuple[str, ...]:
    """What answers about every model rest on."""
    order = "memory accesses are sequentially consistent"
    if valuation.get("reorder") is True:
        order += ", but for what the switch reorder allows"
    return (order, "interrupts are not modelled")


def size_words(sizes: Mapping[str, int], unbounded: Collection[str] = ()) -> str:
    """Sizes in words."""
    parts = []
    for name, size in sizes.items():
        several = name if size == 1 and name not in unbounded else plural_of(name)
        parts.append(f"{'any number of' if name in unbounded else size} {several}")
    return ", ".join(parts) or "one instance"


def plural_of(noun: str) -> str:
    """The plural of an index sort's name."""
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith(("s", "x", "ch", "sh")) else f"{noun}s"


def scenarios_of(
    model: Model,
    selected: Sequence[str],
    properties: Sequence[str] = (),
    sizes: Collection[str] = (),
) -> tuple[str, ...]:
    """The scenarios called ``selected`` (none: all) that may have one of ``properties``.

    They come in the order of the model; a model without scenarios gives none.  Raises ModelError
    PS303 (for names in ``sizes`` that no scenario has), PS306, PS309.
    """
    for name in selected:
        model.in_scenario(name)
    known = {*(p.name for p in model.properties), *BUILTIN}
    for name in properties:
        if model.scenarios and name not in known:
            raise _no_property(model, name, known)
    names = [s.name for s in model.scenarios if not selected or s.name in selected]
    chosen = tuple(n for n in names if not properties or _has(model.in_scenario(n), properties))
    if names and not chosen:
        what = " and ".join(map(repr, properties))
        are, they = ("is", "it is") if len(properties) == 1 else ("are", "they are")
        raise ModelError(
            "PS306",
            f"{what} {are} in no scenario that is selected",
            hint=f"{they} in: {', '.join(scenarios_of(model, (), properties))}",
        )
    sorts = {s for name in chosen for s in _declared_sorts(model.in_scenario(name))}
    for name in sizes if chosen else ():
        if name not in sorts:
            hint = near(name, sorts)
            raise ModelError("PS303", f"no scenario here has index sort {name!r}", hint=hint)
    return chosen


def _has(part: Model, properties: Sequence[str]) -> bool:
    return any(p in BUILTIN for p in properties) or any(
        p.name in properties for p in part.properties
    )


def make_request(
    model: Model,
    settings: Mapping[str, str],
    sizes: Mapping[str, str],
    selected: Sequence[str],
    scenario: str = "",
) -> Request:
    """Compile the model for the given switches and resolve sizes and property names.

    ``scenario`` names the scenario (empty: all actors at once).  There, sizes and properties may
    be ones that only other scenarios have: they say nothing.  Raises ModelError PS301 to PS306,
    PS309 and what compiling raises.
    """
    if scenario:
        model = model.in_scenario(scenario)
    whole = model.whole or model
    compiled = compile_model(model, valuation_of(model, settings))
    sorts = [s.name for s in compiled.system.sorts]
    elsewhere = _declared_sorts(whole)
    for name in [*sizes, *model.sizes]:
        if name in sorts or (name in elsewhere and (scenario or name not in sizes)):
            continue
        hint = near(name, sorts) or "it has no index sorts"
        raise ModelError("PS303", f"model {model.name} has no index sort {name!r}", hint=hint)
    numbers, unbounded = dict[str, int](), set[str]()
    for name in sorts:
        text = sizes.get(name, str(model.sizes.get(name, PROBE_SIZE)))
        if text == "any":
            unbounded.add(name)
            numbers[name] = PROBE_SIZE
        elif text.isdecimal() and len(text) <= _DIGITS and int(text) > 0:
            numbers[name] = int(text)
        else:
            hint = f"a positive number of at most {_DIGITS} digits, or any"
            raise ModelError("PS304", f"a size cannot be {name}={text}", hint=hint)
    ordered = [s.name for s in compiled.system.sorts if s.ordered and s.name in unbounded]
    if ordered:
        raise ModelError("PS304", f"sort {ordered[0]!r} is ordered: it cannot have any size")
    known = {p.name: p for p in compiled.properties}
    others = {*(p.name for p in whole.properties), *BUILTIN} if scenario else set[str]()
    for name in selected:
        if name not in known and name not in others:
            raise _no_property(model, name, known)
    chosen = tuple(p for p in compiled.properties if not selected or p.name in selected)
    return Request(compiled, chosen, numbers, frozenset(unbounded))


def any_sizes(
    model: Model, settings: Mapping[str, str], scenarios: Sequence[str] = ()
) -> dict[str, str]:
    """``any`` for every sort that the model has, in the scenarios named, and that has no order.

    Raises what :func:`make_request` raises.
    """
    made = [make_request(model, settings, {}, (), name) for name in scenarios or ("",)]
    return {s.name: "any" for r in made for s in r.compiled.system.sorts if not s.ordered}


def _no_property(model: Model, name: str, known: Collection[str]) -> ModelError:
    hint = near(name, known) or "it has no properties"
    return ModelError("PS306", f"model {model.name} has no property {name!r}", hint=hint)


def _declared_sorts(model: Model) -> set[str]:
    """Sorts the model knows in some valuation: those of its threads and of its state."""
    layout = layout_of(model)
    found = {f.index.name for f in layout.fields.values() if f.index}
    found |= {s.name for s in layout.members.values()}
    return found | {t.replicated.name for t in model.declared_threads() if t.replicated}
