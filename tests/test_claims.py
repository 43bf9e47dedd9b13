"""Claims: the register refuses what is unclear, assertions fail when they should, records last."""

import json
import math

import nbformat
import numpy as np
import pytest
import torch

from bsgd_edu.course import shell
from bsgd_edu.course.claims import claims, outcomes, registry
from bsgd_edu.course.claims.claims import ClaimFailed, Ledger
from bsgd_edu.course.claims.outcomes import MIME, Outcome
from bsgd_edu.course.claims.registry import Entry
from bsgd_edu.course.rooms import Room
from bsgd_edu.errors import DataError, DomainError, ShapeError, UsageError
from bsgd_edu.estimates import Estimate, mean_and_stderr

ENTRY = Entry(
    id="toy/one",
    chapter="99_toy",
    source="ours",
    paper="Nobody 2024",
    where="nowhere",
    statement="One is <one>.",
    kind="quantitative",
    predicted="1 & only",
    tolerance="none",
)
SMALL = Entry(**{**vars(ENTRY), "id": "toy/small", "source": "paper", "scale": "smaller"})
STRICT = Entry(**{**vars(ENTRY), "id": "toy/strict", "sigmas": 2.0})


class Toys:
    """The ledger of a toy lesson, made anew for each test."""

    ledger: Ledger


def claim(claim_id):
    return Toys.ledger.claim(claim_id)


def asserted() -> list[Outcome]:
    return Toys.ledger.outcomes()


def last() -> Outcome:
    return asserted()[-1]


def _toml(entry=ENTRY, **changes) -> str:
    fields = {**vars(entry), "chapter": None, **changes}
    return "[[claim]]\n" + "\n".join(f"{k} = {v!r}" for k, v in fields.items() if v is not None)


def _lesson(folder, text, chapter="99_toy"):
    room = folder / f"c{chapter}"
    room.mkdir(parents=True)
    (room / "__init__.py").write_text('"""Is one one?"""')
    (room / "claims.toml").write_text(text, encoding="utf-8")
    return Room(chapter, room)


@pytest.fixture(autouse=True)
def toys(monkeypatch, tmp_path_factory):
    folder = tmp_path_factory.mktemp("lessons")
    room = _lesson(folder, "\n".join(map(_toml, (ENTRY, SMALL, STRICT))))
    Toys.ledger = Ledger(room, "quick")
    monkeypatch.setattr(outcomes, "read_registry", lambda: registry.read_registry(folder))


# ---- agrees


@pytest.mark.parametrize(
    ("measured", "tolerance", "passes"),
    [
        (1.39, {"stderr": 0.1}, True),
        (1.41, {"stderr": 0.1}, False),
        (0.59, {"stderr": 0.1}, False),
        (1.009, {"atol": 0.01}, True),
        (1.011, {"atol": 0.01}, False),
        (2.02, {"rtol": 0.01, "atol": 0.001}, False),
        (1.41, {"stderr": 0.1, "atol": 0.02}, True),
    ],
)
def test_agrees_at_the_edge_of_its_tolerance(measured, tolerance, passes):
    if passes:
        claim("toy/one").agrees(measured, 1.0, **tolerance)
        assert last().verdict == "reproduced"
    else:
        with pytest.raises(ClaimFailed):
            claim("toy/one").agrees(measured, 1.0, **tolerance)
        assert last().verdict == "failed"


def test_rtol_is_relative_to_the_prediction():
    claim("toy/one").agrees(100.9, 100.0, rtol=0.01)
    with pytest.raises(ClaimFailed):
        claim("toy/one").agrees(0.0, 0.01, rtol=0.5)
    with pytest.raises(ClaimFailed):
        claim("toy/one").agrees(1e-300, 0.0, rtol=0.5)


def test_sigmas_come_from_the_register():
    with pytest.raises(ClaimFailed, match="with 2 standard errors"):
        claim("toy/strict").agrees(1.3, 1.0, stderr=0.1)


def test_failure_says_predicted_measured_and_gap_in_standard_errors():
    words = r"prediction \(1 & only\), but measured 1.5 against predicted 1, a gap of 5 standard"
    with pytest.raises(ClaimFailed, match=words):
        claim("toy/one").agrees(1.5, 1.0, stderr=0.1)
    with pytest.raises(AssertionError):
        claim("toy/one").agrees(1.5, 1.0, atol=0.1)


