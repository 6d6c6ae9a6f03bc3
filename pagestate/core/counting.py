"""Counting: members of a replicated thread become numbers of members in each situation.

The members of a replicated thread are interchangeable, so how many stand in each situation says
everything (German and Sistla 1992).  A situation is a control label, the values of the finite
locals, and whether the thread's reference names a page; in the last case there is one number per
page.  Situations are found by following the thread's steps from its start, with the values of the
locals put in, so nothing is assumed about which locals are alive where.  A step whose new locals
depend on the state is split by their values.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import count as numbers

from pagestate.core.evaluate import values
from pagestate.core.expr import (
    FALSE,
    TRUE,
    Expr,
    Lit,
    Op,
    Param,
    Quant,
    Read,
    children,
    conj,
    eq,
    ite,
    neg,
    span_of,
    substitute,
    transform,
    walk,
)
from pagestate.core.shape import not_in_form
from pagestate.core.sorts import (
    BoolSort,
    CountSort,
    IndexSort,
    RefSort,
    Sizes,
    Value,
    default_value,
)
from pagestate.core.system import Action, StateVar, System, Thread, Write


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a member stands: the values of its control and finite locals, in the order of
    ``Crowd.data``, and which of its references name a member (all the same one)."""

    data: tuple[Value, ...]
    holds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """One step of the thread from one situation to one other.

    ``source_page`` and ``target_page`` are the parameters that stand for the page held before and
    after.  ``fixed`` are the values of parameters of the original action that were put in,
    ``aliases`` say which parameter stands for another one (in the order they were replaced), and
    ``guard``, ``writes`` no longer read locals of the member that moves.
    """

    action: Action
    params: tuple[Param, ...]
    guard: Expr
    writes: tuple[Write, ...]
    source: Situation
    source_page: Param | None
    target: Situation
    target_page: Param | None
    fixed: tuple[tuple[str, Value], ...]
    aliases: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Crowd:
    """A replicated thread that is counted: its locals, its situations and its steps."""

    thread: Thread
    index: IndexSort
    data: tuple[StateVar, ...]
    refs: tuple[StateVar, ...]
    start: Situation
    situations: tuple[Situation, ...]
    cases: tuple[Case, ...]

    @property
    def local_names(self) -> frozenset[str]:
        """The variables that the counters replace."""
        return frozenset(v.name for v in (*self.data, *self.refs))

    def values_in(self, situation: Situation) -> dict[str, Value]:
        """The values of the finite locals in ``situation``, by name."""
        return {v.name: x for v, x in zip(self.data, situation.data, strict=True)}

    def label(self, situation: Situation) -> str:
        """The control label of ``situation`` (of a thread that never moves: its start)."""
        return str(self.values_in(situation).get(self.thread.control, self.thread.start))

    def page_sort(self, situation: Situation) -> IndexSort | None:
        """The sort of the page held in ``situation``."""
        for var in self.refs:
            if var.name in situation.holds and isinstance(var.sort, RefSort):
                return var.sort.index
        return None


def why_not_counted(system: System, sort: IndexSort) -> str:
    """Why the members of ``sort`` have a use beyond being threads ("": they have none)."""
    threads = {t.name for t in system.threads if t.index == sort}
    own = dict[str, str]()
    for var in system.variables:
        if isinstance(var.sort, RefSort) and var.sort.index == sort:
            return f"variable {var.name} refers to a {sort.name}"
        if sort in var.dims:
            if var.dims != (sort,) or var.thread not in threads:
                return f"variable {var.name} is kept per {sort.name}"
            own[var.name] = var.thread or ""
    for action in system.actions:
        mover = action.thread_param
        if mover is not None and mover.sort == sort and action.thread not in threads:
            return f"step {action.name} moves a {sort.name} of another thread"
        for param in (*action.params, *(b for w in action.writes for b in w.binders)):
            if param.sort == sort and param != mover:
                return f"step {action.name} picks a {sort.name}"
        for write in action.writes:
            if write.var in own and (own[write.var] != action.thread or write.index != (mover,)):
                return f"step {action.name} writes {write.var} of another thread"
    return ""


