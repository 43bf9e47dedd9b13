"""Convolutions of constant width with tanh, forward and backward, in memory taken once."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from ..meanfield.init import delta_orthogonal_, orthogonal_conv_
from .convolution import Taps
from .segments import num_states, states_downward

__all__ = ["LAWS", "TanhLayers"]

LAWS = ("delta_orthogonal", "gaussian", "orthogonal")


class TanhLayers:
    """h_l = W_l ∗ x_{l−1} + b_l, x_l = tanh(h_l), l = 1 … depth, of a stack of R nets.

    States x_l are (R, C, P, B), see :mod:`.convolution`; kernels W are (R, depth, C, C, k, k),
    biases b (R, depth, C).

    Args:
        depth: Number of layers.
        channels: Width C.
        side: Height and width of the map, P = side².
        kernel_size: k.
        circular: Whether the map closes to a torus; otherwise zeros lie around it.
    """

    def __init__(self, depth: int, channels: int, side: int, kernel_size: int, circular: bool):
        self.depth, self.state = depth, channels * side**2
        self.taps = Taps(side, kernel_size, circular)
        self._kernel = channels**2 * self.taps.count

    def draw_(
        self,
        kernels: Tensor,
        biases: Tensor,
        law: str,
        weight_var: float,
        bias_var: float,
        *,
        generator: torch.Generator,
    ) -> None:
        """Fills kernels by a law of `LAWS` with σ_w² (fan-in taken out), biases with N(0, σ_b²)."""
        gain = weight_var**0.5
        if law == "gaussian":
            fan_in = kernels.shape[-3:].numel()
            kernels.normal_(generator=generator).mul_(gain * fan_in**-0.5)
        else:
            fill_ = delta_orthogonal_ if law == "delta_orthogonal" else orthogonal_conv_
            fill_(kernels, gain, generator=generator, spatial_dims=2)
        biases.normal_(generator=generator).mul_(bias_var**0.5)

    def size(self, depth: int, segment: int, examples: int) -> int:
        """How many numbers a net takes in `downward` through `depth` layers.

        States, the neighbours of one, the signal; a kernel's gradient and its transpose.
        """
        states = num_states(depth, segment) + self.taps.count + 1
        return states * self.state * examples + 2 * self._kernel

    def forward(self, kernels: Tensor, biases: Tensor, x: Tensor) -> Tensor:
        """Returns x_depth of x_0, by operations that autograd knows."""
        for kernel, bias in zip(kernels.unbind(1), biases.unbind(1), strict=True):
            x = self.taps.apply(kernel, bias, x).tanh_()
        return x

    def downward(
        self,
        kernels: Tensor,
        biases: Tensor,
        h: Tensor,
        start: Callable[[Tensor], Tensor],
        segment: int,
        see: Callable[[int, Tensor], object] = lambda level, h: None,
    ) -> Iterator[tuple[int, Tensor, Callable[[], Tensor] | None]]:
        """Yields (l, ∂L/∂h_l, its kernel's gradient when called) for l = depth … 0.

        The signal is overwritten on the way down: use it before the next comes. ∂L/∂W_l is
        (R, C, C, taps), None for l = 0.

        Args:
            kernels: W.
            biases: b.
            h: h_0.
            start: x_depth -> ∂L/∂x_depth, a fresh contiguous tensor.
            segment: How many states are kept at a time, see :func:`.states_downward`.
            see: Called with (l, h_l) at least once for each l.
        """
        shape = h.shape
        states = h.new_empty(num_states(self.depth, segment), *shape)
        columns = h.new_empty(shape[0], shape[1] * self.taps.count, shape[2] * shape[3])

        def layer(level: int, x: Tensor, out: Tensor) -> None:
            kernel, bias = kernels[:, level - 1], biases[:, level - 1]
            see(level, self.taps.apply(kernel, bias, x, columns=columns, out=out))
            out.tanh_()

        see(0, h)
        torch.tanh(h, out=states[0])
        del h
        signal = None
        for level, above, below in states_downward(states, self.depth, segment, layer):
            signal = start(above) if signal is None else signal
            _through_tanh_(signal, above)
            self.taps.behind(signal, columns=columns)
            yield level, signal, partial(self.taps.to_kernel, columns, below)
            self.taps.to_input(kernels[:, level - 1], columns, out=signal)
        yield 0, _through_tanh_(signal, states[0]), None


def _through_tanh_(signal: Tensor, x: Tensor) -> Tensor:
    """Multiplies a signal by tanh' = 1 − x², in place."""
    return torch.ops.aten.tanh_backward.grad_input(signal, x, grad_input=signal)
