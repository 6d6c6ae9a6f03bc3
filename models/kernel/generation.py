"""A generation of the kernel: values of all switches, any of which a user may change."""

from dataclasses import replace
from typing import Any

from pagestate.lang.declare import Switch
from pagestate.models.kernel import switches


def generation(**values: bool | str) -> list[Any]:
    """All switches, with these defaults.  Raises TypeError for an unknown name."""
    declared = [s for s in vars(switches).values() if isinstance(s, Switch)]
    unknown = sorted(values.keys() - {s.name for s in declared})
    if unknown:
        raise TypeError(f"no such switch: {', '.join(unknown)}")
    return [replace(s, default=values.get(s.name, s.default)) for s in declared]
