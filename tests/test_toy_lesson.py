"""A lesson is added by files alone: a copy of the project gets one, and nothing else changes.

The toy is built, linted, run and put to the contract of all lessons, by the commands a contributor
types.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
# Without other chapters, what runs is the toy alone; without other tests, what is tested.
COPIED = (
    "README.md",
    "bsgd_edu",
    "conftest.py",
    "constraints.txt",
    "data",
    "pyproject.toml",
    "tests/contracts/test_lessons_contract.py",
    "tests/drawing_contract.py",
)
SOURCE = '''\
# %% [markdown]
# # 99 · Doubling
#
# **Whatever doubles grows without bound.**
#
# *Source.* Nobody (2024), eq. 1.

# %% tags=["parameters"]
profile = "quick"
seed = 0
device = "auto"

# %% tags=["setup"]
import torch

from bsgd_edu.course import begin

lesson = begin("99_toy", profile=profile, seed=seed, device=device)

# %% [markdown]
# ## Predict
# Where does it go?

# %%
print("up")

# %% [markdown]
# ## Smallest case
# One step.

# %%
2.0 * 1.0

# %% [markdown]
# ## Theory
# $x_n = 2^n x_0$.
#
# ## Experiment
# Look for the slope.

# %%
steps = torch.arange(9.0)
lesson.pages.show_doubling(steps, 2.0**steps)

# %% [markdown]
# It doubles.

# %%
lesson.claim("toy/doubles").agrees(2.0 ** steps[-1], 256, atol=1e-9)

# %% [markdown]
# ## Explore
# Nothing to move.

# %%
print("nothing")

# %% [markdown]
# ## Break an assumption
# From nothing comes nothing.

# %%
nothing = 0.0

# %%
lesson.check(1, lambda x: x * nothing)
lesson.check(1, lambda x: 2 * x)

# %% [markdown]
# ## Your turn

# %% [markdown] tags=["exercise:99.1"]
# ### Exercise 99.1 · Double
# `double(3.0)` is 6.

# %% tags=["answer:99.1"]
def double(x):
    """Returns 2x."""
    # BEGIN SOLUTION
    return x + x
    # END SOLUTION


# %% tags=["check:99.1"]
lesson.check(1, double)

# %% [markdown]
# ## At full scale

# %%
lesson.full_scale()

# %% [markdown]
# ## Claims of this chapter

# %%
lesson.claims_table()

# %% [markdown]
# ## Five lines to remember
# It doubles.
'''
FIGURES = '''\
"""Figures of the toy."""

from ...plot import axes, theory_line, use

__all__ = ["draw_doubling"]


@use()
def draw_doubling(steps, values, ax=None):
    """Draws what doubles.

    Args:
        steps: n, (k,).
        values: x_n, (k,).
        ax: Axes, or None for a new figure.
    """
    ax = axes(ax)
    theory_line(ax, steps, values, "theory")
    ax.set(xlabel="$n$", ylabel="$x_n$")
    ax.legend()
    return ax
'''
PAGES = '''\
"""Pages of the toy."""

from ...plot import show
from . import figures

__all__ = ["show_doubling"]


def show_doubling(steps, values):
    """Shows what doubles.

    Args:
        steps: n, (k,).
        values: x_n, (k,).
    """
    show(
        figures.draw_doubling(steps, values),
        alt="A black line that rises from one to several hundred, and steeper with every single "
        "step, as whatever doubles does.",
        caption="Doubling.",
        data={"n": steps, "x": values},
    )
'''
EXERCISES = '''\
"""Exercises of the toy."""

from ....course.exercises import Exercise, Step, Wrong

__all__ = ["EXERCISES"]

DOUBLE = Exercise(
    id="99.1",
    title="Double",
    kind="implement",
    difficulty=1,
    minutes=1,
    teaches="to double",
    signature="double(x) -> 2x. Worked value: double(3.0) is 6.",
    hints=("twice", "2x", "return two times x"),
    reference=lambda x: 2 * x,
    why="Because.",
    steps=(Step("value", "that is not twice the number", lambda f, stream: f(3.0) == 6),),
    wrong=tuple(Wrong(lambda x, k=k: k * x, "not twice") for k in (0, 1, 3, 4)),
    right=(lambda x: x + x, lambda x: x * 2),
)
EXERCISES = (DOUBLE,)
'''
CLAIMS = """\
[[claim]]
id = "toy/doubles"
source = "ours"
paper = "Nobody 2024"
where = "eq. 1"
statement = "What doubles eight times is a quarter of a thousand and a bit."
kind = "identity"
predicted = "2^8"
tolerance = "round-off"
"""
RECORD = {
    "chapter": "99_toy", "command": "bsgd run 99 --profile full", "profile": "full",
    "device": "an abacus", "date": "2024-01-01", "seconds": 1.0, "claims": [],
}  # fmt: skip
SAMPLES = """\
import torch

