"""A tanh convolutional net of up to 10,000 layers, trained within a given memory."""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import refusal, require, require_choice, require_shape, require_sizes
from ..meanfield import critical_line, fixed_point
from .base import Net, checked_loss
from .convolution import patches
from .segments import MemoryPlan, deepest, least_segment, planned
from .stacked import LayerStorage, scaled_residual, target_columns
from .tanh_layers import LAWS, TanhLayers

__all__ = ["DeepCNN", "SignalNorms"]

# On a CPU a block's columns should stay in a core's second-level cache (0.5 to 1.5 MB are alike).
_BLOCK_BYTES = 1_000_000


class SignalNorms(NamedTuple):
    """Mean squares of h_l and of ∂L/∂h_l, each (..., depth + 1), l = 0 … depth."""

    forward: Tensor
    backward: Tensor


class DeepCNN(Net):
    """A patch embedding, `depth` convolutions of constant width with tanh, linear readout.

        h_0 = A·patch + a,   h_l = W_l ∗ tanh(h_{l−1}) + b_l,   outputs = V·mean_p tanh(h_L) + v

    Each patch of the image becomes one position of a map of (side / patch)² positions. Kernels are
    drawn with weight variance σ_w² (fan-in taken out) and biases with σ_b²; A so that inputs of
    mean square 1 start at the fixed point q*, or at 1/depth where q* = 0; V ~ N(0, 1/fan-in);
    a = v = 0. A point is (A, a, W, b, V, v) flattened, W and b of all layers together.

    `grad` is written by hand. It keeps `segment` states tanh(h_l) at a time and, of the other
    layers, one in `segment`, from which the others are computed again: one forward pass more. With
    examples in blocks of B, R replicas and k² taps its peak is, in numbers,

        2·R·d + R·channels·positions·B·(⌈depth/segment⌉ + segment + k² + 1) + small

    (θ, gradient, states, the signal and its neighbours), for which :meth:`plan` takes the longest
    segment that fits `max_bytes`; segments of √depth need least. The states are one allocation, so
    that the process grows by no more than this. Autograd through `loss` or `logits` (for Hessians)
    keeps everything and heeds no bound.

    Args:
        side: Height and width of an image in pixels.
        channels: Width C of every layer.
        depth: L ≥ 1.
        num_classes: Number of outputs.
        in_channels: 1 for grey images, 3 for colour. Inputs are flat, channels first.
        patch: Side of a patch in pixels, a divisor of `side`.
        pool: Whether V sees the mean over positions, else all of them: delta-orthogonal layers do
            not mix positions, so that their mean tells little of an image until they are trained.
        kernel_size: k, at most the side of the map.
        padding: ``"circular"`` (the map is a torus) or ``"zeros"``.
        init: ``"delta_orthogonal"``, ``"gaussian"`` or ``"orthogonal"`` (block convolutions: an
            isometry with circular padding only).
        weight_var: σ_w²; None, with bias_var None, for the critical point with q* = 1/depth.
        bias_var: σ_b².
        max_bytes: Bound on the peak of `grad` and `norms`; None keeps every state.
        weight_decay: λ ≥ 0 of the loss's λ/2 ‖θ‖².
        loss: ``"cross_entropy"`` or ``"mse"``.

    Raises:
        DomainError: If a size, an option or a variance cannot be, or if not even one example fits
            `max_bytes`.

    Example:
        >>> net = DeepCNN(8, channels=4, depth=100, patch=2, max_bytes=200_000)
        >>> theta = net.init(torch.Generator().manual_seed(0))
        >>> x, y = torch.ones(3, 64), torch.tensor([0, 1, 2])
        >>> net.logits(theta, x).shape, net.grad(theta, x, y).shape == theta.shape
        (torch.Size([3, 10]), True)
        >>> net.plan(batch=3).segment
        90

    References:
        L. Xiao, Y. Bahri, J. Sohl-Dickstein, S. Schoenholz, J. Pennington (2018), Dynamical
        isometry and a mean field theory of CNNs, ICML, arXiv 1806.05393; T. Chen, B. Xu, C. Zhang,
        C. Guestrin (2016), Training deep nets with sublinear memory cost, arXiv 1604.06174.
    """

    def __init__(
        self,
        side: int,
        channels: int,
        depth: int,
        num_classes: int = 10,
        in_channels: int = 1,
        *,
        patch: int = 1,
        pool: bool = True,
        kernel_size: int = 3,
        padding: str = "circular",
        init: str = "delta_orthogonal",
        weight_var: float | None = None,
        bias_var: float | None = None,
        max_bytes: int | None = None,
        weight_decay: float = 0.0,
        loss: str = "cross_entropy",
    ):
        checked_loss(loss, weight_decay)
        require_sizes(
            "DeepCNN", side=side, channels=channels, depth=depth, num_classes=num_classes,
            in_channels=in_channels, patch=patch, kernel_size=kernel_size,
        )  # fmt: skip
        require_choice("DeepCNN", "padding", padding, ("circular", "zeros"))
        require_choice("DeepCNN", "init", init, LAWS)
        rule, fact = "side must be a multiple of patch", f"they are {side} and {patch}"
        require(side % patch == 0, "DeepCNN", rule, fact, "Pad the images, or take patch=1.")
        width = side // patch
        rule = "kernel_size must be at most the side of the map"
        fact = f"it is {kernel_size} and the map has side {side}/{patch} = {width}"
        require(kernel_size <= width, "DeepCNN", rule, fact, "Take smaller patches or kernels.")
        require(
            (weight_var is None) == (bias_var is None),
            "DeepCNN",
            "weight_var and bias_var must be given together",
            f"they are {weight_var} and {bias_var}",
            "Leave both out for the critical point q* = 1/depth.",
        )
        if weight_var is None:
            self.q = 1 / depth
            weight_var, bias_var = map(float, critical_line(self.q))
        else:
            self.q = float(fixed_point(weight_var, bias_var).q) or 1 / depth
        self.side, self.channels, self.depth, self.patch = side, channels, depth, patch
        self.num_classes, self.in_channels = num_classes, in_channels
        self.padding, self.law, self.pool, self.max_bytes = padding, init, pool, max_bytes
        self.weight_var, self.bias_var = float(weight_var), float(bias_var)
        self.weight_decay, self.loss_kind, self.positions = weight_decay, loss, width**2
        self._layers = TanhLayers(depth, channels, width, kernel_size, padding == "circular")
        self.shapes = [
            (channels, in_channels * patch**2),
            (channels,),
            (depth, channels, channels, kernel_size, kernel_size),
            (depth, channels),
            (num_classes, channels if pool else channels * self.positions),
            (num_classes,),
        ]
        self._layout = LayerStorage(self.shapes, 1)
        self.dim = sum(self._layout.sizes)
        self.plan()

    def __repr__(self) -> str:
        size = f"side={self.side}, channels={self.channels}, depth={self.depth}"
        return f"DeepCNN({size}, patch={self.patch}, padding={self.padding!r}, init={self.law!r})"

    def init(self, generator: torch.Generator, replicas: Sequence[int] = ()) -> Tensor:
        """Returns random parameters (*replicas, d), float32, of the law described above."""
        theta = torch.zeros(*replicas, self.dim, device=generator.device)
        stem, _, kernels, biases, head, _ = self._layout.views(theta)
        stem.normal_(generator=generator).mul_((self.q / stem.shape[-1]) ** 0.5)
        variances = self.weight_var, self.bias_var
        self._layers.draw_(kernels, biases, self.law, *variances, generator=generator)
        head.normal_(generator=generator).mul_(head.shape[-1] ** -0.5)
        return theta

    def plan(
        self, batch: int = 1, replicas: int = 1, dtype: torch.dtype = torch.float32
    ) -> MemoryPlan:
        """Returns how `grad` treats a batch: the fewest layers computed twice within `max_bytes`.

        Examples go in blocks; blocks are halved where not even segments of √depth fit.

        Raises:
            DomainError: If one example does not fit.
        """
        unit = dtype.itemsize

        def size(depth: int, segment: int, examples: int) -> int:
            return unit * replicas * self._numbers(depth, segment, examples)

        columns = unit * replicas * self._layers.state * self._layers.taps.count  # of an example
        examples = max(1, min(batch, _BLOCK_BYTES // columns))
        plan = planned(self.depth, examples, self.max_bytes, size)
        if plan is None:
            least = size(self.depth, least_segment(self.depth), 1)
            most = deepest(self.depth, self.max_bytes, size)
            fewer = f"at most {most:,} of these {self.depth:,} layers, " * (most > 0)
            raise refusal(
                "DeepCNN",
                f"max_bytes must hold {replicas} × {self.dim:,} parameters, their gradient and the "
                f"least states of one example, {least:,} bytes in all",
                f"it is {self.max_bytes:,}",
                f"Raise it, or take {fewer}fewer than {self.channels} channels, or fewer replicas.",
            )
        return plan

    def _numbers(self, depth: int, segment: int, examples: int) -> int:
        """How many numbers a replica needs at the peak of `grad` (see the class)."""
        above = sum(self._layout.sizes[2:4]) // self.depth * (self.depth - depth)
        pixels = 2 * self.in_channels * self.side**2 * examples
        return 2 * (self.dim - above) + pixels + self._layers.size(depth, segment, examples)

    def logits(self, theta: Tensor, inputs: Tensor) -> Tensor:
        """Returns the outputs (..., B, C); see :meth:`Net.logits`."""
        lead, parts, inputs = self._stacked(theta, inputs)
        plan = self.plan(inputs.shape[-2], len(parts[0]), theta.dtype)
        outputs = []
        for block in inputs.split(plan.examples, -2):
            x = self._stem(parts, self._pixels(block)).tanh()
            outputs.append(self._head(parts, self._layers.forward(*parts[2:4], x)))
        columns = torch.cat(outputs, -1)
        return columns.mT.reshape(*lead, -1, self.num_classes)

    @torch.no_grad()
    def grad(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
        """Returns the gradient of the loss at each point, (..., d), within `max_bytes`; detached.

        Raises:
            DomainError: If one example of all replicas does not fit `max_bytes`.
        """
        lead, parts, inputs = self._stacked(theta, inputs)
        batch, replicas = inputs.shape[-2], len(parts[0])
        plan = self.plan(batch, replicas, theta.dtype)
        wanted = target_columns(targets, self.num_classes, inputs, self.loss_kind)
        if wanted.dim() > 2:
            wanted = wanted.expand(*lead, -1, -1).reshape(replicas, -1, batch)
        gradient = torch.zeros(replicas, self.dim, dtype=theta.dtype, device=theta.device)
        into = self._layout.views(gradient)
        blocks = inputs.split(plan.examples, -2), wanted.split(plan.examples, -1)
        for block, goal in zip(*blocks, strict=True):
            share = goal.shape[-1] / batch
            self._add_gradient(into, parts, self._pixels(block), goal, share, plan.segment)
        gradient = gradient.view(*lead, self.dim)
        return gradient.add_(theta, alpha=self.weight_decay) if self.weight_decay else gradient

    @torch.no_grad()
    def norms(self, theta: Tensor, inputs: Tensor, *, generator: torch.Generator) -> SignalNorms:
        """Returns mean squares of signals and gradients at every layer, within `max_bytes`.

        The gradient is that of a random linear function of the last layer: white Gaussian noise
        of variance 1 as ∂L/∂tanh(h_L). In mean field E h_l² follows the length map and
        E (∂L/∂h_l)² is multiplied by χ_1 a layer on the way down.

        Args:
            theta: Points (..., d).
            inputs: (B, pixels), or (..., B, pixels).
            generator: Source of the noise, on θ's device.

        Returns:
            forward and backward, (..., depth + 1), means over channels, positions, examples; in
            float32 0 below 1e-45: pass θ and inputs as float64 where gradients vanish.
        """
        lead, parts, inputs = self._stacked(theta, inputs)
        batch, replicas = inputs.shape[-2], len(parts[0])
        plan = self.plan(batch, replicas, theta.dtype)
        forward = theta.new_zeros(replicas, self.depth + 1)
        backward = torch.zeros_like(forward)

        def noise(top: Tensor) -> Tensor:
            return torch.empty_like(top).normal_(generator=generator)

        for block in inputs.split(plan.examples, -2):
            share, squares = block.shape[-2] / batch, torch.empty_like(forward)

            def see(level: int, h: Tensor, squares=squares) -> None:
                squares[:, level] = _mean_square(h)

            for level, signal, _ in self._layers.downward(
                *parts[2:4], self._stem(parts, self._pixels(block)), noise, plan.segment, see
            ):
                backward[:, level] += share * _mean_square(signal)
            forward += share * squares
        shape = (*lead, self.depth + 1)
        return SignalNorms(forward.view(shape), backward.view(shape))

    def _add_gradient(self, into, parts, pixels, goal, share, segment) -> None:
        """Adds `share` times the gradient of one block's loss to the views `into`."""
        stem, stem_bias, kernels, biases, head, head_bias = into

        def residual(top: Tensor) -> Tensor:
            delta = scaled_residual(self._head(parts, top), goal, -share, self.loss_kind)
            head.baddbmm_(delta, self._read(top).mT)
            head_bias.add_(delta.sum(-1))
            back = parts[4].mT @ delta
            if self.pool:
                back = back.div_(self.positions).unsqueeze(2).repeat(1, 1, self.positions, 1)
            return back.view(top.shape)

        sweep = self._layers.downward(*parts[2:4], self._stem(parts, pixels), residual, segment)
        for level, signal, to_kernel in sweep:
            if level:
                kernels[:, level - 1].flatten(3).add_(to_kernel())
                biases[:, level - 1].add_(signal.sum((2, 3)))
            else:
                stem.add_(signal.flatten(2) @ pixels.mT)
                stem_bias.add_(signal.sum((2, 3)))

    def _stem(self, parts, pixels: Tensor) -> Tensor:
        pixels = pixels.expand(len(parts[0]), *pixels.shape[-2:])
        h = torch.baddbmm(parts[1].unsqueeze(-1), parts[0], pixels)
        return h.unflatten(-1, (self.positions, -1))

    def _head(self, parts, x: Tensor) -> Tensor:
        return torch.baddbmm(parts[5].unsqueeze(-1), parts[4], self._read(x))

    def _read(self, x: Tensor) -> Tensor:
        return x.mean(2) if self.pool else x.flatten(1, 2)

    def _stacked(self, theta: Tensor, inputs: Tensor):
        """Replica dimensions, the parameters (R, *shape), and inputs (B, pixels) or (R, …)."""
        theta = self._checked(theta)
        lead, own, pixels = theta.shape[:-1], inputs.shape[:-2], self.in_channels * self.side**2
        remedy = "Flatten each image, channels first."
        require_shape("DeepCNN", "inputs", inputs, (..., "B", pixels), remedy)
        if own:
            lead = torch.broadcast_shapes(lead, own)
            theta = theta.expand(*lead, self.dim)
            inputs = inputs.expand(*lead, *inputs.shape[-2:]).reshape(-1, *inputs.shape[-2:])
        return lead, self._layout.views(theta.reshape(-1, self.dim)), inputs

    def _pixels(self, inputs: Tensor) -> Tensor:
        return patches(inputs, self.in_channels, self.side, self.patch)


def _mean_square(x: Tensor) -> Tensor:
    """Mean squares (R,) of (R, C, P, B), without a copy of x."""
    return torch.linalg.vector_norm(x, dim=(1, 2, 3)).square() / x[0].numel()
