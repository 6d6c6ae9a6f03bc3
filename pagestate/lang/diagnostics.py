"""Errors of a model, as a compiler reports them: code, place, caret, hint.

Every code is listed in :data:`CODES`; docs/language.md shows the same table and a test holds one
example of each.
"""

import linecache
from collections.abc import Collection
from difflib import get_close_matches

from pagestate.core.span import Span

CODES: dict[str, str] = {
    "PS100": "the model file or name does not exist",
    "PS101": "the model file has a syntax error",
    "PS102": "the model file raised an exception while it was loaded",
    "PS103": "the file defines no model",
    "PS104": "the file defines more than one model",
    "PS201": "a statement outside the language",
    "PS202": "an expression outside the language",
    "PS203": "a step touches more than one shared cell",
    "PS204": "an unknown name",
    "PS205": "the state has no such field",
    "PS206": "a value of the wrong sort",
    "PS207": "not allowed inside an atomic step",
    "PS208": "an inline function calls itself",
    "PS209": "a loop outside the language",
    "PS210": "a call to an inline function in the middle of an expression",
    "PS211": "a ghost field is read by the protocol, or written outside an atomic step",
    "PS212": "a field declared as guarded by a lock is written without it",
    "PS213": "a local variable may be read before it has a value",
    "PS214": "members of an index sort are compared with == and != only",
    "PS215": "a loop that never takes a step",
    "PS216": "a property or derived predicate that is not a pure expression",
    "PS217": "two choices of the same name in one step",
    "PS218": "a call with the wrong arguments",
    "PS219": "a function without readable source",
    "PS301": "the model has no such switch",
    "PS302": "a switch cannot have this value",
    "PS303": "the model has no such index sort",
    "PS304": "a size must be a positive number or 'any'",
    "PS305": "a property reads a field that the model's state does not have",
    "PS306": "the model has no such property",
    "PS307": "a name declared twice",
    "PS308": "a declaration with a wrong argument",
    "PS309": "the model has no such scenario",
    "PS310": "the model has no such thread",
    "PS311": "a property that no scenario checks",
}


class ModelError(Exception):
    """An error in a model or in how it is used; the command line prints it and exits with 2."""

    def __init__(self, code: str, message: str, span: Span | None = None, hint: str = "") -> None:
        assert code in CODES, code
        super().__init__(message)
        self.code = code
        self.message = message
        self.span = span
        self.hint = hint

    def __str__(self) -> str:
        return render(self)


def render(error: ModelError) -> str:
    """The message as one paragraph: place, code, text, source line with carets, hint."""
    lines = list[str]()
    where = f"{error.span}: " if error.span else ""
    lines.append(f"{where}error {error.code}: {error.message}")
    if error.span:
        source = linecache.getline(error.span.file, error.span.line).rstrip("\n")
        if source.strip():
            start = error.span.column - 1
            same_line = error.span.end_line == error.span.line
            end = error.span.end_column - 1 if same_line else len(source)
            lines.append(f"    {source}")
            lines.append("    " + " " * start + "^" * max(1, end - start))
    if error.hint:
        lines.append(f"  hint: {error.hint}")
    return "\n".join(lines)


def near(name: str, names: Collection[str]) -> str:
    """A hint with the nearest of ``names``."""
    found = get_close_matches(name, names, 1)
    if found:
        return f"did you mean {found[0]!r}?"
    return f"there are: {', '.join(sorted(names))}" if names else ""
