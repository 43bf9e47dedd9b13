"""An installation without an extra: the core works, and what is missing says what brings it."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest

from bsgd_edu import __version__, errors, extras

ROOT = Path(__file__).resolve().parents[1]
CORE = {"torch", "numpy", "scipy", "lazy_loader"}
OUTSIDE = sorted(module for modules in extras.EXTRAS.values() for module in modules)

# Modules that were not installed, for a fresh interpreter.
SHUT_OUT = """
import sys

class ShutOut:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, ShutOut())
"""


def without(names, code, *words):
    """What Python says to a piece of code where these modules are missing."""
    program = SHUT_OUT.format(names=set(names)) + f"sys.argv[1:] = {list(words)}\n" + code
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, cwd=ROOT
    )


def test_the_core_is_enough_for_the_mathematics():
    code = """
import torch
from bsgd_edu import curvature, datasets, dynamics, maps, meanfield, metrics, nets, operators
from bsgd_edu import optim, rmt, rules, seeding, training
halve = [lambda x: x / 2] * 3
print(maps.forward_orbit(halve, torch.ones(1))[-1].item())
stream = seeding.generator(0, "data")
print(len(datasets.wave_regression(20, noise_std=0.1, generator=stream)[0]))
"""
    done = without(OUTSIDE, code)
    assert (done.returncode, done.stdout) == (0, "0.125\n20\n"), done.stderr


MISSING = {
    "datasets.load('digits')": ("load: scikit-learn", "data"),
    "datasets.load('mnist', root=None)": ("load: pooch", "data"),
    "plot.axes()": ("plot: matplotlib", "course"),
    "plot.display.publish({'text/plain': 'x'}, {})": ("plot: IPython", "course"),
    "plot.explorer": ("explorers: ipywidgets", "course"),
    "maps.backward_orbit([abs], torch.ones(1), progress=True)": ("backward_orbit: tqdm", "course"),
}


@pytest.mark.parametrize("code", MISSING)
def test_what_is_missing_says_which_extra_brings_it(code):
    who, extra = MISSING[code]
    start = "import os, torch\nos.environ.pop('BSGD_EDU_DATA', None)\n"
    parts = "from bsgd_edu import " + code.partition(".")[0] + "\n"
    done = without(OUTSIDE, start + parts + code)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"bsgd_edu.errors.MissingExtraError: {who} must be installed, but it is not. "
        f'Install it with `pip install "bsgd-edu[{extra}]"`.'
    )


@pytest.mark.parametrize("module", ["typer", "rich"])
@pytest.mark.parametrize("words", [["claims"], ["run", "01"]])
def test_the_command_without_the_course_is_one_line_and_code_2(module, words):
    done = without([module], "from bsgd_edu.__main__ import main\nmain()", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"bsgd: {module} must be installed, but it is not. "
        'Install it with `pip install "bsgd-edu[course]"`.\n'
    )


def test_the_version_is_told_by_the_core_alone():
    done = without([*OUTSIDE, "torch"], "from bsgd_edu.__main__ import main\nmain()", "--version")
    assert (done.returncode, done.stdout) == (0, f"bsgd_edu {__version__}\n"), done.stderr


def test_a_missing_module_of_no_extra_is_not_explained_away():
    lost = ModuleNotFoundError("No module named 'lost'", name="lost.part")
    assert extras.explained(lost, by="x") is lost
    done = without(["tomllib"], "from bsgd_edu.__main__ import main\nmain()", "claims")
    assert "Traceback" in done.stderr
    assert "No module named 'tomllib'" in done.stderr


def test_a_missing_part_is_an_import_error_and_one_of_ours():
    with pytest.raises(errors.MissingExtraError) as caught:
        raise extras.explained(ModuleNotFoundError(name="sklearn.datasets"), by="load")
    assert isinstance(caught.value, ImportError)
    assert isinstance(caught.value, errors.BsgdError)
    assert caught.value.name == "sklearn"


def test_every_module_from_outside_belongs_to_the_core_or_to_an_extra():
    found = set()
    for path in (ROOT / "bsgd_edu").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                found |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module.partition(".")[0])
    outside = found - set(sys.stdlib_module_names) - {"bsgd_edu"}
    assert outside - {"nbgrader"} == CORE | (set(OUTSIDE) - {"nbgrader"})


@pytest.mark.parametrize("extra", extras.EXTRAS)
def test_an_extra_brings_the_modules_that_it_is_said_to_bring(extra):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = {canonical(entry) for entry in project["optional-dependencies"][extra]}
    brought = set(listed)
    for name in listed - {"bsgd-edu"}:
        try:
            wanted = requires(name) or []
        except PackageNotFoundError:
            pytest.skip(f"{name} is not installed")
        brought |= {canonical(entry) for entry in wanted if "extra ==" not in entry}
    for module in extras.EXTRAS[extra]:
        homes = {canonical(name) for name in packages_distributions()[module]}
        assert homes & brought, f"{module} does not come with [{extra}]"


def canonical(requirement):
    return re.split(r"[<>=!~\[; (]", requirement)[0].lower().replace("_", "-")
