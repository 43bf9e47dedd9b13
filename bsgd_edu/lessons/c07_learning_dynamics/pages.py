"""Chapter 7's figures as they stand on the page; those of what breaks are `pages_breaks`'s."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ... import estimates, rmt
from ...plot.display import show
from ...plot.style import COLOURS, OKABE_ITO, grid, simulation_points, theory_line
from . import figures as learning
from . import runs
from .pages_breaks import show_data, show_large, show_probe

__all__ = [
    "show_by_hand",
    "show_data",
    "show_hook",
    "show_large",
    "show_learning",
    "show_probe",
    "show_seen",
    "show_spectrum",
]


def show_hook(
    times: Tensor, curve: rmt.LearningCurve, run_times: Tensor, found: runs.Accuracies
) -> None:
    """Shows the picture that opens the chapter.

    Args:
        times: αt of the curve, (T,).
        curve: Predicted accuracies, (T,).
        run_times: αt of the runs, (m,).
        found: Accuracies of the runs, (m, runs).
    """
    (ax,) = grid(1, 1, (6.4, 3.7))
    test, train = (estimates.mean_and_stderr(part) for part in found)
    lines = {
        "theory, training samples": curve.train_accuracy,
        "theory, new samples": curve.test_accuracy,
    }
    dots = {"runs, training samples": (run_times, *train), "runs, new samples": (run_times, *test)}
    learning.draw_accuracy(times, lines, dots, ax=ax)
    ax.set(title="Training goes on rising; new samples do not", ylim=(0.55, 1.0))
    learning.legend_right(ax)
    show(
        ax,
        alt="Accuracy on the training samples climbs and levels off. Accuracy on new samples rises "
        "with it at first, turns early, and falls to a lower level. The markers of the runs lie on "
        "both black lines.",
        caption="Twenty runs of gradient descent on two noisy classes, two standard errors. The "
        "lines were computed before any data were drawn; nothing was fitted.",
        data={
            "Runs": {"αt": run_times, "training": train.mean, "new": test.mean},
            "Theory": {"αt": times, "training": curve.train_accuracy, "new": curve.test_accuracy},
        },
    )


def show_by_hand(orbit: Tensor, filtered: Tensor, end: float) -> None:
    """Shows two coordinates of the weights, and the accuracy of their direction.

    Args:
        orbit: w_0 … w_T made by steps, (T + 1, 2); the signal lies along the first axis.
        filtered: The same from eigenvalues, (T + 1, 2).
        end: The cosine with the signal in the limit, as the learner found it.
    """
    left, right = grid(1, 2, (7.4, 3.2))
    steps, some = torch.arange(len(orbit)), slice(None, None, 3)
    for index, name in enumerate(("strong direction", "weak direction")):
        simulation_points(left, steps[some], orbit[some, index], index=index, label=name)
        theory_line(left, steps, filtered[:, index], "_" if index else "by eigenvalues")
    left.set(xlabel="step $t$", ylabel="coordinate of $w_t$", ylim=(-0.05, 1.45))
    left.set_title("(a) the weak direction creeps up")
    left.legend(loc="upper left", ncols=1)
    accuracy = torch.special.ndtr(orbit[1:, 0] / orbit[1:].norm(dim=1))
    limit = float(torch.special.ndtr(torch.tensor(end)))
    simulation_points(right, steps[1:][some], accuracy[some], index=2, label="along the steps")
    right.axhline(limit, color="black", linestyle="--", label="your limit")
    right.set(xlabel="step $t$", ylabel="accuracy on new samples", ylim=(0.64, 0.9))
    right.set_title("(b) every later step costs")
    right.legend()
    show(
        left,
        alt="Left: the coordinate along the strong direction is final after one step, the weak one "
        "creeps up past it. Right: the accuracy on new samples is highest after the first step and "
        "falls towards a dashed limit.",
        caption="One map repeated. Markers: steps; lines: powers of the eigenvalues; dashed: the "
        "limit from exercise 07.1.",
        data={"t": steps[1:], "strong": orbit[1:, 0], "weak": orbit[1:, 1], "accuracy": accuracy},
    )


def show_spectrum(eigenvalues: Tensor) -> None:
    """Shows the eigenvalues of one sample matrix, and those of the truth.

    Args:
        eigenvalues: (p,), ascending.
    """
    (ax,) = grid(1, 1, (6.6, 3.6))
    count = len(eigenvalues)
    bins = torch.linspace(0, 3.2, 41)
    learning.draw_histogram(eigenvalues, bins, f"your S: {count} eigenvalues", ax)
    for at, name, dash in ((1, f"truth: {count - 1} of them", "--"), (2, "truth: one", ":")):
        ax.axvline(at, color="black", linestyle=dash, label=name)
    ax.set_title("Spread out, where nearly all should be one")
    learning.legend_below(ax, 3)
    show(
        ax,
        alt="A histogram of eigenvalues, highest at small values and spread with a long shoulder "
        "to the right. A dashed line marks where all but one should be, a dotted line the last.",
        caption="Eigenvalues of S from twice as many samples as features. Dashed and dotted: the "
        "eigenvalues of the mean of S.",
        data={"eigenvalue": eigenvalues},
    )


def show_seen(
    law: rmt.SpikedMarchenkoPastur,
    points: Tensor,
    densities: Mapping[str, Tensor],
    found: Mapping[str, Tensor],
    tops: Mapping[float, Tensor],
    cosines: Mapping[float, tuple[Tensor, Tensor]],
) -> None:
    """Shows a spectrum counted, the same seen from b, and its top against the signal.

    Args:
        law: Where the spike and its shares are predicted.
        points: Abscissae of the densities, (k,).
        densities: "counted" and "seen from b" → predicted density, (k,).
        found: "eigenvalues" and "shares" of b, (runs, p) each.
        tops: ρ → largest eigenvalues, (runs,).
        cosines: ρ → squared cosines of the top eigenvector with μ and with b, (runs,) each.
    """
    frames = grid(2, 2, (7.6, 7.0))
    values, shares = found["eigenvalues"].flatten(), found["shares"].flatten()
    bins, end = torch.linspace(0, 4.8, 49), 4.8
    for ax, name, weights in zip(frames, densities, (None, shares), strict=False):
        learning.draw_histogram(values, bins, "your eigenvalues", ax, weights)
        theory_line(ax, points, densities[name], "theory: bulk", linewidth=1.5)
        ax.set(xlim=(0, end))
    frames[0].set_title("(a) counted: the spike is a speck")
    inside = frames[0].inset_axes((0.64, 0.2, 0.33, 0.33))
    inside.hist(values.cpu().numpy(), bins=bins.numpy(), density=True, color=OKABE_ITO[0])
    inside.set(xlim=(2.95, end), ylim=(0, 0.03), xticks=(3, 4), yticks=(0, 0.02))
    inside.plot([law.spike], [0.025], "v", color="black", fillstyle="none")
    frames[0].plot([law.spike], [0.06], "v", color="black", fillstyle="none", label="theory: spike")
    frames[0].legend(loc="upper right")
    ax = frames[1]
    ax.set_title("(b) seen from b: it is nearly all")
    ax.set(ylabel="share of $b$, a unit of $\\lambda$", ylim=(0, 2.4))
    share = f"theory: spike, {law.overlap_with_targets:.0%} of $b$"
    ax.plot([law.spike], [2.25], "v", color="black", fillstyle="none", label=share)
    ax.legend(loc="upper left")
    fine = torch.linspace(0.02, 4.4, 160, dtype=torch.float64)
    line = [rmt.SpikedMarchenkoPastur(law.ratio, rho**0.5) for rho in fine.tolist()]
    strengths, threshold = list(tops), law.ratio**0.5
    top = estimates.mean_and_stderr(torch.stack(list(tops.values())))
    theory_line(frames[2], fine, [at.support[1] for at in line], "theory")
    simulation_points(frames[2], strengths, top.mean, label="largest eigenvalue", stderr=top.stderr)
    theory_line(frames[2], fine, 1 + fine, "truth: $1+\\rho$", linestyle=":")
    frames[2].set(ylabel="eigenvalue", title="(c) it leaves at the threshold")
    pairs = [torch.stack([cosines[rho][i] for rho in strengths]) for i in (0, 1)]
    mu, b = (estimates.mean_and_stderr(pair) for pair in pairs)
    theory_line(frames[3], fine, [at.overlap for at in line], "theory, $\\mu$")
    targets = [at.overlap_with_targets for at in line]
    theory_line(frames[3], fine, targets, "theory, $b$", linestyle="--")
    simulation_points(frames[3], strengths, mu.mean, label="with $\\mu$", stderr=mu.stderr)
    simulation_points(frames[3], strengths, b.mean, index=1, label="with $b$", stderr=b.stderr)
    frames[3].set(ylabel="squared cosine", ylim=(-0.03, 1.05), title="(d) what it knows")
    for ax in frames[2:]:
        ax.axvline(threshold, color=COLOURS["reference"], linestyle="-.", label="threshold")
        ax.set_xlabel(r"signal $\rho=\|\mu\|^2$")
        learning.legend_below(ax, 2)
    show(
        frames[0],
        alt="Top left: a histogram under a black density; far right a tiny heap, enlarged in an "
        "inset, at the predicted triangle. Top right: weighted by shares of b the bulk nearly "
        "vanishes and the heap towers. Bottom left: the largest eigenvalue stays at the edge up to "
        "the threshold, then rises above the truth. Bottom right: squared cosines with the signal "
        "and with b rise from near zero at the threshold, on their lines.",
        caption="Above: all runs at one strength of signal, counted and weighted. Below: the "
        "largest eigenvalue and its eigenvector against the strength; two standard errors.",
        data={
            "Top": {"ρ": strengths, "eigenvalue": top.mean, "with μ": mu.mean, "with b": b.mean},
            "Theory": {"ρ": fine, "eigenvalue": [at.support[1] for at in line], "with b": targets},
            "Densities": {"λ": points, **densities},
        },
    )


def show_learning(
    times: Tensor,
    curves: Mapping[float, tuple[Tensor, Tensor]],
    run_times: Tensor,
    found: Mapping[float, runs.Accuracies],
    bound: float,
    main: float = 0.1,
) -> None:
    """Shows theory over the runs, and what the variance of the initial weights decides.

    Args:
        times: αt of the curves, (T,).
        curves: σ² → predicted test and training accuracy, (T,) each.
        run_times: αt of the runs, (m,).
        found: σ² → accuracies, (m, runs) each.
        bound: What no training exceeds.
        main: σ² of the left panel.
    """
    left, right = grid(1, 2, (7.8, 4.2))
    some, (test, train) = slice(None, None, 2), curves[main]
    along = {v: estimates.mean_and_stderr(seen.test) for v, seen in found.items()}
    trained = estimates.mean_and_stderr(found[main].train)
    learning.draw_accuracy(
        times,
        {"theory, training": train, "theory, new": test},
        {
            "runs, training": [part[some] for part in (run_times, *trained)],
            "runs, new": [part[some] for part in (run_times, *along[main])],
        },
        ax=left,
    )
    left.set(title=r"(a) $\sigma^2=0.1$: nothing is fitted", ylim=(0.55, 1.0))
    learning.legend_below(left, 2)
    learning.draw_accuracy(
        times,
        {"theory" if v == main else f"_{v}": curve for v, (curve, _) in curves.items()},
        {
            rf"$\sigma^2={v:g}$": [part[some] for part in (run_times, *estimate)]
            for v, estimate in along.items()
        },
        bound=bound,
        same=True,
        ax=right,
    )
    tops = [(float(times[curve.argmax()]), float(curve.max())) for curve, _ in curves.values()]
    stars = {"markersize": 11, "markerfacecolor": "white", "zorder": 6, "label": "best moment"}
    right.plot(*zip(*tops, strict=True), "k*", **stars)
    right.set(title="(b) four starts", ylabel="accuracy on new samples", ylim=(0.5, 0.81))
    learning.legend_below(right, 3)
    show(
        left,
        alt="Left: markers of the runs lie on the black curves; training accuracy rises "
        "throughout, the one on new samples rises, turns and falls. Right: the smaller the initial "
        "variance, the earlier and higher the peak, always below a dotted bound; late, all meet.",
        caption="Half as many features as samples. Markers: means over runs with two standard "
        "errors. Stars: predicted best moments.",
        data={
            "Theory": {"αt": times, **{f"new, σ² = {v:g}": c for v, (c, _) in curves.items()}},
            "Runs": {"αt": run_times, **{f"new, σ² = {v:g}": e.mean for v, e in along.items()}},
            "Training, σ² = 0.1": {"αt": run_times, "runs": trained.mean},
        },
    )
