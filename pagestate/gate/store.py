"""The results file: one JSON object on each line, the first says what was to be done.

Every line is written whole and synced before the gate goes on, so that a gate that is killed loses
nothing that was finished; a torn last line is cut off.  A later gate with the same file takes over
the results of jobs it would do itself.  Only one gate at a time writes a file.
"""

import fcntl
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from pagestate import __version__
from pagestate.gate.jobs import Job, job_from
from pagestate.gate.records import STOPPED, Record, record_from

FORMAT = "pagestate-results"
VERSION = 1


class BadResults(Exception):
    """The file is no results file, or somebody is writing it."""


@dataclass(frozen=True, slots=True)
class Results:
    """A results file that was read: its plan and policy, the records so far, how it ended.

    ``policy`` is what :mod:`pagestate.gate.policy` needs to judge the records; ``end`` is None
    where the gate did not get to its end.
    """

    root: str
    jobs: tuple[Job, ...]
    policy: Mapping[str, Any]
    records: Mapping[str, Record] = field(default_factory=dict)
    end: Mapping[str, Any] | None = None
    started: str = ""


class Store:
    """A results file being written.  Close it in the end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def add(self, kind: str, body: Mapping[str, Any]) -> None:
        """Append a line and see it on the disk.  Raises OSError."""
        line = json.dumps({kind: body}, separators=(",", ":")).encode() + b"\n"
        self._file.write(line)
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let go of the file and its lock."""
        self._file.close()


def open_store(
    path: Path,
    root: Path,
    jobs: Sequence[Job],
    policy: Mapping[str, Any],
    started: str,
    fresh: bool = False,
) -> tuple[Store, dict[str, Record]]:
    """The file, ready for records, and what an unfinished gate left of the same jobs.

    The header is written anew; records that are kept follow it.  ``fresh``: keep none.  Raises
    BadResults where another gate is writing, and OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(path.name + ".lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise BadResults(f"{path}: another gate is writing it") from None
    kept = dict[str, Record]()
    if not fresh and path.exists():
        wanted = {job.id for job in jobs}
        try:
            old = read(path)
        except BadResults:
            old = None
        if old is not None and old.end is None:
            kept = {i: r for i, r in old.records.items() if i in wanted and r.status != STOPPED}
    header = {
        "format": FORMAT,
        "version": VERSION,
        "pagestate": __version__,
        "started": started,
        "root": str(root),
        "policy": dict(policy),
        "jobs": [{"id": job.id, **job.to_json()} for job in jobs],
    }
    lines = [{"header": header}, *({"record": r.to_json()} for r in kept.values())]
    temporary = path.with_name(path.name + ".tmp")
    with temporary.open("wb") as new:
        for line in lines:
            new.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        new.flush()
        os.fsync(new.fileno())
    temporary.replace(path)
    return _Locked(path.open("ab"), lock), kept


class _Locked(Store):
    def __init__(self, file: IO[bytes], lock: IO[bytes]) -> None:
        super().__init__(file)
        self._lock = lock

    def close(self) -> None:
        """Let go of the file and its lock."""
        super().close()
        self._lock.close()


def read(path: Path) -> Results:
    """A results file.  A last line without its end is ignored.  Raises BadResults and OSError."""
    whole = path.read_bytes()
    lines = whole[: whole.rfind(b"\n") + 1].splitlines()
    if not lines:
        raise BadResults(f"{path}: is empty")
    try:
        header = json.loads(lines[0])["header"]
        if header["format"] != FORMAT or header["version"] != VERSION:
            raise BadResults(f"{path}: is of another version")
        jobs = tuple(job_from({n: v for n, v in j.items() if n != "id"}) for j in header["jobs"])
        records, end = dict[str, Record](), None
        for line in lines[1:]:
            body = json.loads(line)
            if "record" in body:
                record = record_from(body["record"])
                records.setdefault(record.id, record)
            elif "end" in body:
                end = body["end"]
        return Results(header["root"], jobs, header["policy"], records, end, header["started"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadResults(f"{path}: is no results file ({error})") from None
