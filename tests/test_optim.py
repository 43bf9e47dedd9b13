"""Backward optimizers against the orbits they adapt, and against torch.optim where they coincide.

float64 throughout: the same arithmetic in another order, 1e-12. Where the order is the same too,
as when a run is stopped and resumed, equality.
"""

import copy
import functools
import io
import math
import pickle
import warnings

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.optim import lr_scheduler

from bsgd_edu import rules
from bsgd_edu.errors import DomainError
from bsgd_edu.maps import backward_orbit, forward_orbit, windowed_orbit
from bsgd_edu.nets import MLP
from bsgd_edu.optim import BackwardSGD, WindowedBackwardSGD

F64 = torch.float64
TOLERANCE = {"rtol": 1e-12, "atol": 1e-12}
STEPS = 9
NET = MLP([4, 5, 3], "tanh")


def stream(seed=0):
    return torch.Generator().manual_seed(seed)


INPUTS = torch.randn(40, 4, generator=stream(1), dtype=F64)
TARGETS = torch.randint(3, (40,), generator=stream(2))
BATCHES = torch.randint(40, (STEPS, 6), generator=stream(3))
THETA = NET.init(stream(4)).to(F64)

KINDS = {
    "backward": lambda params, lr=0.5, **options: BackwardSGD(params, lr, **options),
    "window 0": lambda params, lr=0.5, **options: WindowedBackwardSGD(params, lr, 0, **options),
    "window 1": lambda params, lr=0.5, **options: WindowedBackwardSGD(params, lr, 1, **options),
    "window 3": lambda params, lr=0.5, **options: WindowedBackwardSGD(params, lr, 3, **options),
    "window 9": lambda params, lr=0.5, **options: WindowedBackwardSGD(params, lr, 9, **options),
    "window 99": lambda params, lr=0.5, **options: WindowedBackwardSGD(params, lr, 99, **options),
}
WINDOWS = {"backward": None, **{name: int(name[7:]) for name in KINDS if name != "backward"}}
every_kind = pytest.mark.parametrize("kind", KINDS)


def orbit(kind, maps, x0):
    window = WINDOWS[kind]
    return backward_orbit(maps, x0) if window is None else windowed_orbit(maps, x0, window=window)


class Run:
    """A module, its optimizer and the closure that anybody would write."""

    def __init__(self, build, module=None, **options):
        self.module = NET.to_module(THETA) if module is None else module
        self.optimizer = build(self.module.parameters(), **options)

    def closure(self, rows):
        self.optimizer.zero_grad()
        loss = functional.cross_entropy(self.module(INPUTS[rows]), TARGETS[rows])
        loss.backward()
        return loss

    def step(self, rows):
        return self.optimizer.step(self.closure, rows)

    @property
    def theta(self):
        return nn.utils.parameters_to_vector(self.module.parameters()).detach().clone()


def gradients():
    return [NET.batch_grad(INPUTS[rows], TARGETS[rows]) for rows in BATCHES]


# Equal to the orbits


@every_kind
@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("momentum", [0.0, 0.8])
def test_parameters_are_the_orbit(kind, decay, momentum):
    if momentum:
        maps = [
            rules.momentum_map(g, 0.5, momentum=momentum, weight_decay=decay) for g in gradients()
        ]
        points = orbit(kind, maps, rules.momentum_state(THETA))[:, : NET.dim]
    else:
        points = orbit(
            kind, [rules.sgd_map(g, 0.5, weight_decay=decay) for g in gradients()], THETA
        )
    run = Run(KINDS[kind], momentum=momentum, weight_decay=decay)
    for n, rows in enumerate(BATCHES, 1):
        run.step(rows)
        torch.testing.assert_close(run.theta, points[n], **TOLERANCE)


SCHEDULERS = {
    "StepLR": lambda o: lr_scheduler.StepLR(o, 3, 0.5),
    "LambdaLR": lambda o: lr_scheduler.LambdaLR(o, lambda n: 1 / (1 + n)),
    "CosineAnnealingLR": lambda o: lr_scheduler.CosineAnnealingLR(o, STEPS),
    "OneCycleLR": lambda o: lr_scheduler.OneCycleLR(
        o, 0.7, total_steps=STEPS + 1, cycle_momentum=False
    ),
    "SequentialLR": lambda o: lr_scheduler.SequentialLR(
        o, [lr_scheduler.LinearLR(o, 0.1), lr_scheduler.ExponentialLR(o, 0.8)], [4]
    ),
}


