"""The diagnostic of the exact rewritings: a construct that has no counted or flagged form."""

from dataclasses import dataclass

from pagestate.core.span import Span


@dataclass(frozen=True)
class NotInForm(Exception):
    """A construct of the model lies outside the page form.

    ``code`` is stable (PS5xx), ``reason`` names the construct, ``hint`` says what to write.
    """

    code: str
    reason: str
    span: Span | None = None
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.span}: " if self.span is not None else ""
        hint = f" (hint: {self.hint})" if self.hint else ""
        return f"{where}{self.code}: {self.reason}{hint}"


HINTS = {
    "PS501": "give the local a finite sort (bool, an enumeration, a bounded integer)",
    "PS502": "let each label keep one page only: drop or reuse the other local",
    "PS503": "start the local at its default and assign it in the thread's first step",
    "PS504": "ask about all members at once: count, any or all over the threads",
    "PS505": "count the members at one page: compare their local with a page",
    "PS506": "ask about members that have left their start",
    "PS507": "keep the reference in a thread that is not replicated, or use a flag per page",
    "PS508": "use one index per variable: the member of the other sort as a flag or a count",
    "PS509": "compare references with == to a parameter, to none or to another reference",
    "PS510": "split the quantifier: one about the state before, one about the state after",
}


def not_in_form(code: str, reason: str, span: Span | None = None) -> NotInForm:
    """The diagnostic ``code`` with its standing hint."""
    return NotInForm(code, reason, span, HINTS[code])
