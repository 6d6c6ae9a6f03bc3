"""AIGER: a finite instance as a circuit with one latch per bit of the state.

The inputs hold the number of a step; where that step can be taken the latches change as it says,
else they stay.  A value is the code of :func:`pagestate.core.sorts.encode`; a latch holds a bit of
it, exclusive-or the bit of the initial value, because latches start at 0.  Where initial values are
open the first step chooses them: inputs say which, and a latch ``started`` says that it was taken.

There is an output for each property, true where it is violated (of a goal: where it is met), and
where numbers could leave their range one more, which becomes true when a step would do that: the
bound of a counter is too small then, and such a step is not taken.
"""

from collections.abc import Sequence
from functools import reduce

from pagestate.core.expr import Cell, Expr, Lit, Op
from pagestate.core.ground import GroundAction, GroundCell
from pagestate.core.sorts import BOOL, CountSort, IntSort, encode
from pagestate.interchange.aig import FALSE, TRUE, Graph, negated
from pagestate.interchange.instance import Instance, interval, limits

Bits = tuple[int, ...]
"""Literals, the lowest bit first."""
OUT_OF_RANGE = "a number leaves its range"


def circuit(what: Instance) -> Graph:
    """The instance as an and-inverter graph."""
    return _Maker(what).graph()