@every_kind
@pytest.mark.parametrize("schedule", SCHEDULERS)
def test_a_schedule_belongs_to_the_batch(kind, schedule):
    # torch.optim.SGD under the same scheduler says which rate comes with which batch.
    other = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SequentialLR itself warns, in every loop
        reference = SCHEDULERS[schedule](other)
        rates = []
        for _ in range(STEPS):
            rates.append(other.param_groups[0]["lr"])
            other.step()
            reference.step()
    points = orbit(
        kind, [rules.sgd_map(g, lr) for g, lr in zip(gradients(), rates, strict=True)], THETA
    )
    run = Run(KINDS[kind])
    assert len(set(rates)) > 2
    with warnings.catch_warnings():
        warnings.simplefilter("error" if schedule != "SequentialLR" else "ignore")
        scheduler = SCHEDULERS[schedule](run.optimizer)
        for n, rows in enumerate(BATCHES, 1):
            run.step(rows)
            scheduler.step()
            torch.testing.assert_close(run.theta, points[n], **TOLERANCE)


@every_kind
def test_a_learning_rate_kept_in_a_tensor_is_not_shared_with_old_maps(kind):
    # Schedulers change a tensor in place: old maps must keep the number they came with.
    rates = [0.5 * 0.5 ** (n // 3) for n in range(STEPS)]
    points = orbit(
        kind, [rules.sgd_map(g, lr) for g, lr in zip(gradients(), rates, strict=True)], THETA
    )
    run = Run(functools.partial(KINDS[kind], lr=torch.tensor(0.5, dtype=F64)))
    scheduler = SCHEDULERS["StepLR"](run.optimizer)
    for n, rows in enumerate(BATCHES, 1):
        run.step(rows)
        scheduler.step()
        torch.testing.assert_close(run.theta, points[n], **TOLERANCE)


def grouped(build):
    """Layers in groups of their own: rates 0.5 and 0.1, decay and momentum on the second only."""
    module = NET.to_module(THETA)
    groups = [
        {"params": module[0].parameters()},
        {"params": module[2].parameters(), "lr": 0.1, "weight_decay": 0.2, "momentum": 0.7},
    ]
    run = Run(lambda _: build(groups), module)
    return run


@every_kind
def test_groups_keep_their_own_numbers(kind):
    dim = NET.dim
    late = torch.zeros(dim, dtype=F64)
    late[4 * 5 + 5 :] = 1.0
    lr, decay, beta = 0.5 - 0.4 * late, 0.2 * late, 0.7 * late

    def step(g):
        def t(point):
            theta, velocity = point.chunk(2, -1)
            velocity = beta * velocity + g(theta) + decay * theta
            return torch.cat([theta - lr * velocity, velocity], -1)

        return t

    maps = [step(g) for g in gradients()]
    points = orbit(kind, maps, torch.cat([THETA, torch.zeros(dim, dtype=F64)]))[:, :dim]
    run = grouped(KINDS[kind])
    for n, rows in enumerate(BATCHES, 1):
        run.step(rows)
        torch.testing.assert_close(run.theta, points[n], **TOLERANCE)


@pytest.mark.parametrize("options", [{}, {"momentum": 0.8}, {"momentum": 0.8, "weight_decay": 0.1}])
@pytest.mark.parametrize("schedule", [None, "StepLR"])
def test_no_window_is_torch_sgd(options, schedule):
    ours = Run(KINDS["window 0"], **options)
    theirs = Run(lambda params: torch.optim.SGD(params, 0.5, **options))
    schedulers = [SCHEDULERS[schedule](r.optimizer) for r in (ours, theirs)] if schedule else []
    for rows in BATCHES:
        ours.step(rows)
        loss = theirs.closure(rows)
        theirs.optimizer.step()
        for scheduler in schedulers:
            scheduler.step()
        torch.testing.assert_close(ours.theta, theirs.theta, **TOLERANCE)
        assert loss.isfinite()


@pytest.mark.parametrize("options", [{}, {"momentum": 0.9}])
def test_backward_is_torch_sgd_on_the_reversed_list(options):
    ours = Run(KINDS["backward"], **options)
    for n, rows in enumerate(BATCHES, 1):
        ours.step(rows)
        theirs = Run(lambda params: torch.optim.SGD(params, 0.5, **options))
        for old in BATCHES[:n].flip(0):
            theirs.closure(old)
            theirs.optimizer.step()
        torch.testing.assert_close(ours.theta, theirs.theta, **TOLERANCE)


# What a step costs and returns


@every_kind
def test_closures_are_called_once_a_map_newest_first(kind):
    run, calls = Run(KINDS[kind]), []

    def closure(batch):
        index, rows = batch
        calls.append(index)
        return run.closure(rows)

    window = STEPS if WINDOWS[kind] is None else WINDOWS[kind]
    for n, rows in enumerate(BATCHES, 1):
        calls.clear()
        run.optimizer.step(closure, (n, rows))
        # The new map first (it is innermost, or moves the forward iterate), the window after it.
        assert calls == [n, *range(min(n - 1, window), 0, -1)]


@every_kind
def test_it_keeps_no_more_batches_than_its_window(kind):
    run = Run(KINDS[kind])
    window = math.inf if WINDOWS[kind] is None else WINDOWS[kind]
    for n, rows in enumerate(BATCHES, 1):
        run.step(rows)
        assert len(run.optimizer.history) == min(n, window)


@every_kind
def test_a_step_returns_the_loss_of_the_map_applied_last_where_it_was_applied(kind):
    run = Run(KINDS[kind])
    seen = []

    def closure(rows):
        seen.append(run.closure(rows))
        return seen[-1]

    for rows in BATCHES[:5]:
        loss = run.optimizer.step(closure, rows)
        assert loss is seen[-1]
        assert loss.isfinite()


def test_a_step_works_where_gradients_are_off():
    run = Run(KINDS["backward"])
    with torch.no_grad():
        run.step(BATCHES[0])
        assert not torch.is_grad_enabled()
    expected = rules.sgd_map(gradients()[0], 0.5)(THETA)
    torch.testing.assert_close(run.theta, expected, **TOLERANCE)


@every_kind
def test_hooks_of_torch_optimizers_are_called(kind):
    run, seen = Run(KINDS[kind]), []
    run.optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
    run.optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    run.step(BATCHES[0])
    assert seen == ["before", "after"]


@every_kind
def test_parameters_without_a_gradient_stay(kind):
    run = Run(KINDS[kind], weight_decay=0.1, momentum=0.5)
    unused = nn.Parameter(torch.ones(3, dtype=F64))
    run.optimizer.add_param_group({"params": [unused]})
    plain = Run(KINDS[kind], weight_decay=0.1, momentum=0.5)
    for rows in BATCHES:
        run.step(rows)
        plain.step(rows)
    assert torch.equal(unused, torch.ones(3, dtype=F64))
    assert torch.equal(run.theta, plain.theta)


@every_kind
def test_frozen_parameters_stay(kind):
    run = Run(KINDS[kind], weight_decay=0.1)
    run.module[0].weight.requires_grad_(False)
    before = run.module[0].weight.clone()
    run.step(BATCHES[0])
    run.step(BATCHES[1])
    assert torch.equal(run.module[0].weight, before)


def test_gradients_that_come_and_go_follow_the_replayed_maps():
    # A map moves what its batch touches: the second parameter only in even batches.
    a, b = (nn.Parameter(torch.tensor([8.0], dtype=F64)) for _ in range(2))
    optimizer = BackwardSGD([a, b], 0.5)

    def closure(n):
        optimizer.zero_grad()
        loss = 0.5 * (a - n).square().sum() + (0.5 * (b - n).square().sum() if n % 2 == 0 else 0)
        loss.backward()
        return loss

    for n in range(1, 5):
        optimizer.step(closure, n)
    # a: T_n x = (x + n)/2 for all n; b: n = 2, 4 only. From 8: ((((8+4)/2+3)/2+2)/2+1)/2.
    assert a.item() == 2.125
    assert b.item() == ((8 + 4) / 2 + 2) / 2


# Randomness


def dropping(kind, **options):
    module = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 3)).to(F64)
    nn.utils.vector_to_parameters(
        0.5 * torch.randn(51, generator=stream(5), dtype=F64), module.parameters()
    )
    return Run(KINDS[kind], module, **options)


