"""Backward SGD as torch optimizers: thin adapters over the orbits of `maps`."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

from ..errors import require, require_integer, require_number

__all__ = ["BackwardSGD", "WindowedBackwardSGD"]

Batch = Any
Closure = Callable[[Batch], Tensor]


class WindowedBackwardSGD(torch.optim.Optimizer):
    """SGD whose first `window` batches stay inside: u_n = T_1 ∘ … ∘ T_w (T_n ∘ … ∘ T_{w+1} (x_0)).

    The optimizer keeps a forward iterate on the batches after the window, and after each step
    sets the parameters to that iterate polished by the window's maps, replayed in reverse. It
    costs w + 1 gradients a step and keeps w batches. Equal to `maps.windowed_orbit`.

    A map T_i owns what it needs to be replayed: its batch, its learning rate (a scheduler's change
    belongs to the batch that came with it) and torch's random state (dropout draws the same
    numbers again; what draws from `random` or NumPy does not). Running statistics of batch
    normalisation are no part of a map: each replay writes into them. Make them anew at the end, by
    `torch.optim.swa_utils.update_bn`, or use layers without them.

    Args:
        params: Parameters or parameter groups, as for any torch optimizer.
        lr: Learning rate η ≥ 0.
        window: w ≥ 0, the number of batches that stay inside; 0 is ordinary SGD.
        momentum: β in [0, 1); the composed maps then act on (position, velocity).
        weight_decay: λ ≥ 0.

    Raises:
        DomainError: If a number is outside its range.

    Example:
        >>> theta = torch.nn.Parameter(torch.tensor([8.0]))
        >>> optimizer = WindowedBackwardSGD([theta], lr=0.5, window=1)
        >>> def closure(target):
        ...     optimizer.zero_grad()
        ...     loss = 0.5 * (theta - target).square().sum()
        ...     loss.backward()
        ...     return loss
        >>> for target in (1.0, 0.0, -1.0):
        ...     loss = optimizer.step(closure, target)
        >>> theta.data
        tensor([1.2500])
    """

    def __init__(
        self,
        params: Iterable,
        lr: float,
        window: int,
        *,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ):
        remedy = "Pass 0 for ordinary SGD."
        window = require_integer("WindowedBackwardSGD", "window", window, at_least=0, remedy=remedy)
        self._set_up(params, lr, window, momentum, weight_decay)

    def _set_up(self, params, lr, window, momentum, weight_decay) -> None:
        self.window = window
        self.history: list[dict] = []
        defaults = {"lr": lr, "momentum": momentum, "weight_decay": weight_decay}
        self._check(**defaults)
        super().__init__(params, defaults)

    def _check(self, lr, momentum, weight_decay, **_) -> None:
        name = type(self).__name__
        require_number(name, "lr", lr, at_least=0, remedy="Pass for example lr=0.1.")
        require_number(name, "weight_decay", weight_decay, at_least=0)
        require_number(name, "momentum", momentum, at_least=0, below=1)

    def step(self, closure: Closure, batch: Batch) -> Tensor:
        """Appends a batch and moves the parameters to the new composition.

        Args:
            closure: ``closure(batch)`` sets the gradients of the parameters to those of the
                batch's loss (zero_grad, forward, backward) and returns the loss. It is called
                with old batches too.
            batch: What the closure needs; kept while the batch can be replayed, so pass indices
                when the data are large.

        Returns:
            The loss of the last closure call: of the map applied last, where it was applied.

        If the closure raises, the parameters and the history are what they were before the step.
        """
        parameters = [p for group in self.param_groups for p in group["params"]]
        saved = [(p, p.detach().clone(), dict(self.state[p])) for p in parameters]
        history, newest = self.history, self._new_map(batch)
        try:
            return self._compose(closure, newest, parameters)
        except BaseException:
            self.history = history
            _set_random_state(newest["random_state"])
            with torch.no_grad():
                for p, value, state in saved:
                    p.copy_(value)
                    self.state[p] = state
            raise

    def _compose(self, closure: Closure, newest: dict, parameters: list[Tensor]) -> Tensor:
        for p in parameters:
            if "start" not in self.state[p]:
                self.state[p] = {"start": p.detach().clone(), "velocity": torch.zeros_like(p)}
        velocities = self._go_to_start(parameters)
        loss = self._apply(closure, newest, velocities)
        if self.window is None or len(self.history) < self.window:
            inner, self.history = self.history[::-1], [*self.history, newest]
        else:  # the new map stays outside the window: it moves the forward iterate
            inner = self.history[::-1]
            for p in parameters:
                self.state[p] = {"start": p.detach().clone(), "velocity": velocities[p]}
            velocities = {p: v.clone() for p, v in velocities.items()}
        now = _random_state(parameters)
        for old in inner:
            _set_random_state(old["random_state"])
            loss = self._apply(closure, old, velocities)
        _set_random_state(now)
        return loss

    def rebase(self) -> None:
        """Makes the current parameters the new start and forgets the batches kept so far.

        A burn-in becomes an anchor that way: run forward, then rebase and compose backward.
        """
        self.history.clear()
        self.state.clear()

    def add_param_group(self, param_group: dict) -> None:
        """Adds a group; only while no batch is kept, since old maps would not know it.

        Raises:
            DomainError: If batches are kept, or a number is outside its range.
        """
        self._check(**{**self.defaults, **param_group})
        rule = "groups must be added before the first step"
        fact, remedy = f"{len(self.history)} batches are kept", "Call rebase() first."
        require(not self.history, type(self).__name__, rule, fact, remedy)
        super().add_param_group(param_group)

    def state_dict(self) -> dict:
        """Returns the optimizer's state, the kept batches and learning rates included."""
        return {**super().state_dict(), "history": list(self.history), "window": self.window}

    def load_state_dict(self, state_dict: dict) -> None:
        """Restores what `state_dict` returned.

        Raises:
            DomainError: If the state is that of another kind of optimizer.
        """
        plain = dict(state_dict)
        require(
            {"history", "window"} <= plain.keys(),
            "load_state_dict",
            "state_dict must hold a history and a window",
            f"it has only {sorted(plain)}",
            f"Load the state of a {type(self).__name__}; for a start at other parameters load the "
            "model alone, then call rebase().",
        )
        history, window = plain.pop("history"), plain.pop("window")
        super().load_state_dict(plain)
        self.history, self.window = list(history), window

    def __getstate__(self) -> dict:
        """What copy and pickle keep; torch's own list leaves the kept batches out."""
        return {**super().__getstate__(), "history": list(self.history), "window": self.window}

    def __repr__(self) -> str:
        window = "" if self.window is None else f"window: {self.window}\n"
        return f"{super().__repr__()[:-1]}{window}kept batches: {len(self.history)}\n)"

    def _new_map(self, batch: Batch) -> dict:
        parameters = self.param_groups[0]["params"]
        keys = ("lr", "momentum", "weight_decay")
        return {
            "batch": batch,
            # As numbers: schedulers change a rate that is a tensor in place.
            "groups": [{key: float(group[key]) for key in keys} for group in self.param_groups],
            "random_state": _random_state(parameters),
        }

    @torch.no_grad()
    def _go_to_start(self, parameters: list[Tensor]) -> dict[Tensor, Tensor]:
        for p in parameters:
            p.copy_(self.state[p]["start"])
        return {p: self.state[p]["velocity"].clone() for p in parameters}

    def _apply(self, closure: Closure, kept: dict, velocities: dict[Tensor, Tensor]) -> Tensor:
        """Applies one map: its batch's gradient, with the learning rate it came with."""
        with torch.enable_grad():
            loss = closure(kept["batch"])
        with torch.no_grad():
            for group, rates in zip(self.param_groups, kept["groups"], strict=True):
                for p in group["params"]:
                    if p.grad is None:
                        continue
                    direction = p.grad.add(p, alpha=rates["weight_decay"])
                    velocities[p].mul_(rates["momentum"]).add_(direction)
                    p.sub_(velocities[p], alpha=rates["lr"])
        return loss