def test_the_worst_entry_of_an_array_decides_and_is_reported():
    measured, predicted = torch.tensor([[1.0, 2.3], [3.0, 4.1]]), np.array([[1, 2], [3, 4]])
    stderr = [[0.1, 0.1], [0.1, 0.01]]
    with pytest.raises(ClaimFailed, match=r"measured 4.1 \(the worst of 4 numbers\)"):
        claim("toy/one").agrees(measured, predicted, stderr=stderr)
    claim("toy/one").agrees(measured, predicted, stderr=0.1)
    assert last().count == 4
    assert last().measured == pytest.approx(2.3)
    assert last().gap == pytest.approx(3.0, rel=1e-5)
    assert last().gap_unit == "standard errors"


def test_agrees_refuses_what_it_cannot_compare():
    one = claim("toy/one")
    with pytest.raises(UsageError, match="must be given a tolerance"):
        one.agrees(1.0, 1.0)
    for bad in (math.nan, math.inf, [1.0, math.nan], []):
        with pytest.raises(DomainError, match="measured must be finite"):
            one.agrees(bad, 1.0, atol=1)
    with pytest.raises(DomainError, match="predicted must be finite"):
        one.agrees(1.0, math.nan, atol=1)
    with pytest.raises(
        ShapeError, match=r"shaped \(2, 3\) like measured, but its shape is \(3, 2\)"
    ):
        one.agrees(torch.ones(2, 3), torch.ones(3, 2), atol=1)
    with pytest.raises(ShapeError, match="predicted must be one number"):
        one.agrees(1.0, [1.0, 1.0], atol=1)
    with pytest.raises(ShapeError, match="but it is str"):
        one.agrees("one", 1.0, atol=1)
    for bad in (0.0, -1.0, math.inf):
        with pytest.raises(DomainError):
            one.agrees(1.0, 1.0, stderr=bad)
    with pytest.raises(DomainError, match="atol must be > 0"):
        one.agrees(1.0, 1.0, atol=0.0)
    assert not asserted()


def test_an_estimate_brings_its_standard_error():
    samples = torch.tensor([[0.0, 1.0, 2.0, 1.0], [4.0, 6.0, 5.0, 5.0]])
    found = mean_and_stderr(samples)  # 1 and 5, each ± 0.408
    claim("toy/one").agrees(found, [1.0, 6.6])
    assert last().count == 2
    assert last().stderr == pytest.approx((2 / 3) ** 0.5 / 2)
    assert last().gap == pytest.approx(1.6 / (2 / 3) ** 0.5 * 2)
    with pytest.raises(ClaimFailed):
        claim("toy/one").agrees(found, [1.0, 6.7])
    claim("toy/one").holds(found, above=-0.64)
    with pytest.raises(ClaimFailed):
        claim("toy/one").holds(found, above=-0.63)
    claim("toy/one").not_reproduced(found, why="it is not so.")
    assert last().stderr == pytest.approx((2 / 3) ** 0.5 / 2)


def test_named_measurements_are_matched_by_name():
    found, one = Estimate(torch.ones(3), torch.full((3,), 0.1)), claim("toy/one")
    one.agrees({"a": 1.0, "b": 2.0}, {"b": 2.0, "a": 1.0}, atol=1e-9)
    one.agrees([found] * 2, torch.ones(2, 3))
    assert last().count == 6
    one.agrees({"a": found}, {"a": torch.full((3,), 1.39)})
    with pytest.raises(ClaimFailed):
        one.agrees({"a": found}, {"a": torch.full((3,), 1.41)})
    one.agrees({"a": 1.0, "b": 2.0}, [1.4, 2.0], stderr={"b": 0.01, "a": 0.1})
    with pytest.raises(ClaimFailed):
        one.agrees({"a": 1.0, "b": 2.0}, [1.4, 2.0], stderr={"a": 0.01, "b": 0.1})
    nested = {"a": {1: found, 2: found}, "b": {1: found, 2: found}}
    one.agrees(nested, {"b": {2: [1.3] * 3, 1: [1.0] * 3}, "a": {2: [1.0] * 3, 1: [0.7] * 3}})
    assert last().count == 12
    with pytest.raises(ClaimFailed):
        one.agrees({"a": {1: 0.0, 2: 1.0}}, {"a": {2: 0.0, 1: 1.0}}, atol=0.5)
    with pytest.raises(UsageError, match=r"keys of measured, but \['1'\] are in one only"):
        one.agrees({"a": {1: 0.0, 2: 1.0}}, {"a": {2: 0.0}}, atol=0.5)
    with pytest.raises(UsageError, match=r"keys of measured, but \['b', 'c'\] are in one only"):
        one.agrees({"a": 1.0, "b": 2.0}, {"a": 1.0, "c": 2.0}, atol=1)