@every_kind
def test_dropout_is_replayed_as_a_map_with_a_fixed_seed(kind):
    run = dropping(kind)
    start = run.theta
    torch.manual_seed(7)
    states, points = [], []
    for rows in BATCHES:
        states.append(torch.get_rng_state())
        run.step(rows)
        points.append(run.theta)

    module = copy.deepcopy(run.module)

    def pure(rows, state):
        def t(theta):
            # One point at a time: a mask belongs to the map, whatever else is evaluated.
            images = []
            for point in theta.reshape(-1, theta.shape[-1]):
                torch.set_rng_state(state)
                nn.utils.vector_to_parameters(point.clone(), module.parameters())
                loss = functional.cross_entropy(module(INPUTS[rows]), TARGETS[rows])
                grads = torch.autograd.grad(loss, list(module.parameters()))
                images.append(point - 0.5 * torch.cat([g.flatten() for g in grads]))
            return torch.stack(images).reshape(theta.shape)

        return t

    maps = [pure(rows, state) for rows, state in zip(BATCHES, states, strict=True)]
    expected = orbit(kind, maps, start)
    torch.testing.assert_close(torch.stack(points), expected[1:], **TOLERANCE)
    # The masks matter: without replay the points would differ by far more than rounding.
    module.eval()
    without = orbit(kind, [pure(rows, states[0]) for rows in BATCHES], start)
    assert (without[1:] - expected[1:]).abs().max() > 1e-3


