"""ITF traces of other tools, shown as far as they go.

Another tool says nothing of threads, pages or properties: its trace becomes one lane of steps,
named by ``mbt::actionTaken`` where there is such a thing.  Records and maps are taken apart into
cells (``balances[alice]``), so that a change is shown where it happened; sets, tuples and variants
are shown whole, as text.
"""

from collections.abc import Iterator, Mapping

from pagestate.core.sorts import Value
from pagestate.core.trace import CellName, State, Step, Trace, VarInfo
from pagestate.view import itfvalues as read
from pagestate.view.itfread import ACTION, PICKS
from pagestate.view.values import show_value
from pagestate.view.wellformed import TraceError

_DEEPEST = 60
_OLDER = ("action_taken", "nondet_picks")
"""What Quint called the action and the picks before they had a prefix."""
_VIOLATION = ("violation", "violated")


def foreign_trace(top: Mapping[str, object]) -> Trace:
    """The trace in the ITF object ``top``.  Raises TraceError for what is not ITF."""
    meta = read.record(top.get("#meta", {}), "#meta")
    texts = {k: v for k, v in meta.items() if isinstance(v, str)}
    source = texts.get("source") or "trace"
    names = [read.string(v, "vars") for v in read.items(top["vars"], "vars")]
    objects = [
        read.record(s, f"states[{n}]") for n, s in enumerate(read.items(top["states"], "states"))
    ]
    if not objects:
        raise TraceError("states: a trace has at least one state")
    states = [dict(_cells(obj, names, f"states[{n}]")) for n, obj in enumerate(objects)]
    cells = dict.fromkeys(cell for state in states for cell in state)
    status = texts.get("status", "")
    return Trace(
        model=source,
        property=source,
        verdict="violated" if status in _VIOLATION else status,
        title="",
        switches={},
        sizes={},
        variables=tuple(VarInfo(name, (), "") for name, _ in cells),
        states=tuple(_complete(state, cells) for state in states),
        steps=tuple(_step(n, obj) for n, obj in enumerate(objects) if n),
        loop=None if top.get("loop") is None else read.integer(top["loop"], "loop"),
    )


def _complete(state: State, cells: Mapping[CellName, object]) -> State:
    """The state with every cell that any state has; where a map has no entry: none."""
    return {cell: state.get(cell) for cell in cells}


def _cells(
    obj: Mapping[str, object], names: list[str], where: str
) -> Iterator[tuple[CellName, Value]]:
    used = set[str]()
    for name in names:
        if name in (ACTION, PICKS, *_OLDER):
            continue
        for path, value in _leaves(read.field(obj, name, where), name, f"{where}.{name}", 0):
            unique = path
            while unique in used:
                unique += "'"
            used.add(unique)
            yield (unique, ()), value


def _leaves(obj: object, path: str, where: str, depth: int) -> Iterator[tuple[str, Value]]:
    if depth > _DEEPEST:
        raise TraceError(f"{where}: nested too deeply")
    match obj:
        case bool() | str():
            yield path, obj
        case int() | {"#bigint": _}:
            yield path, read.integer(obj, where)
        case {"#map": pairs}:
            for key, value in _pairs(pairs, where):
                yield from _leaves(value, f"{path}[{_show(key, where)}]", where, depth + 1)
        case dict() if not _is_special(obj):
            for key, value in obj.items():
                if key != "#meta":
                    yield from _leaves(value, f"{path}.{key}", where, depth + 1)
        case _:
            yield path, _show(obj, where)


def _is_special(obj: Mapping[str, object]) -> bool:
    tags = ("#tup", "#set", "#map", "#bigint", "#unserializable")
    return any(t in obj for t in tags) or obj.keys() == {"tag", "value"}


def _pairs(obj: object, where: str) -> Iterator[tuple[object, object]]:
    for entry in read.items(obj, where):
        pair = read.items(entry, where)
        if len(pair) != 2:
            raise TraceError(f"{where}: an entry of a map is a pair")
        yield pair[0], pair[1]


def _show(obj: object, where: str, depth: int = 0) -> str:
    """An ITF value in one line, in the manner of TLA+."""
    if depth > _DEEPEST:
        raise TraceError(f"{where}: nested too deeply")

    def each(objs: object) -> str:
        return ", ".join(_show(o, where, depth + 1) for o in read.items(objs, where))

    match obj:
        case bool() | str():
            return show_value(obj, "")
        case int() | {"#bigint": _}:
            return str(read.integer(obj, where))
        case list():
            return f"<<{each(obj)}>>"
        case {"#tup": inner}:
            return f"<<{each(inner)}>>"
        case {"#set": inner}:
            return f"{{{each(inner)}}}"
        case {"#unserializable": text}:
            return read.string(text, where)
        case {"#map": pairs}:
            shown = (
                f"{_show(k, where, depth + 1)} -> {_show(v, where, depth + 1)}"
                for k, v in _pairs(pairs, where)
            )
            return f"{{{', '.join(shown)}}}"
        case {"tag": tag, "value": inner}:
            name = read.string(tag, where)
            empty = isinstance(inner, dict) and inner in ({}, {"#tup": []}, {"tag": "UNIT"})
            return name if empty else f"{name}({_show(inner, where, depth + 1)})"
        case dict():
            shown = (f"{k}: {_show(v, where, depth + 1)}" for k, v in obj.items())
            return f"[{', '.join(shown)}]"
        case _:
            raise TraceError(f"{where}: {read.found(obj)} is no ITF value")


def _step(n: int, state: Mapping[str, object]) -> Step:
    where = f"states[{n}]"
    action = state.get(ACTION, state.get(_OLDER[0], ""))
    name = action if isinstance(action, str) else ""
    picks = dict[str, Value]()
    chosen = state.get(PICKS, state.get(_OLDER[1], {}))
    for pick, obj in read.record(chosen, f"{where}.{PICKS}").items():
        match obj:
            case {"tag": "None"}:
                continue
            case {"tag": "Some", "value": inner}:
                picks[pick] = _leaf(inner, where)
            case _:
                picks[pick] = _leaf(obj, where)
    shown = ", ".join(f"{k}={show_value(v, '')}" for k, v in picks.items())
    text = f"{name}({shown})" if shown else name
    return Step("", None, name, text or "step", picks=picks)


def _leaf(obj: object, where: str) -> Value:
    match obj:
        case bool() | str():
            return obj
        case int() | {"#bigint": _}:
            return read.integer(obj, where)
        case _:
            return _show(obj, where)
