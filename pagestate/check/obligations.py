"""What has to be true for an invariant to prove properties: obligations, rebuilt from the model.

From the system, the properties and the laws and clauses of an invariant this module builds, as
SMT-LIB scripts that must all be unsatisfiable:

* initiation: every page of every initial state satisfies the invariant, and no two have one flag
  that stands for a reference;
* consecution: a step keeps the invariant at the page acted on, assuming it there alone (so that a
  single page is covered), and at any other page, assuming it at both;
* pairs: a step keeps "at most one page has the flag", for the page acted on and another one, and
  for two others;
* references: where a thread's label says that its reference is set, some page has the flag (never
  at the start; a step that sets or clears the reference agrees with the label it goes to);
* properties: the invariant at a page implies what the property says of it; a property of steps
  is one of the facts that a step must establish, in every role, and is assumed nowhere.

Nothing the engine built is used but its laws and clauses; the page form, ranges and roles are
worked out again here, and the formulas are written by :mod:`pagestate.check.smtlib`.
"""

from collections.abc import Container, Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from pagestate.check.frame import Clause, change_of, clause_of, kept
from pagestate.check.obligation import Obligation, numbered, obligation
from pagestate.check.smtlib import (
    NoText,
    Script,
    Speaker,
    constant,
    definition,
    function,
    symbol,
    within,
)
from pagestate.core.expr import (
    TRUE,
    Expr,
    Op,
    Param,
    Quant,
    Read,
    Size,
    conj,
    disj,
    le,
    lit,
    neg,
    substitute,
    walk,
)
from pagestate.core.invariant import REFERENCES, Invariant
from pagestate.core.pageform import PageForm, page_form
from pagestate.core.primed import unprimed
from pagestate.core.property import Property
from pagestate.core.references import Holder
from pagestate.core.sorts import BOOL, CountSort, IndexSort, IntSort
from pagestate.core.system import Action, terms_of
from pagestate.engines.interface import Task

_KINDS = ("always", "step")
Use: TypeAlias = frozenset[int] | None


def obligations(
    task: Task, invariant: Invariant, only: Container[str] | None = None
) -> tuple[Obligation, ...]:
    """Everything that must be refuted for ``invariant`` to prove its properties.

    With ``only``: those about these steps in a role, as the hints name them, in the same order;
    how many there are does not depend on hints.  Raises core.pageform.NotInForm, smtlib.NoText and
    ValueError where the system or the invariant is outside the language of certificates.
    """
    chosen = tuple(p for p in task.properties if p.name in invariant.properties)
    if len(chosen) != len(invariant.properties) or any(p.kind not in _KINDS for p in chosen):
        raise ValueError("the certificate is about other properties")
    form = page_form(task.system, chosen, task.sizes, task.unbounded)
    maker = _Maker(form, invariant)
    if only is not None:
        return tuple(o for action in form.system.actions for o in maker.steps(action, only))
    made = [*maker.initiation(), *maker.properties()]
    for action in form.system.actions:
        made += maker.steps(action)
    return numbered(made)


