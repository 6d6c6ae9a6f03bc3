"""The shape rules of proofs for every size, as diagnostics; see docs/any-size.md."""

from collections.abc import Iterator

from pagestate.core.expr import Expr, Op, Param, Quant, Size, conj, disj, substitute, walk
from pagestate.core.pageform import NotInForm, PageForm
from pagestate.core.primed import primed
from pagestate.core.property import Property
from pagestate.core.sorts import IndexSort, RefSort
from pagestate.core.system import terms_of

HINTS = {
    "PS511": "declare the sort without `ordered`, or give it a size",
    "PS512": "give all but one of the sorts a size, or keep their state in a thread",
    "PS513": "split the step, or let the thread work on one page at a time",
    "PS514": "use a counter variable of its own",
    "PS515": "state the property of each page: all(... for page in pages)",
}


def _reject(code: str, reason: str) -> NotInForm:
    return NotInForm(code, reason, None, HINTS[code])


def page_sort(form: PageForm) -> IndexSort | None:
    """The sort that carries the arrays of ``form``; raises NotInForm for a system out of shape."""
    sorts = list(dict.fromkeys(d for v in form.system.variables for d in v.dims))
    if len(sorts) > 1:
        names = " and ".join(s.name for s in sorts)
        because = next((n for n in form.notes if "not counted" in n), "")
        raise _reject("PS512", f"state is kept per {names}" + (f" ({because})" if because else ""))
    sort = sorts[0] if sorts else None
    if sort is not None and sort.ordered:
        raise _reject("PS511", f"the members of {sort.name} have an order")
    for var in form.system.variables:
        if isinstance(var.sort, RefSort):
            raise _reject("PS511", f"{var.name} refers to an ordered {var.sort.index.name}")
    for action in form.system.actions:
        pages = [p for p in action.params if isinstance(p.sort, IndexSort)]
        if len(pages) > 1:
            raise _reject(
                "PS513", f"step {action.name} works on " + " and ".join(p.name for p in pages)
            )
        for term in terms_of(action):
            for part in walk(term):
                if isinstance(part, Size) and part.index != sort:
                    raise _reject("PS514", f"step {action.name} takes a number of members")
    return sort


def about_one_page(prop: Property, sort: IndexSort | None, subject: Param) -> Expr:
    """What a property says of the page ``subject``, in each state or of each step.

    Raises NotInForm.
    """
    parts = list(_parts(prop.formula, sort, subject))
    if (primed(prop.formula) and prop.kind != "step") or any(p is None for p in parts):
        raise _reject("PS515", f"property {prop.name} is not about one page at a time")
    return conj(*(p for p in parts if p is not None))


def _parts(e: Expr, sort: IndexSort | None, subject: Param) -> Iterator[Expr | None]:
    match e:
        case Op(op="and", args=args):
            for arg in args:
                yield from _parts(arg, sort, subject)
        case Quant(kind="all", binder=binder, body=body) if binder.sort == sort:
            yield from _parts(substitute(body, {binder: subject}), None, subject)
        case Op(op="or", args=args) if sort is not None:
            quantified = [a for a in args if _quantifies(a)]
            if len(quantified) == 1:
                rest = disj(*(a for a in args if a is not quantified[0]))
                for part in _parts(quantified[0], sort, subject):
                    yield None if part is None else disj(rest, part)
            else:
                yield None if quantified else e
        case _:
            yield None if _quantifies(e) else e


def _quantifies(e: Expr) -> bool:
    return any(
        isinstance(t, Size) or (isinstance(t, Quant) and isinstance(t.binder.sort, IndexSort))
        for t in walk(e)
    )