def crowd_of(system: System, thread: Thread, sizes: Sizes) -> Crowd:
    """The situations and steps of ``thread``; raises NotInForm.

    Expects a thread that is replicated over a sort without other uses (``why_not_counted``).
    """
    assert thread.index is not None
    own = tuple(v for v in system.variables if v.thread == thread.name and v.dims)
    control = tuple(v for v in own if v.name == thread.control)
    rest = tuple(v for v in own if v.name != thread.control)
    refs = tuple(v for v in rest if isinstance(v.sort, RefSort))
    data = control + tuple(v for v in rest if not isinstance(v.sort, RefSort))
    for var in own:
        if isinstance(var.sort, CountSort):
            raise not_in_form("PS501", f"local {var.name} of {thread.name} has no bound", var.span)
        if var.free or (isinstance(var.sort, RefSort) and var.init is not None):
            raise not_in_form(
                "PS503", f"local {var.name} of {thread.name} starts at an open value", var.span
            )
    crowd = Crowd(thread, thread.index, data, refs, Situation(tuple(v.init for v in data)), (), ())
    found: dict[Situation, None] = {crowd.start: None}
    todo, cases = [crowd.start], list[Case]()
    while todo:
        source = todo.pop(0)
        for action in system.actions:
            if action.thread != thread.name or action.thread_param is None:
                continue
            for case in _cases(crowd, action, source, sizes):
                cases.append(case)
                if case.target not in found:
                    found[case.target] = None
                    todo.append(case.target)
    return replace(crowd, situations=tuple(found), cases=tuple(cases))


def put_in(
    crowd: Crowd, situation: Situation, member: Param, page: Param | None, term: Expr
) -> Expr:
    """``term`` with the locals of ``member`` replaced by their values in ``situation``."""
    known = crowd.values_in(situation)
    sorts = {v.name: v.sort for v in (*crowd.data, *crowd.refs)}

    def visit(e: Expr) -> Expr | None:
        if _binds(e, {member}):
            return e
        if not isinstance(e, Read) or e.var not in sorts or e.index != (member,):
            return None
        if e.var in known:
            return Lit(known[e.var], e.sort, e.span)
        return page if e.var in situation.holds and page is not None else Lit(None, e.sort, e.span)

    return fold_pages(transform(term, visit))


def _binds(e: Expr, params: Collection[Param]) -> bool:
    """Whether one of ``params`` means another member within ``e``."""
    return isinstance(e, Quant) and e.binder in params


def _free(param: Param, term: Expr) -> bool:
    """Whether ``term`` names ``param`` outside of what binds it."""
    inside = () if _binds(term, {param}) else children(term)
    return term == param or any(_free(param, part) for part in inside)


def fold_pages(term: Expr) -> Expr:
    """``term`` with "this member is none" known to be false."""

    def visit(e: Expr) -> Expr | None:
        match e:
            case Op(op="eq", args=(Param(sort=IndexSort()), Lit(value=None))):
                return FALSE
            case _:
                return None

    return transform(term, visit)


