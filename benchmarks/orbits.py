"""How fast are orbits? Each row against the naive torch.optim loop, vmap, and JAX if installed.

    python benchmarks/orbits.py [--threads 1 2] [--repeats 5] [--quick] [--json FILE]

Every contender computes the same numbers (checked first against the naive loop), contenders take
turns, medians are compared. The naive loop runs a sample of its steps; its whole cost is that times
the number of steps. Ratios travel between machines, milliseconds do not: a row that falls short of
what it must reach is shown as short.
"""

import itertools
import statistics
from collections.abc import Callable
from dataclasses import dataclass

from harness import run, seconds_of


@dataclass
class Case:
    """One row: what the naive loop costs, who competes, what must be reached."""

    name: str
    steps: int  # gradient steps of the naive loop
    naive: Callable[[int], None]  # runs that many steps
    contenders: dict[str, Callable]
    goals: tuple[float, float]  # ratio to reach with 1 and with 2 threads
    check: Callable[[], float]  # largest deviation from the reference
    tolerance: float = 1e-9


def measure(case: Case, repeats: int, sample: int) -> dict:
    """Runs all contenders in turn; returns medians and ratios."""
    deviation = case.check()
    if not deviation <= case.tolerance:
        raise SystemExit(f"{case.name}: deviates by {deviation:.1e} from the reference")
    case.naive(50)
    for call in case.contenders.values():
        call()
    times: dict[str, list[float]] = {name: [] for name in ("naive", *case.contenders)}
    for _ in range(repeats):
        times["naive"].append(seconds_of(lambda: case.naive(sample)) / sample * case.steps)
        for name, call in case.contenders.items():
            times[name].append(seconds_of(call))
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratios = {name: medians["naive"] / value for name, value in medians.items()}
    return {
        "name": case.name,
        "goals": case.goals,
        "step": 1e6 * medians["naive"] / case.steps,
        "seconds": medians,
        "ratios": ratios,
    }


def net_case(name, net, features, batch, count, goals, *, at=None, orbit=None, peers=True):
    """All backward iterates of a net on random data."""
    import torch

    from bsgd_edu import maps, rules, seeding

    stream = seeding.generator(0, name)
    inputs = torch.randn(count, batch, features, generator=stream)
    targets = torch.randint(0, 10, (count, batch), generator=stream)
    start = net.init(stream)
    orbit = orbit or maps.backward_orbit
    steps = count * (count + 1) // 2
    module = net.to_module(start)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01)
    entropy = torch.nn.CrossEntropyLoss()

    def naive(sample: int) -> None:
        for i in range(sample):
            optimizer.zero_grad()
            entropy(module(inputs[i % count]), targets[i % count]).backward()
            optimizer.step()

    def maps_of(x, y):
        return [rules.sgd_map(net.batch_grad(a, b), 0.01) for a, b in zip(x, y, strict=True)]

    ours = maps_of(inputs, targets)

    def check() -> float:
        few, x0 = 12, start.double()
        x, y = inputs[:few].double(), targets[:few]
        module = net.to_module(x0).double()
        rows = [x0]
        for n in range(1, few + 1):
            torch.nn.utils.vector_to_parameters(x0.clone(), module.parameters())
            sgd = torch.optim.SGD(module.parameters(), lr=0.01)
            for k in reversed(range(n)):
                sgd.zero_grad()
                entropy(module(x[k]), y[k]).backward()
                sgd.step()
            rows.append(net.from_module(module))
        return float((maps.backward_orbit(maps_of(x, y), x0) - torch.stack(rows)).abs().max())

    contenders = {"ours": lambda: orbit(ours, start, at=at)}
    if peers:
        contenders.update(vmap_peer(net, inputs, targets, start))
        contenders.update(jax_peer(net, inputs, targets, start))
    return Case(name, steps, naive, contenders, goals, check)


def vmap_peer(net, inputs, targets, start) -> dict:
    """torch.func: vmap(grad) over the growing stack of iterates."""
    import torch
    from torch.func import functional_call, grad, vmap

    module = net.to_module(start)
    names, shapes = zip(*((n, p.shape) for n, p in module.named_parameters()), strict=True)
    sizes = [shape.numel() for shape in shapes]

    def loss(theta, x, y):
        parts = zip(names, theta.split(sizes), shapes, strict=True)
        named = {name: part.view(shape) for name, part, shape in parts}
        return torch.nn.functional.cross_entropy(functional_call(module, named, (x,)), y)

    gradient = vmap(grad(loss), in_dims=(0, None, None))

    def run():
        count = len(inputs)
        stack = start.expand(count + 1, -1).clone()
        for k in range(count, 0, -1):
            stack[k:].sub_(gradient(stack[k:], inputs[k - 1], targets[k - 1]), alpha=0.01)
        return stack

    return {"vmap": run}


