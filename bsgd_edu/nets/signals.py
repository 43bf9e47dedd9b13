"""What deep networks make of signals and gradients before they are trained."""

from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import require_sizes
from .deep_cnn import DeepCNN

__all__ = ["RandomSignals", "random_signals"]


class RandomSignals(NamedTuple):
    """Mean squares in random networks, float64 on the CPU.

    Attributes:
        gradients: By layers below the top, relative to the top's, (L + 1, networks).
        last: Of the last layer's signal, relative to q*, (networks,).
    """

    gradients: Tensor
    last: Tensor


def random_signals(net: DeepCNN, networks: int, *, generator: torch.Generator) -> RandomSignals:
    """Sends a white image up and white gradients down through networks as they are initialised.

    In mean field the mean square of gradients is multiplied by χ_1 a layer, whatever the kernels.

    Args:
        net: The network; its inputs have `net.in_channels` channels.
        networks: How many, ≥ 1, each with weights and a gradient of its own; one image for all.
        generator: Of weights, image and gradients; its device is where they are computed.

    Returns:
        Gradients and signals.

    Raises:
        DomainError: If there are no networks.

    Example:
        >>> net = DeepCNN(4, channels=8, depth=50, in_channels=8)
        >>> found = random_signals(net, 3, generator=torch.Generator().manual_seed(0))
        >>> found.gradients.shape, found.gradients[0], found.last.shape
        (torch.Size([51, 3]), tensor([1., 1., 1.], dtype=torch.float64), torch.Size([3]))
    """
    require_sizes("random_signals", networks=networks)
    theta = net.init(generator, replicas=(networks,))
    pixels = net.in_channels * net.side**2
    image = torch.randn(1, pixels, generator=generator, device=generator.device)
    norms = net.norms(theta, image, generator=generator)
    from_the_top = norms.backward.double().cpu().flip(1).T
    last = norms.forward[:, -1].double().cpu()
    return RandomSignals(from_the_top / from_the_top[0], last / net.q)
