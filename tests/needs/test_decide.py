"""Each kind of assumption, in models whose answer is known by hand."""

from pathlib import Path

import pytest

from pagestate.needs.candidate import candidates
from pagestate.needs.row import Row, row_from
from tests.needs.asking import base_of, file_of, request_of, rows_of, title
from tests.needs.small import BULK, COUNTER, CRASH, PAGES, SWITCHES, TWICE, WHOLE


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Row]:
    return rows_of(tmp_path_factory.mktemp("pages"), PAGES)


def test_a_lock_is_needed_and_its_statement_not_kept_atomic(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, COUNTER)
    lock = rows["lock lock"]
    assert (lock.need, lock.violates) == ("needed", "counted")
    assert lock.trace is not None and lock.whole == ()
    texts = [step.text for step in lock.trace.steps]
    assert "x" in texts and len(texts) == lock.steps, texts  # a read by itself
    assert not any("mutex_lock(lock)" in text for text in texts)


def test_a_lock_is_not_needed(tmp_path: Path) -> None:
    spare = rows_of(tmp_path, COUNTER)["lock spare"]
    assert (spare.need, spare.scope, spare.trace) == ("not needed", "one instance", None)


def test_what_a_variant_cannot_cut_is_listed(tmp_path: Path) -> None:
    row = rows_of(tmp_path, WHOLE)["lock lock"]
    assert row.need == "not needed"
    assert [place.partition(":")[0] for place in row.whole] == ["reader"]


def test_switches(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, SWITCHES)
    assert rows["switch careful=true"].need == "needed"
    assert rows["switch quick=false"].need == "not needed"
    assert rows["switch idle_step=false"].need == "same"
    assert "switch unused=false" not in rows


def test_the_other_value_is_checked_from_the_value_given(tmp_path: Path) -> None:
    rows = rows_of(tmp_path, SWITCHES, quick="true")
    row = rows["switch quick=true"]
    assert row.candidate.setting == ("quick", False) and row.need == "not needed"


def test_tests_and_atomic_functions_for_every_size(pages: dict[str, Row]) -> None:
    for name in ("test m.free[page]", "test take(m, page)", "atomic take()"):
        assert pages[name].need == "needed", name
        assert pages[name].trace is not None
    for name in ("test m.noise[page]", "atomic mark()"):
        assert (pages[name].need, pages[name].any_size) == ("not needed", True), name
        assert pages[name].scope == "any number of pages, any number of takers"


def test_outside_the_form_a_finite_size_is_searched_and_named(pages: dict[str, Row]) -> None:
    row = pages["atomic release()"]
    assert (row.need, row.any_size, row.scope) == ("not needed", False, "2 pages, 2 takers")
    assert "PS501" in row.reason


def test_a_variant_outside_the_language_is_not_called_not_needed(tmp_path: Path) -> None:
    row = rows_of(tmp_path, TWICE)["test m.x"]
    assert row.need == "unknown" and "PS217" in row.reason


def test_an_execution_that_ends_in_a_crash_saves_no_property(tmp_path: Path) -> None:
    row = rows_of(tmp_path, CRASH)["test ready"]
    assert (row.need, row.violates) == ("needed", "no_crash")


def test_an_update_of_all_members_is_cut_into_one_for_each(tmp_path: Path) -> None:
    row = rows_of(tmp_path, BULK)["atomic clear()"]
    assert (row.need, row.violates, row.whole) == ("needed", "together", ())


def test_rows_survive_the_way_between_processes(pages: dict[str, Row]) -> None:
    for row in pages.values():
        again = row_from(row.candidate, row.to_json())
        assert again.to_json() == row.to_json()
    body = pages["atomic take()"].to_json()
    with pytest.raises(ValueError):
        row_from(pages["atomic take()"].candidate, body | {"need": "perhaps"})


def test_what_is_not_proved_is_not_asked_about(tmp_path: Path) -> None:
    request = request_of(file_of(tmp_path, SWITCHES), careful="false")
    base = base_of(request)
    assert base.proved is None
    assert [r.verdict.value for r in base.results] == ["violated"]


def test_one_place_is_one_candidate_wherever_it_is_called_from(tmp_path: Path) -> None:
    names = [title(c) for c in candidates(request_of(file_of(tmp_path, PAGES)))]
    assert len(names) == len(set(names))
    assert names.count("atomic mark()") == 1  # called twice
    assert [n.partition(" ")[0] for n in names] == sorted(
        (n.partition(" ")[0] for n in names), key=["lock", "atomic", "test", "switch"].index
    )
