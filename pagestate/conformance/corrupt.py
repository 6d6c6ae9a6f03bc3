"""How much a reproduced recording says: recordings that differ in one word should be impossible.

Every word of every sample but the first is replaced by every other word of the vocabulary.  What
then repeats a neighbouring sample is no recording, and left out.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from pagestate.conformance.recording import Recording, changed
from pagestate.conformance.reproduce import Arrived, Reach, Reproduction
from pagestate.conformance.space import Fit


@dataclass(frozen=True, slots=True)
class Corruption:
    """One word replaced: of which sample, of which page, by what."""

    sample: int
    page: int
    word: str

    def of(self, recording: Recording) -> Recording:
        """The recording with this word in it."""
        return changed(recording, self.sample, self.page, self.word)


Legal: TypeAlias = Callable[[Recording, Corruption], bool]


@dataclass(frozen=True, slots=True)
class Rejection:
    """What became of the corrupted recordings.

    ``legal`` are those that the model shows and that are right, ``accepted`` those it shows all
    the same; the others, ``rejected`` in number, it cannot show.
    """

    total: int
    rejected: int
    legal: tuple[Corruption, ...]
    accepted: tuple[Corruption, ...]

    @property
    def rate(self) -> float:
        """The part that is rejected of those that are not legal (of none: all)."""
        wrong = self.total - len(self.legal)
        return self.rejected / wrong if wrong else 1.0


def a_moment_off(recording: Recording, corruption: Corruption) -> bool:
    """Whether the page shows what it shows in the sample before or after.

    Then the sample is as if taken a moment earlier or later for that page.  The model has an
    execution that shows it, so nothing in the recording speaks against it.
    """
    around = recording.samples[corruption.sample - 1 : corruption.sample + 2 : 2]
    return any(s.shown[corruption.page] == corruption.word for s in around)


def corruptions(recording: Recording, vocabulary: Sequence[str]) -> Iterator[Corruption]:
    """Every corrupted recording, by what is replaced in it."""
    samples = recording.samples
    for number in range(1, len(samples)):
        around = [s.shown for s in samples[number - 1 : number + 2 : 2]]
        for page, right in enumerate(samples[number].shown):
            for word in vocabulary:
                corruption = Corruption(number, page, word)
                shown = corruption.of(recording).samples[number].shown
                if word != right and shown not in around:
                    yield corruption


def reject(
    reproduction: Reproduction,
    vocabulary: Sequence[str] | None = None,
    legal: Legal = a_moment_off,
    only: Callable[[Corruption], bool] = lambda corruption: True,
) -> Rejection:
    """Hold every corrupted recording (of those ``only`` selects) against the model.

    Raises Impossible if the recording itself cannot be shown.
    """
    recording = reproduction.recording
    words = recording.vocabulary if vocabulary is None else vocabulary
    fits = [reproduction.fit(s) for s in recording.samples]
    rest = _Rest(reproduction, fits)
    reaches = list(_reaches(reproduction, fits))
    fine, wrong, total = list[Corruption](), list[Corruption](), 0
    for corruption in corruptions(recording, words):
        if not only(corruption):
            continue
        total += 1
        if _shows(reproduction, reaches, rest, corruption):
            (fine if legal(recording, corruption) else wrong).append(corruption)
    return Rejection(total, total - len(fine) - len(wrong), tuple(fine), tuple(wrong))


def _reaches(reproduction: Reproduction, fits: Sequence[Fit]) -> Iterator[Reach]:
    """What is around every sample but the last, of the recording as it is."""
    reproduction.run()
    arrived = reproduction.first()
    for old, new in pairwise(fits):
        reach = reproduction.around(arrived, old)
        yield reach
        arrived = reproduction.arrive(reach, new)


class _Rest:
    """Whether the rest of a recording can be shown, from some states on; asked again and again."""

    def __init__(self, reproduction: Reproduction, fits: Sequence[Fit]) -> None:
        self._reproduction, self._fits = reproduction, fits
        self._known = dict[tuple[int, frozenset[int]], bool]()

    def shown(self, number: int, arrived: Arrived, fit: Fit) -> bool:
        """Whether the samples from ``number`` on can follow one that fits ``fit``."""
        if number == len(self._fits) or not arrived.states:
            return bool(arrived.states)
        key = number, frozenset(arrived.states)
        if fit is not self._fits[number - 1]:
            return self._follow(number, arrived, fit)
        if key not in self._known:
            self._known[key] = self._follow(number, arrived, fit)
        return self._known[key]

    def _follow(self, number: int, arrived: Arrived, fit: Fit) -> bool:
        reach = self._reproduction.around(arrived, fit)
        found = self._reproduction.arrive(reach, self._fits[number])
        return self.shown(number + 1, found, self._fits[number])


def _shows(
    reproduction: Reproduction, reaches: Sequence[Reach], rest: _Rest, corruption: Corruption
) -> bool:
    """Whether the model shows the corrupted recording."""
    sample = corruption.of(reproduction.recording).samples[corruption.sample]
    wrong = reproduction.fit(sample)
    arrived = reproduction.arrive(reaches[corruption.sample - 1], wrong)
    return rest.shown(corruption.sample + 1, arrived, wrong)
