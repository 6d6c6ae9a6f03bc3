"""BTOR2 word-level circuits as systems of the core: enough for small known answers.

After Niemetz, Preiner, Wolf and Biere, BTOR2, BtorMC and Boolector 3.0 (2018).  Words of one bit
are Booleans, longer ones integers, inputs the parameters of the one action; arithmetic wraps as it
does there.  Only what the property and the constraints depend on is translated.  Arrays, bitwise
operators on words, shifts, multiplication, and inputs of many bits are outside: NotHere.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from pagestate.core.expr import (
    Expr,
    Lit,
    Param,
    Quant,
    Read,
    add,
    conj,
    disj,
    eq,
    implies,
    ite,
    le,
    lit,
    lt,
    neg,
    sub,
    walk,
)
from pagestate.core.property import Property
from pagestate.core.sorts import BOOL, BoolSort, DataSort, IntSort, Sizes
from pagestate.core.system import Action, StateVar, System, Write
from pagestate.engines.interface import Task

_NUMBER = re.compile(r"-?\d+")
WIDEST_INPUT = 6
"""Bits of all inputs together: their values are listed."""


class NotHere(Exception):
    """A circuit that is outside what is read."""


def task_of(file: Path) -> Task:
    """The circuit as a task: the property is that no ``bad`` condition can hold.

    Raises NotHere.
    """
    return _Circuit(file.read_text(encoding="utf-8"), file.stem).task()


class _Circuit:
    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.lines = dict[int, list[str]]()
        self.tags = dict[str, list[list[str]]]()
        self.known = dict[int, Expr]()
        for line in text.splitlines():
            words = line.split(";")[0].split()
            if words:
                self.lines[int(words[0])] = words[1:]
                self.tags.setdefault(words[1], []).append(words[1:])

    def task(self) -> Task:
        constraint = conj(*(self.truth(w[1]) for w in self.tags.get("constraint", ())))
        bad = disj(*(self.truth(w[1]) for w in self.tags["bad"]))
        nexts = {int(w[2]): w for w in self.tags.get("next", ())}
        found, todo = dict[int, Expr](), [*self._states(bad), *self._states(constraint)]
        while todo:
            state = todo.pop()
            if state not in found:
                if state not in nexts:
                    raise NotHere("a state without a next value")
                found[state] = self.as_sort(nexts[state][3], self.sort(self.lines[state][1]))
                todo += self._states(found[state])
        inputs = {p: None for e in (*found.values(), constraint) for p in _params(e)}
        self._few(inputs)
        writes = tuple(Write(f"s{number}", (), value) for number, value in found.items())
        action = Action("clock", constraint, writes, tuple(inputs))
        variables = tuple(self.variable(number) for number in sorted(found))
        wrong = conj(bad, constraint)
        for param in dict.fromkeys(_params(wrong)):
            self._few([param])
            wrong = Quant("any", param, wrong)
        property_ = Property("never_bad", "always", neg(wrong))
        return Task(System(self.name, (), variables, (action,)), (property_,), Sizes({}))

    @cached_property
    def starts(self) -> dict[int, Lit]:
        found = dict[int, Lit]()
        for words in self.tags.get("init", ()):
            value = self.as_sort(words[3], self.sort(words[1]))
            if not isinstance(value, Lit):
                raise NotHere("an initial value that is no constant")
            found[int(words[2])] = value
        return found

    def variable(self, number: int) -> StateVar:
        sort, start = self.sort(self.lines[number][1]), self.starts.get(number)
        value = None if start is None else start.value
        return StateVar(f"s{number}", (), sort, value, free=start is None)

    def _states(self, e: Expr) -> Iterator[int]:
        return (int(t.var[1:]) for t in walk(e) if isinstance(t, Read))

    def _few(self, params: Iterable[Param]) -> None:
        bits = [p.sort.hi.bit_length() for p in params if isinstance(p.sort, IntSort)]
        if sum(bits) > WIDEST_INPUT:
            raise NotHere("inputs of many bits")

    def width(self, number: str) -> int:
        _, kind, *more = self.lines[int(number)]
        if kind != "bitvec":
            raise NotHere("an array")
        return int(more[0])

    def sort(self, number: str) -> DataSort:
        width = self.width(number)
        return BOOL if width == 1 else IntSort(0, (1 << width) - 1)

    def term(self, word: str) -> Expr:
        number = int(word)
        if number < 0:
            return neg(self.truth(str(-number)))
        if number not in self.known:
            self.known[number] = self._made(number)
        return self.known[number]

    def truth(self, word: str) -> Expr:
        e = self.term(word)
        if not isinstance(e.sort, BoolSort):
            raise NotHere("a bitwise operator on a word")
        return e

    def number(self, word: str) -> Expr:
        e = self.term(word)
        return ite(e, lit(1), lit(0)) if isinstance(e.sort, BoolSort) else e

    def as_sort(self, word: str, sort: DataSort) -> Expr:
        e = self.term(word)
        return e if isinstance(sort, BoolSort) or not isinstance(e, Lit) else Lit(e.value, sort)

    def _made(self, number: int) -> Expr:
        op, *rest = self.lines[number]
        if op in ("sort", "init", "next", "bad", "constraint"):
            raise NotHere(f"{op} as a value")
        sort, args = self.sort(rest[0]), [w for w in rest[1:] if _NUMBER.fullmatch(w)]
        top = 1 << self.width(rest[0])
        match op:
            case "input":
                return Param(f"i{number}", sort)
            case "state":
                return Read(f"s{number}", (), sort)
            case "zero" | "one" | "ones" | "const" | "constd" | "consth":
                base = {"const": 2, "constd": 10, "consth": 16}
                special = {"zero": 0, "one": 1, "ones": top - 1}
                value = special[op] if op in special else int(rest[1], base[op])
                return lit(bool(value)) if top == 2 else lit(value)
            case "not":
                return neg(self.truth(args[0]))
            case "and":
                return conj(*map(self.truth, args))
            case "nand":
                return neg(conj(*map(self.truth, args)))
            case "or":
                return disj(*map(self.truth, args))
            case "implies":
                return implies(*map(self.truth, args))
            case "eq" | "iff":
                return self._equal(*args)
            case "neq":
                return neg(self._equal(*args))
            case "ult":
                return lt(*map(self.number, args))
            case "ulte":
                return le(*map(self.number, args))
            case "ugt":
                return lt(*map(self.number, reversed(args)))
            case "ugte":
                return le(*map(self.number, reversed(args)))
            case "ite":
                a, b = (self.as_sort(x, sort) for x in args[1:])
                return ite(self.truth(args[0]), a, b)
            case "uext":
                return self.term(args[0]) if top == 2 else self.number(args[0])
            case "redor":
                return lt(lit(0), self.number(args[0]))
            case "add" | "inc" if top > 2:
                a = self.number(args[0])
                total = add(a, self.number(args[1]) if op == "add" else lit(1))
                return ite(le(lit(top), total), sub(total, lit(top)), total)
            case "sub" if top > 2:
                a, b = map(self.number, args)
                return ite(lt(a, b), sub(add(a, lit(top)), b), sub(a, b))
            case _:
                raise NotHere(op)

    def _equal(self, a: str, b: str) -> Expr:
        one, other = self.term(a), self.term(b)
        if isinstance(one.sort, BoolSort) and isinstance(other.sort, BoolSort):
            return eq(one, other)
        return eq(self.number(a), self.number(b))


def _params(e: Expr) -> Iterator[Param]:
    return (t for t in walk(e) if isinstance(t, Param))
