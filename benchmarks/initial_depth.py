"""Rows of depth.py on networks at initialisation: delta-orthogonal kernels, drawn and applied."""

from collections.abc import Callable

__all__ = ["forward_rows", "init_rows"]


def init_rows(width: int, layers: int) -> tuple[dict[str, Callable], Callable[[], float]]:
    """Kernels of all layers at once, against torch one by one; the largest defect of QᵀQ."""
    import torch

    from bsgd_edu import meanfield, seeding

    kernels = torch.empty(layers, width, width, 3, 3)
    stream = seeding.generator(0, "init", width)

    def ours():
        meanfield.delta_orthogonal_(kernels, generator=stream, spatial_dims=2)

    def literal():
        for kernel in kernels:
            torch.nn.init.zeros_(kernel)
            torch.nn.init.orthogonal_(kernel[:, :, 1, 1], generator=stream)

    def batched_qr():
        q, r = torch.linalg.qr(torch.randn(layers, width, width, generator=stream))
        q *= r.diagonal(dim1=-2, dim2=-1).sign().unsqueeze(-2)
        kernels.zero_()[..., 1, 1] = q

    def check() -> float:
        ours()
        q = kernels[..., 1, 1].double()
        defect = (q.mT @ q - torch.eye(width, dtype=q.dtype)).abs().max()
        around = kernels.clone()
        around[..., 1, 1] = 0
        return float(defect + around.abs().max())

    return {"ours": ours, "batched QR": batched_qr, "literal": literal}, check


def forward_rows(
    width: int, side: int, layers: int, batch: int
) -> tuple[dict[str, Callable], Callable[[], float]]:
    """Images through delta-orthogonal tanh layers: a product with the centre tap, or conv2d."""
    import torch

    from bsgd_edu import meanfield, seeding

    stream = seeding.generator(0, "forward", width, side)
    gain = meanfield.critical_line(1 / layers).weight_var.sqrt().item()
    kernels = torch.empty(layers, width, width, 3, 3)
    meanfield.delta_orthogonal_(kernels, gain, generator=stream, spatial_dims=2)
    images = torch.randn(batch, width, side, side, generator=stream)

    @torch.no_grad()
    def ours():
        h = images.transpose(0, 1).flatten(1)  # channels first: one product a layer
        for tap in kernels[..., 1, 1].contiguous():
            h = tap @ h.tanh()
        return h.view(width, batch, side, side).transpose(0, 1)

    @torch.no_grad()
    def literal():
        h = images
        for kernel in kernels:
            h = torch.nn.functional.conv2d(h.tanh(), kernel, padding=1)
        return h

    return {"ours": ours, "literal": literal}, lambda: float((ours() - literal()).abs().max())
