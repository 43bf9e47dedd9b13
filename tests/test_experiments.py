"""An experiment's numbers are kept whole, with where and when they were measured."""

import json
import re

import pytest

from bsgd_edu import errors
from bsgd_edu.course import experiments


def test_what_is_saved_says_where_and_when(tmp_path):
    path = experiments.save_result(
        tmp_path / "new" / "one.json", {"loss": [0.25]}, device="cpu", seconds=1.26
    )
    result = json.loads(path.read_text())
    assert result["loss"] == [0.25]
    assert result["seconds"] == 1.3
    assert result["device"].startswith("a CPU")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", result["date"])
    assert [p.name for p in path.parent.iterdir()] == ["one.json"]


def test_numbers_that_cannot_be_written_leave_no_file(tmp_path):
    with pytest.raises(TypeError):
        experiments.save_result(tmp_path / "x.json", {"a": object()}, device="cpu", seconds=1)
    assert list(tmp_path.iterdir()) == []


def test_recorded_experiment_of_chapter_two_is_complete():
    result = experiments.load_result("02_backward_sgd_mnist")
    count = len(result["methods"])
    assert all(len(result[key]) == count for key in ("jitter", "loss", "loss_stderr"))
    assert result["seconds"] > 10
    assert "mnist" in result["title"].lower()


def test_a_result_that_does_not_exist_is_one_line():
    with pytest.raises(errors.DataError, match=r"nothing.json does not exist"):
        experiments.load_result("nothing")


def test_a_damaged_result_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "bad.json").write_text("{")
    monkeypatch.setattr(experiments, "data_file", lambda name: tmp_path / "bad.json")
    with pytest.raises(errors.DataError, match=r"bad.json must be a JSON file"):
        experiments.load_result("bad")
