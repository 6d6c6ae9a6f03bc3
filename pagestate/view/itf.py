"""Traces as JSON in Apalache's Informal Trace Format (ITF).

The states, their variables, the lasso and the taken actions stand where every ITF reader looks for
them; what ITF has no place for (threads, texts, source positions) is under ``#meta.pagestate``.
Reading checks every type and believes nothing; a trace of another tool is read as a plain one.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pagestate.core.sorts import Value
from pagestate.core.trace import State, Step, Trace, VarInfo
from pagestate.view import itfvalues as read
from pagestate.view.foreign import foreign_trace
from pagestate.view.itfread import ACTION, PICKS, VERSION, our_trace
from pagestate.view.wellformed import TraceError, check_trace

_DESCRIPTION = "https://apalache-mc.org/docs/adr/015adr-trace.html"


def to_itf(trace: Trace) -> dict[str, Any]:
    """``trace`` as an ITF object.  Raises TraceError if it cannot be written so that it reads back.

    State ``i + 1`` names the action that led to it as ``mbt::actionTaken`` and its parameters as
    ``mbt::nondetPicks``, as Quint does; state 0 says ``init``.
    """
    check_trace(trace)
    for var in trace.variables:
        if var.name.startswith(("#", "mbt::")):
            raise TraceError(f"a variable called {var.name} cannot be written to ITF")
    names = list(dict.fromkeys(name for step in trace.steps for name in step.picks))
    taken: list[tuple[str, Mapping[str, Value]]] = [
        ("init", {}),
        *((s.action, s.picks) for s in trace.steps),
    ]
    states = [
        {
            "#meta": {"index": n},
            **_variables(trace.variables, state),
            ACTION: action,
            PICKS: {name: _pick(picks, name) for name in names},
        }
        for n, (state, (action, picks)) in enumerate(zip(trace.states, taken, strict=True))
    ]
    return {
        "#meta": {
            "format": "ITF",
            "format-description": _DESCRIPTION,
            "source": trace.model,
            "status": trace.verdict,
            "description": trace.title or trace.property,
            "pagestate": _own(trace),
        },
        "params": [],
        "vars": [*(v.name for v in trace.variables), ACTION, PICKS],
        "states": states,
        **({} if trace.loop is None else {"loop": trace.loop}),
    }


def from_itf(obj: object) -> Trace:
    """The trace of an ITF object: ours exactly as written, another tool's as far as it goes.

    Raises TraceError with one line that says what is wrong and where.
    """
    top = read.record(obj, "trace")
    missing = [name for name in ("vars", "states") if name not in top]
    if missing:
        raise TraceError(f"not an ITF trace: no {' and no '.join(missing)}")
    meta = read.record(top.get("#meta", {}), "#meta")
    if "pagestate" not in meta:
        trace = foreign_trace(top)
    else:
        trace = our_trace(top, read.record(meta["pagestate"], "#meta.pagestate"))
    check_trace(trace)
    return trace


def load_trace(path: str | Path) -> Trace:
    """The trace in the file ``path``.

    Raises TraceError, with the file's name, if the file cannot be read, is no JSON or no trace.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise TraceError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise TraceError(f"{path}: not a text file (byte {error.start} is not UTF-8)") from error
    except ValueError as error:
        raise TraceError(f"{path!r}: {error}") from error
    try:
        return from_itf(json.loads(text, object_pairs_hook=_no_duplicates))
    except json.JSONDecodeError as error:
        ends = not text[error.pos :].strip() or error.msg.startswith("Unterminated string")
        what = "not complete JSON, the file ends too early" if ends else "not JSON"
        at = f"line {error.lineno}, column {error.colno}"
        raise TraceError(f"{path}: {what} ({error.msg} at {at})") from error
    except RecursionError as error:
        raise TraceError(f"{path}: nested too deeply") from error
    except ValueError as error:
        raise TraceError(f"{path}: {error}") from error
    except TraceError as error:
        raise TraceError(f"{path}: {error}") from error


def save_trace(trace: Trace, path: str | Path) -> None:
    """Write ``trace`` to the file ``path``: all of it, or nothing.

    The text goes to a temporary file beside ``path`` that then takes its name; an older file of
    that name stays as it is until then.  Raises TraceError if the disk is full or not writable.
    """
    text = dumps(trace)
    temporary = Path(path).parent / f".pagestate-{secrets.token_hex(8)}.tmp"
    try:
        with _removed(temporary):
            with temporary.open("x", encoding="ascii", newline="\n") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
    except OSError as error:
        raise TraceError(f"{path}: cannot write: {error.strerror or error}") from error


def dumps(trace: Trace) -> str:
    """The text of an ITF file, in ASCII.  Raises TraceError as :func:`to_itf` does."""
    return json.dumps(to_itf(trace), indent=1, ensure_ascii=True, allow_nan=False) + "\n"


@contextlib.contextmanager
def _removed(temporary: Path) -> Iterator[None]:
    """Leave no temporary file behind, whatever goes wrong."""
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    obj = dict(pairs)
    if len(obj) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(n for n in names if names.count(n) > 1)
        raise TraceError(f"the key {twice!r} comes twice in one object")
    return obj


def _pick(picks: Mapping[str, Value], name: str) -> object:
    if name not in picks:
        return read.itf_value(None)
    return read.itf_value(picks[name], "option or none")


def _variables(variables: tuple[VarInfo, ...], state: State) -> dict[str, object]:
    cells = dict[str, list[tuple[tuple[int, ...], Value]]]()
    for (name, index), value in state.items():
        cells.setdefault(name, []).append((index, value))
    out = dict[str, object]()
    for var in variables:
        held = cells.get(var.name, [])
        if not var.dims:
            out[var.name] = read.itf_value(held[0][1], var.sort)
        else:
            pairs = [[_key(i), read.itf_value(v, var.sort)] for i, v in sorted(held, key=_index)]
            out[var.name] = {"#map": pairs}
    return out


def _index(cell: tuple[tuple[int, ...], Value]) -> tuple[int, ...]:
    return cell[0]


def _key(index: tuple[int, ...]) -> object:
    numbers = [read.itf_value(i) for i in index]
    return numbers[0] if len(numbers) == 1 else {"#tup": numbers}


def _own(trace: Trace) -> dict[str, object]:
    return {
        "version": VERSION,
        "model": trace.model,
        "property": trace.property,
        "verdict": trace.verdict,
        "title": trace.title,
        "engine": trace.engine,
        "switches": dict(trace.switches),
        "sizes": dict(trace.sizes),
        "meta": dict(trace.meta),
        "variables": [
            {
                "name": v.name,
                "dims": list(v.dims),
                "sort": v.sort,
                "thread": v.thread,
                "control": v.control,
                "ghost": v.ghost,
            }
            for v in trace.variables
        ],
        "steps": [_step(step) for step in trace.steps],
    }


def _step(step: Step) -> dict[str, object]:
    span = step.span
    return {
        "thread": step.thread,
        "member": step.member,
        "action": step.action,
        "text": step.text,
        "calls": list(step.calls),
        "label": step.label,
        "target": step.target,
        "picks": dict(step.picks),
        "args": dict(step.args),
        "span": None
        if span is None
        else {
            "file": span.file,
            "line": span.line,
            "column": span.column,
            "end_line": span.end_line,
            "end_column": span.end_column,
        },
        "src": step.src,
        "note": step.note,
    }
