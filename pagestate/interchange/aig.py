"""And-inverter graphs in the AIGER format, ASCII and binary (Biere 2007).

A literal is twice a variable's number, plus one where it is negated; 0 is false and 1 is true.
Gates are shared where their inputs are equal.  All latches start at 0, and what is looked for are
outputs, as in the first version of the format: every tool reads that.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

FALSE, TRUE = 0, 1


def negated(a: int) -> int:
    """Not ``a``."""
    return a ^ 1


@dataclass(slots=True)
class Graph:
    """A circuit under construction; inputs, latches and gates are numbered as they come."""

    inputs: list[tuple[int, str]] = field(default_factory=list)
    latches: list[tuple[int, str]] = field(default_factory=list)
    outputs: list[tuple[int, str]] = field(default_factory=list)
    following: dict[int, int] = field(default_factory=dict)
    gates: dict[tuple[int, int], int] = field(default_factory=dict)
    count: int = 0

    def _new(self) -> int:
        self.count += 1
        return 2 * self.count

    def input(self, name: str) -> int:
        """A new input."""
        self.inputs.append((self._new(), name))
        return self.inputs[-1][0]

    def latch(self, name: str) -> int:
        """A new latch, which keeps its value unless ``following`` says otherwise."""
        self.latches.append((self._new(), name))
        literal = self.latches[-1][0]
        self.following[literal] = literal
        return literal

    def conj(self, a: int, b: int) -> int:
        """``a`` and ``b``."""
        if a > b:
            a, b = b, a
        if a == FALSE or b == negated(a):
            return FALSE
        if a in (TRUE, b):
            return b
        if (a, b) not in self.gates:
            self.gates[a, b] = self._new()
        return self.gates[a, b]

    def disj(self, a: int, b: int) -> int:
        """``a`` or ``b``."""
        return negated(self.conj(negated(a), negated(b)))

    def all_of(self, parts: Sequence[int]) -> int:
        """The conjunction of ``parts``, as a balanced tree."""
        if not parts:
            return TRUE
        if len(parts) == 1:
            return parts[0]
        middle = len(parts) // 2
        return self.conj(self.all_of(parts[:middle]), self.all_of(parts[middle:]))

    def any_of(self, parts: Sequence[int]) -> int:
        """The disjunction of ``parts``."""
        return negated(self.all_of([negated(p) for p in parts]))

    def same(self, a: int, b: int) -> int:
        """Whether ``a`` and ``b`` are equal."""
        return self.disj(self.conj(a, b), self.conj(negated(a), negated(b)))

    def choice(self, test: int, a: int, b: int) -> int:
        """``a`` where ``test`` holds, else ``b``."""
        if a == b:
            return a
        return self.disj(self.conj(test, a), self.conj(negated(test), b))

    def _ordered(self) -> "_Ordered":
        """The graph in the numbers that the binary format asks for."""
        new = {FALSE: FALSE}
        for literal, _ in [*self.inputs, *self.latches]:
            new[literal] = 2 * len(new)
        gates = list[tuple[int, int, int]]()
        for (a, b), literal in self.gates.items():  # in the order of making: inputs come first
            new[literal] = 2 * len(new)
            left, right = (new[x & ~1] | (x & 1) for x in (a, b))
            gates.append((new[literal], max(left, right), min(left, right)))
        return _Ordered(
            len(new) - 1,
            tuple(new[n & ~1] | (n & 1) for n in (self.following[k] for k, _ in self.latches)),
            tuple(new[o & ~1] | (o & 1) for o, _ in self.outputs),
            tuple(gates),
        )

    def _symbols(self, comment: str) -> str:
        lines = [f"i{k} {name}" for k, (_, name) in enumerate(self.inputs)]
        lines += [f"l{k} {name}" for k, (_, name) in enumerate(self.latches)]
        lines += [f"o{k} {name}" for k, (_, name) in enumerate(self.outputs)]
        return "\n".join([*lines, "c", comment]) + "\n"

    def ascii(self, comment: str) -> str:
        """The graph as an ``aag`` file."""
        made = self._ordered()
        i, n = len(self.inputs), len(self.latches)
        lines = [f"aag {made.top} {i} {n} {len(made.outputs)} {len(made.gates)}"]
        lines += [str(2 * k) for k in range(1, i + 1)]
        lines += [f"{2 * (i + k)} {value}" for k, value in enumerate(made.following, 1)]
        lines += [str(o) for o in made.outputs]
        lines += [f"{a} {b} {c}" for a, b, c in made.gates]
        return "\n".join(lines) + "\n" + self._symbols(comment)

    def binary(self, comment: str) -> bytes:
        """The graph as an ``aig`` file."""
        made = self._ordered()
        i, n = len(self.inputs), len(self.latches)
        head = [f"aig {made.top} {i} {n} {len(made.outputs)} {len(made.gates)}"]
        head += [str(value) for value in made.following]
        head += [str(o) for o in made.outputs]
        coded = bytearray()
        for gate, left, right in made.gates:
            for delta in (gate - left, left - right):
                while delta > 127:
                    coded.append(delta & 127 | 128)
                    delta >>= 7
                coded.append(delta)
        text = "\n".join(head) + "\n"
        return text.encode() + bytes(coded) + self._symbols(comment).encode()


@dataclass(frozen=True, slots=True)
class _Ordered:
    """Variables in order: inputs, latches, gates behind what they read."""

    top: int
    following: tuple[int, ...]
    outputs: tuple[int, ...]
    gates: tuple[tuple[int, int, int], ...]
