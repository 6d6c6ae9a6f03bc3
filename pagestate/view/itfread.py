"""Reading back what :mod:`pagestate.view.itf` wrote, with every type checked."""

from collections.abc import Mapping

from pagestate.core.sorts import Value
from pagestate.core.span import Span
from pagestate.core.trace import CellName, State, Step, Trace, VarInfo
from pagestate.view import itfvalues as read
from pagestate.view.wellformed import TraceError

VERSION = 1
ACTION = "mbt::actionTaken"
PICKS = "mbt::nondetPicks"


class _Fields:
    """The fields of an object under ``#meta.pagestate``, read with their types checked."""

    def __init__(self, obj: object, where: str) -> None:
        self.obj = read.record(obj, where)
        self.where = where

    def at(self, name: str) -> str:
        return f"{self.where}.{name}"

    def get(self, name: str) -> object:
        return read.field(self.obj, name, self.where)

    def string(self, name: str) -> str:
        return read.string(self.get(name), self.at(name))

    def strings(self, name: str) -> tuple[str, ...]:
        found = enumerate(read.items(self.get(name), self.at(name)))
        return tuple(read.string(s, f"{self.at(name)}[{n}]") for n, s in found)

    def boolean(self, name: str) -> bool:
        return read.boolean(self.get(name), self.at(name))

    def integer(self, name: str) -> int:
        return read.integer(self.get(name), self.at(name))

    def values(self, name: str) -> dict[str, Value]:
        found = read.record(self.get(name), self.at(name))
        return {k: read.scalar(v, f"{self.at(name)}.{k}") for k, v in found.items()}


def our_trace(top: Mapping[str, object], own: Mapping[str, object]) -> Trace:
    """The trace in the ITF object ``top`` with our own data ``own``.  Raises TraceError."""
    fields = _Fields(own, "#meta.pagestate")
    version = fields.integer("version")
    if version != VERSION:
        raise TraceError(f"trace format {version} is not known; this is version {VERSION}")
    variables = tuple(
        _read_variable(_Fields(v, f"#meta.pagestate.variables[{n}]"))
        for n, v in enumerate(read.items(fields.get("variables"), fields.at("variables")))
    )
    steps = tuple(
        _read_step(_Fields(s, f"#meta.pagestate.steps[{n}]"))
        for n, s in enumerate(read.items(fields.get("steps"), fields.at("steps")))
    )
    named = [read.string(v, "vars") for v in read.items(top["vars"], "vars")]
    if named != [*(v.name for v in variables), ACTION, PICKS]:
        raise TraceError("vars and #meta.pagestate.variables do not agree")
    states = read.items(top["states"], "states")
    if len(states) != len(steps) + 1:
        raise TraceError(
            f"{len(states)} states and {len(steps)} steps do not fit together:"
            " a trace has one state more than steps"
        )
    sizes = read.record(fields.get("sizes"), fields.at("sizes"))
    meta = read.record(fields.get("meta"), fields.at("meta"))
    return Trace(
        model=fields.string("model"),
        property=fields.string("property"),
        verdict=fields.string("verdict"),
        title=fields.string("title"),
        switches=fields.values("switches"),
        sizes={k: read.integer(v, f"{fields.at('sizes')}.{k}") for k, v in sizes.items()},
        variables=variables,
        states=tuple(_read_state(n, s, variables, steps) for n, s in enumerate(states)),
        steps=steps,
        engine=fields.string("engine"),
        loop=None if top.get("loop") is None else read.integer(top["loop"], "loop"),
        meta={k: read.string(v, f"{fields.at('meta')}.{k}") for k, v in meta.items()},
    )


def _read_variable(fields: _Fields) -> VarInfo:
    return VarInfo(
        name=fields.string("name"),
        dims=fields.strings("dims"),
        sort=fields.string("sort"),
        thread=None if fields.get("thread") is None else fields.string("thread"),
        control=fields.boolean("control"),
        ghost=fields.boolean("ghost"),
    )


def _read_step(fields: _Fields) -> Step:
    return Step(
        thread=fields.string("thread"),
        member=None if fields.get("member") is None else fields.integer("member"),
        action=fields.string("action"),
        text=fields.string("text"),
        calls=fields.strings("calls"),
        label=fields.string("label"),
        target=fields.string("target"),
        picks=fields.values("picks"),
        span=None if fields.get("span") is None else _read_span(fields),
        src=fields.string("src"),
        note=fields.string("note"),
        args=fields.values("args"),
    )


def _read_span(fields: _Fields) -> Span:
    span = _Fields(fields.get("span"), fields.at("span"))
    numbers = (span.integer(n) for n in ("line", "column", "end_line", "end_column"))
    return Span(span.string("file"), *numbers)


def _read_state(
    n: int, obj: object, variables: tuple[VarInfo, ...], steps: tuple[Step, ...]
) -> State:
    where = f"states[{n}]"
    state = read.record(obj, where)
    expected = steps[n - 1].action if n else "init"
    if state.get(ACTION) != expected:
        raise TraceError(f"{where}: {ACTION} and #meta.pagestate.steps do not agree")
    cells = dict[CellName, Value]()
    for var in variables:
        at = f"{where}.{var.name}"
        value = read.field(state, var.name, where)
        if not var.dims:
            cells[var.name, ()] = read.core_value(value, at)
            continue
        pairs = read.items(read.field(read.record(value, at), "#map", at), at)
        for entry in pairs:
            pair = read.items(entry, at)
            if len(pair) != 2:
                raise TraceError(f"{at}: an entry of a map is a pair")
            index = _read_key(pair[0], len(var.dims), at)
            if (var.name, index) in cells:
                raise TraceError(f"{at}: the key {list(index)} comes twice")
            cells[var.name, index] = read.core_value(pair[1], at)
    return cells


def _read_key(obj: object, dims: int, where: str) -> tuple[int, ...]:
    if dims == 1:
        return (read.integer(obj, where),)
    numbers = read.items(read.field(read.record(obj, where), "#tup", where), where)
    return tuple(read.integer(i, where) for i in numbers)
