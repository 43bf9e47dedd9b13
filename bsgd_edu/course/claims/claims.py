"""Asserts a paper's claims inside a chapter, and records what was measured.

A `Ledger` finds the statements of a lesson; `agrees`, `holds` and `not_reproduced` compare. What a
cell asserted is told below it in one line that opens, the same under every profile, and left in the
output's metadata for the runner, which gathers it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from html import escape
from typing import Any

import numpy as np

from ...errors import BsgdError, DomainError, UsageError
from ...plot.display import publish
from ..nearest import nearest
from ..rooms import Room
from ..shell import after_each_cell
from .measured import like, positive, read, standard_errors
from .outcomes import MIME, Outcome, finite, number, render_html, summary
from .registry import Entry, read_claims

__all__ = ["Claim", "ClaimFailed", "Ledger"]


class ClaimFailed(BsgdError, AssertionError):
    """A claim whose measurement lies outside its tolerance."""


class Ledger:
    """The claims of one chapter, and what this kernel has asserted of them so far.

    Args:
        room: The lesson.
        profile: Under which it runs.
    """

    def __init__(self, room: Room, profile: str):
        self._room, self._profile = room, profile
        self._entries = read_claims(room)
        self._outcomes: dict[str, Outcome] = {}
        self._unsaid: list[Outcome] = []
        self._at_cells_end = after_each_cell(self.say)

    def claim(self, claim_id: str) -> "Claim":
        """Returns the claim of that id, ready to be compared with a measurement.

        Args:
            claim_id: An id of the lesson's ``claims.toml``.

        Raises:
            UsageError: If there is no such id; the message names the nearest one.
        """
        if claim_id not in self._entries:
            raise UsageError(
                f"claim: id must be one of the {len(self._entries)} of "
                f"lessons/{self._room.folder.name}/claims.toml, but {claim_id!r} is not. "
                f"{nearest(claim_id, self._entries)}"
            )
        return Claim(self._entries[claim_id], self._profile, self._keep)

    def _keep(self, outcome: Outcome) -> None:
        self._outcomes[outcome.id] = outcome  # a cell that runs twice replaces its outcome
        self._unsaid.append(outcome)
        if not self._at_cells_end:
            self.say()

    def say(self) -> None:
        """Shows what was asserted since the last time: one line that opens, and all for machines.

        Neither form varies between runs. What was measured stands in the output's metadata: nbval
        compares an output's data, and what reads notebooks warns of types that it does not know.
        """
        said, self._unsaid = self._unsaid, []
        if not said:
            return
        head = _in_one_line(said)
        lines = [f"{_mark(one)} {one.verdict}: {one.statement} [{one.id}]" for one in said]
        pages = [
            f"{_mark(one)} <b>{one.verdict}</b>: {escape(one.statement)} <code>{one.id}</code>"
            for one in said
        ]
        for index, one in enumerate(said):
            if one.why:
                lines[index] += f"\n  Why: {one.why}"
                pages[index] += f"<br>Why: {escape(one.why)}"
        body = "".join(f'<p style="margin:0.2em 0">{page}</p>' for page in pages)
        fold = "details" if all(_mark(one) == "✓" for one in said) else "details open"
        html = f"<{fold}><summary>{head}</summary>{body}</details>"
        publish(
            {"text/html": html, "text/plain": "\n".join([head, *lines])},
            {MIME: {"claims": [asdict(one) for one in said]}},
        )

    def outcomes(self) -> list[Outcome]:
        """Returns what was asserted so far, in that order."""
        return list(self._outcomes.values())

    def show(self) -> None:
        """Displays the claims: predicted, measured, verdict; what was not asserted is named."""
        shown = self.outcomes()
        missing = [name for name in self._entries if name not in self._outcomes]
        note = f"Not run yet in this kernel: {', '.join(missing)}." if missing else ""
        lines = [f"{outcome.verdict}: {outcome.id}" for outcome in shown]
        text = "\n".join([summary(shown), *lines, *([note] if note else [])])
        table = f"{render_html(shown)}<p>{summary(shown)}. {note}</p>"
        publish({"text/html": table, "text/plain": text}, {})


def _mark(outcome: Outcome) -> str:
    return {"failed": "✗", "not reproduced": "○"}.get(outcome.verdict, "✓")


def _in_one_line(outcomes: Sequence[Outcome]) -> str:
    """For example "✓ 4 checks held", "○ 2 checks held, 1 not reproduced"."""
    marks = [_mark(outcome) for outcome in outcomes]
    held = marks.count("✓")
    parts = [f"{held} check{'s' * (held != 1)} held"] if held else []
    parts += [f"{marks.count('○')} not reproduced"] if "○" in marks else []
    parts += [f"{marks.count('✗')} failed"] if "✗" in marks else []
    worst = next(mark for mark in "✗○✓" if mark in marks)
    return f"{worst} {', '.join(parts)}"


class Claim:
    """A statement of the register, to be compared with a measurement.

    Args:
        stated: The statement.
        profile: The profile of the run.
        keep: Who is told what came of it.
    """

    def __init__(self, stated: Entry, profile: str, keep: Callable[[Outcome], None]):
        self.stated, self._profile, self._keep = stated, profile, keep

    def agrees(
        self,
        measured: Any,
        predicted: Any,
        *,
        stderr: Any = None,
        rtol: float | None = None,
        atol: float | None = None,
        against: Any = None,
    ) -> None:
        """Asserts |measured − predicted| ≤ sigmas·stderr + atol + rtol·|predicted|.

        Args:
            measured: A number, an array of any shape or an `Estimate`, or several, in a list or by
                name; an estimate brings its standard error.
            predicted: The same shape, names if measured has them, or one number for all entries.
            stderr: Monte-Carlo standard error(s) of measured, > 0, if it is not an estimate.
            rtol: Relative tolerance, for what is computed and not sampled.
            atol: Absolute tolerance.
            against: What a nearby wrong theory predicts, like predicted: another exponent, a term
                dropped, a factor of 2. The same tolerance must refuse it, or the test says little.

        Raises:
            ClaimFailed: If any entry is further off than its tolerance, or if no entry is further
                off than its tolerance from what the wrong theory predicts.
            UsageError: If no tolerance is given.
            DomainError: If a number is not finite, or a tolerance not positive.
            ShapeError: If the shapes differ.
        """
        got = read(self.stated.id, "measured", measured)
        want = like(self.stated.id, "predicted", predicted, measured, got)
        errors = standard_errors(self.stated.id, measured, stderr, got)
        if errors is None and rtol is None and atol is None:
            raise UsageError(
                f"{self.stated.id}: agrees must be given a tolerance, but there is no stderr, rtol "
                "or atol. Pass stderr=… for what is sampled, rtol=… or atol=… for what is computed."
            )
        allowed = np.zeros_like(got) if errors is None else self.stated.sigmas * errors
        for name, value, scale in (("rtol", rtol, np.abs(want)), ("atol", atol, 1.0)):
            if value is not None:
                positive(self.stated.id, name, value)
                allowed = allowed + value * scale
        badness = _in_tolerances(got, want, allowed)
        worst = int(np.argmax(badness))
        facts = self._facts(got, want, errors, worst)
        if against is not None:
            other = like(self.stated.id, "against", against, measured, got)
            refused = _in_tolerances(got, other, allowed)
            clearest = int(np.argmax(refused))
            facts["against"] = float(other.flat[clearest])
            facts["against_gap"] = float(refused.flat[clearest])
        bound = float(allowed.flat[worst])
        self._settle(bool(badness.flat[worst] <= 1), facts, f"at most {bound:.3g}")

    def holds(
        self,
        value: Any,
        *,
        below: float | None = None,
        above: float | None = None,
        between: Sequence[float] | None = None,
        stderr: Any = None,
    ) -> None:
        """Asserts an inequality for every entry of a value.

        Args:
            value: A number, an array or an `Estimate`, or several, as in :meth:`agrees`.
            below: An upper bound, or
            above: a lower bound, or
            between: both.
            stderr: If given, or brought by an estimate, the inequality must hold with ``sigmas``
                standard errors to spare.

        Raises:
            ClaimFailed: If an entry violates the inequality.
            UsageError: If not exactly one of below, above, between is given.
            DomainError: If a number is not finite, or the bounds are in the wrong order.
        """
        given = [name for name, b in _named(below, above, between) if b is not None]
        if len(given) != 1:
            raise UsageError(
                f"{self.stated.id}: holds must be given exactly one of below, above, between, but "
                f"it was given {given or 'none'}. Pass for example below=1e-6."
            )
        pair = between if between is not None else (above, below)
        low, high = (math.nan if b is None else float(b) for b in pair)
        if between is not None and not low < high:
            raise DomainError(
                f"{self.stated.id}: between must be (a, b) with a < b, but it is ({low:g}, "
                f"{high:g}). Swap them."
            )
        got = read(self.stated.id, "value", value)
        errors = standard_errors(self.stated.id, value, stderr, got)
        spare = 0.0 if errors is None else self.stated.sigmas * errors
        # How far inside each bound an entry lies; a missing bound (NaN) never decides.
        room = np.fmin(got - spare - low, high - got - spare)
        worst = int(np.argmin(room))
        number_there = float(got.flat[worst])
        nearer_low = number_there - low < high - number_there
        bound = low if math.isnan(high) or nearer_low else high
        facts = self._facts(got, np.full_like(got, bound), errors, worst) | {"bound": True}
        facts["gap"] = float(room.flat[worst]) / (1.0 if errors is None else facts["stderr"])
        rule = f"{given[0]} {tuple(pair) if between is not None else f'{bound:g}'}"
        self._settle(bool(room.flat[worst] > 0), facts, rule)

    def not_reproduced(
        self, measured: Any, *, why: str, predicted: float | None = None, stderr: Any = None
    ) -> None:
        """Records a claim that does not hold here: a finding, not an error.

        Args:
            measured: The number that was found.
            why: What differs, in a sentence without measured digits.
            predicted: The number that was expected, if there is one.
            stderr: Standard error of measured, if it was sampled.

        Raises:
            UsageError: If no reason is given.
        """
        if len(why.split()) < 3:
            raise UsageError(
                f"{self.stated.id}: why must be a sentence, but it is {why!r}. "
                "Say what was tried and what differs from the claim."
            )
        got = read(self.stated.id, "measured", measured)
        errors = standard_errors(self.stated.id, measured, stderr, got)
        facts: dict[str, Any] = {"measured": float(got.flat[0]), "count": got.size, "why": why}
        if predicted is not None:
            gap = abs(float(got.flat[0]) - float(predicted))
            facts |= {"expected": float(predicted), "gap": gap}
        if errors is not None:
            facts["stderr"] = float(errors.flat[0])
        self._record("not reproduced", facts)

    def _facts(
        self, got: np.ndarray, want: np.ndarray, errors: np.ndarray | None, worst: int
    ) -> dict[str, Any]:
        measured, expected = float(got.flat[worst]), float(want.flat[worst])
        facts = {"measured": measured, "expected": expected, "count": got.size}
        gap = abs(measured - expected)
        if errors is None:
            return facts | {"gap": gap}
        stderr = float(errors.flat[worst])
        return facts | {"gap": gap / stderr, "gap_unit": "standard errors", "stderr": stderr}

    def _settle(self, passed: bool, facts: dict[str, Any], rule: str) -> None:
        weak = facts.get("against_gap", math.inf) <= 1
        if passed and not weak:
            smaller = self.stated.scale == "smaller"
            self._record("reproduced at smaller scale" if smaller else "reproduced", facts)
            return
        outcome = self._record("failed", facts)
        if passed:
            raise ClaimFailed(
                f"{self.stated.id}: the tolerance must refuse what a wrong theory predicts, but "
                f"{number(outcome.against, 6)} is only {outcome.against_gap:.3g} tolerances from "
                f"measured {number(outcome.measured, 6)}. Measure more finely, or make the test "
                "where the two theories differ."
            )
        one_of = f" (the worst of {outcome.count} numbers)" if outcome.count > 1 else ""
        allowed = "" if not outcome.gap_unit else f" with {self.stated.sigmas:g} standard errors"
        distance = abs(outcome.measured - outcome.expected) / (outcome.stderr or 1.0)
        raise ClaimFailed(
            f"{self.stated.id}: measured must agree with the prediction ({self.stated.predicted}), "
            f"but measured {number(outcome.measured, 6)}{one_of} against predicted "
            f"{number(outcome.expected, 6)}, a gap of {distance:.3g} "
            f"{outcome.gap_unit or 'in absolute value'} where the rule is {rule}{allowed}. "
            "Look for the cause; if the claim does not hold here, say so with not_reproduced."
        )

    def _record(self, verdict: str, facts: dict[str, Any]) -> Outcome:
        stated = self.stated
        numbers = {key: finite(v) if isinstance(v, float) else v for key, v in facts.items()}
        shared = ("id", "chapter", "paper", "where", "source", "statement", "kind", "predicted")
        outcome = Outcome(
            **{name: getattr(stated, name) for name in shared},
            tolerance=stated.tolerance,
            verdict=verdict,
            profile=self._profile,
            **numbers,
        )
        self._keep(outcome)
        return outcome


def _in_tolerances(got: np.ndarray, want: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """How many tolerances lie between two numbers; 0 where they are equal, whatever is allowed."""
    gap = np.abs(got - want)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(gap == 0, 0.0, gap / allowed)


def _named(below: Any, above: Any, between: Any) -> tuple[tuple[str, Any], ...]:
    return ("below", below), ("above", above), ("between", between)