def jax_peer(net, inputs, targets, start) -> dict:
    """JAX: scan over the maps, vmap over all iterates, idle ones masked (shapes are static)."""
    try:
        import jax
    except ImportError:
        return {}
    from bsgd_edu.nets import MLP

    if type(net) is not MLP:
        return {}
    import jax.numpy as jnp

    sizes = net.widths
    x, y = jnp.asarray(inputs.numpy()), jnp.asarray(targets.numpy())

    def loss(theta, x, y):
        offset, h = 0, x
        for level, (i, o) in enumerate(itertools.pairwise(sizes)):
            weight = theta[offset : offset + i * o].reshape(o, i)
            h = h @ weight.T + theta[offset + i * o : offset + i * o + o]
            offset += i * o + o
            h = jax.nn.relu(h) if level < len(sizes) - 2 else h
        return -jnp.take_along_axis(jax.nn.log_softmax(h), y[:, None], 1).mean()

    gradients = jax.vmap(jax.grad(loss), (0, None, None))
    rows = jnp.arange(len(inputs) + 1)

    @jax.jit
    def run(start, x, y):
        def body(stack, item):
            k, xb, yb = item
            active = (rows >= k)[:, None]
            return jnp.where(active, stack - 0.01 * gradients(stack, xb, yb), stack), None

        stack = jnp.tile(start, (len(rows), 1))
        return jax.lax.scan(body, stack, (rows[1:], x, y), reverse=True)[0]

    first = jnp.asarray(start.numpy())
    return {"jax": lambda: run(first, x, y).block_until_ready()}


def runs_case():
    """64 independent runs with their own data, learning rate and start."""
    import torch

    from bsgd_edu import maps, nets, rules, seeding

    runs, batch, count = 64, 16, 200
    net, stream = nets.MLP([64, 32, 10]), seeding.generator(0, "runs")
    inputs = torch.randn(count, runs, batch, 64, generator=stream)
    targets = torch.randint(0, 10, (count, runs, batch), generator=stream)
    starts, rates = net.init(stream, (runs,)), torch.linspace(0.01, 0.1, runs)
    module = net.to_module(starts[0])
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01)
    entropy = torch.nn.CrossEntropyLoss()

    def naive(sample: int) -> None:
        for i in range(sample):
            optimizer.zero_grad()
            entropy(module(inputs[i % count, 0]), targets[i % count, 0]).backward()
            optimizer.step()

    ours = [
        rules.sgd_map(net.batch_grad(x, y), rates) for x, y in zip(inputs, targets, strict=True)
    ]

    def check() -> float:
        x, y, start = inputs[:10, 3].double(), targets[:10, 3], starts[3].double()
        alone = [
            rules.sgd_map(net.batch_grad(a, b), float(rates[3])) for a, b in zip(x, y, strict=True)
        ]
        end = maps.forward_orbit(ours[:10], starts, at=[10])[0, 3]
        return float((maps.forward_orbit(alone, start, at=[10])[0] - end).abs().max())

    return Case(
        "64 runs at once, MLP 64-32-10",
        runs * count,
        naive,
        {"ours": lambda: maps.forward_orbit(ours, starts, at=[count])},
        (45, 45),
        check,
        tolerance=1e-5,  # float32 against float64
    )


def affine_case(dim: int, goal: float) -> Case:
    """Affine maps: all backward iterates by a closed scan."""
    import torch

    from bsgd_edu import maps, nets, seeding

    count, stream = 300, seeding.generator(0, "affine", dim)
    inputs = torch.randn(count, 16, dim, generator=stream, dtype=torch.float64)
    targets = torch.randn(count, 16, generator=stream, dtype=torch.float64)
    steps = nets.LinearRegression(dim).sgd_affine(inputs, targets, 0.1)
    start = torch.ones(dim, dtype=torch.float64)
    theta = torch.nn.Parameter(start.clone())
    optimizer = torch.optim.SGD([theta], lr=0.1)

    def naive(sample: int) -> None:
        for i in range(sample):
            optimizer.zero_grad()
            (0.5 * (inputs[i % count] @ theta - targets[i % count]).square().mean()).backward()
            optimizer.step()

    def check() -> float:
        literal = torch.stack(
            [maps.apply_in_order(steps.unbind()[:n][::-1], start) for n in range(count + 1)]
        )
        return float((maps.backward_orbit(steps, start) - literal).abs().max())

    return Case(
        f"affine maps, d = {dim}, N = {count}",
        count * (count + 1) // 2,
        naive,
        {"ours": lambda: maps.backward_orbit(steps, start)},
        (goal, goal),
        check,
        tolerance=1e-12,
    )


