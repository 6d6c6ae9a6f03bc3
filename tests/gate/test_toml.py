"""Lines of keys: what the second reader says must be where a person would point."""

import tomllib

import pytest

from pagestate.gate.toml import lines_of

SAMPLE = '''# a comment = with [brackets]
top = 1
text = "a \\" quoted ] # text"
long = """
not = a key
"""
raw = 'C:\\'
"odd key" = 2
a.b.c = 3
list = [
    "x", # one
    { inner = true, deep = [1, 2] },
]

[table]
key = { one = 1, two = 2 }
day = 2027-01-01

[[expect]]
model = "m"

[[expect]]
model = """n"""
[expect.more]
last = 1979-05-27T07:32:00Z
'''

EXPECTED = {
    ("top",): 2,
    ("text",): 3,
    ("long",): 4,
    ("raw",): 7,
    ("odd key",): 8,
    ("a", "b", "c"): 9,
    ("list",): 10,
    ("list", 0): 11,
    ("list", 1, "inner"): 12,
    ("list", 1, "deep", 1): 12,
    ("table",): 15,
    ("table", "key"): 16,
    ("table", "key", "two"): 16,
    ("table", "day"): 17,
    ("expect", 0): 19,
    ("expect", 0, "model"): 20,
    ("expect", 1): 22,
    ("expect", 1, "model"): 23,
    ("expect", 1, "more", "last"): 25,
}


@pytest.mark.parametrize("path", EXPECTED, ids=str)
def test_every_key_has_its_line(path):
    assert lines_of(SAMPLE)[path] == EXPECTED[path]


def paths_of(value, path=()):
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key)
            yield from paths_of(inner, (*path, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield (*path, number)
            yield from paths_of(inner, (*path, number))


def test_no_key_is_forgotten_and_none_is_made_up():
    paths = set(paths_of(tomllib.loads(SAMPLE)))
    found = set(lines_of(SAMPLE))
    assert paths - found == {("expect",)}
    assert found <= paths
