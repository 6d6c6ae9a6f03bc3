"""Names of models in the configuration and on the command line: which models do they mean?"""

from collections.abc import Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Protocol

from pagestate.lang.load import shipped_names


class Named(Protocol):
    """What a name can match."""

    @property
    def model(self) -> str:
        """What loads the model: a shipped name, or a path relative to the root."""
        ...

    @property
    def name(self) -> str:
        """The model's own name."""
        ...


def matches(model: Named, pattern: str) -> bool:
    """Whether a name, a path or a glob means ``model``."""
    path = model.model if model.model.endswith(".py") else f"{model.model}.py"
    known = {model.name, model.model, path, Path(path).stem, Path(path).name}
    return any(fnmatchcase(name, pattern) for name in known)


def near_names(name: str, known: Sequence[str]) -> str:
    """What a message about an unknown name ends with."""
    close = get_close_matches(name, known, 1)
    if close:
        return f"; did you mean {close[0]}?"
    return f"; known: {', '.join(known)}" if known else ""


def targets(patterns: Sequence[str], exclude: Sequence[str], root: Path) -> list[str]:
    """The models that ``patterns`` mean: names of shipped ones, files and globs below ``root``.

    Raises ValueError for a pattern that means nothing.
    """
    shipped, found = shipped_names(), dict[str, None]()
    for pattern in patterns:
        if any(c in pattern for c in "*?["):
            files = sorted(_expand(pattern, root))
            some = [f for f in files if not Path(f).name.startswith("_")]
            some += [n for n in shipped if "/" not in pattern and fnmatchcase(n, pattern)]
            if not some:
                raise ValueError(f"{pattern!r} matches no model")
            found |= dict.fromkeys(some)
        elif pattern.endswith(".py") or "/" in pattern:
            if not (root / pattern).is_file():
                raise ValueError(f"there is no file {pattern!r}")
            found[_relative(root / pattern, root)] = None
        elif pattern in shipped:
            found[pattern] = None
        else:
            raise ValueError(f"no model {pattern!r}{near_names(pattern, shipped)}")
    left_out = {t for t in found for p in exclude if _excluded(t, p)}
    return [t for t in found if t not in left_out]


def _excluded(target: str, pattern: str) -> bool:
    return fnmatchcase(target, pattern) or fnmatchcase(Path(target).name, pattern)


def _expand(pattern: str, root: Path) -> list[str]:
    base = root
    if pattern.startswith("/"):
        base, pattern = Path("/"), pattern.lstrip("/")
    return [_relative(p, root) for p in base.glob(pattern) if p.suffix == ".py" and p.is_file()]


def _relative(path: Path, root: Path) -> str:
    resolved = path.resolve()
    return str(resolved.relative_to(root)) if resolved.is_relative_to(root) else str(resolved)