STEPS = torch.arange(9.0)
FIGURES = {"draw_doubling": (STEPS, 2.0**STEPS)}
PAGES = {"show_doubling": (STEPS, 2.0**STEPS)}
"""
ADDED = {
    "bsgd_edu/lessons/c99_toy/__init__.py": '"""Where does doubling lead?"""\n',
    "bsgd_edu/lessons/c99_toy/claims.toml": CLAIMS,
    "bsgd_edu/lessons/c99_toy/exercises/__init__.py": EXERCISES,
    "bsgd_edu/lessons/c99_toy/figures.py": FIGURES,
    "bsgd_edu/lessons/c99_toy/pages.py": PAGES,
    "chapters/source/99_toy.py": SOURCE,
    "data/recorded/99_toy.json": json.dumps(RECORD),
    "tests/lessons/samples_c99.py": SAMPLES,
    "tests/lessons/test_c99.py": "",
}
MADE = {"README.md", "chapters/99_toy.ipynb"}  # by the build


def hashes(folder):
    """Path → hash of every file, but for what is made: build/, caches."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
        and not {"build", "__pycache__", ".pytest_cache"} & set(path.relative_to(folder).parts)
    }


class Copy:
    def __init__(self, folder):
        self.folder = folder
        for name in COPIED:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():  # what is compiled may come and go while it is copied
                ignored = shutil.ignore_patterns("__pycache__")
                shutil.copytree(ROOT / name, folder / name, ignore=ignored)
            else:
                shutil.copy2(ROOT / name, folder / name)
        self.before = hashes(folder)
        for name, text in ADDED.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")

    def call(self, *words):
        """Returns the exit code and what was said."""
        done = subprocess.run(
            [sys.executable, *words],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder), "COLUMNS": "200"},
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout + done.stderr

    def bsgd(self, *words):
        return self.call("-m", "bsgd_edu", *words)

    def printed(self, start):
        """What the cell that starts so printed when it was run."""
        path = self.folder / "build" / "runs" / "quick" / "99_toy.ipynb"
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        (cell,) = (cell for cell in cells if "".join(cell["source"]).startswith(start))
        return "".join("".join(output.get("text", "")) for output in cell["outputs"]).splitlines()


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    copy = Copy(tmp_path_factory.mktemp("project"))
    code, said = copy.bsgd("build")
    assert code == 0, said
    return copy


def test_the_lesson_is_built_and_keeps_the_limits_but_for_its_single_exercise(toy):
    code, said = toy.bsgd("lint")
    assert said.splitlines() == [
        "99_toy.ipynb: exercises: 0 of kind recall (2 wanted)",
        "99_toy.ipynb: exercises: 1 of kind implement (2 wanted)",
        "99_toy.ipynb: exercises: 0 of kind investigate (1 wanted)",
        "99_toy.ipynb: exercises: 0 of kind proof or essay (1 wanted)",
    ]
    assert code == 1


def test_its_claim_is_reproduced_and_its_exercise_checked(toy):
    code, said = toy.bsgd("run")
    assert code == 0, said
    assert "1 chapter, all came to the end" in said
    (outcome,) = json.loads((toy.folder / "build" / "claims.json").read_text(encoding="utf-8"))
    assert (outcome["id"], outcome["chapter"]) == ("toy/doubles", "99_toy")
    assert (outcome["verdict"], outcome["measured"]) == ("reproduced", 256)
    (stub,) = toy.printed("lesson.check(1, double)")
    assert "99.1 not attempted" in stub
    assert toy.printed("lesson.check(1, lambda") == [
        "✗ 99.1 failed, a known value: that is not twice the number.",
        "✓ 99.1 passed.",
    ]


@pytest.mark.slow
def test_the_contract_of_all_lessons_tries_it(toy):
    contract = "tests/contracts/test_lessons_contract.py"
    code, said = toy.call("-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "99", contract)
    assert code == 0, said
    assert "10 passed" in said


def test_no_shared_file_was_changed(toy):
    after = hashes(toy.folder)
    shared = set(toy.before) - MADE
    assert {name: after.get(name) for name in shared} == {name: toy.before[name] for name in shared}
    assert set(after) - set(toy.before) == ({*ADDED} | MADE) - {"README.md"}
    row = "| 99 | [Doubling](chapters/99_toy.ipynb) | Where does doubling lead? |"
    assert row in (toy.folder / "README.md").read_text(encoding="utf-8")
