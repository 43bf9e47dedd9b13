"""What was recorded: written whole, with machine and date; full runs are of one profile."""

import json
import re

import pytest

from bsgd_edu.course.claims import records
from bsgd_edu.course.claims.outcomes import Outcome
from bsgd_edu.course.claims.records import (
    load_record,
    load_result,
    save_record,
    save_result,
    show_record,
)
from bsgd_edu.course.claims.registry import read_registry
from bsgd_edu.errors import DataError, UsageError


def _outcome(**changes) -> Outcome:
    fields = {name: "x" for name in ("paper", "where", "source", "statement", "kind", "predicted")}
    fields |= {"id": "a/b", "chapter": "01_x", "verdict": "reproduced", "profile": "full"}
    return Outcome(**{**fields, "measured": 1.5, "expected": 1.25, **changes})


def _save(tmp_path, outcomes):
    return save_record(
        "01_x", outcomes, command="run it", device="CPU <1>", seconds=12.34, folder=tmp_path
    )


def test_record_holds_device_date_seconds_and_claims(tmp_path, monkeypatch, capsys):
    path = _save(tmp_path, [_outcome(), _outcome(id="c/d", chapter="02_y", profile="quick")])
    assert [file.name for file in tmp_path.iterdir()] == ["01_x.json"]
    monkeypatch.setattr(records, "data_file", lambda name: path)
    record = load_record("01_x")
    assert (record["seconds"], record["profile"], record["device"]) == (12.3, "full", "CPU <1>")
    assert len(record["date"]) == 10
    assert [claim["id"] for claim in record["claims"]] == ["a/b"]
    show_record("01_x")
    line = capsys.readouterr().out
    assert "CPU <1>, 12 s: run it (profile full). 1 claim: 1 reproduced." in line


def test_page_escapes_and_shows_both_numbers(tmp_path, monkeypatch):
    path, sent = _save(tmp_path, [_outcome()]), []
    monkeypatch.setattr(records, "data_file", lambda name: path)
    monkeypatch.setattr(records, "publish", lambda data, meta: sent.append(data["text/html"]))
    show_record("01_x")
    assert "CPU &lt;1&gt;" in sent[0]
    assert "<td>1.25</td><td>1.5</td>" in sent[0]


def test_record_refuses_mixed_profiles_and_nothing(tmp_path):
    for outcomes in ([], [_outcome(chapter="02_y")], [_outcome(), _outcome(profile="quick")]):
        with pytest.raises(UsageError, match="must come from one profile of 01_x"):
            _save(tmp_path, outcomes)
    assert not list(tmp_path.iterdir())


def test_damaged_records_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "01_x.json"
    monkeypatch.setattr(records, "data_file", lambda name: path)
    path.write_text("{")
    with pytest.raises(DataError, match="must be a JSON object"):
        load_record("01_x")
    path.write_text(json.dumps({"chapter": "01_x"}))
    with pytest.raises(DataError, match="'command', 'profile'"):
        load_record("01_x")


def test_record_of_chapter_1_is_of_its_claims():
    record = load_record("01_order_matters")
    stated = [e.id for e in read_registry().values() if e.chapter == "01_order_matters"]
    assert sorted(claim["id"] for claim in record["claims"]) == sorted(stated)
    assert {claim["verdict"] for claim in record["claims"]} == {"reproduced"}
    assert record["profile"] == "full"
    assert record["seconds"] > 0
    assert "CPU" in record["device"]


# ---- single experiments


def test_what_is_saved_says_where_and_when(tmp_path):
    path = save_result(tmp_path / "new" / "one.json", {"loss": [0.25]}, device="cpu", seconds=1.26)
    result = json.loads(path.read_text())
    assert result["loss"] == [0.25]
    assert result["seconds"] == 1.3
    assert result["device"].startswith("a CPU")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", result["date"])
    assert [p.name for p in path.parent.iterdir()] == ["one.json"]


def test_numbers_that_cannot_be_written_leave_no_file(tmp_path):
    with pytest.raises(TypeError):
        save_result(tmp_path / "x.json", {"a": object()}, device="cpu", seconds=1)
    assert list(tmp_path.iterdir()) == []


def test_recorded_experiment_of_chapter_two_is_complete():
    result = load_result("02_backward_sgd_mnist")
    count = len(result["methods"])
    assert all(len(result[key]) == count for key in ("jitter", "loss", "loss_stderr"))
    assert result["seconds"] > 10
    assert "mnist" in result["title"].lower()


def test_a_result_that_does_not_exist_is_one_line():
    with pytest.raises(DataError, match=r"nothing.json does not exist"):
        load_result("nothing")


def test_a_damaged_result_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "bad.json").write_text("{")
    monkeypatch.setattr(records, "data_file", lambda name: tmp_path / "bad.json")
    with pytest.raises(DataError, match=r"bad.json must be a JSON object"):
        load_result("bad")