def conjuncts(term: Expr) -> tuple[Expr, ...]:
    """The parts of a conjunction (of any other term: itself)."""
    return term.args if isinstance(term, Op) and term.op == "and" else (term,)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A case in the making: ``news`` are the new values of the thread's locals, as terms."""

    guard: Expr
    writes: tuple[Write, ...]
    news: tuple[tuple[StateVar, Expr], ...]
    params: tuple[Param, ...]
    fixed: tuple[tuple[str, Value], ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()

    def unify(self, gone: Param, stays: Param) -> "_Draft":
        """The draft where two parameters, which the guard says are equal, are one."""
        done = self._put({gone: stays})
        return replace(done, aliases=(*self.aliases, (gone.name, stays.name)))

    def _put(self, binding: dict[Param, Expr]) -> "_Draft":
        def put(e: Expr) -> Expr:
            return substitute(e, binding)

        writes = tuple(
            replace(w, index=tuple(put(i) for i in w.index), value=put(w.value), where=put(w.where))
            for w in self.writes
        )
        return replace(
            self,
            guard=put(self.guard),
            writes=writes,
            news=tuple((v, put(e)) for v, e in self.news),
            params=tuple(p for p in self.params if p not in binding),
        )

    def given(self, known: Expr, term: Expr, value: Expr) -> "_Draft":
        """The draft where ``known`` holds, so that ``term`` is ``value``."""

        named = {t for t in walk(term) if isinstance(t, Param)}

        def visit(e: Expr) -> Expr | None:
            return value if e == term else e if _binds(e, named) else None

        def put(e: Expr) -> Expr:
            return fold_pages(transform(e, visit))

        writes = tuple(replace(w, value=put(w.value), where=put(w.where)) for w in self.writes)
        news = tuple((v, put(e)) for v, e in self.news)
        return replace(self, guard=conj(known, put(self.guard)), writes=writes, news=news)

    def fix(self, param: Param, value: Value) -> "_Draft":
        """The draft where ``param`` has ``value``."""
        done = self._put({param: Lit(value, param.sort)})
        return replace(done, fixed=(*self.fixed, (param.name, value)))


def _same(draft: _Draft) -> tuple[Param, Param] | None:
    for part in conjuncts(draft.guard):
        match part:
            case Op(op="eq", args=(Param(sort=IndexSort()) as a, Param() as b)):
                if a in draft.params and b in draft.params:
                    return a, b
            case _:
                pass
    return None


def _cases(crowd: Crowd, action: Action, source: Situation, sizes: Sizes) -> Iterator[Case]:
    member = action.thread_param
    assert member is not None
    params = tuple(p for p in action.params if p != member)
    page, sort = None, crowd.page_sort(source)
    if sort is not None:
        page = _anchor(action, crowd, source, member)
        if page is None:
            page = _fresh(source.holds[0], sort, params)
            params = (*params, page)

    def put(e: Expr) -> Expr:
        return put_in(crowd, source, member, page, e)

    guard = put(action.guard)
    if guard == FALSE:
        return
    news = {v.name: put(Read(v.name, (member,), v.sort)) for v in (*crowd.data, *crowd.refs)}
    others = list[Write]()
    for write in action.writes:
        if write.var in news:
            if write.binders:
                raise not_in_form("PS504", f"step {action.name} writes {write.var} of all members")
            news[write.var] = ite(put(write.where), put(write.value), news[write.var])
        else:
            index = tuple(put(i) for i in write.index)
            others.append(
                replace(write, index=index, value=put(write.value), where=put(write.where))
            )
    ordered = tuple((v, news[v.name]) for v in (*crowd.data, *crowd.refs))
    draft = _Draft(guard, tuple(others), ordered, params)
    while (pair := _same(draft)) is not None:
        gone, stays = pair if pair[0] != page else (pair[1], pair[0])
        draft = draft.unify(gone, stays)
    for done in _split(draft, sizes):
        if done.guard == FALSE:
            continue
        for term in (done.guard, *(t for w in done.writes for t in (*w.index, w.value, w.where))):
            if _free(member, term):
                raise not_in_form(
                    "PS504", f"step {action.name} names the moving {crowd.index.name}",
                    span_of(term) or action.info.span,
                )  # fmt: skip
        target, held = _target(crowd, action, done)
        yield Case(
            action,
            done.params,
            done.guard,
            done.writes,
            source,
            page,
            target,
            held,
            done.fixed,
            done.aliases,
        )


def _target(crowd: Crowd, action: Action, done: _Draft) -> tuple[Situation, Param | None]:
    ends = {v.name: e for v, e in done.news}
    data = tuple(e.value for v in crowd.data if isinstance(e := ends[v.name], Lit))
    pages = {v.name: e for v in crowd.refs if isinstance(e := ends[v.name], Param)}
    if len(set(pages.values())) > 1:
        raise not_in_form(
            "PS502",
            f"after {action.name} thread {crowd.thread.name} holds more than one page: "
            + ", ".join(pages),
            action.info.span,
        )
    return Situation(data, tuple(pages)), next(iter(pages.values()), None)


def _anchor(action: Action, crowd: Crowd, source: Situation, member: Param) -> Param | None:
    for part in conjuncts(action.guard):
        match part:
            case (
                Op(op="eq", args=(Read(var=var, index=(at,)), Param() as p))
                | Op(op="eq", args=(Param() as p, Read(var=var, index=(at,))))
            ) if var in source.holds and at == member and p in action.params:
                return p
            case _:
                pass
    return None


def _fresh(stem: str, sort: IndexSort, params: tuple[Param, ...]) -> Param:
    used = {p.name for p in params}
    name = stem.rpartition(".")[2]
    return Param(next(n for n in _names(name) if n not in used), sort)


def _names(stem: str) -> Iterator[str]:
    yield stem
    for n in numbers(2):
        yield f"{stem}{n}"


def _split(draft: _Draft, sizes: Sizes) -> Iterator[_Draft]:
    """The cases of a draft in which every new value is a constant, a page or none."""
    if draft.guard == FALSE:
        return
    for var, value in draft.news:
        match value:
            case Lit():
                continue
            case Param(sort=IndexSort()):
                continue
            case Op(op="ite", args=(test, _, _)):
                yield from _split(draft.given(test, test, TRUE), sizes)
                yield from _split(draft.given(neg(test), test, FALSE), sizes)
            case Param(sort=sort):
                for v in values(sort, sizes):
                    yield from _split(draft.fix(value, v), sizes)
            case Read(sort=RefSort(index=index)):
                none = Lit(None, value.sort)
                yield from _split(draft.given(eq(value, none), value, none), sizes)
                page = _fresh(var.name, index, draft.params)
                given = draft.given(eq(value, page), value, page)
                yield from _split(replace(given, params=(*draft.params, page)), sizes)
            case _ if isinstance(var.sort, BoolSort):
                yield from _split(draft.given(value, value, TRUE), sizes)
                yield from _split(draft.given(neg(value), value, FALSE), sizes)
            case _ if isinstance(var.sort, RefSort):
                raise not_in_form("PS509", f"local {var.name} gets a computed reference", var.span)
            case _:
                for v in values(var.sort, sizes):
                    constant = Lit(v, var.sort)
                    yield from _split(draft.given(eq(value, constant), value, constant), sizes)
        return
    yield draft


def situation_names(crowd: Crowd) -> Mapping[Situation, str]:
    """A readable counter name for each situation: thread, label, and what else tells it apart.

    No two have one name.
    """
    short = {v.name: v.name.rpartition(".")[2] for v in crowd.data}
    used = list(short.values())
    called = {n: s if used.count(s) == 1 else n.partition(".")[2] for n, s in short.items()}
    plain = dict[Situation, str]()
    for s in crowd.situations:
        notes = [
            f"{called[v.name]}={str(x).lower()}"
            for v, x in zip(crowd.data, s.data, strict=True)
            if not v.control and x != default_value(v.sort)
        ]
        at = f"{crowd.thread.name}@{crowd.label(s)}"
        plain[s] = at + (f"[{','.join(notes)}]" if notes else "")
    taken, found = list(plain.values()), dict[str, Situation]()
    for s in crowd.situations:
        stem = plain[s]
        if taken.count(stem) > 1:
            stem += f"/{'+'.join(h.rpartition('.')[2] for h in s.holds) or 'none'}"
        name = stem if stem not in found else next(n for n in _names(stem) if n not in found)
        found[name] = s
    return {s: name for name, s in found.items()}
