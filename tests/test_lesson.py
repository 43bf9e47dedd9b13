"""The object that a chapter begins with: device, threads, streams, claims, exercises, modules."""

import pytest
import torch

from bsgd_edu.course import Lesson, begin
from bsgd_edu.device import default_device
from bsgd_edu.errors import DomainError, UsageError
from bsgd_edu.seeding import generator


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def begun(profile="quick", seed=0, device="cpu", chapter="01_order_matters") -> Lesson:
    return begin(chapter, profile=profile, seed=seed, device=device)


def test_the_quick_profile_has_one_thread_and_says_so(capsys):
    torch.set_num_threads(2)
    lesson = begun()
    assert (lesson.device, lesson.full) == (torch.device("cpu"), False)
    assert torch.get_num_threads() == 1
    assert capsys.readouterr().out == "Running on cpu, one thread.\n"


def test_the_full_profile_keeps_the_threads_there_are(capsys):
    torch.set_num_threads(2)
    lesson = begun("full", device="auto")
    assert (lesson.device, lesson.full) == (default_device(), True)
    assert torch.get_num_threads() == 2
    assert capsys.readouterr().out == f"Running on {default_device().type}, 2 threads.\n"


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"device": "abacus"}, DomainError, "'abacus' is not"),
        ({"profile": "fast"}, UsageError, "profile must be quick or full, but it is 'fast'"),
        ({"seed": -1}, DomainError, "seed must be an integer"),
        ({"chapter": "01_order_maters"}, UsageError, "Did you mean '01_order_matters'"),
    ],
)
def test_what_cannot_begin_is_refused_before_anything_changes(capsys, options, error, words):
    torch.set_num_threads(2)
    with pytest.raises(error, match=words):
        begun(**options)
    assert torch.get_num_threads() == 2
    assert not capsys.readouterr().out


def test_streams_are_those_of_the_seed_on_the_device_or_the_one_asked_for():
    lesson = begun(seed=5)
    for stream in (lesson.stream("runs", 2), lesson.stream("runs", 2, device="cpu")):
        again = generator(5, "runs", 2)
        assert torch.equal(torch.rand(3, generator=stream), torch.rand(3, generator=again))
    assert lesson.real == {"dtype": torch.float64, "device": torch.device("cpu")}


def test_exercises_are_called_by_their_short_number(capsys):
    lesson = begun()
    assert lesson.check(1, 4.0).id == lesson.check("01.1", 4.0).id == "01.1"
    assert lesson.check(1, 4.0).status == "passed"
    lesson.hint(1)
    assert "01.1 · hint 1 of 3" in capsys.readouterr().out
    assert lesson.use(1, ...) == 4.0


def test_claims_are_the_chapters_own():
    lesson = begun()
    assert lesson.claim("order/reversal").stated.chapter == "01_order_matters"
    with pytest.raises(UsageError, match=r"c01_order_matters/claims.toml, but 'minima/"):
        lesson.claim("minima/all-runs")


def test_modules_of_the_room_are_attributes_and_are_listed():
    lesson = begun()
    assert lesson.pages.__name__.endswith("lessons.c01_order_matters.pages")
    assert {"pages", "explore", "check"} <= set(dir(lesson))
    with pytest.raises(AttributeError, match=r"'page' must be .* which has .*pages"):
        _ = lesson.page