def test_estimates_are_not_mixed_with_what_has_no_error():
    found, one = Estimate(torch.ones(3), torch.ones(3)), claim("toy/one")
    with pytest.raises(UsageError, match="but stderr is given too"):
        one.agrees(found, 1.0, stderr=0.1)
    with pytest.raises(UsageError, match="but some of its parts are numbers"):
        one.agrees({"a": found, "b": torch.ones(3)}, 1.0)
    with pytest.raises(UsageError, match="predicted must be exact numbers, but it is estimated"):
        one.agrees(found, found)
    with pytest.raises(ShapeError, match=r"it is dict of shapes \(2,\), \(3,\)"):
        one.agrees({"a": torch.ones(2), "b": torch.ones(3)}, 1.0, atol=1)
    with pytest.raises(DomainError, match="stderr must be > 0"):
        one.agrees(Estimate(torch.ones(3), torch.zeros(3)), 1.0)
    assert not asserted()


# ---- holds


@pytest.mark.parametrize(
    ("value", "bounds", "passes"),
    [
        (0.9, {"below": 1}, True),
        (1.0, {"below": 1}, False),
        (1.1, {"above": 1}, True),
        (1.0, {"above": 1}, False),
        ([0.1, 0.9], {"between": (0, 1)}, True),
        ([0.1, 1.0], {"between": (0, 1)}, False),
        ([-0.1, 0.5], {"between": (0, 1)}, False),
        ([0.5, 2.0], {"above": 1}, False),
        (0.7, {"below": 1, "stderr": 0.07}, True),
        (0.7, {"below": 1, "stderr": 0.08}, False),
        (1.3, {"above": 1, "stderr": 0.08}, False),
    ],
)
def test_holds_is_strict_and_wants_sigmas_to_spare(value, bounds, passes):
    if passes:
        claim("toy/one").holds(value, **bounds)
        assert last().verdict == "reproduced"
    else:
        with pytest.raises(ClaimFailed):
            claim("toy/one").holds(value, **bounds)


def test_holds_reports_the_entry_nearest_to_its_bound():
    claim("toy/one").holds([0.2, 0.95, 0.5], between=(0, 1))
    assert (last().measured, last().expected) == (0.95, 1.0)
    claim("toy/one").holds([0.03, 0.95], between=(0, 1))
    assert (last().measured, last().expected) == (0.03, 0.0)


def test_holds_refuses_unclear_bounds():
    one = claim("toy/one")
    with pytest.raises(UsageError, match="exactly one of below, above, between"):
        one.holds(1.0)
    with pytest.raises(UsageError, match=r"\['below', 'above'\]"):
        one.holds(1.0, below=2, above=0)
    with pytest.raises(DomainError, match=r"\(1, 0\). Swap"):
        one.holds(0.5, between=(1, 0))
    with pytest.raises(DomainError, match="value must be finite"):
        one.holds(math.nan, below=1)


# ---- verdicts and output


def test_not_reproduced_is_recorded_with_its_reason(capsys):
    claim("toy/one").not_reproduced(2.0, why="The gap is there at every scale.", predicted=1.0)
    assert (last().verdict, last().gap, last().measured) == ("not reproduced", 1.0, 2.0)
    assert "Why: The gap is there" in capsys.readouterr().out
    with pytest.raises(UsageError, match="why must be a sentence"):
        claim("toy/one").not_reproduced(2.0, why="no")


def test_smaller_scale_is_said(capsys):
    claim("toy/small").holds(1, above=0)
    assert last().verdict == "reproduced at smaller scale"
    assert "\n✓ reproduced at smaller scale: One is" in capsys.readouterr().out


