"""Explorers of chapter 7: a filter over a spectrum, and the error against features over samples."""

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from ... import plot, rmt
from ...errors import DomainError
from ...plot.curves import draw_against
from ...plot.explorer import Explorer, tabs
from ...seeding import generator as stream
from . import figures, theory

__all__ = [
    "Learning",
    "chapter",
    "descent",
    "filtering",
    "learning_state",
]

_KINDS = {  # what learning_curve takes beside the model
    "flow": {"lr": 1.0},
    "gd": {"lr": 0.2, "discrete": True},
    "ridge": {"lr": 1.0, "ridge": 0.5},
}


class Learning(NamedTuple):
    """One setting at one time: spectrum, filter, curves, and the mean of twelve small runs."""

    law: rmt.SpikedMarchenkoPastur
    points: Tensor  # eigenvalues, (k,)
    density: Tensor
    learned: Tensor  # g_t at the points
    times: Tensor  # αt, (T,)
    curve: rmt.LearningCurve | None  # None where gradient descent diverges
    dots: tuple[Tensor, rmt.LearningCurve] | None  # αt (m,), means (m,) each
    time: float  # αt of the filter, a whole number of steps for gradient descent
    kind: str


def _steps(times: Tensor, kind: str) -> Tensor:
    """Flow times as steps, whole and at least one for gradient descent."""
    steps = times / _KINDS[kind]["lr"]
    return steps.round().clamp_min(1).unique() if kind == "gd" else steps


@lru_cache(maxsize=64)
def _curves(ratio: float, signal: float, init_var: float, kind: str):
    """Theory and twelve small runs; kept, since the time moves most often."""
    options = _KINDS[kind]
    law = rmt.SpikedMarchenkoPastur(ratio, signal)
    setting = {"signal": signal, "init_var": init_var, **options}
    stable = kind != "gd" or options["lr"] * law.support[1] <= 2
    steps = _steps(torch.logspace(-2, 4, 121, dtype=torch.float64), kind)
    curve = rmt.learning_curve(steps, ratio=ratio, **setting) if stable else None
    marks = _steps(torch.logspace(-1.5, 4, 12, dtype=torch.float64), kind)
    try:
        run = rmt.simulate_learning(
            marks,
            num_features=round(50 * ratio**0.5),
            num_samples=round(50 / ratio**0.5),
            replicas=12,
            generator=stream(0, "explorer", kind),
            **setting,
        )
    except DomainError:  # a finite sample may have an eigenvalue too large where the limit has not
        return law, steps * options["lr"], curve, None
    means = rmt.LearningCurve(*(accuracy.mean(0) for accuracy in run))
    return law, steps * options["lr"], curve, (marks * options["lr"], means)


def learning_state(
    ratio: float, signal: float, init_var: float, decades: float, kind: str
) -> Learning:
    """Returns spectrum, filter and curves of one setting.

    Args:
        ratio: c.
        signal: ‖μ‖.
        init_var: σ².
        decades: log₁₀ αt of the filter.
        kind: ``"flow"``, ``"gd"`` (α = 0.2) or ``"ridge"`` (flow with γ = 0.5).

    Returns:
        What the two panels show.
    """
    law, times, curve, dots = _curves(ratio, signal, init_var, kind)
    step = _steps(torch.tensor([10.0**decades], dtype=torch.float64), kind)
    end = 1.08 * law.support[1]
    points = torch.linspace(0, end, 241, dtype=torch.float64)
    learned = rmt.spectral_filter(step, points, **_KINDS[kind]).learned[0]
    time = float(step) * _KINDS[kind]["lr"]
    return Learning(law, points, law.bulk.density(points), learned, times, curve, dots, time, kind)


