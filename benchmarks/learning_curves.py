"""How fast is a learning curve? All times in one product against adaptive quadrature at each.

    python benchmarks/learning_curves.py [--threads 1 2] [--repeats 5] [--quick] [--json F]

scipy.quad, the literal way, takes the five integrals as they are written, over x, at each time; in
the angle θ of x = 1 + c + 2√c·cos θ they are smooth, and easier for it. quad_vec takes those for
all times at once. Monte Carlo is ten replicas of 256 dimensions, an eigendecomposition each, and
gives three digits. quad runs on a sample of the times: its whole cost is that times their number.
Ours must agree to 1e-9 with quad in θ before anything is timed. A row that falls short of what it
must reach is shown as short. Ratios travel between machines; seconds do not.
"""

import math
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from harness import run, seconds_of

INIT_VAR, LR, TOLERANCE = 0.1, 0.01, 1e-9
SAMPLED = ("literal", "quad in θ")


@dataclass
class Case:
    """One row: ratio c, ρ = ‖μ‖², and how many times up to which."""

    ratio: float
    rho: float
    count: int
    last: float
    goal: float

    @property
    def name(self) -> str:
        return f"learning curve, c = {self.ratio}, ρ = {self.rho}, {self.count} times"


def integrals(case: Case, quad: Callable, filters: Callable, in_angle: bool = True) -> tuple:
    """Test and train scores, `quad(integrand, low, high)` integrating over the bulk."""
    import numpy as np

    c, rho = case.ratio, case.rho
    root, spike = math.sqrt(c), c + 1 + rho + c / rho
    low, high = (1 - root) ** 2, (1 + root) ** 2

    def integral(h, targets):
        def over_x(x):
            pole = spike - x if targets else c * x
            return h(x) * math.sqrt((x - low) * (high - x)) / (2 * math.pi * pole)

        def over_angle(angle):
            x = 1 + c + 2 * root * math.cos(angle)
            pole = spike - x if targets else c * x
            return h(x) * 2 * c * math.sin(angle) ** 2 / (math.pi * pole)

        bulk = quad(over_angle, 0, math.pi) if in_angle else quad(over_x, low, high)
        atom = max(rho**2 - c, 0) / rho * h(spike) if targets else max(1 - 1 / c, 0) * h(0.0)
        return bulk + atom

    def kept(x):
        return filters(x)[0]

    def learned(x):
        return filters(x)[1]

    kappa = (rho + c) / rho
    mean = integral(learned, True)
    power = integral(lambda x: kappa * learned(x) ** 2, True)
    left = integral(lambda x: INIT_VAR * kept(x) ** 2, False)
    train_power = integral(lambda x: kappa * x * learned(x) ** 2, True)
    train_left = integral(lambda x: INIT_VAR * x * kept(x) ** 2, False)
    train_variance = train_power + train_left - (kappa * mean) ** 2
    return mean / np.sqrt(power + left), kappa * mean / np.sqrt(np.maximum(train_variance, 1e-300))


def contenders(case: Case, sample: int) -> dict[str, Callable]:
    """name -> call; the literal one and quad in θ do `sample` of the times."""
    import numpy as np
    import torch
    from scipy import integrate, special

    from bsgd_edu import rmt, seeding

    times = torch.linspace(case.last / case.count, case.last, case.count, dtype=torch.float64)
    setting = {"signal": math.sqrt(case.rho), "init_var": INIT_VAR, "lr": LR}

    def filters_at(flow):
        def filters(x):
            gone = -np.expm1(-flow * x)
            return 1 - gone, gone / x if x else flow

        return filters

    def quad(integrand, low, high):
        return integrate.quad(integrand, low, high, epsabs=1e-10, epsrel=1e-10, limit=400)[0]

    def one_by_one(in_angle):
        every = times[:: case.count // sample].tolist()
        curves = [integrals(case, quad, filters_at(LR * time), in_angle) for time in every]
        return special.ndtr(np.array(curves).T)

    def quad_vec():
        def quad(integrand, low, high):
            return integrate.quad_vec(integrand, low, high, epsabs=1e-10, epsrel=1e-10)[0]

        return special.ndtr(np.stack(integrals(case, quad, filters_at(LR * times.numpy()))))

    def monte_carlo():
        stream = seeding.generator(0, "monte carlo")
        return rmt.simulate_learning(
            times, num_features=256, num_samples=round(256 / case.ratio), replicas=10,
            generator=stream, **setting,
        )  # fmt: skip

    def ours():
        return rmt.learning_curve(times, ratio=case.ratio, **setting)

    return {
        "ours": ours,
        "quad in θ": lambda: one_by_one(True),
        "quad_vec": quad_vec,
        "Monte Carlo": monte_carlo,
        "literal": lambda: one_by_one(False),
    }


def measure(case: Case, repeats: int) -> dict:
    """Runs all contenders in turn; returns medians and ratios to the literal way."""
    import torch

    sample = min(case.count, 20)
    calls = contenders(case, sample)
    exact = torch.from_numpy(calls["quad in θ"]())
    every = torch.stack(calls["ours"]())[:, :: case.count // sample]
    deviation = float((every - exact).abs().max())
    if not deviation <= TOLERANCE:
        raise SystemExit(f"{case.name}: deviates by {deviation:.1e} from scipy.quad")
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(repeats + 1):
        for name, call in calls.items():
            if name == "Monte Carlo" and 1 < turn < repeats:
                continue  # seconds long each, and steady
            elapsed = seconds_of(call) * (case.count / sample if name in SAMPLED else 1)
            if turn:  # the first turn warms up
                seconds[name].append(elapsed)
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratios = {name: medians["literal"] / value for name, value in medians.items()}
    row = {"name": case.name, "goal": case.goal, "deviation": deviation}
    return {**row, "seconds": medians, "ratios": ratios}


def measured(repeats: int, quick: bool) -> list[Callable[[], dict]]:
    """One function a row, which measures it; fewer times have less to share."""
    count, goal = (100, 70) if quick else (1000, 700)
    cases = [Case(0.5, 1.0, count, 1e3, goal), Case(1.0, 2.0, count, 1e4, goal)]
    return [lambda case=case: measure(case, repeats) for case in cases]


def report(rows: list[dict]) -> None:
    """Prints the table: ratios to scipy.quad, the deviation from it, and which rows fall short."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Ratio to scipy.quad of the same run")
    for column in ("work", "threads", "ours", "seconds", "deviation", "others", "must reach", ""):
        table.add_column(column, justify="left" if column in ("work", "others") else "right")
    for row in rows:
        others = [name for name in row["seconds"] if name not in ("ours", "literal")]
        table.add_row(
            row["name"], str(row["threads"]), f"{row['ratios']['ours']:,.4g}×",
            f"{row['seconds']['ours']:.3g}", f"{row['deviation']:.1e}",
            ", ".join(f"{name} {row['ratios'][name]:,.3g}×" for name in others),
            f"≥ {row['goal']:g}×",
            "[green]reached[/]" if row["ratios"]["ours"] >= row["goal"] else "[red]short[/]",
        )  # fmt: skip
    Console(width=150).print(table)


if __name__ == "__main__":
    run(__file__, __doc__.splitlines()[0], measured, report, threads=[1], repeats=5)
