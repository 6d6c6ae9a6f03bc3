"""The source lines of a model, for viewers.

Only files that the loaded model itself was compiled from are read: what a trace says about files
is data of somebody else, and is not opened.
"""

import linecache
import os
from collections.abc import Iterable, Mapping

from pagestate.core.property import Property
from pagestate.core.system import System


def read_sources(system: System, properties: Iterable[Property]) -> dict[str, tuple[str, ...]]:
    """The lines of every file in the spans of ``system`` and ``properties``, by file name.

    A file that is gone has no lines.
    """
    spans = [a.info.span for a in system.actions] + [p.span for p in properties]
    files = dict.fromkeys(span.file for span in spans if span is not None)
    return {file: tuple(line.rstrip("\n") for line in linecache.getlines(file)) for file in files}


def short_names(files: Iterable[str]) -> Mapping[str, str]:
    """How files are shown: from the folder that they have in common on."""
    names = list(dict.fromkeys(files))
    folders = [os.path.dirname(n) for n in names]
    if not names or not all(folders) or len({os.path.isabs(f) for f in folders}) > 1:
        return {n: os.path.basename(n) for n in names}
    above = os.path.dirname(os.path.commonpath(folders))
    if not os.path.isabs(above):
        return {n: n for n in names}
    return {n: os.path.relpath(n, above) for n in names}
