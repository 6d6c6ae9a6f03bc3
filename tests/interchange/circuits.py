"""A reader and a simulator of AIGER files, written from the description of the format."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Circuit:
    """A circuit as it was read; literals as in the file."""

    inputs: tuple[int, ...]
    latches: tuple[tuple[int, int], ...]
    outputs: tuple[int, ...]
    gates: tuple[tuple[int, int, int], ...]
    names: Mapping[str, str]

    def number(self, kind: str, name: str) -> int:
        """The position of the input (``i``), latch or output with a name."""
        return next(int(k[1:]) for k, n in self.names.items() if k[0] == kind and n == name)

    def run(self, state: Sequence[bool], given: Sequence[bool]) -> tuple[list[bool], list[bool]]:
        """The outputs in a state, and the state after it."""
        value = {0: False, 1: True}

        def put(literal: int, true: bool) -> None:
            value[literal], value[literal ^ 1] = true, not true

        for literal, true in zip(self.inputs, given, strict=True):
            put(literal, true)
        for (literal, _), true in zip(self.latches, state, strict=True):
            put(literal, true)
        for literal, a, b in self.gates:
            put(literal, value[a] and value[b])
        return [value[o] for o in self.outputs], [value[n] for _, n in self.latches]


def _names(lines: Sequence[str]) -> dict[str, str]:
    found = dict[str, str]()
    for line in lines:
        if line == "c":
            break
        key, _, name = line.partition(" ")
        found[key] = name
    return found


def read_ascii(text: str) -> Circuit:
    """An ``aag`` file."""
    lines = text.splitlines()
    kind, *numbers = lines[0].split()
    top, i, n, o, a = map(int, numbers)
    assert kind == "aag" and top == i + n + a
    rows = [tuple(map(int, line.split())) for line in lines[1 : 1 + i + n + o + a]]
    return Circuit(
        tuple(r[0] for r in rows[:i]),
        tuple((r[0], r[1]) for r in rows[i : i + n]),
        tuple(r[0] for r in rows[i + n : i + n + o]),
        tuple((r[0], r[1], r[2]) for r in rows[i + n + o :]),
        _names(lines[1 + i + n + o + a :]),
    )


def read_binary(data: bytes) -> Circuit:
    """An ``aig`` file."""
    head, rest = data.split(b"\n", 1)
    kind, *numbers = head.split()
    top, i, n, o, a = map(int, numbers)
    assert kind == b"aig" and top == i + n + a
    lines = rest.split(b"\n", n + o)
    at, tail = 0, lines[-1]
    gates = list[tuple[int, int, int]]()

    def delta() -> int:
        nonlocal at
        found, shift = 0, 0
        while True:
            byte = tail[at]
            at += 1
            found |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return found

    for k in range(a):
        literal = 2 * (i + n + k + 1)
        first = delta()
        second = delta()
        assert first > 0
        gates.append((literal, literal - first, literal - first - second))
    return Circuit(
        tuple(2 * (k + 1) for k in range(i)),
        tuple((2 * (i + k + 1), int(line)) for k, line in enumerate(lines[:n])),
        tuple(int(line) for line in lines[n : n + o]),
        tuple(gates),
        _names(tail[at:].decode().splitlines()),
    )