@every_kind
def test_new_batches_draw_as_if_nothing_were_replayed(kind):
    # Replay rewinds the global stream; afterwards it stands where the new batch left it.
    run = dropping(kind)
    torch.manual_seed(7)
    before = [torch.get_rng_state()]
    for rows in BATCHES:
        run.step(rows)
        before.append(torch.get_rng_state())
    assert len({bytes(state.tolist()) for state in before}) == STEPS + 1
    torch.manual_seed(7)
    for n, rows in enumerate(BATCHES, 1):
        run.module(INPUTS[rows])  # the same draws, with no optimizer about
        assert torch.equal(torch.get_rng_state(), before[n])


def test_a_step_without_randomness_leaves_the_global_stream_alone():
    run = Run(KINDS["backward"])
    before = torch.get_rng_state()
    for rows in BATCHES:
        run.step(rows)
    assert torch.equal(torch.get_rng_state(), before)


# Stopping and going on


def through_a_file(state):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    buffer.seek(0)
    return torch.load(buffer, weights_only=True)


@every_kind
@pytest.mark.parametrize("passing", [copy.deepcopy, through_a_file], ids=["memory", "file"])
@pytest.mark.parametrize("at", [0, 2, 6])
@pytest.mark.parametrize("schedule", [None, "StepLR"])
def test_a_run_stopped_and_loaded_goes_on_as_if_it_had_not_stopped(kind, passing, at, schedule):
    options = {"momentum": 0.5, "weight_decay": 0.01}
    torch.manual_seed(3)
    whole = dropping(kind, **options)
    plan = SCHEDULERS[schedule](whole.optimizer) if schedule else None
    for n, rows in enumerate(BATCHES):
        if n == at:
            state = passing(
                {
                    "model": whole.module.state_dict(),
                    "optimizer": whole.optimizer.state_dict(),
                    "schedule": plan.state_dict() if plan else {},
                    "random": torch.get_rng_state(),
                }
            )
        whole.step(rows)
        if plan:
            plan.step()
    torch.manual_seed(99)  # whatever happened in between
    later = dropping("window 0", lr=0.1)  # a fresh optimizer, even one built with other numbers
    later.optimizer = KINDS[kind](later.module.parameters(), lr=0.9)
    plan = SCHEDULERS[schedule](later.optimizer) if schedule else None
    later.module.load_state_dict(state["model"])
    later.optimizer.load_state_dict(state["optimizer"])
    if plan:
        plan.load_state_dict(state["schedule"])
    torch.set_rng_state(state["random"])
    for rows in BATCHES[at:]:
        later.step(rows)
        if plan:
            plan.step()
    assert torch.equal(later.theta, whole.theta)


@every_kind
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_go_on_alike_and_apart(kind, copied):
    run = Run(KINDS[kind], momentum=0.5)
    for rows in BATCHES[:4]:
        run.step(rows)
    twin = copied(run)  # module and optimizer together, as torch optimizers are copied
    assert twin.optimizer.window == run.optimizer.window
    assert len(twin.optimizer.history) == len(run.optimizer.history)
    for rows in BATCHES[4:]:
        run.step(rows)
    after = run.theta
    for rows in BATCHES[4:]:
        twin.step(rows)
    assert torch.equal(twin.theta, after)
    twin.step(BATCHES[0])
    assert torch.equal(run.theta, after)


