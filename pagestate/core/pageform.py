"""Page form: the exact rewriting that lets one page and the globals say everything.

Two rewritings, each a bisimulation: replicated threads are counted per situation
(:mod:`pagestate.core.counting`), and references to pages become flags
(:mod:`pagestate.core.flags`).  Afterwards every variable has no index or one.  A path of the page
form is a path of the original system up to the choice among interchangeable members;
``PageForm.lift`` makes that choice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from pagestate.core.counters import Counters, counters_of
from pagestate.core.counting import (
    Case,
    Crowd,
    Situation,
    crowd_of,
    fold_pages,
    why_not_counted,
)
from pagestate.core.expr import Expr, Quant, Read, Size, walk
from pagestate.core.flags import Flags, flag_action, flag_init, flag_term, flag_variable, flags_of
from pagestate.core.property import Property
from pagestate.core.references import Holder, holders_of
from pagestate.core.shape import NotInForm, not_in_form
from pagestate.core.sorts import IndexSort, Sizes, Value
from pagestate.core.system import Action, System, terms_of
from pagestate.core.verdict import Move, Path

__all__ = ["NotInForm", "PageForm", "page_form"]


@dataclass(frozen=True, slots=True)
class Origin:
    """The step of the original system that a step of the page form stands for."""

    action: Action
    crowd: Crowd | None = None
    case: Case | None = None


@dataclass(frozen=True, slots=True)
class PageForm:
    """A system in page form with its properties.

    ``exclusive`` names the flags that at most one member has (they were references), ``holders``
    says where some member has one; ``occupancy`` are the counters of threads; ``notes`` say what
    was rewritten and what was not.
    """

    system: System
    properties: tuple[Property, ...]
    notes: tuple[str, ...]
    exclusive: tuple[str, ...] = ()
    occupancy: tuple[str, ...] = ()
    holders: tuple[Holder, ...] = ()
    origins: Mapping[str, Origin] = field(default_factory=dict, repr=False)

    def lift(self, path: Path) -> Path:
        """A path of the page form as one of the original system.

        The member that moves is the lowest-numbered one in the right situation; a thread of any
        size gets as many members as the path needs.  Raises ValueError for a path that is none.
        """
        places = dict[str, dict[int, tuple[Situation, Value]]]()
        moves = list[Move]()
        for move in path.moves:
            origin, picks = self.origins[move.action.name], dict(move.picks)
            if origin.crowd is None or origin.case is None:
                known: dict[str, Value] = dict(picks)
            else:
                known = self._counted(origin.crowd, origin.case, picks, places)
            names = [p.name for p in origin.action.params]
            mover = origin.action.thread_param
            if mover is not None and mover.name not in names:
                names.append(mover.name)
            moves.append(Move(origin.action, tuple((n, _pick(known[n])) for n in names)))
        return Path(self._initial(path), tuple(moves))

    def _counted(
        self,
        crowd: Crowd,
        case: Case,
        picks: Mapping[str, Value],
        places: dict[str, dict[int, tuple[Situation, Value]]],
    ) -> dict[str, Value]:
        """The picks of the original step; the member that moves is found and moved on."""
        members = places.setdefault(crowd.thread.name, {})
        source = None if case.source_page is None else picks[case.source_page.name]
        member = _first(members, crowd, (case.source, source))
        target = None if case.target_page is None else picks[case.target_page.name]
        members[member] = case.target, target
        assert case.action.thread_param is not None
        known = {**picks, **dict(case.fixed), case.action.thread_param.name: member}
        for gone, stays in reversed(case.aliases):
            known[gone] = known[stays]
        return known

    def _initial(
        self, path: Path
    ) -> tuple[tuple[tuple[str, tuple[int, ...]], bool | str | int | None], ...]:
        lifted = dict[tuple[str, tuple[int, ...]], Value]()
        for (name, index), value in path.initial:
            if name not in self.exclusive:
                lifted[name, index] = value
            elif value:
                lifted[name, ()] = index[0]
            else:
                lifted.setdefault((name, ()), None)
        return tuple(lifted.items())


def _pick(value: Value) -> int | str | bool:
    if value is None:
        raise ValueError("a step picks no member")
    return value


def _first(
    members: Mapping[int, tuple[Situation, Value]], crowd: Crowd, where: tuple[Situation, Value]
) -> int:
    for member in range(len(members) + 1):
        if members.get(member, (crowd.start, None)) == where:
            return member
    raise ValueError(f"no {crowd.thread.name} stands at {crowd.label(where[0])}")


def page_form(
    system: System,
    properties: tuple[Property, ...],
    sizes: Sizes,
    unbounded: frozenset[str] = frozenset(),
) -> PageForm:
    """``system`` in page form, for the instance ``sizes`` or any size of the sorts ``unbounded``.

    A replicated thread of any size has no counter for its start (there are always more members);
    of a stated size, that counter starts at the number of members.  Raises NotInForm.
    """
    notes, chosen = list[str](), list[Crowd]()
    for thread in system.threads:
        if thread.index is None:
            continue
        reason = why_not_counted(system, thread.index)
        if reason:
            notes.append(f"threads {thread.name} are not counted: {reason}")
        else:
            chosen.append(crowd_of(system, thread, sizes))
    crowds = tuple(chosen)
    counters = counters_of(crowds, sizes, unbounded)
    gone = frozenset(n for c in crowds for n in c.local_names)
    counted = _count(system, crowds, counters, gone)
    flags = flags_of(counted[0])
    made = _flag(counted[0], flags)
    final = tuple(
        p.mapped(lambda t: fold_pages(flag_term(counters.term(t), flags))) for p in properties
    )
    _check_form(made, final, crowds, gone)
    notes += [f"threads {c.thread.name} are counted per situation" for c in crowds]
    notes += [f"{name} is a flag of at most one {sort}" for name, sort in flags.items()]
    occupancy = tuple(v.name for v in counters.variables())
    return PageForm(
        made, final, tuple(notes), tuple(flags), occupancy, holders_of(system), counted[1]
    )


def _count(
    system: System,
    crowds: tuple[Crowd, ...],
    counters: Counters,
    gone: frozenset[str],
) -> tuple[System, dict[str, Origin]]:
    """The system with counters, and where each step came from, by the step's (new) name."""
    origins, actions = dict[str, Origin](), list[Action]()
    threads = {c.thread.name: c for c in crowds}

    def add(name: str, origin: Origin, action: Action) -> None:
        assert name not in origins, f"two steps are called {name}"
        origins[name] = origin
        actions.append(action)

    for n, action in enumerate(system.actions):
        unique = action.name if action.name not in origins else f"{action.name} ({n})"
        crowd = threads.get(action.thread) if action.thread_param is not None else None
        if crowd is None:
            plain = replace(
                action,
                name=unique,
                guard=counters.term(action.guard),
                writes=tuple(counters.write(w) for w in action.writes),
            )
            add(unique, Origin(action), plain)
            continue
        cases = [c for c in crowd.cases if c.action is action]
        for k, case in enumerate(cases, 1):
            name = unique if len(cases) == 1 else f"{unique}#{k}"
            add(name, Origin(action, crowd, case), counters.action(crowd, case, name))
    variables = tuple(v for v in system.variables if v.name not in gone)
    counted = replace(
        system,
        sorts=tuple(s for s in system.sorts if s not in {c.index for c in crowds}),
        variables=(*variables, *counters.variables()),
        actions=tuple(actions),
        threads=tuple(t for t in system.threads if t.name not in threads),
        init=counters.term(system.init),
    )
    return counted, origins


