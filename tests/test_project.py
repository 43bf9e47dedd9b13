"""Facts about the project's own files: what is promised to users of each stays equal."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONDA_NAMES = {"pytorch-cpu": "torch", "matplotlib-base": "matplotlib"}


def constraints() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[<>=!~\[; ]", requirement)[0] for requirement in requirements}


def environment_pins() -> dict[str, str]:
    # repo2docker reads plain `- name=version` entries; anything else would be a syntax slip.
    pins, inside = {}, False
    for line in (ROOT / "environment.yml").read_text().splitlines():
        if re.match(r"^\w+:", line):
            inside = line.startswith("dependencies:")
        elif inside and (entry := re.fullmatch(r"  - ([a-z0-9-]+)=([0-9][0-9a-z.]*)", line)):
            pins[CONDA_NAMES.get(entry[1], entry[1])] = entry[2]
        elif inside and (entry := re.fullmatch(r"      - ([a-z0-9-]+)==([0-9][0-9.]*)", line)):
            pins[entry[1]] = entry[2]  # what pip installs, below conda's entries
        elif inside:
            assert line in ("  - pip", "  - pip:", "      - --editable ."), line
    return pins


def test_environment_pins_every_dependency_at_the_constraints_version():
    pins = environment_pins()
    python = pins.pop("python")
    assert set(pins) == names(project()["dependencies"])
    assert pins == {name: constraints()[name] for name in pins}
    assert f">={python}" == project()["requires-python"]


def test_every_requirement_is_pinned_and_every_pin_allowed():
    from packaging.requirements import Requirement

    optional = project()["optional-dependencies"].values()
    wanted = [*project()["dependencies"], *(entry for extra in optional for entry in extra)]
    for requirement in map(Requirement, wanted):
        assert constraints()[requirement.name] in requirement.specifier, requirement
    assert set(constraints()) == names(wanted)


def test_versions_agree():
    version = project()["version"]
    assert f"version: {version}\n" in (ROOT / "CITATION.cff").read_text()
    assert f"## {version} " in (ROOT / "CHANGELOG.md").read_text()


def test_readme_lists_exactly_the_chapters_there_are():
    readme = (ROOT / "README.md").read_text()
    listed = re.findall(r"\]\((chapters/[^)]+\.ipynb)\)", readme)
    assert listed == sorted(str(p.relative_to(ROOT)) for p in (ROOT / "chapters").glob("*.ipynb"))
    assert len(listed) == len(list((ROOT / "chapters/source").glob("*.py")))


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_relative_links_lead_somewhere(name):
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / name).read_text()):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_readme_code_runs_as_written():
    readme = (ROOT / "README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.S)
    values: dict = {}
    exec(code, values)
    assert values["forward"].shape == values["backward"].shape == (301, values["net"].dim)
    # 300 batches of 16 at this rate leave digits well learnt; chance is 0.1.
    digits = values["digits"]
    assert values["net"].accuracy(values["backward"][-1], digits.inputs, digits.targets) > 0.8


def test_make_help_lists_every_public_target():
    # Not as a part of the make that may have started these tests: it would announce folders.
    alone = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    text = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True, env=alone
    )
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)[1].split()
    assert {line.split()[1] for line in text.stdout.splitlines()} == set(phony)


def test_set_up_names_a_missing_and_an_old_python_in_one_line(tmp_path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2\nexit 1\n')
    old.chmod(0o755)
    for python, words in (("no-such-python", "there is no 'no-such-python'"), (old, "too old")):
        run = subprocess.run(
            ["sh", ROOT / ".ci/setup", str(python), "."],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert run.returncode == 1
        assert run.stderr.count("\n") == 1
        assert words in run.stderr
        assert not (tmp_path / ".venv").exists()


def test_no_large_file_is_tracked():
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    assert not [p for p in paths if p.is_file() and p.stat().st_size > 1_000_000]
