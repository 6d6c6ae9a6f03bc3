"""Traces in a results file: of every state only what differs from the one before it.

An ITF object writes each state whole, which makes a results file mostly repetition.  Here the first
state is whole; variables that a later one does not name are as before.
"""

from collections.abc import Mapping
from typing import Any

_FLAG = "packed"


def pack(itf: Mapping[str, Any]) -> dict[str, Any]:
    """An ITF object with states by what they change."""
    states, before = list[Mapping[str, Any]](), dict[str, Any]()
    for state in itf["states"]:
        states.append({n: v for n, v in state.items() if n not in before or before[n] != v})
        before = state
    return {**itf, "states": states, _FLAG: True}


def unpack(packed: Mapping[str, Any]) -> dict[str, Any]:
    """The ITF object that :func:`pack` was given; any other object as it is."""
    if packed.get(_FLAG) is not True:
        return dict(packed)
    states, before = list[dict[str, Any]](), dict[str, Any]()
    for state in packed["states"]:
        before = before | state
        states.append(before)
    return {n: v for n, v in packed.items() if n != _FLAG} | {"states": states}