def test_printed_line_does_not_vary_with_what_was_measured(capsys):
    for measured, stderr in ((1.01, 0.1), (0.97, 0.02)):
        claim("toy/one").agrees(measured, 1.0, stderr=stderr)
    first, line, *again = capsys.readouterr().out.splitlines()
    assert [first, line] == again
    assert (first, line) == ("✓ 1 check held", "✓ reproduced: One is <one>. [toy/one]")


def test_an_assertion_returns_nothing_that_a_notebook_would_display():
    assert claim("toy/one").agrees(1, 1, atol=1) is None
    assert claim("toy/one").holds(1, above=0) is None


def test_running_a_cell_again_replaces_its_outcome():
    claim("toy/one").agrees(1.0, 1.0, atol=1)
    claim("toy/small").holds(1, above=0)
    claim("toy/one").agrees(1.5, 1.0, atol=1)
    assert [(o.id, o.measured) for o in asserted()] == [("toy/one", 1.5), ("toy/small", 1.0)]


def test_data_of_the_output_is_stable_and_metadata_holds_the_numbers(monkeypatch):
    sent = []
    monkeypatch.setattr(claims, "publish", lambda data, metadata: sent.append((data, metadata)))
    for measured in (1.01, 0.98):
        claim("toy/one").agrees(measured, 1.0, stderr=0.1)
    (data, numbers), (again, others) = sent
    assert data == again
    assert set(data) == {"text/html", "text/plain"}, "a reader of notebooks knows these types"
    said = "✓ <b>reproduced</b>: One is &lt;one&gt;. <code>toy/one</code>"
    folded = f'<summary>✓ 1 check held</summary><p style="margin:0.2em 0">{said}</p>'
    assert data["text/html"] == f"<details>{folded}</details>"
    (kept,), (other,) = numbers[MIME]["claims"], others[MIME]["claims"]
    assert {"id", "paper", "kind", "predicted", "chapter", "tolerance", "stderr"} <= kept.keys()
    assert (kept["verdict"], kept["measured"], other["measured"]) == ("reproduced", 1.01, 0.98)
    assert kept["gap"] == pytest.approx(0.1)
    json.dumps(numbers)


class Shell:
    """What a notebook's shell offers: somebody may ask to be called after each cell."""

    def __init__(self, monkeypatch):
        self.calls = []
        monkeypatch.setattr(shell, "_shell", lambda: self)
        self.events = self

    def register(self, event, call):
        assert event == "post_run_cell"
        self.calls.append(call)

    def end_cell(self):
        for call in self.calls:
            call(None)


def test_the_claims_of_a_cell_fold_into_one_line(monkeypatch, tmp_path):
    sent, cells = [], Shell(monkeypatch)
    monkeypatch.setattr(claims, "publish", lambda data, metadata: sent.append((data, metadata)))
    ledger = Ledger(_lesson(tmp_path, "\n".join(map(_toml, (ENTRY, SMALL, STRICT)))), "quick")
    ledger.claim("toy/one").agrees(1.0, 1.0, atol=1)
    ledger.claim("toy/small").holds(1, above=0)
    assert sent == []
    cells.end_cell()
    cells.end_cell()
    ((data, metadata),) = sent
    assert data["text/html"].startswith("<details><summary>✓ 2 checks held</summary>")
    assert [one["id"] for one in metadata[MIME]["claims"]] == ["toy/one", "toy/small"]
    ledger.claim("toy/one").not_reproduced(2.0, why="It is two here.")
    with pytest.raises(ClaimFailed):
        ledger.claim("toy/strict").holds(1, below=0)
    ledger.claim("toy/small").holds(1, above=0)
    cells.end_cell()
    page = sent[1][0]["text/html"]
    head = "✗ 1 check held, 1 not reproduced, 1 failed"
    assert page.startswith(f"<details open><summary>{head}</summary>")
    assert "Why: It is two here." in page


# ---- a severe test refuses a nearby wrong theory