class _Maker:
    """A word is a number or a code in two's complement; conditions are single literals."""

    def __init__(self, what: Instance) -> None:
        self.what = what
        self.made = Graph()
        self.cells = what.ground.cells
        self.steps = what.ground.actions
        self.truths = dict[Expr, int]()
        self.words = dict[Expr, Bits]()
        width = (max(len(self.steps), 2) - 1).bit_length()
        self.step = [self.made.input(f"step[{k}]") for k in range(width)]
        self.chosen = {
            c.number: tuple(self.made.input(f"start {_name(c)}[{k}]") for k in range(_width(c)))
            for c in self.cells
            if c.init is None
        }
        self.latches = {
            c.number: tuple(self.made.latch(f"{_name(c)}[{k}]") for k in range(_width(c)))
            for c in self.cells
        }
        self.started = self.made.latch("started") if what.open_start else TRUE
        self.state = {c.number: _flipped(c, self.latches[c.number]) for c in self.cells}

    def graph(self) -> Graph:
        """The whole circuit."""
        made = self.made
        taken, wrong = list[int](), list[int]()
        for number, action in enumerate(self.steps):
            chosen = [b if number >> k & 1 else negated(b) for k, b in enumerate(self.step)]
            can = made.all_of([*chosen, self.started, self.truth(action.guard)])
            outside = made.any_of(self.outside(action))
            wrong.append(made.conj(can, outside))
            taken.append(made.conj(can, negated(outside)))
        for cell in self.cells:
            self.follow(cell, taken)
        for found in self.what.wanted:
            hit = made.conj(self.started, self.truth(found.condition))
            made.outputs.append((hit, found.property.name))
        trouble = made.any_of(wrong)
        if trouble != FALSE:
            made.outputs.append((trouble, OUT_OF_RANGE))
        if self.what.open_start:
            self.start()
        return made

    def follow(self, cell: GroundCell, taken: Sequence[int]) -> None:
        """What the latches of ``cell`` hold next."""
        made = self.made
        writers = [
            (chosen, self.code(value, cell))
            for chosen, action in zip(taken, self.steps, strict=True)
            for number, value in action.updates
            if number == cell.number
        ]
        kept = negated(made.any_of([chosen for chosen, _ in writers]))
        after = tuple(
            made.any_of([made.conj(kept, b), *(made.conj(t, v[k]) for t, v in writers)])
            for k, b in enumerate(self.state[cell.number])
        )
        for latch, value in zip(self.latches[cell.number], _flipped(cell, after), strict=True):
            made.following[latch] = value

    def start(self) -> None:
        """The first step: open cells take the values of the inputs, where that is allowed."""
        made = self.made
        self.state = {**self.state, **self.chosen}
        self.truths.clear()
        self.words.clear()
        allowed = [
            self.less((*bits, FALSE), _constant(self.cells[number].size))
            for number, bits in self.chosen.items()
        ]
        begin = made.all_of([negated(self.started), self.truth(self.what.ground.init), *allowed])
        made.following[self.started] = made.disj(self.started, begin)
        for number, bits in self.chosen.items():
            for latch, value in zip(self.latches[number], bits, strict=True):
                made.following[latch] = made.choice(begin, value, made.following[latch])

    def outside(self, action: GroundAction) -> list[int]:
        """Where the step would push a number out of its range."""
        found, sizes = list[int](), self.what.ground.sizes
        for number, value in action.updates:
            bounds = limits(self.cells[number].sort, sizes)
            if bounds is not None:
                low, high = interval(value, sizes)
                if low < bounds[0]:
                    found.append(self.less(self.word(value), _constant(bounds[0])))
                if high > bounds[1]:
                    found.append(self.less(_constant(bounds[1]), self.word(value)))
        return found

    def code(self, value: Expr, cell: GroundCell) -> Bits:
        """The bits that ``cell`` holds for a value in its range."""
        if cell.sort == BOOL:
            return (self.truth(value),)
        word = self.word(value)
        if isinstance(cell.sort, IntSort):
            word = self.add(word, _constant(-cell.sort.lo))
        return _wide(word, max(_width(cell), len(word)))[: _width(cell)]

    def truth(self, e: Expr) -> int:
        """A condition as a literal."""
        if e not in self.truths:
            self.truths[e] = self._truth(e)
        return self.truths[e]

    def _truth(self, e: Expr) -> int:
        made = self.made
        match e:
            case Lit(value=value):
                return int(bool(value))
            case Cell(number=number):
                return self.state[number][0]
            case Op(op="not", args=(a,)):
                return negated(self.truth(a))
            case Op(op="and", args=args):
                return made.all_of([self.truth(a) for a in args])
            case Op(op="or", args=args):
                return made.any_of([self.truth(a) for a in args])
            case Op(op="ite", args=(test, a, b)):
                return made.choice(self.truth(test), self.truth(a), self.truth(b))
            case Op(op="eq", args=(a, b)) if a.sort == BOOL:
                return made.same(self.truth(a), self.truth(b))
            case Op(op="eq", args=(a, b)):
                x, y = _equally_wide(self.word(a), self.word(b))
                return made.all_of([made.same(p, q) for p, q in zip(x, y, strict=True)])
            case Op(op="lt", args=(a, b)):
                return self.less(self.word(a), self.word(b))
            case Op(op="le", args=(a, b)):
                return negated(self.less(self.word(b), self.word(a)))
            case _:
                raise AssertionError(f"not a ground condition: {e!r}")

    def word(self, e: Expr) -> Bits:
        """A number, or the code of another value."""
        if e not in self.words:
            self.words[e] = self._word(e)
        return self.words[e]

    def _word(self, e: Expr) -> Bits:
        match e:
            case Lit(value=int() as value, sort=IntSort() | CountSort()):
                return _constant(value)
            case Lit(value=value, sort=sort):
                return _constant(encode(sort, value))
            case Cell(number=number, sort=IntSort(lo=lo)):
                return self.add((*self.state[number], FALSE), _constant(lo))
            case Cell(number=number):
                return (*self.state[number], FALSE)
            case Op(op="ite", args=(test, a, b)):
                chosen = self.truth(test)
                x, y = _equally_wide(self.word(a), self.word(b))
                return tuple(self.made.choice(chosen, p, q) for p, q in zip(x, y, strict=True))
            case Op(op="add", args=args):
                return reduce(self.add, [self.word(a) for a in args])
            case Op(op="sub", args=(a, b)):
                return self.add(self.word(a), tuple(map(negated, self.word(b))), TRUE)
            case _:
                raise AssertionError(f"not a ground term: {e!r}")

    def add(self, a: Bits, b: Bits, carry: int = FALSE) -> Bits:
        """The sum of two words and a carry, one bit wider than the wider of them."""
        if carry == FALSE and set(b) == {FALSE}:
            return a
        made, total = self.made, list[int]()
        width = max(len(a), len(b)) + 1
        for p, q in zip(_wide(a, width), _wide(b, width), strict=True):
            differ = negated(made.same(p, q))
            total.append(negated(made.same(differ, carry)))
            carry = made.disj(made.conj(p, q), made.conj(differ, carry))
        return tuple(total)

    def less(self, a: Bits, b: Bits) -> int:
        """Whether ``a`` is less than ``b``: the sign of their difference."""
        return self.add(a, tuple(map(negated, b)), TRUE)[-1]


def _name(cell: GroundCell) -> str:
    var, index = cell.name
    return var + "".join(f"[{i}]" for i in index)


def _width(cell: GroundCell) -> int:
    return (cell.size - 1).bit_length()


def _flipped(cell: GroundCell, bits: Bits) -> Bits:
    """From latches to the code they stand for, and back."""
    start = cell.init or 0
    return tuple(b ^ (start >> k & 1) for k, b in enumerate(bits))


def _constant(value: int) -> Bits:
    """A number as a word."""
    width = (value if value >= 0 else ~value).bit_length() + 1
    return tuple(value >> k & 1 for k in range(width))


def _wide(word: Bits, width: int) -> Bits:
    """The same number in ``width`` bits, which must be enough."""
    return (*word, *[word[-1]] * (width - len(word)))


def _equally_wide(a: Bits, b: Bits) -> tuple[Bits, Bits]:
    width = max(len(a), len(b))
    return _wide(a, width), _wide(b, width)
