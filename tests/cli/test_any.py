"""What `check` does beyond the sizes of a model."""

from tests.cli.running import RACE, cli


def words(*args: str) -> str:
    ran = cli("check", RACE, *args)
    assert ran.code == 0, ran.out
    return " ".join(ran.out.split())


def test_what_holds_at_the_sizes_of_the_model_is_proved_for_every_size():
    text = words()
    assert "proved offline_never_free holds, certificate re-checked, any number of getters" in text
    assert "exhausted goes_offline reached in 2 steps" in text
    assert "nothing is said about other sizes, but of what is proved for any number" in text


def test_assumptions_say_which_sizes_they_are_about():
    every = "the only actors are: any number of getter threads, unplug"
    named = "the only actors are: 1 getter thread, unplug"
    some = words()
    assert f"- at these sizes: {named} - for any number: {every} - memory" in some
    proved = words("--property", "offline_never_free")
    assert f"assumptions: - {every} - memory" in proved and named not in proved
    assert f"assumptions: - {named} - memory" in words("--any", "never")


def test_not_where_sizes_are_named_or_nobody_wants_it():
    for args in (["--any", "never"], ["--size", "page=1"], ["--engine", "explicit"]):
        assert "exhausted offline_never_free holds in all" in words(*args)
