"""Core terms over symbolic pages as SMT-LIB text, straight and without a solver.

This is the certificate's own road from the model to formulas, kept apart from the one the proof
engine takes: enumerations are integers here, and nothing is shared but the core terms.  A
quantifier over pages is named by a fresh constant of which the script states only what holds at
the pages it mentions; where it says that some page has a property, that page is one of those, or a
witness apart from them that exists only in this case.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from pagestate.core.expr import Cell, Expr, Lit, Op, Param, Quant, Read, Size, substitute, walk
from pagestate.core.sorts import BoolSort, CountSort, EnumSort, IndexSort, IntSort, Sort, Value
from pagestate.core.system import StateVar

_SUBJECT = "the page"
_WORDS = {"not": "not", "and": "and", "or": "or", "lt": "<", "le": "<=", "add": "+", "sub": "-"}

_WORDS_OF_LOGIC = """
    true false not and or xor ite distinct forall exists let par as abs div mod is select store
"""
_LOGIC = frozenset(_WORDS_OF_LOGIC.split())


class NoText(Exception):
    """A term that the certificate's language does not have; the message names it."""


def symbol(name: str) -> str:
    """A quoted SMT-LIB symbol, which is none of the logic's own, quoted or not."""
    if name in _LOGIC:
        return f"|{name}!|"
    return "|" + name.replace("|", "!").replace("\\", "/") + "|"


def type_name(sort: Sort) -> str:
    """The SMT-LIB sort that values of ``sort`` have."""
    match sort:
        case BoolSort():
            return "Bool"
        case EnumSort() | IntSort() | CountSort():
            return "Int"
        case _:
            raise NoText(f"a value of sort {sort}")


def constant(value: Value, sort: Sort) -> str:
    """A value as text."""
    if isinstance(sort, EnumSort):
        return str(sort.members.index(str(value)))
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value >= 0 else f"(- {-value})"
    raise NoText(f"the constant {value}")


def within(name: str, sort: Sort) -> list[str]:
    """What is true of every value of ``sort`` by the way it is written."""
    match sort:
        case EnumSort(members=members):
            return [f"(<= 0 {name})", f"(< {name} {len(members)})"]
        case IntSort(lo=lo, hi=hi):
            return [f"(<= {constant(lo, sort)} {name})", f"(<= {name} {constant(hi, sort)})"]
        case CountSort():
            return [f"(<= 0 {name})"]
        case _:
            return []


HEAD = "(set-info :smt-lib-version 2.6)\n(set-logic QF_LIA)\n(set-info :status unsat)\n"
TAIL = "(check-sat)\n(exit)\n"


@dataclass(slots=True)
class Script:
    """One SMT-LIB script under construction: what it shares with others, and its own lines.

    What is shared are declarations and definitions that assert nothing and have one text in all
    scripts of a certificate; the lines declare, define and assert in order.
    """

    shared: dict[str, None] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    named: dict[tuple[Quant, tuple[tuple[Param, str], ...]], str] = field(default_factory=dict)
    witnesses: list[tuple[str, str]] = field(default_factory=list)

    def declare(self, name: str, sort: Sort) -> None:
        """An unknown."""
        self.lines.append(declaration(name, sort))

    def define(self, name: str, sort: Sort, value: str) -> None:
        """A name for a term."""
        self.lines.append(definition(name, sort, value))

    def share(self, text: str) -> None:
        """Declarations or definitions that the script uses and others, too: they come first."""
        self.shared[text] = None

    def claim(self, formula: str) -> None:
        """An assertion."""
        self.lines.append(f"(assert {formula})")

    def note(self, text: str) -> None:
        """A comment."""
        self.lines.append("; " + " ".join(text.split()))

    def body(self) -> str:
        """The script's own lines."""
        return "".join(f"{line}\n" for line in self.lines)


def declaration(name: str, sort: Sort) -> str:
    """The line that declares an unknown."""
    return f"(declare-const {name} {type_name(sort)})"


