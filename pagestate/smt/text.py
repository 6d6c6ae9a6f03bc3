"""SMT-LIB commands handed to Z3 as text."""

import z3

MILLISECONDS = 60_000
"""How long one question may take."""


class Shell:
    """Z3 as it reads SMT-LIB: commands one after the other, in a context of its own."""

    def __init__(self) -> None:
        self._context = z3.Context()
        # a bound on the search of an engine is not one on the check of its result
        self(f"(set-option :timeout {MILLISECONDS})\n(set-option :rlimit 0)\n")

    def __call__(self, commands: str) -> list[str]:
        """What Z3 answers, line by line; errors are lines, too."""
        try:
            said = z3.Z3_eval_smtlib2_string(self._context.ref(), commands)
        except z3.Z3Exception as error:
            said = f"(error {error})"
        return [line for line in said.splitlines() if line]