def test_a_state_is_a_snapshot():
    run = Run(KINDS["backward"])
    run.step(BATCHES[0])
    state = run.optimizer.state_dict()
    run.step(BATCHES[1])
    assert len(state["history"]) == 1
    run.optimizer.load_state_dict(state)
    run.step(BATCHES[2])
    assert len(state["history"]) == 1
    run.optimizer.rebase()
    assert len(state["history"]) == 1


def test_a_state_outlives_rebase():
    run = Run(KINDS["backward"])
    run.step(BATCHES[0])
    state = run.optimizer.state_dict()
    run.optimizer.rebase()
    assert len(state["history"]) == 1


def test_a_state_brings_its_window():
    # The batches kept belong to the window they were kept for.
    whole, later = Run(KINDS["window 3"]), Run(KINDS["window 1"])
    for rows in BATCHES[:5]:
        whole.step(rows)
    later.module.load_state_dict(whole.module.state_dict())
    later.optimizer.load_state_dict(whole.optimizer.state_dict())
    assert later.optimizer.window == 3
    for rows in BATCHES[5:]:
        whole.step(rows)
        later.step(rows)
    assert torch.equal(later.theta, whole.theta)


def test_the_state_of_another_optimizer_is_refused():
    run = Run(KINDS["backward"])
    run.step(BATCHES[0])
    before = run.optimizer.state_dict()
    theirs = torch.optim.SGD(run.module.parameters(), 0.1).state_dict()
    with pytest.raises(DomainError, match=r"load_state_dict: .* history"):
        run.optimizer.load_state_dict(theirs)
    assert run.optimizer.param_groups[0]["lr"] == 0.5
    assert len(run.optimizer.history) == len(before["history"])


# When a closure raises


class Interrupted(Exception):
    pass


def calls_of(kind, done):
    """How often a step calls its closure after `done` steps: the new map, then the window's."""
    return 1 + (done if WINDOWS[kind] is None else min(done, WINDOWS[kind]))


@pytest.mark.parametrize("raising", [Interrupted, KeyboardInterrupt])
@pytest.mark.parametrize(
    ("kind", "done", "call"),
    [
        (kind, done, call)
        for kind in KINDS
        for done in (0, 3, 5)
        for call in (1, 2, 3)
        if call <= calls_of(kind, done)
    ],
)
def test_a_closure_that_raises_leaves_everything_as_it_was(kind, raising, call, done):
    run = dropping(kind, momentum=0.5)
    torch.manual_seed(3)
    for rows in BATCHES[:done]:
        run.step(rows)
    twin = copy.deepcopy(run)
    theta, random = run.theta, torch.get_rng_state()
    state = copy.deepcopy(run.optimizer.state_dict())
    calls = []

    def closure(rows):
        loss = run.closure(rows)
        calls.append(rows)
        if len(calls) == call:
            raise raising
        return loss

    with pytest.raises(raising):
        run.optimizer.step(closure, BATCHES[done])
    assert len(calls) == call
    assert torch.equal(run.theta, theta)
    assert torch.equal(torch.get_rng_state(), random)
    after = run.optimizer.state_dict()
    assert len(after["history"]) == len(state["history"])
    assert after["param_groups"] == state["param_groups"]
    for key, values in state["state"].items():
        for name, value in values.items():
            assert torch.equal(after["state"][key][name], value)
    # Trying again gives what a run that never failed gives.
    for rows in BATCHES[done:]:
        run.step(rows)
    after = run.theta
    torch.set_rng_state(random)
    for rows in BATCHES[done:]:
        twin.step(rows)
    assert torch.equal(twin.theta, after)


# Anchors, groups, words


@every_kind
def test_rebase_makes_the_current_parameters_the_start(kind):
    run = Run(KINDS[kind], momentum=0.5)
    for rows in BATCHES[:4]:
        run.step(rows)
    anchor = run.theta
    run.optimizer.rebase()
    assert torch.equal(run.theta, anchor)
    assert len(run.optimizer.history) == 0
    fresh = Run(KINDS[kind], NET.to_module(anchor), momentum=0.5)
    for rows in BATCHES[4:]:
        run.step(rows)
        fresh.step(rows)
    assert torch.equal(run.theta, fresh.theta)


def test_burn_in_then_backward_from_the_anchor():
    run = Run(KINDS["window 0"])
    for rows in BATCHES[:4]:
        run.step(rows)
    later = Run(KINDS["backward"], run.module)
    for rows in BATCHES[4:]:
        later.step(rows)
    maps = [rules.sgd_map(g, 0.5) for g in gradients()]
    anchor = forward_orbit(maps, THETA, at=[4])[0]
    expected = backward_orbit(maps[4:], anchor, at=[STEPS - 4])[0]
    torch.testing.assert_close(later.theta, expected, **TOLERANCE)


