"""Records of full runs: written whole, of one profile, and shown with machine and date."""

import json

import pytest

from bsgd_edu.course import fullscale
from bsgd_edu.course.fullscale import full_scale, load_record, save_record
from bsgd_edu.course.outcomes import Outcome
from bsgd_edu.course.registry import read_registry
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
    monkeypatch.setattr(fullscale, "data_file", lambda name: path)
    record = load_record("01_x")
    assert (record["seconds"], record["profile"], record["device"]) == (12.3, "full", "CPU <1>")
    assert len(record["date"]) == 10
    assert [claim["id"] for claim in record["claims"]] == ["a/b"]
    full_scale("01_x")
    line = capsys.readouterr().out
    assert "CPU <1>, 12 s: run it (profile full). 1 claim: 1 reproduced." in line


def test_page_escapes_and_shows_both_numbers(tmp_path, monkeypatch):
    path, sent = _save(tmp_path, [_outcome()]), []
    monkeypatch.setattr(fullscale, "data_file", lambda name: path)
    monkeypatch.setattr(fullscale, "publish", lambda data, meta: sent.append(data["text/html"]))
    full_scale("01_x")
    assert "CPU &lt;1&gt;" in sent[0]
    assert "<td>1.25</td><td>1.5</td>" in sent[0]


def test_record_refuses_mixed_profiles_and_nothing(tmp_path):
    for outcomes in ([], [_outcome(chapter="02_y")], [_outcome(), _outcome(profile="quick")]):
        with pytest.raises(UsageError, match="must come from one profile of 01_x"):
            _save(tmp_path, outcomes)
    assert not list(tmp_path.iterdir())


def test_damaged_records_are_refused(tmp_path, monkeypatch):
    path = tmp_path / "01_x.json"
    monkeypatch.setattr(fullscale, "data_file", lambda name: path)
    path.write_text("{")
    with pytest.raises(DataError, match="must be JSON"):
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
