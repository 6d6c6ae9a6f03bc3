"""A recording: what was seen of some pages, one row for each time that something differed.

The file is text: ``#`` starts a comment, one line names the pages (``pages a b c``), every other
line is an event, the task it happened in, and what each page showed then.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path


class RecordingError(Exception):
    """A file that is no recording; the message names the line."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the pages showed at an event of a task."""

    shown: tuple[str, ...]
    event: str = ""
    task: str = ""


@dataclass(frozen=True, slots=True)
class Recording:
    """The samples in order; of samples that show the same one after another, the first."""

    name: str
    pages: tuple[str, ...]
    samples: tuple[Sample, ...]

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """Everything that a page ever shows, in the order of its first occurrence."""
        return tuple(dict.fromkeys(w for s in self.samples for w in s.shown))


def distinct(samples: Sequence[Sample]) -> tuple[Sample, ...]:
    """The samples without those that show the same as the one before."""
    kept = list[Sample]()
    for sample in samples:
        if not kept or kept[-1].shown != sample.shown:
            kept.append(sample)
    return tuple(kept)


def changed(recording: Recording, number: int, page: int, word: str) -> Recording:
    """The recording with one word of one sample replaced."""
    samples = list(recording.samples)
    shown = list(samples[number].shown)
    shown[page] = word
    samples[number] = replace(samples[number], shown=tuple(shown))
    return replace(recording, samples=tuple(samples))


def read_recording(path: Path) -> Recording:
    """The recording in a file.  Raises RecordingError, OSError."""
    pages, samples = tuple[str, ...](), list[Sample]()
    for number, words in _lines(path):
        if not pages:
            if words[0] != "pages" or len(words) < 2:
                raise RecordingError(f"{path}:{number}: expected 'pages' and their names")
            pages = tuple(words[1:])
        elif len(words) != 2 + len(pages):
            text = f"expected an event, a task and what {len(pages)} pages show"
            raise RecordingError(f"{path}:{number}: {text}")
        else:
            samples.append(Sample(tuple(words[2:]), words[0], words[1]))
    if not samples:
        raise RecordingError(f"{path}: no samples")
    return Recording(path.stem, pages, distinct(samples))


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        words = line.partition("#")[0].split()
        if words:
            yield number, words
