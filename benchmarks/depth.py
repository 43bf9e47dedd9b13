"""How fast is depth? Lyapunov spectra, cut-off curves, and delta-orthogonal nets at initialisation.

    python benchmarks/depth.py [--threads 1 2] [--repeats 7] [--quick] [--json FILE]

Every row is checked first against the literal computation, contenders take turns, medians are
compared. The literal loop factorises after every matrix, one seed at a time, on a sample of seeds;
its whole cost is that times the number of seeds (kernels: torch's initialiser, layer by layer;
images: conv2d). A row that falls short of what it must reach is
shown as short. Ratios travel between machines; the seconds of the cut-off row do not.
"""

import math
import re
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from harness import run, seconds_of
from initial_depth import forward_rows, init_rows


@dataclass
class Case:
    """One row. Goals are ratios to the literal way, or seconds not to exceed."""

    name: str
    contenders: dict[str, Callable]  # the first is ours; "literal" the reference, on a sample
    scale: float  # how often the sample of "literal" fits into the whole work
    goal: float
    unit: str  # "×" or "s"
    check: Callable[[], float]
    tolerance: float


def measure(case: Case, repeats: int) -> dict:
    """Runs all contenders in turn; returns medians and ratios to the literal way."""
    deviation = case.check()
    if not deviation <= case.tolerance:
        raise SystemExit(f"{case.name}: deviates by {deviation:.1e} from the reference")
    times: dict[str, list[float]] = {name: [] for name in case.contenders}
    for turn in range(repeats + 1):
        for name, call in case.contenders.items():
            elapsed = seconds_of(call) * (case.scale if name == "literal" else 1)
            if turn:  # the first turn warms up
                times[name].append(elapsed)
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratios = {name: medians["literal"] / value for name, value in medians.items()}
    row = {"name": case.name, "goal": case.goal, "unit": case.unit}
    return {**row, "seconds": medians, "ratios": ratios}


