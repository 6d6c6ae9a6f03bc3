"""Which reports there are, by the name that configuration and command line have for them."""

from collections.abc import Callable, Mapping

from pagestate.gate.report import Report
from pagestate.gate.reports import junit, markdown, sarif

DOCUMENTS: Mapping[str, Callable[[Report], str]] = {
    "junit": junit.document,
    "sarif": sarif.document,
    "markdown": markdown.document,
}
"""Reports that are one file; ``html`` is a folder."""
