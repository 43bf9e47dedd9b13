"""What every lesson does: its figures, pages and explorers, and what stands around its room.

Lessons are found by their folders, and what they draw by its name: `draw_…` keeps to axes,
`show_…` fills a page, a function of `explore` that returns an `Explorer` answers. A new lesson
brings a room, ``tests/lessons/samples_cNN.py`` and ``test_cNN.py``, and edits nothing here. The
samples are

- ``FIGURES`` and ``PAGES``: name → arguments,
- ``MOVES``: explorer → moves, one after the other, that reach every control,
- and where needed ``LACKS`` (figure → what of xlabel, ylabel and legend it does without) and
  ``FEWEST_WORDS`` (explorer → words its sentences may get by with).

That a room imports no other room is held by test_architecture.py, what each exercise accepts and
refuses by test_checks.py, the limits of a chapter by chapters/test_notebooks.py.
"""

import importlib
import inspect
from pathlib import Path

import pytest
from drawing_contract import check_explorer, check_figure, check_page

from bsgd_edu.course import rooms
from bsgd_edu.course.claims.registry import read_claims
from bsgd_edu.course.exercises.checks import list_exercises
from bsgd_edu.plot.explorer import Explorer

ROOT = Path(__file__).resolve().parents[2]
ROOMS = list(rooms.rooms().values())


def modules_of(room):
    """The modules of a room, without its exercises, which draw nothing."""
    return [room.load(part) for part in room.parts() if part != "exercises"]


def drawn_by(room, prefix):
    """Name → function of what a room defines under the prefix, public or not."""
    found = {}
    for module in modules_of(room):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            if name.startswith(prefix) and function.__module__ == module.__name__:
                assert name not in found, f"{room.chapter} has two functions called {name}"
                found[name] = function
    return found


def explorers_of(room):
    """Name → function of what a room defines that returns an explorer."""
    if "explore" not in room.parts():
        return {}
    functions = inspect.getmembers(room.load("explore"), inspect.isfunction)
    returns = {name: inspect.signature(f).return_annotation for name, f in functions}
    return {name: f for name, f in functions if returns[name] in (Explorer, "Explorer")}


def samples_of(room):
    return importlib.import_module(f"samples_c{room.number}")


def each(find):
    """Marks a test to be run for every function that `find` finds in every room."""
    found = [
        pytest.param(room, name, function, id=f"{room.number}-{name}")
        for room in ROOMS
        for name, function in find(room).items()
    ]
    return pytest.mark.parametrize(("room", "name", "function"), found)


every_room = pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.chapter)


def test_there_are_lessons():
    assert ROOMS


# ---- what a room draws


@each(lambda room: drawn_by(room, "draw_"))
def test_figure_keeps_to_its_axes_with_labels_that_can_be_read(room, name, function):
    samples = samples_of(room)
    lacks = getattr(samples, "LACKS", {}).get(name, set())
    check_figure(function, samples.FIGURES[name], lacks=lacks)


@each(lambda room: drawn_by(room, "show_"))
def test_page_shows_a_small_picture_a_description_and_data(room, name, function, monkeypatch):
    samples = samples_of(room)
    check_page(function, samples.PAGES[name], monkeypatch)


@each(explorers_of)
def test_every_control_of_an_explorer_answers_and_says_something(room, name, function):
    samples = samples_of(room)
    words = getattr(samples, "FEWEST_WORDS", {}).get(name, 13)
    check_explorer(function, samples.MOVES[name], words=words)


@every_room
def test_samples_and_exceptions_are_of_what_is_there(room):
    samples = samples_of(room)
    figures, pages = drawn_by(room, "draw_"), drawn_by(room, "show_")
    assert set(samples.FIGURES) == set(figures)
    assert set(samples.PAGES) == set(pages)
    assert set(getattr(samples, "MOVES", {})) == set(explorers_of(room))
    assert set(getattr(samples, "LACKS", {})) <= set(figures)
    assert set(getattr(samples, "FEWEST_WORDS", {})) <= set(explorers_of(room))


@every_room
def test_what_a_room_draws_is_public(room):
    for module in modules_of(room):
        own = [
            name
            for name, function in inspect.getmembers(module, inspect.isfunction)
            if name.startswith(("draw_", "show_")) and function.__module__ == module.__name__
        ]
        assert set(own) <= set(module.__all__), module.__name__
        assert all(hasattr(module, name) for name in module.__all__), module.__name__


@each(lambda room: drawn_by(room, "draw_") | drawn_by(room, "show_") | explorers_of(room))
def test_what_a_room_draws_says_what_it_takes(room, name, function):
    text = inspect.getdoc(function) or ""
    assert text.partition("\n")[0].endswith(".")
    taken = [parameter for parameter in inspect.signature(function).parameters if parameter != "ax"]
    section = text.partition("\nArgs:\n")[2]
    for parameter in taken:
        assert f"{parameter}:" in section, f"{name}: Args omit {parameter}"


@every_room
def test_the_explorers_of_a_chapter_stand_in_tabs(room):
    found = explorers_of(room)
    if found:
        shown = room.load("explore").chapter().explorers
        assert sorted(e.title for e in shown.values()) == sorted(f().title for f in found.values())


# ---- what stands around a room


@every_room
def test_a_room_says_what_it_asks(room):
    assert room.question.endswith("?")


@every_room
def test_a_room_has_its_chapter_and_its_tests(room):
    chapters = ROOT / "chapters"
    assert (chapters / "source" / f"{room.chapter}.py").is_file()
    assert (chapters / f"{room.chapter}.ipynb").is_file()
    assert (ROOT / "tests" / "lessons" / f"test_c{room.number}.py").is_file()


@every_room
def test_a_room_has_claims_and_exercises_of_its_own(room):
    assert read_claims(room)
    assert list_exercises(room.number) == list(room.load("exercises").EXERCISES) != []
