"""What property directed reachability has learned: orbits of clauses, each up to a level."""

from collections.abc import Iterator, Sequence

from pagestate.smt.cubes import Cube, Renamings
from pagestate.smt.frames import Frames


class Clauses:
    """Clauses by level, one for each orbit; a clause excludes a cube from the frames up to it."""

    def __init__(self, frames: Frames, renamings: Renamings) -> None:
        self._frames, self._renamings = frames, renamings
        self._levels: list[dict[Cube, tuple[Cube, ...]]] = [{}]

    def __len__(self) -> int:
        return sum(len(level) for level in self._levels)

    @property
    def top(self) -> int:
        """The last level."""
        return len(self._levels) - 1

    def add_level(self) -> None:
        """One more frame."""
        self._frames.add_level()
        self._levels.append({})

    def at(self, level: int) -> tuple[Cube, ...]:
        """The cubes excluded up to exactly this level, one of each orbit."""
        return tuple(self._levels[level])

    def above(self, level: int) -> list[Cube]:
        """The cubes excluded beyond this level, one of each orbit."""
        return [cube for later in self._levels[level + 1 :] for cube in later]

    def excludes(self, level: int, cube: Cube) -> bool:
        """Whether one clause excludes the whole of ``cube`` from the frame."""
        return any(other <= cube for other in self._images(level))

    def _images(self, level: int) -> Iterator[Cube]:
        for clauses in self._levels[level:]:
            for orbit in clauses.values():
                yield from orbit

    def learn(self, level: int, cube: Cube) -> None:
        """Exclude the orbit of ``cube`` up to ``level``; what that implies is forgotten."""
        orbit = self._renamings.orbit(cube)
        for clauses in self._levels[: level + 1]:
            for weaker in [c for c in clauses if any(image <= c for image in orbit)]:
                del clauses[weaker]
        self._levels[level][cube] = orbit
        self._frames.exclude(level, orbit)

    def needed(self, cubes: Sequence[Cube], targets: Sequence[int]) -> list[Cube]:
        """The cubes whose exclusion is enough for an inductive set that excludes the targets.

        ``cubes`` must be such a set, which excludes steps that leave the sorts too; what its unsat
        cores do not mention is left out.
        """
        names = self._frames.named([self._renamings.orbit(cube) for cube in cubes])
        goals: list[Cube | int | None] = [*targets, None]
        kept = dict[int, None]()
        while goals:
            for number in sorted(self._frames.used(names, targets, goals.pop())):
                if number not in kept:
                    kept[number] = None
                    goals.append(cubes[number])
        return [cubes[number] for number in sorted(kept)]
