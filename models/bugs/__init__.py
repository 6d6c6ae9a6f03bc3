"""The historical bugs and the order mutants: a module per subject, all of them in ``BUGS``."""

from pagestate.models.bugs import (
    accounting,
    dumping,
    locking,
    mutants,
    offlining,
    onlining,
    references,
)

BUGS = [
    *references.BUGS,
    *offlining.BUGS,
    *onlining.BUGS,
    *dumping.BUGS,
    *accounting.BUGS,
    *locking.BUGS,
    *mutants.BUGS,
]
