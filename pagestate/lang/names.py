"""The locals of one thread: how they are called, what they hold, what they are as terms."""

from dataclasses import dataclass, field

from pagestate.core.expr import Expr, Lit, Param, Read
from pagestate.core.sorts import DataSort, IndexSort, RefSort
from pagestate.lang.diagnostics import ModelError
from pagestate.lang.locals import NONE_SORT, sort_of_local
from pagestate.lang.scope import Step
from pagestate.lang.source import Source
from pagestate.lang.texts import show


@dataclass
class Names:
    """The locals of a thread, as found out while its steps are explored.

    ``index`` is the sort it is replicated over.  ``sorts`` are the sorts of the locals by qualified
    name (call sites and name), ``aliases`` the parameters of inline functions that are a caller's
    local under another name, ``doubtful`` the locals that may hold none.  ``changed`` says that
    something was learned that earlier steps did not know: explore again.
    """

    thread: str
    index: IndexSort | None
    sorts: dict[str, DataSort] = field(default_factory=dict)
    doubtful: set[str] = field(default_factory=set)
    aliases: dict[str, str] = field(default_factory=dict)
    changed: bool = False

    @property
    def me(self) -> Param | None:
        """The parameter that says which member of a replicated thread moves."""
        return Param(self.thread, self.index) if self.index else None

    @property
    def mine(self) -> tuple[Expr, ...]:
        """The index of the thread's own variables."""
        return () if self.me is None else (self.me,)

    def var(self, qualified: str) -> str:
        """The name of the state variable of a local."""
        return f"{self.thread}.{qualified}"

    def qualify(self, scope: str, name: str) -> str:
        """The name of a local among all locals of the thread."""
        qualified = f"{scope}.{name}" if scope else name
        return self.aliases.get(qualified, qualified)

    def lookup(self, step: Step, scope: str, name: str) -> Expr | None:
        """The value of a local at this point of a step; None if the name is no local here."""
        qualified = self.qualify(scope, name)
        if qualified in step.env:
            return step.env[qualified]
        if self.sorts.get(qualified) == NONE_SORT:  # nothing else, as far as is known
            return Lit(None, NONE_SORT)
        if qualified in self.sorts:
            return Read(self.var(qualified), self.mine, self.sorts[qualified])
        return None

    def record(self, step: Step, source: Source) -> None:
        """Note the sorts of the locals a step of ``source`` leaves behind.  Raises PS206."""
        for name, value in step.env.items():
            if name not in self.doubtful and self.may_be_none(value):
                self.doubtful.add(name)
                self.changed = True
            old = self.sorts.get(name)
            try:
                new = sort_of_local(old, value)
            except TypeError as error:
                node = step.node or source.tree
                span = (step.source or source).span(node)
                short = name.rsplit(".", 1)[-1]
                raise ModelError("PS206", f"local {short!r} holds {error}", span) from None
            if new != old:
                self.changed = self.changed or old is not None
                self.sorts[name] = new

    def may_be_none(self, value: Expr) -> bool:
        """Whether a reference can be none; a local that only ever held members cannot."""
        prefix = f"{self.thread}."
        if isinstance(value, Read) and value.var.startswith(prefix):
            return value.var[len(prefix) :] in self.doubtful
        return isinstance(value.sort, RefSort)

    def call_text(self, step: Step, source: Source, scope: str) -> str:
        """One call with its arguments; ``{=var}`` stands for the value of a local."""
        shown = list[str]()
        for name, _ in source.args:
            qualified = self.qualify(scope, name)
            value = step.env.get(qualified)
            if isinstance(value, Param | Lit):
                shown.append(show(value))
            else:
                sort = self.sorts.get(qualified)
                kind = f"{sort.index.name} " if isinstance(sort, RefSort) else ""
                shown.append(f"{kind}{{={self.var(qualified)}}}")
        return f"{source.name}({', '.join(shown)})"
