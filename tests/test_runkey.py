"""What makes a stored run stale: what all chapters share, and of the rest the chapter's own."""

import shutil
from pathlib import Path

import pytest
from nbformat import v4

from bsgd_edu import paths
from bsgd_edu.course import rooms
from bsgd_edu.course.running.plan import plan
from bsgd_edu.course.running.runkey import dependencies, hash_files
from bsgd_edu.course.writing.notebooks import Chapter

ROOT = Path(__file__).resolve().parents[1]
CELL = v4.new_code_cell('profile = "quick"', metadata={"tags": ["parameters"]})
NOTEBOOK = v4.new_notebook(cells=[CELL])
OWN = "09_no_bad_minima"
IGNORED = shutil.ignore_patterns("__pycache__")  # it may come and go while it is copied


class World:
    """A copy of the project that the package takes for its own; `edited` says whose key changed."""

    def __init__(self, root, package):
        self.root, self.package = root, package
        self.before = self.keys()

    def keys(self):
        """Chapter → key, all of one notebook: what differs is what the chapters depend on."""
        chapters = {Chapter(name, self.root / "chapters"): NOTEBOOK for name in rooms.rooms()}
        return {job.name: job.key for job in plan(chapters, self.root / "build")}

    def edited(self, path, text="# another line\n"):
        """Writes to the end of a file, which may be new, and returns the chapters it made stale."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
        before, self.before = self.before, self.keys()
        return {name for name, key in self.before.items() if key != before.get(name)}


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "bsgd_edu", tmp_path / "bsgd_edu", ignore=IGNORED)
    shutil.copytree(ROOT / "data", tmp_path / "data", ignore=IGNORED)
    for name in ("pyproject.toml", "constraints.txt"):
        shutil.copy2(ROOT / name, tmp_path / name)
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "bsgd_edu")
    return World(tmp_path, tmp_path / "bsgd_edu")


@pytest.fixture
def installed(tmp_path, monkeypatch):
    package = tmp_path / "site-packages" / "bsgd_edu"
    shutil.copytree(ROOT / "bsgd_edu", package, ignore=IGNORED)
    shutil.copytree(ROOT / "data", package / "_data", ignore=IGNORED)
    monkeypatch.setattr(paths, "_PACKAGE", package)
    return World(tmp_path, package)


def test_nothing_is_stale_where_nothing_was_edited(checkout):
    assert checkout.keys() == checkout.before
    assert OWN in checkout.before


@pytest.mark.parametrize(
    "name", ["figures.py", "runs.py", "claims.toml", "exercises/__init__.py", "something_new.py"]
)
def test_an_edit_in_a_room_makes_its_own_chapter_stale(checkout, name):
    assert checkout.edited(checkout.package / "lessons" / f"c{OWN}" / name) == {OWN}


@pytest.mark.parametrize(
    "name",
    [
        "bsgd_edu/maps/core.py",
        "bsgd_edu/maps/something_new.py",
        "bsgd_edu/plot/curves.py",
        "bsgd_edu/course/lesson.py",
        "bsgd_edu/paths.py",
        "constraints.txt",
        "data/registry.toml",
    ],
)
def test_an_edit_of_what_chapters_share_makes_all_of_them_stale(checkout, name):
    assert checkout.edited(checkout.root / name) == set(checkout.before)


@pytest.mark.parametrize(
    ("name", "stale"),
    [
        (f"{OWN}.json", {OWN}),
        ("02_backward_sgd_mnist.json", {"02_backward_sgd"}),  # a result beside the record
        ("99_toy.json", set()),
    ],
)
def test_a_recorded_result_belongs_to_its_chapter(checkout, name, stale):
    assert checkout.edited(checkout.root / "data" / "recorded" / name) == stale


def test_an_installed_package_tells_rooms_apart_too(installed):
    assert installed.edited(installed.package / "lessons" / f"c{OWN}" / "runs.py") == {OWN}
    assert installed.edited(installed.package / "_data" / "recorded" / f"{OWN}.json") == {OWN}
    assert installed.edited(installed.package / "maps" / "core.py") == set(installed.before)


def test_a_new_lesson_makes_no_other_stale(checkout):
    new = checkout.package / "lessons" / "c99_toy" / "__init__.py"
    assert checkout.edited(new, '"""Where to?"""\n') == {"99_toy"}


def test_what_python_leaves_behind_makes_nothing_stale(checkout):
    for folder in ("maps", f"lessons/c{OWN}"):
        assert not checkout.edited(checkout.package / folder / "__pycache__" / "core.pyc")


def test_a_file_under_another_name_makes_stale(checkout):
    room = checkout.package / "lessons" / f"c{OWN}"
    before = hash_files(dependencies(OWN))
    (room / "traps.py").rename(room / "snares.py")
    assert hash_files(dependencies(OWN)) != before
