"""Chapter 7's figures as they stand on the page; those of what breaks are `pages_breaks`'s."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from ... import estimates, rmt
from ...plot.curves import draw_against, over
from ...plot.display import show
from ...plot.style import COLOURS, grid
from . import figures as learning
from . import runs
from .pages_breaks import show_real, show_steps

__all__ = [
    "show_descent",
    "show_learning",
    "show_real",
    "show_spectrum",
    "show_steps",
    "show_two_directions",
]


def show_two_directions(orbit: Tensor, filtered: Tensor) -> None:
    """Shows two coordinates of the weights, and the accuracy of their direction.

    Args:
        orbit: w_0 … w_T made by composing maps, (T + 1, 2); the signal lies along the first axis.
        filtered: The same from the filter, (T + 1, 2).
    """
    left, right = grid(1, 2, (7.2, 3.3))
    steps = torch.arange(len(orbit))
    some = slice(None, None, max(1, len(steps) // 20))
    draw_against(
        over(steps, {"theory: filter": filtered[:, 0], "_": filtered[:, 1]}),
        over(steps[some], {"strong direction": orbit[some, 0], "weak direction": orbit[some, 1]}),
        dashes="-",
        line={"linewidth": 1.2},
        dot={"fillstyle": "none"},
        xlabel="step $t$",
        ylabel="coordinate of $w_t$",
        ax=left,
    )
    late = slice(1, None)
    accuracy = torch.special.ndtr(orbit[late, 0] / orbit[late].norm(dim=1))
    learning.draw_accuracy(steps[late], {"new samples": accuracy}, xlabel="step $t$", ax=right)
    show(
        left,
        alt="Left: the coordinate along the strong direction jumps to its final value in one step, "
        "the weak one creeps up past it. Right: the accuracy on new samples is highest after the "
        "first step and falls from then on.",
        caption="Two directions, one map repeated. Circles and squares: composed maps; lines: the "
        "filter.",
        data={
            "t": steps[late],
            "strong": orbit[late, 0],
            "weak": orbit[late, 1],
            "accuracy": accuracy,
        },
    )


def show_spectrum(
    laws: Mapping[float, rmt.SpikedMarchenkoPastur], found: Mapping[float, rmt.Spectrum]
) -> None:
    """Shows spectra below and above the threshold, the top eigenvalue, and what it knows.

    Args:
        laws: ρ → the law.
        found: ρ → sampled spectra.
    """
    frames, strengths = grid(2, 2, (7.2, 6.0)), list(laws)
    bulk, end = (
        laws[strengths[0]].bulk,
        1.05 * max(float(s.eigenvalues.max()) for s in found.values()),
    )
    points = torch.linspace(0, 4.6, 400, dtype=torch.float64)
    for ax, rho in zip(frames, (strengths[0], 2), strict=False):
        marks = {} if laws[rho].spike is None else {r"theory: spike": laws[rho].spike}
        learning.draw_spectrum(
            found[rho].eigenvalues.flatten(),
            points,
            bulk.density(points),
            marks=marks,
            bins=60,
            ax=ax,
        )
        ax.set(title=rf"$\rho={rho:g}$", xlim=(0, 4.6))
    ratio, threshold = bulk.ratio, bulk.ratio**0.5
    fine = torch.linspace(0.02, 1.1 * strengths[-1], 201, dtype=torch.float64)
    line = [rmt.SpikedMarchenkoPastur(ratio, rho**0.5) for rho in fine.tolist()]
    tops = torch.tensor([law.support[1] for law in line])
    measured = {
        name: estimates.mean_and_stderr(torch.stack(rows))
        for name, rows in {
            "top": [s.eigenvalues[:, -1] for s in found.values()],
            r"with $\mu$": [s.overlap for s in found.values()],
            "with $b$": [s.overlap_with_targets for s in found.values()],
        }.items()
    }
    dots = {name: (strengths, *pair) for name, pair in measured.items()}
    for ax in frames[2:]:
        ax.axvline(threshold, color=COLOURS["reference"], linestyle=":", linewidth=1.8,
                   label="threshold")  # fmt: skip
        ax.set(xlabel=r"signal $\rho=\|\mu\|^2$")
    above = {"line": learning.LINE, "legend": {"loc": "lower right"}}
    draw_against({"theory": (fine, tops)}, {"largest": dots.pop("top")}, **above, ax=frames[2],
                 ylabel="largest eigenvalue", ylim=(2, end))  # fmt: skip
    lines = {
        r"theory, $\mu$": torch.tensor([law.overlap for law in line]),
        "theory, $b$": torch.tensor([law.overlap_with_targets for law in line]),
    }
    draw_against(over(fine, lines), dots, **above, ax=frames[3], ylabel="squared cosine",
                 ylim=(-0.03, 1.05))  # fmt: skip
    show(
        frames[0],
        alt="Top: histograms of eigenvalues follow the black density of Marchenko and Pastur; for "
        "the strong signal a small separate heap lies at the predicted place. Bottom left: the "
        "largest eigenvalue stays at the edge up to the threshold and then rises along the line. "
        "Bottom right: squared cosines of its eigenvector with the signal and with the targets are "
        "near zero below the threshold and rise above it, on the theoretical curves.",
        caption="Above: all eigenvalues, below and above the threshold. Below: the largest one and "
        "its eigenvector, against the strength of the signal; bars are two standard errors.",
        data={
            "Top eigenvalue and squared cosines": {
                "ρ": strengths,
                **{f"{k.replace('$', '')}, mean": pair[0] for k, pair in measured.items()},
                **{f"{k.replace('$', '')}, stderr": pair[1] for k, pair in measured.items()},
            },
            "Theory": {"ρ": fine, "largest": tops, "with μ": lines[r"theory, $\mu$"]},
        },
    )


def show_learning(
    times: Tensor,
    curves: Mapping[float, rmt.LearningCurve],
    run_times: Tensor,
    tests: Mapping[float, Mapping[str, Tensor]],
    trains: Mapping[float, Mapping[str, Tensor]],
) -> None:
    """Shows theory over simulation, and what the variance of the initial weights decides.

    For c = 1/2 and ‖μ‖ = 1.

    Args:
        times: αt of the curves, (T,).
        curves: σ² → predicted accuracies, (T,).
        run_times: αt of the runs, (m,).
        tests: σ² → accuracies of runs on new data: "along" the run times, (m, runs), and "best"
            and "end", at the best time and very late, (runs,).
        trains: The same on the training data.
    """
    frames = grid(2, 2, (7.2, 6.2))
    model = {"ratio": 0.5, "signal": 1.0}
    variances, middle = list(tests), curves[0.1]
    along = {v: estimates.mean_and_stderr(test["along"]) for v, test in tests.items()}
    trained = estimates.mean_and_stderr(trains[0.1]["along"])
    learning.draw_accuracy(
        times,
        {"theory: training": middle.train_accuracy, "theory: test": middle.test_accuracy},
        over(run_times, {"runs: training": trained, "runs: test": along[0.1]}),
        ax=frames[0],
    )
    stops = {v: rmt.optimal_stopping(**model, init_var=v) for v in variances}
    best = {v: (float(stop.time), float(stop.test_accuracy)) for v, stop in stops.items()}
    bound = float(rmt.accuracy_bound(**model))
    learning.draw_accuracy(
        times,
        {f"_{v}": curve.test_accuracy for v, curve in curves.items()},
        over(run_times, {rf"$\sigma^2={v:g}$": estimate for v, estimate in along.items()}),
        best=best,
        bound=bound,
        ax=frames[1],
    )
    fine = torch.logspace(-4, 1, 61, dtype=torch.float64)
    plan = [rmt.optimal_stopping(**model, init_var=v) for v in fine.tolist()]
    best_times = torch.stack([stop.time for stop in plan])
    tops = torch.stack([stop.test_accuracy for stop in plan])
    against = {"line": learning.LINE, "xlabel": r"initial variance $\sigma^2$", "xscale": "log"}
    time = {"theory": (fine, best_times)}
    draw_against(time, {}, **against, ylabel=r"best time $\alpha t^*$", yscale="log", ax=frames[2])
    stopped, ended = (
        estimates.mean_and_stderr(torch.stack([test[moment] for test in tests.values()]))
        for moment in ("best", "end")
    )
    limit = rmt.limit_accuracy(**model, init_var=0.1).test_accuracy
    draw_against(
        over(fine, {"theory: stopped": tops, "theory: late": limit.expand(len(fine))}),
        over(variances, {"runs: stopped": stopped, "runs: late": ended}),
        levels={"upper bound": bound},
        ylabel="accuracy on new samples",
        **against,
        ax=frames[3],
    )
    show(
        frames[0],
        alt="Top left: markers of the runs lie on the theoretical curves; training accuracy rises "
        "throughout, test accuracy rises, turns and falls to a plateau. Top right: the smaller the "
        "initial variance, the earlier and higher the peak of the test curve, always below the "
        "dotted bound; all end at one level. Bottom left: the best time grows with the variance. "
        "Bottom right: accuracy at the best time falls with the variance, late accuracy does not "
        "depend on it.",
        caption="Half as many features as samples, signal of length one. Markers: means over runs, "
        "with two standard errors. Stars: predicted best times.",
        data={
            "Theory, σ² = 0.1": {
                "αt": times,
                "test": middle.test_accuracy,
                "training": middle.train_accuracy,
            },
            "Runs": {
                "αt": run_times,
                "training, σ² = 0.1": trained.mean,
                **{f"test, σ² = {v:g}": estimate.mean for v, estimate in along.items()},
            },
            "Best times": {
                "σ²": variances,
                "αt*": [pair[0] for pair in best.values()],
                "accuracy, theory": [pair[1] for pair in best.values()],
                "accuracy, runs": stopped.mean,
            },
        },
    )


def show_descent(
    sweeps: Sequence,
    found: runs.RatioRuns,
    times: Tensor,
    ridged: Mapping[float, estimates.Estimate],
    theory: Mapping[float, Tensor],
) -> None:
    """Shows the test error against c at several times, and what a ridge does at c = 1.

    Args:
        sweeps: Curves of theory at two times, with ``ratios``, ``now``, ``best`` and ``time``.
        found: Runs at several c, at the best time and at the two.
        times: αt of the runs with and without ridge, (m,).
        ridged: Ridge → their test accuracy, (m,).
        theory: Ridge → its prediction, (m,).
    """
    left, right = grid(1, 2, (7.2, 3.5))
    ratios = list(found.errors)
    means, errors = estimates.mean_and_stderr(torch.stack(list(found.errors.values())))
    names = ["best time", *(rf"$\alpha t={s.time:g}$" for s in sweeps)]
    plain = ["best time", *(f"αt = {s.time:g}" for s in sweeps)]
    lines = [sweeps[0].best, *(s.now for s in sweeps)]
    learning.draw_descent(
        sweeps[0].ratios,
        {f"_{n}": line for n, line in zip(names, lines, strict=True)},
        {n: (ratios, means[:, i], errors[:, i]) for i, n in enumerate(names)},
        left,
    )
    left.set(
        ylim=(0.15, 0.62), xticks=[0.2, 0.5, 1, 2, 5], xticklabels=["0.2", "0.5", "1", "2", "5"]
    )
    left.minorticks_off()
    learning.draw_accuracy(
        times,
        {f"_{ridge:g}": line for ridge, line in theory.items()},
        over(times, {rf"$\gamma={ridge:g}$": estimate for ridge, estimate in ridged.items()}),
        ax=right,
    )
    right.set(ylabel="accuracy on new samples")
    show(
        left,
        alt="Left: stopped at the best time the error rises slowly with the number of features; "
        "after long training it has a peak where there are as many features as samples, higher for "
        "the longer training, and falls on both sides. Markers lie on the black lines. Right: at "
        "that ratio the accuracy without ridge rises and then falls without end, with a ridge it "
        "falls a little and stays.",
        caption="Double descent is made by long training. Lines: theory; markers: means over runs.",
        data={
            "Runs": {"c": ratios, **{n: means[:, i] for i, n in enumerate(plain)}},
            "Theory": {"c": sweeps[0].ratios, **dict(zip(plain, lines, strict=True))},
            "Ridge": {
                "αt": times,
                **{f"runs, γ = {ridge:g}": estimate.mean for ridge, estimate in ridged.items()},
                **{f"theory, γ = {ridge:g}": line for ridge, line in theory.items()},
            },
        },
    )