def filtering() -> Explorer:
    """Returns the explorer of a filter over a spectrum."""
    import ipywidgets as widgets

    def draw(result: Learning):
        left, right = plot.grid(1, 2, (8.0, 3.4))
        marks = {} if result.law.spike is None else {"spike": result.law.spike}
        label = {f"filter at time {_plain(result.time)}": result.learned}
        # Next to its lower edge at 0 the density of c = 1 has no bound.
        density = result.density.clamp_max(min(1.5, float(result.density[8:].max())))
        figures.draw_filter(result.points, density, label, marks=marks, ax=left)
        left.set(xlabel="eigenvalue", ylabel="filter")
        theory, best, dots = {}, {}, {}
        if result.dots is not None:
            at, (test, train) = result.dots
            dots = {"test runs": (at, test, None), "training runs": (at, train, None)}
        if result.curve is None:
            right.text(0.5, 0.5, "diverges", transform=right.transAxes, ha="center")
        else:
            theory = {"test": result.curve.test_accuracy, "training": result.curve.train_accuracy}
            top = int(result.curve.test_accuracy.argmax())
            best = {"": (float(result.times[top]), float(result.curve.test_accuracy[top]))}
        figures.draw_accuracy(result.times, theory, dots, best=best, ax=right)
        right.axvline(result.time, color=plot.COLOURS["reference"], linewidth=1)
        right.set(xlabel="training time", ylim=(0.3, 1.03), xlim=(0.008, 1.3e4))
        return left

    def describe(result: Learning) -> str:
        law, rate = result.law, _KINDS[result.kind]["lr"]
        seen = (
            f"One eigenvalue at {law.spike:.3g} stands out of a bulk that ends at "
            f"{law.edges[1]:.3g}. "
            if law.spike
            else f"No eigenvalue stands out: ‖μ‖² = {law.signal**2:.3g} is not above "
            f"√c = {math.sqrt(law.ratio):.3g}. "
        )
        if result.curve is None:
            return seen + (
                f"Gradient descent diverges: α times the largest eigenvalue is "
                f"{rate * law.support[1]:.3g}, above 2, and the weights grow along its direction."
            )
        test, train = result.curve
        best, now = int(test.argmax()), int((result.times - result.time).abs().argmin())
        told = f"At time {_plain(result.time)}: test {test[now]:.3f}, training {train[now]:.3f}; "
        if float(test[best] - test[-1]) < 5e-4:
            return seen + told + "the test accuracy does not fall: no need to stop."
        return (
            seen
            + told
            + (
                f"best at time {_plain(result.times[best], 2)} with {test[best]:.3f}, and "
                f"{test[-1]:.3f} at time 10,000."
            )
        )

    return Explorer(
        title="A filter over a spectrum",
        controls={
            "ratio": widgets.SelectionSlider(
                options=theory.RATIOS, value=0.5, description="features over samples c"
            ),
            "signal": widgets.FloatSlider(
                1.4, min=0.2, max=3.0, step=0.1, description="signal ‖μ‖"
            ),
            "init_var": widgets.SelectionSlider(
                options=theory.VARIANCES, value=0.1, description="initial variance σ²"
            ),
            "decades": widgets.FloatSlider(
                1.0, min=-2.0, max=4.0, step=0.1, description="training time, log₁₀ αt"
            ),
            "kind": widgets.ToggleButtons(
                options=[("flow", "flow"), ("GD, α = .2", "gd"), ("ridge γ = .5", "ridge")],
                description="method",
                style={"button_width": "8em"},
            ),
        },
        model=learning_state,
        draw=draw,
        describe=describe,
    )


def descent() -> Explorer:
    """Returns the explorer of the error against features over samples."""
    import ipywidgets as widgets

    def draw(result: theory.Descent):
        left, right = plot.grid(1, 2, (8.0, 3.4))
        lines = {
            f"time {_plain(result.time)}": result.now,
            "best time": result.best,
            "in the end": result.end,
            "bound": result.least,
        }
        figures.draw_descent(result.ratios, lines, ax=left)
        left.set(xlabel="features over samples c", ylim=(0, 0.52))
        edges = torch.tensor([rmt.MarchenkoPastur(c).edges[0] for c in result.ratios.tolist()])
        draw_against(
            {"smallest eigenvalue": (result.ratios, edges.clamp_min(1e-9))},
            {},
            levels={"reached: 1 over time": 1 / result.time},
            looks={"reached: 1 over time": {"color": plot.OKABE_ITO[0], "linestyle": "--"}},
            xlabel="features over samples c",
            ylabel="eigenvalue",
            xscale="log",
            yscale="log",
            ylim=(3e-6, 300),
            ax=right,
        )
        for ax in (left, right):
            ax.set(xticks=(0.1, 0.3, 1, 3), xticklabels=("0.1", "0.3", "1", "3"))
        return left

    def describe(result: theory.Descent) -> str:
        error = result.now
        fallen = error.cummax(0).values - error
        falls = float(fallen.max()) > 5e-4  # what three digits show
        before = error[: int(fallen.argmax()) + 1]
        peak = int(before.argmax() if falls else (result.ratios - 1).abs().argmin())
        told = f"Trained to time {_plain(result.time)}, the error "
        if falls:
            told += f"peaks at c = {result.ratios[peak]:.3g} with {error[peak]:.3f}, then falls. "
        else:
            told += f"rises with c throughout: {error[peak]:.3f} at c = 1. "
        return told + (
            f"Stopped at the best time it is {result.best[peak]:.3f} there, and trained for ever "
            f"{result.end[peak]:.3f}."
        )

    return Explorer(
        title="Error against features over samples",
        controls={
            "signal": widgets.FloatSlider(
                1.0, min=0.2, max=3.0, step=0.1, description="signal ‖μ‖"
            ),
            "init_var": widgets.SelectionSlider(
                options=theory.VARIANCES, value=0.1, description="initial variance σ²"
            ),
            "decades": widgets.FloatSlider(
                2.0, min=-2.0, max=4.0, step=0.2, description="training time, log₁₀ αt"
            ),
        },
        model=theory.descent_curves,
        draw=draw,
        describe=describe,
    )


def chapter():
    """Returns the two explorers of the chapter in tabs."""
    return tabs({"Learning curves": filtering(), "Double descent": descent()})


def _plain(time: float, digits: int = 3) -> str:
    """So many digits, without an exponent: 0.316, 2,000."""
    return f"{float(f'{time:.{digits}g}'):,g}"
