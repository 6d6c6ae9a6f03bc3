"""From an ftrace recording to what is kept of it here: python convert.py TRACE[.gz] > NAME.txt

Every probe of the recording printed the raw state of four struct pages, of their pageblocks and of
their memory section.  What is kept is the event, the task and the four states as words, wherever
one of them differs from the event before.  See README.md for the words.
"""

import gzip
import re
import sys
from collections.abc import Iterator
from pathlib import Path

PAGES = ("a", "b", "e", "c")
LINE = re.compile(r"\s*(?P<task>\S.*)-\d+\s+\[\d+\]\s+\S+\s+[\d.]+:\s(?P<event>\w+):\s(?P<rest>.*)")
HAS_MEMMAP, IS_ONLINE = 1 << 1, 1 << 2
"""Low bits of the word in struct mem_section."""
DIRTY, LRU = 1 << 4, 1 << 5
"""Bits of struct page.flags in 6.12."""
MIGRATE_ISOLATE = 4
TYPED = 0x8000_0000
"""A page_type with this bit names a type in its upper byte; without it, it counts mappings."""
BUDDY, OFFLINE, NO_TYPE = 0xF0, 0xF1, 0xFF


def word(count: int, kind: int, flags: int, migratetype: int, section: int) -> str:
    """What one page shows."""
    if not section & HAS_MEMMAP:
        return "absent"
    if not kind & TYPED:
        text = f"map{kind + 1}:{count}"
    elif kind >> 24 == NO_TYPE:
        text = f"{'alloc' if count else 'free'}{count}"
    else:
        text = f"{ {BUDDY: 'buddy', OFFLINE: 'off'}.get(kind >> 24, f'type{kind >> 24:x}') }{count}"
    text += "D" * bool(flags & DIRTY) + "L" * bool(flags & LRU)
    return text + "!" * (migratetype == MIGRATE_ISOLATE) + "~" * (not section & IS_ONLINE)


def rows(lines: Iterator[str]) -> Iterator[str]:
    """The lines of the file that is kept."""
    last = tuple[str, ...]()
    for line in lines:
        found = LINE.match(line)
        if found is None:
            continue
        if found["event"] == "tracing_mark_write":
            yield f"#{found['rest'].lstrip('#')}"
            continue
        raw = dict(re.findall(r"(\w+)=(\S+)", found["rest"]))
        if not all(page + "s" in raw for page in PAGES):
            continue
        words = tuple(word(*(int(raw[p + x], 0) for x in "ctfms")) for p in PAGES)
        if words != last:
            task = found["task"].strip().replace(" ", "_")
            yield " ".join(
                [f"{found['event']:<24} {task:<12}", *(f"{w:<10}" for w in words)]
            ).rstrip()
        last = words


def main(name: str) -> None:
    """Print the converted recording."""
    raw = Path(name).read_bytes()
    text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode()
    print(f"pages {' '.join(PAGES)}")
    for row in rows(iter(text.splitlines())):
        print(row)


if __name__ == "__main__":
    main(sys.argv[1])