def test_parameters_changed_by_hand_count_only_after_rebase():
    # The start is the anchor: y_n does not depend on where the parameters happen to stand.
    run, other = Run(KINDS["backward"]), Run(KINDS["backward"])
    for r in (run, other):
        r.step(BATCHES[0])
    with torch.no_grad():
        for p in other.module.parameters():
            p.add_(1.0)
    for r in (run, other):
        r.step(BATCHES[1])
    assert torch.equal(run.theta, other.theta)


@pytest.mark.parametrize("kind", ["backward", "window 3"])
def test_groups_cannot_join_while_batches_are_kept(kind):
    run = Run(KINDS[kind])
    run.step(BATCHES[0])
    run.step(BATCHES[1])
    late = nn.Parameter(torch.zeros(2, dtype=F64))
    with pytest.raises(DomainError, match=r"groups must be added .* 2 batches are kept.*rebase"):
        run.optimizer.add_param_group({"params": [late]})
    assert len(run.optimizer.param_groups) == 1
    run.optimizer.rebase()
    run.optimizer.add_param_group({"params": [late], "lr": 0.1})
    run.step(BATCHES[2])


def test_what_an_optimizer_says_of_itself():
    run = Run(KINDS["window 3"], momentum=0.25)
    run.step(BATCHES[0])
    shown = repr(run.optimizer)
    assert shown.startswith("WindowedBackwardSGD")
    for part in ("lr: 0.5", "momentum: 0.25", "weight_decay: 0.0", "window: 3", "kept batches: 1"):
        assert part in shown
    assert "window" not in repr(Run(KINDS["backward"]).optimizer)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda p: BackwardSGD(p, -0.1), r"BackwardSGD: lr .* -0\.1"),
        (lambda p: BackwardSGD(p, math.nan), r"BackwardSGD: lr .* nan"),
        (lambda p: BackwardSGD(p, math.inf), r"BackwardSGD: lr .* inf"),
        (lambda p: BackwardSGD(p, 0.1, momentum=1.0), r"BackwardSGD: momentum .*\[0, 1\).* 1\.0"),
        (lambda p: BackwardSGD(p, 0.1, momentum=-0.5), r"momentum .* -0\.5"),
        (lambda p: BackwardSGD(p, 0.1, weight_decay=-1.0), r"weight_decay .* -1\.0"),
        (lambda p: WindowedBackwardSGD(p, 0.1, -1), r"window must be an integer ≥ 0, but it is -1"),
        (lambda p: WindowedBackwardSGD(p, 0.1, 1.5), r"window .* 1\.5"),
        (lambda p: WindowedBackwardSGD(p, 0.1, True), r"window .* True"),
        (lambda p: WindowedBackwardSGD(p, 0.1, None), r"window .* None"),
        (lambda p: WindowedBackwardSGD(p, -2.0, 1), r"WindowedBackwardSGD: lr .* -2\.0"),
        (lambda p: BackwardSGD([{"params": p, "lr": -3.0}], 0.1), r"BackwardSGD: lr .* -3\.0"),
        (
            lambda p: BackwardSGD([{"params": p, "momentum": 1.5}], 0.1),
            r"BackwardSGD: momentum .* 1\.5",
        ),
    ],
)
def test_numbers_outside_their_range_are_refused(build, message):
    with pytest.raises(DomainError, match=message):
        build([nn.Parameter(torch.zeros(1))])


def test_backward_sgd_settles_where_sgd_fluctuates():
    # f_i(x) = ½(x − a_i)², η = ½: increments of y are ½^n of those of x (spec, exactly).
    theta = nn.Parameter(torch.tensor([8.0], dtype=F64))
    optimizer = BackwardSGD([theta], 0.5)
    targets = torch.randn(40, generator=stream(8), dtype=F64)

    def closure(a):
        optimizer.zero_grad()
        loss = 0.5 * (theta - a).square().sum()
        loss.backward()
        return loss

    previous = theta.item()
    for n, a in enumerate(targets):
        optimizer.step(closure, a)
        increment = 0.5**n * 0.5 * (a.item() - 8.0)
        assert theta.item() - previous == pytest.approx(increment, abs=1e-14)
        previous = theta.item()
