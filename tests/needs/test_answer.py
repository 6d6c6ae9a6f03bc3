"""What the answers say in a sentence, and as an exit code."""

import pytest

from pagestate.check.outcome import Exit
from pagestate.core.verdict import Result, Verdict
from pagestate.needs.answer import Answer, exit_code
from pagestate.needs.base import Base
from pagestate.needs.candidate import Candidate
from pagestate.needs.row import Need, Row
from pagestate.needs.text import render, sentences


def result(verdict: str = "proved") -> Result:
    return Result(
        "safe",
        Verdict(verdict),
        "any number of pages",
        "",
        None,
        None,
        0.0,
        "",
        None,
        None,
        None,
        (),
    )


def answer(
    *rows: Row,
    verdicts: tuple[str, ...] = ("proved",),
    errors: tuple[str, ...] = (),
    interrupted: bool = False,
) -> Answer:
    base = Base(tuple(result(v) for v in verdicts), None)
    return Answer("m", "", {}, base, rows, 3, ("nobody else",), errors, interrupted)


def row(need: Need, kind: str = "lock", name: str = "zone_lock", src: str = "") -> Row:
    found: Candidate = {
        "lock": Candidate("lock", name),
        "switch": Candidate("switch", f"{name}=true", src=src, setting=(name, False)),
        "test": Candidate("test", name, function="put_page", src=src),
        "atomic": Candidate("atomic", f"{name}()", function=name),
    }[kind]
    whole = ("f:12",) if kind == "atomic" else ()
    return Row(found, need, violates="safe", scope="2 pages", whole=whole)


@pytest.mark.parametrize(
    "given, code",
    [
        ([answer(row("needed"), row("not needed"), row("same"))], Exit.OK),
        ([answer(row("needed"), row("unknown"))], Exit.INCONCLUSIVE),
        ([answer(row("needed"), verdicts=("proved", "violated"))], Exit.OK),
        ([answer(verdicts=("violated",))], Exit.FAILED),
        ([answer(row("needed"), verdicts=("proved", "unknown"))], Exit.INCONCLUSIVE),
        ([answer(verdicts=())], Exit.NOTHING),
        ([], Exit.NOTHING),
        ([answer(row("needed"), errors=("a mistake",))], Exit.INTERNAL),
        ([answer(row("unknown"), interrupted=True)], Exit.INTERRUPTED),
        ([answer(row("needed")), answer(row("unknown"))], Exit.INCONCLUSIVE),
    ],
)
def test_exit_codes(given: list[Answer], code: Exit) -> None:
    assert exit_code(given) == code
    worse = (Exit.INTERNAL, Exit.INTERRUPTED)
    assert exit_code(given, usage_error=True) == (code if code in worse else Exit.USAGE)


def test_the_sentence_for_a_maintainer() -> None:
    found = answer(
        row("needed", name="hotplug_mutex"),
        row("needed", "switch", "hook", "mm/swap.c: __put_page"),
        row("needed", "atomic", "get_page"),
        row("not needed"),
    )
    first, atomic, *rest = sentences(found)
    assert first == (
        "The proof needs the lock hotplug_mutex; the switch hook=true (mm/swap.c: __put_page); "
        "the atomic block get_page(). It does not need the lock zone_lock."
    )
    assert atomic == (
        "Atomic by assumption: get_page(); in the variants that cut a block or drop a lock, too: "
        "f:12."
    )
    assert rest == []


def test_what_is_not_decided_is_said() -> None:
    found = answer(row("needed"), row("unknown", "atomic", "f"), row("same"))
    said = list(sentences(found))
    assert said[-1] == "1 of 2 are not decided."
    assert any(s.startswith("Atomic by assumption: f()") for s in said)
    assert "does not need" not in said[0]


def test_the_report_fits_its_width_and_has_every_row() -> None:
    found = answer(*(row("needed", "test", f"m.f{n}[page] == {n}") for n in range(12)))
    text = render(found, "", 60)
    assert max(map(len, text.splitlines())) <= 60
    assert "12 tests (below)" in text
    assert all(f"m.f{n}[page] == {n}\n" in text for n in range(12))
    assert "3 more" in text and "nobody else" in text


def test_nothing_is_claimed_without_a_proof() -> None:
    text = render(answer(verdicts=("violated",)), "", 80)
    assert "nothing is proved" in text and "The proof needs" not in text


def test_a_switch_with_several_values_is_not_both_needed_and_not_needed() -> None:
    name = "rule=notifier"
    bad = Candidate("switch", name, setting=("rule", "flag"))
    good = Candidate("switch", name, setting=("rule", "refuse"))
    said = list(sentences(answer(Row(bad, "needed", violates="safe"), Row(good, "not needed"))))
    assert said == ["The proof needs the switch rule=notifier.", "It also holds with rule=refuse."]
    open_ = list(sentences(answer(Row(bad, "unknown"), Row(good, "not needed"))))
    assert "does not need" not in open_[0] and "It also holds with rule=refuse." in open_


def test_what_was_cut_in_part_only_is_said_in_the_sentence() -> None:
    (first, _) = sentences(answer(row("needed"), row("not needed", "atomic", "init_page")))
    assert first.endswith("It does not need the atomic block init_page() (as far as it was cut).")