def coalescing_case(quick: bool) -> Case:
    """Contractive maps: iterates that have met go on as one."""
    import torch

    from bsgd_edu import maps, nets, rules

    count = 500 if quick else 2000
    net = nets.LogisticRegression(64, 10, weight_decay=0.1)
    base = net_case("coalescing", net, 64, 16, count, (600, 600), peers=False)
    stream = torch.Generator().manual_seed(0)
    inputs = torch.randn(count, 16, 64, generator=stream) / 4
    targets = torch.randint(0, 10, (count, 16), generator=stream)
    start = net.init(stream)
    ours = [rules.sgd_map(net.batch_grad(x, y), 0.5) for x, y in zip(inputs, targets, strict=True)]

    def check() -> float:
        kept = maps.backward_orbit(ours, start, coalesce=1e-6)
        return float((kept - maps.backward_orbit(ours, start)).abs().max())

    return Case(
        f"contractive maps, softmax regression, N = {count}, coalesced to 1e-6",
        count * (count + 1) // 2,
        base.naive,
        {
            "ours": lambda: maps.backward_orbit(ours, start, coalesce=1e-6),
            "ours, kept apart": lambda: maps.backward_orbit(ours, start),
        },
        (600, 600),
        check,
        tolerance=5e-6,
    )


def cases(quick: bool) -> list[Case]:
    """All rows, each with the ratios to reach at one and two threads."""
    from functools import partial

    from torch import nn

    from bsgd_edu import maps, nets

    count = 100 if quick else 300
    grid = sorted({round(count ** (i / 29)) for i in range(30)} | {0})
    small = nets.MLP([64, 32, 10])
    layers = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
    windowed = net_case(
        f"windowed orbit, w = 20, N = {count}", small, 64, 16, count, (55, 55),
        orbit=partial(maps.windowed_orbit, window=20), peers=False,
    )  # fmt: skip
    windowed.steps = 20 * count
    return [
        net_case(f"all of y_1…y_{count}, MLP 64-32-10", small, 64, 16, count, (70, 110)),
        net_case(f"{len(grid)} of them on a geometric grid", small, 64, 16, count, (350, 350),
                 at=grid, peers=False),
        net_case("any torch module (vmap inside)", nets.ModuleNet(layers), 64, 16, count, (20, 20)),
        net_case("MLP 784-128-10, B = 32", nets.MLP([784, 128, 10]), 784, 32, count // 3, (3.2, 6)),
        net_case("small CNN 8×8", nets.SmallCNN(8), 64, 16, count // 2, (8, 8)),
        net_case("small CNN 28×28", nets.SmallCNN(28), 784, 16, count // 5, (2.3, 2.3)),
        windowed,
        runs_case(),
        affine_case(1, 5e4),
        affine_case(10, 1e4),
        coalescing_case(quick),
    ]  # fmt: skip


def measured(repeats: int, quick: bool) -> list[Callable[[], dict]]:
    """One function a row, which measures it."""
    return [
        lambda case=case: measure(case, repeats, sample=300 if quick else 1000)
        for case in cases(quick)
    ]


def report(rows: list[dict]) -> None:
    """Prints the table: ratios to the naive loop, and which rows fall short."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Ratio to the naive torch.optim loop of the same run")
    for column in ("work", "threads", "naive step µs", "ours", "peers", "must reach", ""):
        table.add_column(column, justify="left" if column in ("work", "peers") else "right")
    for row in rows:
        goal = row["goals"][min(row["threads"], 2) - 1]
        ours = row["ratios"]["ours"]
        peers = {k: v for k, v in row["ratios"].items() if k not in ("naive", "ours")}
        table.add_row(
            row["name"], str(row["threads"]), f"{row['step']:.0f}", f"{ours:,.3g}×",
            ", ".join(f"{k} {v:,.3g}×" for k, v in peers.items()),
            f"{goal:,.3g}×", "[green]reached[/]" if ours >= goal else "[red]short[/]",
        )  # fmt: skip
    Console(width=150).print(table)


if __name__ == "__main__":
    run(__file__, __doc__.splitlines()[0], measured, report, threads=[1, 2], repeats=5)