def _flag(system: System, flags: Flags) -> System:
    def folded(action: Action) -> Action:
        done = flag_action(action, flags)
        writes = tuple(
            replace(w, value=fold_pages(w.value), where=fold_pages(w.where)) for w in done.writes
        )
        return replace(done, guard=fold_pages(done.guard), writes=writes)

    return replace(
        system,
        variables=tuple(flag_variable(v, flags) for v in system.variables),
        actions=tuple(folded(a) for a in system.actions),
        init=flag_init(system, flags),
    )


def _check_form(
    system: System,
    properties: tuple[Property, ...],
    crowds: tuple[Crowd, ...],
    gone: frozenset[str],
) -> None:
    """Raise NotInForm where a counted thread is still mentioned or a variable has two indices."""
    sorts = {c.index for c in crowds}
    for v in system.variables:
        if len(v.dims) > 1:
            raise not_in_form("PS508", f"{v.name} has {len(v.dims)} indices", v.span)
    terms: list[tuple[str, Expr]] = [("the initial condition", system.init)]
    terms += [(f"step {a.name}", t) for a in system.actions for t in terms_of(a)]
    terms += [(f"property {p.name}", t) for p in properties for t in p.terms]
    for place, whole in terms:
        for term in walk(whole):
            match term:
                case Read(var=var, span=span) if var in gone:
                    raise not_in_form("PS504", f"{place} reads {var} of one member", span)
                case Quant(binder=binder, span=span) if binder.sort in sorts:
                    raise not_in_form("PS504", f"{place} names a {binder.sort}", span)
                case Size(index=IndexSort() as index, span=span) if index in sorts:
                    raise not_in_form("PS504", f"{place} takes the number of {index}s", span)
                case _:
                    pass