def test_a_wrong_theory_must_be_refused_by_the_same_tolerance():
    claim("toy/one").agrees([1.0, 4.1], [1.0, 4.0], atol=0.2, against=[1.0, 8.0])
    assert (last().against, last().against_gap) == (8.0, pytest.approx(3.9 / 0.2))
    with pytest.raises(ClaimFailed, match=r"must refuse .* but 4.2 is only 0.5 tolerances"):
        claim("toy/one").agrees([1.0, 4.1], [1.0, 4.0], atol=0.2, against=[1.0, 4.2])
    assert last().verdict == "failed"
    with pytest.raises(ClaimFailed, match="measured must agree"):
        claim("toy/one").agrees(2.0, 1.0, atol=0.2, against=4.0)
    page = outcomes.render_html([outcomes.Outcome(**{**vars(last()), "against_gap": 10.0})])
    assert "4 would be 10 tolerances off" in page


def test_a_bound_is_shown_with_its_margin():
    claim("toy/one").holds([0.2, 0.7], below=1)
    assert (last().bound, last().gap) == (True, pytest.approx(0.3))
    assert '<td style="text-align:left">margin 0.3</td>' in outcomes.render_html(asserted())
    claim("toy/one").holds(0.5, below=1, stderr=0.1)  # four standard errors to spare of five
    assert (last().gap, last().gap_unit) == (pytest.approx(1.0), "standard errors")
    claim("toy/one").agrees(1.0, 1.25, atol=1)
    assert "gap 0.25" in outcomes.render_html(asserted())


def test_profile_is_that_of_the_run(tmp_path):
    full = Ledger(_lesson(tmp_path, _toml()), "full")
    full.claim("toy/one").agrees(1, 1, atol=1)
    assert [outcome.profile for outcome in full.outcomes()] == ["full"]
    claim("toy/one").agrees(1, 1, atol=1)
    assert last().profile == "quick"


def test_claims_table_names_what_is_missing_and_shows_no_digits_in_text(monkeypatch):
    sent = []
    monkeypatch.setattr(claims, "publish", lambda data, metadata: sent.append(data))
    claim("toy/one").agrees(1.0123, 1.0, atol=1)
    Toys.ledger.show()
    assert "1.012" in sent[-1]["text/html"]
    assert "Not run yet in this kernel: toy/small, toy/strict." in sent[-1]["text/html"]
    assert sent[-1]["text/plain"].splitlines()[:2] == [
        "1 claim: 1 reproduced",
        "reproduced: toy/one",
    ]
    assert "0123" not in sent[-1]["text/plain"]


# ---- gathering


def _cell(data, metadata):
    output = nbformat.v4.new_output("display_data", data=data, metadata=metadata)
    return nbformat.v4.new_code_cell("claim(…)", outputs=[output])


def _notebook(monkeypatch, *measured):
    cells = []
    monkeypatch.setattr(claims, "publish", lambda *sent: cells.append(_cell(*sent)))
    for value in measured:
        claim("toy/one").agrees(value, 1.0, stderr=0.1)
    odd = {MIME: "no dictionary"}
    other = nbformat.v4.new_output("display_data", data={}, metadata=odd)
    cells.append(nbformat.v4.new_code_cell("", outputs=[other]))
    return nbformat.v4.new_notebook(cells=[*cells, nbformat.v4.new_markdown_cell("text")])


def test_gather_reads_notebooks_and_paths_and_keeps_the_last(monkeypatch, tmp_path):
    notebook = _notebook(monkeypatch, 1.1, 0.9)
    path = tmp_path / "a.ipynb"
    nbformat.write(notebook, path)
    for source in (notebook, path, str(path)):
        (found,) = outcomes.gather([source])
        assert (found.id, found.measured, found.verdict) == ("toy/one", 0.9, "reproduced")
        assert found.gap_unit == "standard errors"
    assert len(outcomes.gather([notebook, path])) == 2
    assert outcomes.gather([]) == []


def test_gather_refuses_what_is_no_notebook(tmp_path):
    (tmp_path / "a.ipynb").write_text("{")
    for path in (tmp_path / "a.ipynb", tmp_path / "missing.ipynb"):
        with pytest.raises(DataError, match="must be readable"):
            outcomes.gather([path])


def test_gather_bears_records_of_other_versions():
    kept = {MIME: {"claims": [{"id": "a/b", "new": 1}, "no dictionary"]}}
    old = nbformat.v4.new_notebook(cells=[_cell({}, kept)])
    (found,) = outcomes.gather([old])
    assert (found.id, found.verdict, found.measured) == ("a/b", "", None)