def definition(name: str, sort: Sort, value: str) -> str:
    """The line that names a term."""
    return f"(define-fun {name} () {type_name(sort)} {value})"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Says terms in a script: parameters stand for pages (by name) or for declared constants.

    ``after`` lists the cells (variable, page) that have a name of their own after the step; where
    ``post`` is set, these names are read; with ``steps`` primed terms read them.  ``further``:
    witnesses are spoken of.  ``declared`` are the texts that declare the variables of pages, made
    once for many scripts.
    """

    script: Script
    variables: Mapping[str, StateVar]
    sort: IndexSort | None
    pages: tuple[str, ...]
    places: Mapping[Param, str] = field(default_factory=dict)
    picks: Mapping[Param, str] = field(default_factory=dict)
    after: frozenset[tuple[str, str]] = frozenset()
    post: bool = False
    nested: bool = False
    steps: bool = False
    further: bool = True
    declared: dict[str, str] = field(default_factory=dict)

    def declare_state(self, page: str) -> None:
        """Declare the variables of ``page`` ("": the globals); enumerations have their values."""
        sorted_ = symbol(f"in sorts of {page}" if page else "in sorts")
        if page not in self.declared:
            lines, bounds = list[str](), list[str]()
            for var in self.variables.values():
                if bool(var.dims) == bool(page):
                    name = self.cell(var.name, page)
                    lines.append(declaration(name, var.sort))
                    if isinstance(var.sort, EnumSort):
                        bounds += within(name, var.sort)
            lines.append(definition(sorted_, BoolSort(), f"(and true {' '.join(bounds)})"))
            self.declared[page] = "".join(f"{line}\n" for line in lines)
        self.script.share(self.declared[page])
        self.script.claim(sorted_)

    def hold(self, flag: str, condition: Expr) -> str:
        """Where ``condition`` holds some page has ``flag``: one of those here, or a further one.

        The name of the further page, for whose variables the script has declarations.
        """
        page = f"witness {len(self.script.witnesses) + 1}"
        other = symbol(f"{page} exists")
        self.declare_state(page)
        self.script.declare(other, BoolSort())
        here = " ".join(self.cell(flag, p) for p in self.pages)
        self.script.claim(f"(or (not {self.truth(condition)}) {here} {other})")
        self.script.claim(f"(=> {other} {self.cell(flag, page)})")
        self.script.witnesses.append((page, other))
        return page

    def at(self, param: Param, page: str) -> "Speaker":
        """The same with ``param`` standing for ``page``."""
        return replace(self, places={**self.places, param: page}, nested=True)

    def cell(self, var: str, page: str) -> str:
        """The name of a variable (at a page)."""
        prime = "'" if self.post and (var, page) in self.after else ""
        return symbol(f"{var}{prime}" if page == "" else f"{var} of {page}{prime}")

    def place(self, index: tuple[Expr, ...]) -> str:
        """The page an index names ("" without one)."""
        if not index:
            return ""
        (only,) = index
        if isinstance(only, Param) and only in self.places:
            return self.places[only]
        raise NoText("an index that is no page of the step")

    def say(self, e: Expr, sort: Sort) -> str:
        """``e`` as text, as a value of ``sort``."""
        if isinstance(sort, EnumSort) and isinstance(e.sort, EnumSort) and e.sort != sort:
            raise NoText(f"a value of another {sort}")  # the same word has another number there
        match e:
            case Lit(value=value):
                return constant(value, e.sort if isinstance(e.sort, EnumSort) else sort)
            case Param():
                if e not in self.picks:
                    raise NoText(f"parameter {e.name} as a value")
                return self.picks[e]
            case Read(var=var, index=index, primed=primed):
                if isinstance(e.sort, EnumSort) and e.sort != self.variables[var].sort:
                    raise NoText(f"{var} read as another {e.sort}")
                if not primed:
                    return self.cell(var, self.place(index))
                if not self.steps:
                    raise NoText("a value after the step")
                return replace(self, post=True).cell(var, self.place(index))
            case Op():
                return self._op(e, sort)
            case Quant():
                return self._quant(e)
            case Size():
                return self._size(e)
            case Cell():
                raise NoText("a cell of a finite instance")
            case _:
                assert_never(e)

    def truth(self, e: Expr) -> str:
        """A condition as text."""
        return self.say(e, BoolSort())

    def number(self, e: Expr) -> str:
        """A number as text; a condition counts 1 or 0."""
        if isinstance(e.sort, BoolSort):
            return f"(ite {self.truth(e)} 1 0)"
        return self.say(e, e.sort)

    def _op(self, e: Op, sort: Sort) -> str:
        match e.op:
            case "not" | "and" | "or":
                return f"({_WORDS[e.op]} {' '.join(self.truth(a) for a in e.args)})"
            case "lt" | "le" | "add" | "sub":
                return f"({_WORDS[e.op]} {' '.join(self.number(a) for a in e.args)})"
            case "ite":
                test, a, b = e.args
                return f"(ite {self.truth(test)} {self.say(a, sort)} {self.say(b, sort)})"
            case "eq":
                a, b = e.args
                if a in self.places and b in self.places:
                    x, y = self.places[_param(a)], self.places[_param(b)]
                    if x != y and not {x, y} & set(self.pages):
                        raise NoText("two further pages are compared")
                    return "true" if x == y else "false"
                kind = b.sort if isinstance(a, Lit) else a.sort
                return f"(= {self.say(a, kind)} {self.say(b, kind)})"
            case _:
                assert_never(e.op)

    def _quant(self, e: Quant) -> str:
        if not isinstance(e.binder.sort, IndexSort):
            return self._listed(e)
        if e.binder.sort != self.sort:
            raise NoText(f"a quantifier over {e.binder.sort}")
        free = {t for t in walk(e) if isinstance(t, Param)} - {e.binder}
        about = [(param, page) for param, page in self.places.items() if param in free]
        key = (e, tuple(sorted(about, key=lambda item: item[0].name)))
        if key not in self.script.named:
            bodies = [self.at(e.binder, page).truth(e.body) for page in self.pages]
            name = symbol(f"{e.kind} {len(self.script.named) + 1}")
            self.script.named[key] = name
            self.script.declare(name, e.sort)
            if e.kind == "count":
                self.script.claim(f"(<= {_sum([f'(ite {b} 1 0)' for b in bodies])} {name})")
            for body in bodies:
                if e.kind == "all":
                    self.script.claim(f"(=> {name} {body})")
                elif e.kind == "any":
                    self.script.claim(f"(=> {body} {name})")
            if e.kind != "count":
                for page, other in tuple(self.script.witnesses):
                    body = self.at(e.binder, page).truth(e.body)
                    known = f"(=> {name} {body})" if e.kind == "all" else f"(=> {body} {name})"
                    self.script.claim(f"(=> {other} {known})")
                if self.further and not (self.nested and about):
                    self._witness(e, name, bodies)
        return self.script.named[key]

    def _witness(self, e: Quant, name: str, bodies: Sequence[str]) -> None:
        """Some page has (or lacks) the body: one of the pages here, or one apart from them."""
        page = f"witness {len(self.script.witnesses) + 1}"
        other = symbol(f"{page} exists")
        self.declare_state(page)
        self.script.declare(other, BoolSort())
        self.script.witnesses.append((page, other))
        body = self.at(e.binder, page).truth(e.body)
        if e.kind == "any":
            self.script.claim(f"(=> {name} (or {' '.join(bodies)} {other}))")
            self.script.claim(f"(=> {other} {body})")
        else:
            lacking = " ".join(f"(not {b})" for b in bodies)
            self.script.claim(f"(or {name} {lacking} {other})")
            self.script.claim(f"(=> {other} (not {body}))")

    def _listed(self, e: Quant) -> str:
        bodies = [
            self.truth(substitute(e.body, {e.binder: Lit(v, e.binder.sort)}))
            for v in _values(e.binder.sort)
        ]
        if e.kind == "count":
            return _sum([f"(ite {b} 1 0)" for b in bodies])
        return f"({'and' if e.kind == 'all' else 'or'} {' '.join(bodies)})"

    def _size(self, e: Size) -> str:
        if e.index != self.sort:
            raise NoText(f"the number of {e.index}s")
        name = symbol(f"number of {e.index}s")
        line = f"(declare-const {name} Int)"
        if line not in self.script.lines:
            self.script.lines.append(line)
            self.script.claim(f"(<= {len(self.pages)} {name})")
        return name


@dataclass(frozen=True, slots=True)
class Function:
    """A fact about one page as a function of the variables it reads, in the order of ``cells``."""

    name: str
    text: str
    cells: tuple[tuple[str, bool], ...]

    def applied(self, speaker: Speaker, page: str) -> str:
        """What the fact says of ``page``."""
        given = [speaker.cell(var, page if local else "") for var, local in self.cells]
        return f"({self.name} {' '.join(given)})" if given else self.name


def function(
    name: str, fact: Expr, subject: Param, variables: Mapping[str, StateVar],
    sort: IndexSort | None,
) -> Function:  # fmt: skip
    """The definition of ``fact`` about ``subject``.  Raises NoText."""
    read = dict.fromkeys(t.var for t in walk(fact) if isinstance(t, Read))
    for var in read:
        if var not in variables:
            raise NoText(f"variable {var}, which the system does not have")
    cells = tuple((var, bool(variables[var].dims)) for var in read)
    speaker = Speaker(Script(), variables, sort, ()).at(subject, _SUBJECT)
    given = " ".join(
        f"({speaker.cell(var, _SUBJECT if local else '')} {type_name(variables[var].sort)})"
        for var, local in cells
    )
    text = f"(define-fun {symbol(name)} ({given}) Bool {speaker.truth(fact)})\n"
    return Function(symbol(name), text, cells)


def _param(e: Expr) -> Param:
    assert isinstance(e, Param)
    return e


def _sum(terms: Sequence[str]) -> str:
    return f"(+ {' '.join(terms)})" if len(terms) > 1 else (terms[0] if terms else "0")


def _values(sort: Sort) -> Iterator[Value]:
    match sort:
        case BoolSort():
            yield from (False, True)
        case EnumSort(members=members):
            yield from members
        case IntSort(lo=lo, hi=hi):
            yield from range(lo, hi + 1)
        case _:
            raise NoText(f"a quantifier over {sort}")