class BackwardSGD(WindowedBackwardSGD):
    """SGD with every new batch inside: y_n = T_1 ∘ … ∘ T_n (x_0).

    Step n starts again at x_0 and replays all n batches, the newest first: n gradients, n batches
    kept. Where the maps contract, the parameters converge to a point instead of fluctuating.
    Equal to `maps.backward_orbit`; see :class:`WindowedBackwardSGD` for what a map owns.

    Args:
        params: Parameters or parameter groups, as for any torch optimizer.
        lr: Learning rate η ≥ 0.
        momentum: β in [0, 1).
        weight_decay: λ ≥ 0.

    Raises:
        DomainError: If a number is outside its range.

    References:
        B. Dherin et al. (2025), arXiv 2502.01557.

    Example:
        >>> theta = torch.nn.Parameter(torch.tensor([8.0]))
        >>> optimizer = BackwardSGD([theta], lr=0.5)
        >>> def closure(target):
        ...     optimizer.zero_grad()
        ...     loss = 0.5 * (theta - target).square().sum()
        ...     loss.backward()
        ...     return loss
        >>> for target in (1.0, 0.0, -1.0, 2.0):
        ...     loss = optimizer.step(closure, target)
        >>> theta.data
        tensor([1.])
    """

    def __init__(
        self, params: Iterable, lr: float, *, momentum: float = 0.0, weight_decay: float = 0.0
    ):
        self._set_up(params, lr, None, momentum, weight_decay)


def _random_state(parameters: list[Tensor]) -> dict:
    """The random state a closure on these parameters draws from."""
    devices = {p.device for p in parameters if p.device.type == "cuda"}
    return {
        "cpu": torch.get_rng_state(),
        **{str(device): torch.cuda.get_rng_state(device) for device in devices},
    }


def _set_random_state(state: dict) -> None:
    for device, value in state.items():
        if device == "cpu":
            torch.set_rng_state(value)
        else:
            torch.cuda.set_rng_state(value, device)
