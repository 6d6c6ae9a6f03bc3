"""A bound on the work of solvers that is the same on every machine."""

import z3


def limit_work(units: int) -> None:
    """From now on every call of a solver of this process gives up after ``units`` of Z3's units.

    For the process of one engine, before it makes its first solver.
    """
    z3.set_param("rlimit", units)
