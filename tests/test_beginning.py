"""The first line of every chapter: device and threads."""

import pathlib

import pytest
import torch

from bsgd_edu.course import begin
from bsgd_edu.device import default_device
from bsgd_edu.errors import DomainError

SOURCES = sorted((pathlib.Path(__file__).parents[1] / "chapters/source").glob("*.py"))


@pytest.fixture(autouse=True)
def threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_the_quick_profile_has_one_thread_and_says_so(capsys):
    torch.set_num_threads(2)
    assert begin("cpu", "quick") == torch.device("cpu")
    assert torch.get_num_threads() == 1
    assert capsys.readouterr().out == "Running on cpu, one thread.\n"


def test_another_profile_keeps_the_threads_there_are(capsys):
    torch.set_num_threads(2)
    assert begin("auto", "full") == default_device()
    assert torch.get_num_threads() == 2
    assert capsys.readouterr().out == f"Running on {default_device().type}, 2 threads.\n"


def test_a_device_that_is_not_there_is_refused_before_anything_changes(capsys):
    torch.set_num_threads(2)
    with pytest.raises(DomainError, match="'abacus' is not"):
        begin("abacus", "quick")
    assert torch.get_num_threads() == 2
    assert not capsys.readouterr().out


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_every_chapter_begins_so(path):
    setup = path.read_text(encoding="utf-8").split('tags=["setup"]')[1].split("# %%")[0]
    assert "begin(device, profile)" in setup
