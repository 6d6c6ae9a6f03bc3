"""Promela: a finite instance for SPIN (Holzmann, The SPIN Model Checker, 2004).

Every thread is a process that stays at one control point and has one ``d_step`` per step of the
instance; what the thread does next is a variable, as in the core.  So a state of SPIN is a state
of ours: ``pan`` compiled with ``-DNOREDUCE`` stores as many states as the exhaustive search visits
without symmetry.  Where initial values are open there is one state more, in which they are chosen.

What is looked for stands in a process ``monitor`` that can move in no other state.  A number that
would leave its range (a counter: the bound of the instance) fails an assertion, it never wraps.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import product

from pagestate.core.expr import Cell, Expr, Lit, Op, walk
from pagestate.core.ground import GroundAction
from pagestate.core.sorts import BoolSort, CountSort, EnumSort, IntSort, Sizes, encode
from pagestate.core.system import StateVar
from pagestate.interchange.instance import Instance, interval, limits, starts

MAX_STARTS = 10_000
_WORDS = """
active assert atomic bit bool break byte chan d_step do else empty enabled end eval false fi for
full get_priority goto hidden if init inline int len ltl mtype nempty never nfull od of
pc_value pid print priority printf proctype provided run safe select set_priority short show skip
started timeout trace true typedef unless unsigned xr xs
"""


def promela(what: Instance) -> str:
    """The instance as the text of a Promela model.

    Raises NotExportable for more than 10,000 combinations of open initial values.
    """
    return "\n".join(_Writer(what).text()) + "\n"


class _Writer:
    def __init__(self, what: Instance) -> None:
        self.what = what
        self.ground = what.ground
        self.sizes: Sizes = what.ground.sizes
        self.taken = {*_WORDS.split(), *(["started"] if what.open_start else [])}
        self.vars = {v.name: self.fresh(v.name) for v in self.ground.system.variables}
        self.enums = dict[tuple[EnumSort, str], str]()
        self.temps = 0

    def text(self) -> Iterator[str]:
        """The lines of the model."""
        system = self.ground.system
        sizes = ", ".join(f"{k}={v}" for k, v in self.sizes.index.items())
        bound = self.sizes.count_bound
        yield f"/* {system.name}: {sizes or 'one instance'}; counters end at {bound}."
        yield "   References: 0 is none, k + 1 is member k. */"
        yield ""
        body = [*self.processes(), *self.monitor()]
        for (sort, member), name in self.enums.items():
            yield f"#define {name} {sort.members.index(member)}"
        yield from self.declarations()
        yield ""
        yield from body

    def fresh(self, wanted: str) -> str:
        """An identifier like ``wanted`` that nothing else has."""
        base = re.sub(r"\W+", "_", wanted).strip("_") or "x"
        base = f"x_{base}" if base[0].isdigit() else base
        name, n = base, 2
        while name in self.taken:
            name, n = f"{base}_{n}", n + 1
        self.taken.add(name)
        return name

    def declarations(self) -> Iterator[str]:
        """The variables; those with an index are arrays."""
        for var in self.ground.system.variables:
            kind = self.kind(var)
            count = len(list(self.indices(var)))
            array = "" if not var.dims else f"[{count}]"
            start = "" if var.free else f" = {self.initial(var)}"
            if count:
                yield f"{kind} {self.vars[var.name]}{array}{start};"
        if self.what.open_start:
            yield "bool started = false;"
        for n in range(self.temps):
            yield f"hidden int new_{n};"

    def indices(self, var: StateVar) -> Iterator[tuple[int, ...]]:
        """The indices of the cells of ``var``."""
        return product(*(range(self.sizes.of(d)) for d in var.dims))

    def kind(self, var: StateVar) -> str:
        """The Promela type of a variable."""
        if isinstance(var.sort, BoolSort):
            return "bool"
        low, high = limits(var.sort, self.sizes) or (0, 255)
        if isinstance(var.sort, EnumSort):
            high = len(var.sort.members) - 1
        if low >= 0 and high <= 255:
            return "byte"
        return "short" if low >= -(2**15) and high < 2**15 else "int"

    def initial(self, var: StateVar) -> str:
        """The initial value of a variable that has one."""
        return self.constant(Lit(var.init, var.sort))

    def constant(self, value: Lit) -> str:
        """A value: numbers as they are, members of enumerations by name, references by code."""
        if isinstance(value.value, bool):
            return "true" if value.value else "false"
        if isinstance(value.sort, EnumSort):
            key = value.sort, str(value.value)
            if key not in self.enums:
                self.enums[key] = self.fresh(f"{value.sort.name}_{value.value}")
            return self.enums[key]
        if isinstance(value.sort, IntSort | CountSort):
            return str(value.value)
        return str(encode(value.sort, value.value))

    def cell(self, number: int) -> str:
        """A cell as a variable or an array element."""
        var, index = self.ground.cells[number].name
        if not index:
            return self.vars[var]
        dims = self.ground.system.variable(var).dims
        flat = 0
        for d, i in zip(dims, index, strict=True):
            flat = flat * self.sizes.of(d) + i
        return f"{self.vars[var]}[{flat}]"

    def term(self, e: Expr) -> str:
        """A ground term as a Promela expression."""
        match e:
            case Lit():
                return self.constant(e)
            case Cell(number=number):
                return self.cell(number)
            case Op(op="not", args=(a,)):
                return f"!{self.term(a)}"
            case Op(op="ite", args=(test, a, b)):
                return f"({self.term(test)} -> {self.term(a)} : {self.term(b)})"
            case Op(op=op, args=args):
                sign = {"and": "&&", "or": "||", "eq": "==", "lt": "<", "le": "<="}.get(op)
                sign = sign or {"add": "+", "sub": "-"}[op]
                return "(" + f" {sign} ".join(self.term(a) for a in args) + ")"
            case _:
                raise AssertionError(f"not a ground term: {e!r}")

    def processes(self) -> Iterator[str]:
        """One process for each thread, and one that chooses open initial values."""
        wait = ""
        if self.what.open_start:
            wait = " provided (started)"
            yield from self.start()
        threads = dict[str, list[GroundAction]]()
        for action in self.ground.actions:
            threads.setdefault(action.action.thread, []).append(action)
        for thread, actions in threads.items():
            yield f"active proctype {self.fresh(thread or 'steps')}(){wait} {{"
            yield "end: do"
            for action in actions:
                yield from self.step(action)
            yield "    od"
            yield "}"
            yield ""

    def step(self, action: GroundAction) -> Iterator[str]:
        """One step of the instance."""
        picks = ", ".join(f"{k}={v}" for k, v in action.binding.items())
        yield f"    :: d_step {{ /* {_plain(action.action.name)}({_plain(picks)}) */"
        guard = self.term(action.guard)
        lines = [f"{guard} ->", *self.within(action), *self.writes(action.updates)]
        if len(lines) == 1:
            lines.append("skip;")
        for line in lines:
            yield f"           {line}"
        yield "       }"

    def within(self, action: GroundAction) -> Iterator[str]:
        """Assertions that numbers stay in their range, where that is not plain."""
        for number, value in action.updates:
            cell = self.ground.cells[number]
            bounds = limits(cell.sort, self.sizes)
            if bounds is None:
                continue
            low, high = interval(value, self.sizes)
            if low < bounds[0]:
                yield f"assert({bounds[0]} <= {self.term(value)});"
            if high > bounds[1]:
                yield f"assert({self.term(value)} <= {bounds[1]});"

    def writes(self, updates: Sequence[tuple[int, Expr]]) -> Iterator[str]:
        """Assignments, in an order in which nothing is read after it was written."""
        left = dict(updates)
        reads = {c: {t.number for t in walk(e) if isinstance(t, Cell)} for c, e in updates}
        later = list[str]()
        while left:
            free = [c for c in left if not any(c in reads[d] for d in left if d != c)]
            if free:
                yield f"{self.cell(free[0])} = {self.term(left.pop(free[0]))};"
                continue
            number = next(iter(left))
            yield f"new_{len(later)} = {self.term(left.pop(number))};"
            later.append(f"{self.cell(number)} = new_{len(later)};")
        self.temps = max(self.temps, len(later))
        yield from later

    def start(self) -> Iterator[str]:
        """The process that chooses open initial values, once."""
        yield f"active proctype {self.fresh('start')}() {{"
        yield "end: do"
        for values in starts(self.ground, MAX_STARTS):
            yield "    :: d_step { !started ->"
            for number, value in values.items():
                constant = self.constant(Lit(value, self.ground.cells[number].sort))
                yield f"           {self.cell(number)} = {constant};"
            yield "           started = true;"
            yield "       }"
        yield "    od"
        yield "}"
        yield ""

    def monitor(self) -> Iterator[str]:
        """The process that notices what is looked for."""
        if not self.what.wanted:
            return
        wait = " provided (started)" if self.what.open_start else ""
        yield f"active proctype {self.fresh('monitor')}(){wait} {{"
        yield "end: do"
        for found in self.what.wanted:
            title = _plain(found.property.title)
            yield f"    :: d_step {{ /* {found.property.name}: {title} */"
            yield f"           {self.term(found.condition)} ->"
            yield "           assert(false);"
            yield "       }"
        yield "    od"
        yield "}"


def _plain(text: str) -> str:
    """Text that cannot end a comment."""
    return text.replace("*/", "* /")