class _Maker:
    """Builds the obligations of one system in page form."""

    def __init__(self, form: PageForm, invariant: Invariant) -> None:
        self.form = form
        self.variables = {v.name: v for v in form.system.variables}
        if len(self.variables) < len(form.system.variables):
            raise NoText("two variables of one name")
        sorts = {d for v in form.system.variables for d in v.dims}
        if len(sorts) > 1 or any(s.ordered for s in sorts):
            raise NoText("state over more than one sort, or over an ordered one")
        self.sort: IndexSort | None = next(iter(sorts), None)
        self.subject = invariant.subject
        asked = [(p, _of_page(p, self.sort, self.subject)) for p in form.properties]
        self.goals = [(p.name, body) for p, body in asked if p.kind == "always"]
        self.of_steps = [body for p, body in asked if p.kind == "step"]
        ranges = tuple(self._ranges())
        self.facts = (
            *ranges,
            *(body for _, body in self.goals),
            *invariant.laws,
            *invariant.clauses,
        )
        for fact in self.facts:
            _check_fact(fact)
        for fact in self.of_steps:
            _check_fact(fact, steps=True)
        self._functions = [
            function(f"fact {n}", fact, self.subject, self.variables, self.sort)
            for n, fact in enumerate(self.facts)
        ]
        self._clauses = [clause_of(fact, self.variables) for fact in self.facts]
        self._held_clauses = [self._held_clause(holder) for holder in form.holders]
        always, said = frozenset(range(len(ranges))), range(len(ranges), len(self.facts))
        self._uses = {
            name: always | {said[n] for n in numbers if 0 <= n < len(said)}
            for name, numbers in invariant.uses
        }
        self._elsewhere = frozenset(invariant.elsewhere)
        self._speaker = Speaker(Script(), self.variables, self.sort, ())
        self._said_at = dict[tuple[str, int], tuple[str, str]]()

    def _ranges(self) -> Iterator[Expr]:
        for var in self.form.system.variables:
            read = Read(var.name, (self.subject,) if var.dims else (), var.sort)
            if isinstance(var.sort, CountSort):
                yield le(lit(0), read)
            elif isinstance(var.sort, IntSort):
                yield le(lit(var.sort.lo), read)
                if var.name not in self.form.occupancy:
                    yield le(read, lit(var.sort.hi))

    def _scene(
        self, title: str, pages: tuple[str, ...], assumed: bool = True, use: Use = None
    ) -> Speaker:
        """A script with the state declared at ``pages``, and the invariant assumed there.

        ``use`` are the facts that are enough; whoever names too few refutes nothing.
        """
        script = Script()
        script.note(title)
        speaker = replace(self._speaker, script=script, pages=pages)
        for page in ("", *pages):
            speaker.declare_state(page)
        if not assumed:
            return speaker
        for page in pages:
            for text in self._said(speaker, page, use):
                script.claim(text)
        for flag in self.form.exclusive:
            for i, page in enumerate(pages):
                for other in pages[i + 1 :]:
                    script.claim(f"(not {self._both(speaker, flag, page, other)})")
        return speaker

    def _said(self, speaker: Speaker, page: str, use: Use = None) -> list[str]:
        """The invariant at ``page`` before a step, or what is used of it."""
        found = list[str]()
        for number in range(len(self.facts)) if use is None else sorted(use):
            if (page, number) not in self._said_at:
                name, applied = symbol(f"fact {number} of {page}"), self._functions[number]
                text = applied.applied(replace(speaker, post=False), page)
                self._said_at[page, number] = name, definition(name, BOOL, text) + "\n"
            name, text = self._said_at[page, number]
            speaker.script.share(self._functions[number].text)
            speaker.script.share(text)
            found.append(name)
        return found

    def _after(self, speaker: Speaker, number: int, page: str) -> str:
        """One fact about ``page`` after a step."""
        speaker.script.share(self._functions[number].text)
        return self._functions[number].applied(speaker, page)

    def _both(self, speaker: Speaker, flag: str, page: str, other: str) -> str:
        return f"(and {speaker.cell(flag, page)} {speaker.cell(flag, other)})"

    def initiation(self) -> Iterator[Obligation]:
        """The initial states satisfy the invariant; no two pages share an exclusive flag."""
        title = "initial states"
        speaker = self._scene(title, ("p",), assumed=False)
        self._initial(speaker)
        facts = self._said(speaker, "p")
        speaker.script.claim(f"(not (and true {' '.join(facts)}))")
        yield obligation(title, speaker.script)
        for holder in self.form.holders:
            title = f"initial states: {holder.name} is none"
            speaker = self._scene(title, ("p",), assumed=False)
            self._initial(speaker)
            speaker.script.claim(speaker.truth(holder.condition))
            yield obligation(title, speaker.script)
        for flag in self.form.exclusive:
            title = f"initial states: one page has {flag}"
            speaker = self._scene(title, ("p", "q"), assumed=False)
            self._initial(speaker)
            speaker.script.claim(self._both(speaker, flag, "p", "q"))
            yield obligation(title, speaker.script)

    def _initial(self, speaker: Speaker) -> None:
        for var in self.form.system.variables:
            for page in speaker.pages if var.dims else ("",):
                name = speaker.cell(var.name, page)
                if var.free:
                    for bound in within(name, var.sort):
                        speaker.script.claim(bound)
                else:
                    speaker.script.claim(f"(= {name} {constant(var.init, var.sort)})")
        speaker.script.claim(speaker.truth(self.form.system.init))

    def properties(self) -> Iterator[Obligation]:
        """The invariant implies each property."""
        for name, body in self.goals:
            title = f"property {name}"
            speaker = self._scene(title, ("p",))
            speaker.script.claim(f"(not {speaker.at(self.subject, 'p').truth(body)})")
            yield obligation(title, speaker.script)

    def steps(self, action: Action, only: Container[str] | None = None) -> Iterator[Obligation]:
        """The step keeps the invariant, in every role."""
        acted = [p for p in action.params if p.sort == self.sort]
        if len(acted) > 1:
            raise NoText(f"step {action.name} works on two pages")
        roles = [("p", ("p",), "actor")] + ([("q", ("p", "q"), "bystander")] if acted else [])
        for page, pages, role in roles:
            step = f"{action.name}@{role}"
            if only is not None and step not in only:
                continue
            change = change_of(action, acted if page == "p" else (), self.variables)
            asked = [n for n, clause in enumerate(self._clauses) if not kept(clause, change)]
            of_step = [e for f in self.of_steps if (e := unprimed(f, change.written)) != TRUE]
            if not asked and not of_step:
                continue
            title = f"step {action.name}, {role}"
            speaker = self._step(title, step, action, pages, acted)
            there = replace(speaker.at(self.subject, page), post=False, steps=True)
            lost = [self._after(speaker, n, page) for n in asked] + [*map(there.truth, of_step)]
            speaker.script.claim(f"(not (and true {' '.join(lost)}))")
            yield obligation(title, speaker.script, step)
        if only is None or f"{action.name}@{REFERENCES}" in only:
            yield from self._pairs(action, acted)
            yield from self._held(action, acted)

    def _pairs(self, action: Action, acted: Sequence[Param]) -> Iterator[Obligation]:
        step = f"{action.name}@{REFERENCES}"
        written = [f for f in self.form.exclusive if any(w.var == f for w in action.writes)]
        cases = [("p", "q", ("p", "q"))] + ([("q", "r", ("p", "q", "r"))] if acted else [])
        for flag in written:
            for page, other, pages in cases:
                title = f"step {action.name}, {page} and {other} do not share {flag}"
                speaker = self._step(title, step, action, pages, acted)
                if not speaker.after & {(flag, page), (flag, other)}:
                    continue
                speaker.script.claim(self._both(speaker, flag, page, other))
                yield obligation(title, speaker.script, step)

    def _held(self, action: Action, acted: Sequence[Param]) -> Iterator[Obligation]:
        """Where a reference is set some page has its flag: before the step, hence after it."""
        step = f"{action.name}@{REFERENCES}"
        change = change_of(action, acted, self.variables)
        for holder, clause in zip(self.form.holders, self._held_clauses, strict=True):
            if kept(clause, change):
                continue
            title = f"step {action.name}, {holder.name} is set where it was"
            speaker = self._step(title, step, action, ("p",), acted, holder)
            page, exists = speaker.script.witnesses[0]
            speaker.script.claim(speaker.truth(holder.condition))
            speaker.script.claim(f"(not {speaker.cell(holder.name, 'p')})")
            speaker.script.claim(f"(=> {exists} (not {speaker.cell(holder.name, page)}))")
            yield obligation(title, speaker.script, step)

    def _held_clause(self, holder: Holder) -> Clause:
        """That some page has the flag, or the thread is where its reference need not be set."""
        clause = clause_of(neg(holder.condition), self.variables)
        if any(self.variables[name].dims for name in clause.reads):
            raise NoText("a reference that is set where pages are like something")
        flag = frozenset({holder.name})
        return replace(clause, rest=clause.rest | flag, reads=clause.reads | flag)

    def _step(
        self,
        title: str,
        step: str,
        action: Action,
        pages: tuple[str, ...],
        acted: Sequence[Param],
        first: Holder | None = None,
    ) -> Speaker:
        """A script in which ``action`` is taken (on page p, if it works on one).

        The page that ``first`` names is the first witness, and one of the pages looked at; others
        are there if the hint for ``step`` says so.
        """
        of_references = step.endswith(f"@{REFERENCES}")
        use = self._uses.get(step, self._uses.get(REFERENCES) if of_references else None)
        further = step in self._elsewhere
        speaker = self._scene(title, pages, use=use)
        script, picks = speaker.script, dict[Param, str]()
        for param in action.params:
            if param not in acted:
                picks[param] = symbol(f"pick {param.name}")
                script.declare(picks[param], param.sort)
                for bound in within(picks[param], param.sort):
                    script.claim(bound)
        speaker = replace(speaker, places=dict.fromkeys(acted, "p"), picks=picks, further=further)
        looked = pages
        if first is not None:
            looked = (*pages, speaker.hold(first.name, first.condition))
        if further and any(isinstance(t, Quant) for e in terms_of(action) for t in walk(e)):
            for holder in self.form.holders:
                if holder != first:
                    speaker.hold(holder.name, holder.condition)
        script.claim(speaker.truth(action.guard))
        values = dict[tuple[str, str], str]()
        for write in action.writes:
            var = self.variables[write.var]
            for page in looked if var.dims else ("",):
                at = speaker
                if var.dims:
                    (index,) = write.index
                    if isinstance(index, Param) and index in write.binders:
                        at = speaker.at(index, page)
                    elif speaker.place(write.index) != page:
                        continue
                if len(write.binders) > int(at is not speaker):
                    raise NoText(f"{write.var} written for several binders")
                cell = write.var, page
                old = values.get(cell, speaker.cell(*cell))
                values[cell] = (
                    f"(ite {at.truth(write.where)} {at.say(write.value, var.sort)} {old})"
                )
        for page, exists in script.witnesses:
            for text in self._said(speaker, page, use):
                script.claim(f"(=> {exists} {text})")
            for flag in self.form.exclusive:
                for other in pages:
                    both = self._both(speaker, flag, page, other)
                    script.claim(f"(=> {exists} (not {both}))")
        done = replace(speaker, after=frozenset(values), post=True)
        for cell, value in values.items():
            script.define(done.cell(*cell), self.variables[cell[0]].sort, value)
        return done


def _check_fact(fact: Expr, steps: bool = False) -> None:
    """Facts are about one page and one state: a stand-in for a quantifier has no place there.

    With ``steps`` they are about one step.
    """
    for term in walk(fact):
        match term:
            case Quant(binder=Param(sort=IndexSort())) | Size():
                raise NoText("a fact that is not about one page")
            case Read(primed=True) if not steps:
                raise NoText("a fact that is not about one state")
            case _:
                pass


def _asks(e: Expr) -> bool:
    return any(isinstance(t, Quant) and isinstance(t.binder.sort, IndexSort) for t in walk(e))


def _of_page(prop: Property, sort: IndexSort | None, subject: Param) -> Expr:
    """The body of "for all pages", or a condition on the globals; raises NoText for others."""

    def body(e: Expr) -> Expr:
        match e:
            case Quant(kind="all", binder=binder, body=inner) if binder.sort == sort:
                return substitute(inner, {binder: subject})
            case Op(op="and", args=args):
                return conj(*(body(a) for a in args))
            case Op(op="or", args=args):
                return disj(*(body(a) for a in args)) if sum(map(_asks, args)) == 1 else e
            case _:
                return e

    return body(prop.formula)