def spectrum_case(dim: int, seeds: int, steps: int, goal: float) -> Case:
    """The Lyapunov spectrum of many products of Gaussian matrices."""
    import torch

    from bsgd_edu import dynamics, seeding

    stream = seeding.generator(0, "spectrum", dim)
    matrices = torch.randn(steps, seeds, dim, dim, generator=stream, dtype=torch.float64)
    sample = min(seeds, max(1, 4000 // steps))

    def literal():
        spectra = []
        for seed in range(sample):
            basis = torch.eye(dim, dtype=torch.float64)
            total = torch.zeros(dim, dtype=torch.float64)
            for step in matrices[:, seed]:
                basis, upper = torch.linalg.qr(step @ basis)
                total += upper.diagonal().abs().log()
            spectra.append(total / steps)
        return torch.stack(spectra)

    def check() -> float:
        ours = dynamics.lyapunov.spectrum(matrices)[:sample]
        return float((ours - literal()).abs().max())

    contenders = {
        f"every {every}": lambda every=every: dynamics.lyapunov.spectrum(matrices, every)
        for every in (4, 1, 8)
    }
    contenders["literal"] = literal
    name = f"Lyapunov spectrum, d = {dim}, {seeds} seeds, {steps} steps"
    return Case(name, contenders, seeds / sample, goal, "×", check, 1e-8)


def cutoff_case(init: str, networks: int, depth: int, widths, goal: float) -> Case:
    """Distance and angle of a pair at every depth, one stack of networks a width."""
    import torch

    from bsgd_edu import dynamics, seeding

    def inputs(width, count):
        stream = seeding.generator(0, "inputs", width)
        return torch.randn(2, count, width, generator=stream, dtype=torch.float64)

    def ours():
        for width in widths:
            x, y = inputs(width, networks)
            stream = seeding.generator(0, "net", width)
            orbit = dynamics.random_layers.random_pair(x, y, depth, init=init, generator=stream)
            dynamics.cutoff.depths(dynamics.cutoff.separation(orbit.distance, 1e-4))

    def network(width):
        """One torch module a layer, as one would write it."""
        layer = torch.nn.Linear(width, width, dtype=torch.float64)
        if init == "he":
            torch.nn.init.kaiming_normal_(layer.weight)
        return layer

    def literal_pair(width, layers):
        pair = inputs(width, 1)[:, 0]
        distances = []
        for layer in layers:
            pair = layer(pair).relu()
            distances.append((pair[0] - pair[1]).norm())
        return torch.stack(distances)

    @torch.no_grad()
    def literal():
        for width in widths:
            literal_pair(width, (network(width) for _ in range(depth)))

    @torch.no_grad()
    def check() -> float:
        # The laws agree: mean log-distance at depth 10, in standard errors of the difference.
        width, count = 32, 400
        x, y = inputs(width, count)
        stream = seeding.generator(0, "check")
        found = (
            dynamics.random_layers.random_pair(x, y, 10, init=init, generator=stream)
            .distance[10]
            .log()
        )
        expected = []
        with torch.random.fork_rng():
            torch.manual_seed(0)
            for pair in zip(x, y, strict=True):
                both = torch.stack(pair)
                for _ in range(10):
                    both = network(width)(both).relu()
                expected.append((both[0] - both[1]).norm().log())
        expected = torch.stack(expected)
        stderr = ((found.var() + expected.var()) / count).sqrt()
        return float((found.mean() - expected.mean()).abs() / stderr)

    name = f"cut-off, {init}, widths {widths[0]}–{widths[-1]}, depth {depth}, {networks} networks"
    return Case(name, {"ours": ours, "literal": literal}, networks, goal, "s", check, 4.0)


def init_case(width: int, layers: int, goal: float) -> Case:
    """Delta-orthogonal kernels of many layers; "literal" runs all of them."""
    contenders, check = init_rows(width, layers)
    name = f"delta-orthogonal init, width {width}, {layers} layers"
    return Case(name, contenders, 1, goal, "×", check, 1e-5)


def forward_case(width: int, side: int, layers: int, batch: int, goal: float) -> Case:
    """A forward pass at initialisation, where only the centre tap counts."""
    contenders, check = forward_rows(width, side, layers, batch)
    name = (
        f"forward at initialisation, width {width}, {side}×{side}, {layers} layers, batch {batch}"
    )
    return Case(name, contenders, 1, goal, "×", check, 1e-4)


def deep_case(depth: int, width: int, side: int, share: float, goal: float) -> Case:
    """One gradient of a very deep net within a share of the memory that keeping all would take.

    The row says what the process took of what was planned.
    """
    import torch
    from torch.nn import functional

    from bsgd_edu import nets, seeding

    whole = nets.DeepCNN(side, width, depth)
    plan = whole.plan()
    bound = int(share * plan.num_bytes)
    tight = nets.DeepCNN(side, width, depth, max_bytes=bound)
    theta = whole.init(seeding.generator(0, "deep"))
    inputs = torch.randn(1, side**2, generator=seeding.generator(0, "image"))
    targets = torch.zeros(1, dtype=torch.long)
    sample = min(depth, 100)

    def literal(count: int = sample):
        """conv2d, circular padding and autograd, through some of the layers."""
        parts = whole._layout.views(theta)
        kernels, biases = (p[:count].detach().requires_grad_() for p in parts[2:4])
        h = inputs.view(1, 1, side, side) * parts[0].view(1, -1, 1, 1)
        for kernel, bias in zip(kernels, biases, strict=True):
            h = functional.conv2d(functional.pad(h.tanh(), (1, 1, 1, 1), "circular"), kernel, bias)
        outputs = h.tanh().mean((2, 3)) @ parts[4].T
        loss = functional.cross_entropy(outputs, targets)
        return torch.autograd.grad(loss, [kernels, biases])

    def check() -> float:
        kept, again = (net.grad(theta, inputs, targets) for net in (whole, tight))
        shallow = nets.DeepCNN(side, width, sample, weight_var=whole.weight_var, bias_var=0.0)
        parts = whole._layout.views(theta)
        point = torch.cat([p[: len(s)].flatten() for p, s in zip(
            parts, shallow._layout.views(torch.zeros(shallow.dim)), strict=True
        )])  # fmt: skip
        ours = shallow._layout.views(shallow.grad(point, inputs, targets))[2:4]
        off = [(a - b).abs().max() / b.abs().max() for a, b in zip(ours, literal(), strict=True)]
        return float(max(*off, (kept - again).abs().max() / kept.abs().max()))

    def named(label: str, net) -> tuple[str, Callable]:
        def gradient():
            return net.grad(theta, inputs, targets)

        taken = (theta.nbytes + growth(gradient)) / 2**30
        return f"{label}: {taken:.2f} of {net.plan().num_bytes / 2**30:.2f} GiB planned", gradient

    contenders = dict([named("bounded", tight), named("all kept", whole)]) | {"literal": literal}
    name = f"{depth:,} layers, width {width}, {side}×{side}: one gradient, batch 1"
    return Case(name, contenders, depth / sample, goal, "s", check, 1e-4)


def growth(call: Callable) -> float:
    """Bytes by which a call makes the process grow at most; Linux only, elsewhere nan."""
    status, reset = Path("/proc/self/status"), Path("/proc/self/clear_refs")
    if not reset.exists():
        return math.nan

    def kilobytes(key: str) -> int:
        return int(re.search(rf"{key}:\s+(\d+)", status.read_text())[1])

    reset.write_text("5")  # the peak starts anew
    before = kilobytes("VmRSS")
    call()
    return 1024 * (kilobytes("VmHWM") - before)


def cases(quick: bool) -> list[Case]:
    """All rows with what they must reach."""
    widths, depth = ([16, 32, 64], 50) if quick else ([16, 32, 64, 128, 256, 512], 200)
    part = 5 if quick else 1
    return [
        spectrum_case(3, 2000 // part, 200 // part, 100),
        spectrum_case(8, 1000 // part, 100 // part, 40),
        spectrum_case(64, 32 // part, 40, 2.5),
        cutoff_case("default", 48, depth, widths, 15),
        cutoff_case("he", 48, depth, widths, 3),
        init_case(32, 1000 // part, 3.5),
        init_case(64, 500 // part, 2),
        init_case(256, 20 // part, 0),  # nothing to reach: shown
        forward_case(32, 14, 100 // part, 16, 2.5),
        forward_case(32, 28, 100 // part, 4, 2.5),
        deep_case(10_000 // part, 32, 28, 0.7, 14),
    ]


def measured(repeats: int, quick: bool) -> list[Callable[[], dict]]:
    """One function a row, which measures it."""
    return [
        lambda case=case: measure(case, min(repeats, 3) if case.unit == "s" else repeats)
        for case in cases(quick)
    ]


def reached(row: dict) -> bool:
    ours = next(iter(row["seconds"]))
    if row["unit"] == "s":
        return row["seconds"][ours] <= row["goal"]
    return row["ratios"][ours] >= row["goal"]


def report(rows: list[dict]) -> None:
    """Prints the table: ratios to the literal way, seconds, and which rows fall short."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Ratio to the literal way of the same run")
    for column in ("work", "threads", "ours", "seconds", "others", "must reach", ""):
        table.add_column(column, justify="left" if column in ("work", "others") else "right")
    for row in rows:
        ours, *others = (name for name in row["seconds"] if name != "literal")
        goal = f"{row['goal']:g} {row['unit']}"
        table.add_row(
            row["name"], str(row["threads"]), f"{row['ratios'][ours]:,.3g}×",
            f"{row['seconds'][ours]:.3g}",
            ", ".join(f"{name} {row['ratios'][name]:,.3g}×" for name in others),
            f"≤ {goal}" if row["unit"] == "s" else f"≥ {goal}",
            "[green]reached[/]" if reached(row) else "[red]short[/]",
        )  # fmt: skip
    Console(width=150).print(table)


if __name__ == "__main__":
    run(__file__, __doc__.splitlines()[0], measured, report, threads=[1], repeats=7)
