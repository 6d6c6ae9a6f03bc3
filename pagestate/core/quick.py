"""The steps of concrete states, compiled to Python: what ``core.evaluate`` means, only faster.

A state is the tuple of the values of its cells.  Each action becomes a function of it; what does
not depend on a parameter is tested before the parameter is chosen, and a parameter that the guard
says is equal to a variable is not searched for.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

from pagestate.core.evaluate import OutOfRange, cells, values
from pagestate.core.expr import TRUE, Cell, Expr, Lit, Op, Param, Quant, Read, Size, walk
from pagestate.core.sorts import CountSort, IndexSort, IntSort, Sizes, Sort, Value
from pagestate.core.system import Action, System, Write
from pagestate.core.trace import CellName, State
from pagestate.core.verdict import Move

Values: TypeAlias = tuple[Value, ...]
_JOIN = {"and": " and ", "or": " or ", "add": " + "}
_BETWEEN = {"eq": "==", "lt": "<", "le": "<=", "sub": "-"}


@dataclass(frozen=True, slots=True)
class Next:
    """A step: the action, the values of its parameters, the state after.

    ``after`` is None where a counter would leave the bound of the instance; ``overflow`` names it.
    """

    action: Action
    picks: tuple[tuple[str, Value], ...]
    after: Values | None
    overflow: str = ""


class Quick:
    """The steps of an instance."""

    def __init__(self, system: System, sizes: Sizes) -> None:
        self.system, self.sizes = system, sizes
        self.cells: tuple[CellName, ...] = tuple(cells(system, sizes))
        self.number = {cell: k for k, cell in enumerate(self.cells)}
        self._control = {t.name: t.control for t in system.threads}
        self._at = dict[tuple[str, str], list[Action]]()
        self._maker, self._made = _Maker(system, sizes), dict[str, Callable[..., Any]]()
        for thread in system.threads:
            self._at |= {(thread.name, label): [] for label in thread.labels}
        self._members = [(t.name, t.index) for t in system.threads]
        self._orphans = list[Action]()
        labels = {t.name: t.labels for t in system.threads}
        for action in system.actions:
            mine = labels.get(action.thread)
            if mine is None:
                self._orphans.append(action)
                continue
            for label in (action.info.label,) if action.info.label in mine else mine:
                self._at[action.thread, label].append(action)

    def pack(self, state: State) -> Values:
        """The values of a state's cells."""
        return tuple(state[cell] for cell in self.cells)

    def unpack(self, state: Values) -> dict[CellName, Value]:
        """The state with these values."""
        return dict(zip(self.cells, state, strict=True))

    def steps(self, thread: str, member: int | None, state: Values) -> Iterator[Next]:
        """What a thread can do.  Raises OutOfRange if a step leaves the sort of a variable."""
        where = () if member is None else (member,)
        label = state[self.number[self._control[thread], where]]
        for action in self._at[thread, str(label)]:
            yield from self._taken(action, state, member)

    def all_steps(self, state: Values) -> Iterator[Next]:
        """Every step from a state, whoever takes it.  Raises OutOfRange."""
        for thread, index in self._members:
            for member in [None] if index is None else range(self.sizes.of(index)):
                yield from self.steps(thread, member, state)
        for action in self._orphans:
            mover = action.thread_param
            for who in [None] if mover is None else values(mover.sort, self.sizes):
                yield from self._taken(action, state, who)

    def take(self, move: Move, state: Values) -> Values | None:
        """The state after one move; None if it cannot be taken, or overflows a counter.

        Raises OutOfRange if it leaves the sort of a variable.
        """
        mover = move.action.thread_param
        member = None if mover is None else dict(move.picks)[mover.name]
        for step in self._taken(move.action, state, member):
            if step.picks == move.picks:
                return step.after
        return None

    def predicate(self, formula: Expr) -> Callable[[Values], bool]:
        """A closed formula over one state as a function of it.  Raises TypeError for others."""
        text = self._maker.code(formula, {})
        holds: Callable[[Values], bool] = eval(compile(f"lambda s: {text}", "<formula>", "eval"))
        return holds

    def _taken(self, action: Action, state: Values, member: Value) -> Iterator[Next]:
        run = self._made.get(action.name)
        if run is None:
            run = self._made[action.name] = self._maker.function(action)
        names = [p.name for p in action.params]
        for picks, after, overflow in run(state, member):
            yield Next(action, tuple(zip(names, picks, strict=True)), after, overflow)


