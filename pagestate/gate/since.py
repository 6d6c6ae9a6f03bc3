"""``gate --since REV``: which models have changed, by git."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from pagestate.gate.config import Config, ConfigError
from pagestate.gate.jobs import Described
from pagestate.gate.program import program_files


def changed_files(root: Path, revision: str) -> set[Path]:
    """The files that differ from where this branch left ``revision``, untracked ones too.

    Raises ConfigError without git, outside of a repository, and for an unknown revision.
    """
    top = Path(_git(root, "rev-parse", "--show-toplevel").strip())
    if revision.startswith("-"):
        raise ConfigError(f"--since {revision}: is no revision")
    commit = _git(root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}").strip()
    base = _git(root, "merge-base", commit, "HEAD", tolerant=True).strip() or commit
    names = _git(top, "diff", "--name-only", "--no-renames", "-z", base, "--")
    names += _git(top, "ls-files", "--others", "--exclude-standard", "-z")
    return {(top / name).resolve() for name in names.split("\0") if name}


def changed_models(
    config: Config, models: Sequence[Described], changed: set[Path]
) -> list[Described]:
    """The models among whose files is a changed one.

    All of them where the configuration, or the code of this program, is among the changed files.
    """
    everything = {p.resolve() for p in program_files()}
    if config.file is not None:
        everything.add(config.file.resolve())
    if changed & everything:
        return list(models)
    return [m for m in models if any((config.root / f).resolve() in changed for f in m.files)]


def _git(folder: Path, *args: str, tolerant: bool = False) -> str:
    try:
        ran = subprocess.run(
            ["git", "-C", str(folder), *args], capture_output=True, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError:
        raise ConfigError("--since needs git") from None
    if ran.returncode != 0 and not tolerant:
        said = ran.stderr.decode(errors="replace").strip().splitlines()
        raise ConfigError(f"--since: git {args[0]} {args[-1]}: {said[-1] if said else 'fails'}")
    return "" if ran.returncode != 0 else ran.stdout.decode(errors="surrogateescape")