def test_gathered_outcomes_know_the_parameters_of_their_run(monkeypatch):
    notebook = _notebook(monkeypatch, 1.1)
    notebook.metadata["bsgd"] = {"parameters": {"seed": "3"}}
    (found,) = outcomes.gather([notebook])
    assert found.parameters == {"seed": "3"}


def test_outcomes_survive_a_file(monkeypatch, tmp_path):
    found = outcomes.gather([_notebook(monkeypatch, 1.1)])
    outcomes.save_outcomes(found, tmp_path / "c.json")
    assert outcomes.load_outcomes(tmp_path / "c.json") == found
    assert list(tmp_path.iterdir()) == [tmp_path / "c.json"]
    assert outcomes.load_outcomes(tmp_path / "none.json") == []
    (tmp_path / "c.json").write_text('[{"id": 1}, 2]')
    with pytest.raises(DataError, match="is damaged"):
        outcomes.load_outcomes(tmp_path / "c.json")


def test_tables_escape_what_they_show():
    claim("toy/one").agrees(1.0, 1.0, atol=1)
    page = outcomes.render_html(asserted())
    assert "One is &lt;one&gt;." in page
    assert "1 &amp; only" in page
    assert "ours, on Nobody 2024" in page
    assert "<one>" not in page


def test_summary_counts_verdicts():
    claim("toy/one").agrees(1.0, 1.0, atol=1)
    claim("toy/small").holds(1, above=0)
    expected = "2 claims: 1 reproduced, 1 reproduced at smaller scale"
    assert outcomes.summary(asserted()) == expected


def test_list_claims_shows_all_of_a_chapter_with_the_last_outcome():
    claim("toy/one").agrees(1.25, 1.0, atol=1)
    table = outcomes.list_claims("99", asserted())
    columns = {column.header: list(column.cells) for column in table.columns}
    ids = [cell.split("\n")[0] for cell in columns["claim"]]
    assert ids == ["[bold]toy/one[/bold]", "[bold]toy/small[/bold]", "[bold]toy/strict[/bold]"]
    assert columns["verdict"] == ["reproduced", "not run yet", "not run yet"]
    assert columns["measured"] == ["1.25", "–", "–"]
    with pytest.raises(UsageError, match=r"'98_toy' has none. Did you mean '99_toy'"):
        outcomes.list_claims("98_toy")


# ---- the register


def test_unknown_id_names_the_nearest():
    with pytest.raises(UsageError, match=r"'toy/on' is not. Did you mean 'toy/one'"):
        claim("toy/on")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (_toml(kind="guess"), "kind of claim 1 .toy/one. .* must be one of identity"),
        (_toml(source="rumour"), "source of"),
        (_toml(scale="large"), "scale of"),
        (_toml(id="Toy"), "id of .* must look like topic/short-name"),
        (_toml(chapter="99_toy"), r"unknown are \['chapter'\]"),
        (_toml(statement=" "), r"empty are \['statement'\]"),
        (_toml(sigmas=9.0), "sigmas is 9.0"),
        (_toml(tolerance=None), r"missing are \['tolerance'\]"),
        (_toml(extra="x"), r"unknown are \['extra'\]"),
        (_toml() + "\n" + _toml(), "'toy/one' appears twice"),
        ("[[claim", "must be TOML of"),
    ],
)
def test_register_refuses_unclear_tables(tmp_path, text, words):
    _lesson(tmp_path, text)
    with pytest.raises(DataError, match=words):
        registry.read_registry(tmp_path)


def test_ids_are_unique_over_all_lessons(tmp_path):
    _lesson(tmp_path, _toml(), "98_toy")
    _lesson(tmp_path, _toml())
    with pytest.raises(DataError, match="'toy/one' appears twice, in 98_toy and 99_toy"):
        registry.read_registry(tmp_path)


def test_register_of_the_course_is_whole():
    found = registry.read_registry()
    assert len([e for e in found.values() if e.chapter == "01_order_matters"]) >= 12
    assert {e.source for e in found.values()} == set(registry.SOURCES)
    for item in found.values():
        assert item.statement.endswith("."), item.id
        assert len(item.tolerance.split()) >= 3, item.id
