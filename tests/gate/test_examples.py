"""The files that projects copy: they parse, use public parts only, and call what is there."""

import re
from pathlib import Path

import pytest
import yaml

from pagestate.cli.gate import gate

ROOT = Path(__file__).parents[2]
OPTIONS = {o for p in gate.params for o in p.opts if o.startswith("-")}


def loaded(name: str):
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "name", ["examples/ci/github.yml", "examples/ci/gitlab.yml", ".pre-commit-hooks.yaml"]
)
def test_commands_have_the_options_they_use(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "pagestate gate" in text
    used = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", re.sub(r"#.*", "", text)))
    assert used - {"--no-install-recommends"} <= OPTIONS, used
    assert "pip install pagestate" not in text, "no package index has it"


def test_github_uses_public_actions_and_keeps_reports_of_a_red_gate():
    job = loaded("examples/ci/github.yml")["jobs"]["gate"]
    used = [step["uses"] for step in job["steps"] if "uses" in step]
    assert used and all(re.fullmatch(r"(actions|github)/[\w/-]+@v\d+", u) for u in used)
    after = job["steps"][-2:]
    assert all(step["if"].startswith("always()") for step in after)


def test_gitlab_uses_a_public_image_and_keeps_reports_of_a_red_gate():
    job = loaded("examples/ci/gitlab.yml")["pagestate"]
    assert re.fullmatch(r"python:3\.\d+-slim", job["image"])
    assert job["artifacts"]["when"] == "always"


def test_hooks_are_what_pre_commit_expects():
    hooks = loaded(".pre-commit-hooks.yaml")
    assert [h["id"] for h in hooks] == ["pagestate-gate", "pagestate-gate-all"]
    for hook in hooks:
        assert {"id", "name", "entry", "language"} <= set(hook) and hook["language"] == "python"
        assert hook["pass_filenames"] is False and hook["always_run"] is True