class _Maker:
    """Generates the functions."""

    def __init__(self, system: System, sizes: Sizes) -> None:
        self._system, self._sizes = system, sizes
        self._sorts = {v.name: v.sort for v in system.variables}
        self._dims = {v.name: v.dims for v in system.variables}
        self._base = dict[str, int]()
        for k, (name, _) in enumerate(cells(system, sizes)):
            self._base.setdefault(name, k)
        self._used = 0

    def function(self, action: Action) -> Callable[..., Any]:
        """``run(state, member)``: parameters, state after and overflow of each step."""
        names = {p.name: f"p{k}" for k, p in enumerate(action.params)}
        lines, depth = ["def run(s, member):", "    found = []"], 1
        conjuncts = _conjuncts(action.guard)
        open_names = {p.name for p in action.params}
        mover = action.thread_param
        if mover is not None:
            lines.append(f"    {names[mover.name]} = member")
            open_names.discard(mover.name)

        def test() -> None:
            """What can be tested now."""
            nonlocal conjuncts
            ready = [c for c in conjuncts if not _params(c) & open_names]
            conjuncts = [c for c in conjuncts if c not in ready]
            for part in ready:
                lines.append(f"{'    ' * depth}if not ({self.code(part, names)}):")
                lines.append(
                    f"{'    ' * (depth + 1)}{'return found' if depth == 1 else 'continue'}"
                )

        test()
        rest = [p for p in action.params if p.name in open_names]
        while rest:
            chosen, source = self._next(rest, conjuncts, open_names, names)
            rest.remove(chosen)
            lines.append(f"{'    ' * depth}for {names[chosen.name]} in {source}:")
            depth += 1
            open_names.discard(chosen.name)
            test()
        indent = "    " * depth
        picks = "".join(f"{names[p.name]}, " for p in action.params)
        lines.append(f"{indent}n, over = list(s), ''")
        for write in action.writes:
            lines += [indent + line for line in self._write(write, names)]
        lines.append(f"{indent}found.append((({picks}), None if over else tuple(n), over))")
        lines.append("    return found")
        space: dict[str, Any] = {"wrong": _wrong}
        source_text = "\n".join(lines) + "\n"
        exec(compile(source_text, f"<{self._system.name}: {action.name}>", "exec"), space)
        run: Callable[..., Any] = space["run"]
        return run

    def _next(
        self,
        rest: Sequence[Param],
        conjuncts: Sequence[Expr],
        open_names: set[str],
        names: Mapping[str, str],
    ) -> tuple[Param, str]:
        """The parameter to choose next, and its values: if possible the one that is known."""
        for part in conjuncts:
            match part:
                case (
                    Op(op="eq", args=(Read() as read, Param() as param))
                    | Op(op="eq", args=(Param() as param, Read() as read))
                ):
                    if param in rest and not _params(read) & open_names:
                        domain = self._domain(param.sort)
                        text = self.code(read, names)
                        return param, f"[x for x in ({text},) if x in {domain}]"
                case _:
                    pass
        return rest[0], self._domain(rest[0].sort)

    def _domain(self, sort: Sort) -> str:
        if isinstance(sort, IndexSort):
            return f"range({self._sizes.of(sort)})"
        return repr(tuple(values(sort, self._sizes)))

    def _write(self, write: Write, names: Mapping[str, str]) -> Iterator[str]:
        inner, indent = dict(names), ""
        for binder in write.binders:
            inner[binder.name] = self._fresh()
            yield f"{indent}for {inner[binder.name]} in {self._domain(binder.sort)}:"
            indent += "    "
        if write.where != TRUE:
            yield f"{indent}if {self.code(write.where, inner)}:"
            indent += "    "
        sort, value = self._sorts[write.var], self.code(write.value, inner)
        place = self._place(write.var, write.index, inner)
        match sort:
            case CountSort():
                yield f"{indent}v = {value}"
                yield f"{indent}if v > {self._sizes.count_bound}: over = over or {write.var!r}"
                yield f"{indent}if v < 0: wrong({write.var!r}, v)"
                value = "v"
            case IntSort(lo=lo, hi=hi):
                yield f"{indent}v = {value}"
                yield f"{indent}if not {lo} <= v <= {hi}: wrong({write.var!r}, v)"
                value = "v"
            case _:
                pass
        yield f"{indent}n[{place}] = {value}"

    def _fresh(self) -> str:
        self._used += 1
        return f"q{self._used}"

    def _place(self, var: str, index: Sequence[Expr], names: Mapping[str, str]) -> str:
        text = str(self._base.get(var, 0))
        stride = 1
        for dim, at in reversed(list(zip(self._dims[var], index, strict=True))):
            text += f" + {stride} * ({self.code(at, names)})"
            stride *= self._sizes.of(dim)
        return text

    def code(self, e: Expr, names: Mapping[str, str]) -> str:
        """The Python text of a term."""
        match e:
            case Lit(value=value):
                return repr(value)
            case Param(name=name):
                return names[name]
            case Read(var=var, index=index, primed=False):
                return f"s[{self._place(var, index, names)}]"
            case Op(op="not", args=(arg,)):
                return f"(not {self.code(arg, names)})"
            case Op(op="ite", args=(test, a, b)):
                texts = [self.code(part, names) for part in (a, test, b)]
                return f"({texts[0]} if {texts[1]} else {texts[2]})"
            case Op(op="and" | "or" | "add" as op, args=args):
                return f"({_JOIN[op].join(self.code(a, names) for a in args)})"
            case Op(op="eq" | "lt" | "le" | "sub" as op, args=(a, b)):
                return f"({self.code(a, names)} {_BETWEEN[op]} {self.code(b, names)})"
            case Quant(kind=kind, binder=binder, body=body):
                inner = {**names, binder.name: self._fresh()}
                over = f"for {inner[binder.name]} in {self._domain(binder.sort)}"
                text = self.code(body, inner)
                if kind == "count":
                    return f"sum(1 {over} if {text})"
                return f"{kind}({text} {over})"
            case Size(index=index_sort):
                return str(self._sizes.of(index_sort))
            case Op() | Read() | Cell():
                raise TypeError(f"not a term over one state: {e!r}")
            case _:
                assert_never(e)


def _wrong(var: str, value: Value) -> None:
    raise OutOfRange(f"{var} := {value}")


def _conjuncts(guard: Expr) -> list[Expr]:
    return list(guard.args) if isinstance(guard, Op) and guard.op == "and" else [guard]


def _params(e: Expr) -> set[str]:
    return {t.name for t in walk(e) if isinstance(t, Param)}
