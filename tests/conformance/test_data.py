"""The recordings that are kept, and how they were made."""

from pathlib import Path

import pytest

from pagestate.conformance.recording import distinct, read_recording
from tests.data.recordings.convert import rows, word

FOLDER = Path(__file__).parents[1] / "data" / "recordings"


@pytest.mark.parametrize(("name", "samples"), [("sA", 40), ("sB", 12)])
def test_what_is_kept_changes_with_every_line(name: str, samples: int) -> None:
    record = read_recording(FOLDER / f"{name}.txt")
    assert record.pages == ("a", "b", "e", "c")
    assert len(record.samples) == samples
    assert distinct(record.samples) == record.samples
    assert len(record.vocabulary) > 10


def test_words() -> None:
    assert word(1, 0x0, 0x1FFFFFE0020828, 1, 7) == "map1:1L"
    assert word(0, 0xF0000000, 0x1FFFFFC0000000, 4, 7) == "buddy0!"
    assert word(1, 0xF1000000, 0x1FFFFFC0000010, 4, 3) == "off1D!~"
    assert word(0, 0xFFFFFFFF, 0, 1, 7) == "free0"
    assert word(1, 0xFFFFFFFF, 0, 1, 7) == "alloc1"
    assert word(7, 0xFFFFFFFF, 0, 1, 0) == "absent"


def test_lines_without_a_change_are_dropped() -> None:
    pages = " ".join(
        f"{p}c=1 {p}t=0xf1000000 {p}f=0x10 {p}m=1 {p}s=7" for p in ("a", "b", "e", "c")
    )
    lines = [
        "# tracer: nop",
        "     init-1   [001] .....     8.928901: tracing_mark_write: ## begin",
        f"     wr-229   [000] .....     9.1: offline_pages: (x+0x4/0x7) pfn=0x1 {pages}",
        f"     wr-229   [000] .....     9.2: start_isolate: (x+0x4/0x7) ret=0 {pages}",
        f"  kw r/0-7    [001] d..1.     9.3: undo: (x+0x4/0x7) {pages.replace('bc=1', 'bc=0')}",
        "     wr-229   [000] .....     9.4: other: (x+0x4/0x7) ret=0",
    ]
    assert [r.split() for r in rows(iter(lines))] == [
        ["#", "begin"],
        ["offline_pages", "wr", "off1D", "off1D", "off1D", "off1D"],
        ["undo", "kw_r/0", "off1D", "off0D", "off1D", "off1D"],
    ]
