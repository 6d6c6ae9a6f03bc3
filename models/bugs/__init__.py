"""The historical bugs: a module per subject, all of them in ``BUGS``."""

from pagestate.models.bugs import references

BUGS = [*references.BUGS]
