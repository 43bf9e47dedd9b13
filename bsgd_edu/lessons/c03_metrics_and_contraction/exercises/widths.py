"""Exercise 03.4: how wide the image of the cone is after each matrix of a backward product."""

import torch
from torch import Tensor

from ....course.exercises import Exercise, Misconception, Step, Wrong, close, tensor_problem
from ....metrics import projective_diameter

__all__ = ["IMPLEMENT_WIDTHS", "image_widths"]


def image_widths(matrices: Tensor) -> Tensor:
    """Returns Δ(W_1), Δ(W_1 W_2), …, Δ(W_1 ⋯ W_n) of positive matrices (n, d, d)."""
    product, widths = torch.eye(matrices.shape[-1], dtype=matrices.dtype), []
    for matrix in matrices:
        product = product @ matrix  # the new map is inside
        product = product / product.sum()  # a scalar changes no ray, and nothing overflows
        widths.append(projective_diameter(product))
    return torch.stack(widths)


def _by_logs(matrices):
    logs, rows = matrices[0].log(), []
    for k, matrix in enumerate(matrices):
        if k:
            logs = (logs[:, :, None] + matrix.log()[None]).logsumexp(1)
        gaps = (logs[:, None] - logs[None]).amax(-1)
        rows.append((gaps + gaps.T).max())
    return torch.stack(rows)


def _by_columns(matrices):
    # The images of the corners are the columns, rescaled one by one.
    rows = []
    for n in range(1, len(matrices) + 1):
        corners = torch.eye(matrices.shape[-1], dtype=matrices.dtype)
        for matrix in matrices[:n].flip(0):
            corners = matrix @ corners
            corners = corners / corners.amax(0)
        ratios = corners.log()[:, :, None] - corners.log()[:, None, :]
        rows.append((ratios.amax(0) - ratios.amin(0)).max())
    return torch.stack(rows)


def _outside(matrices):
    product, widths = torch.eye(matrices.shape[-1], dtype=matrices.dtype), []
    for matrix in matrices:
        product = matrix @ product
        product = product / product.sum()
        widths.append(projective_diameter(product))
    return torch.stack(widths)


def _single(matrices):
    return projective_diameter(matrices)


def _without_rescaling(matrices):
    product, widths = torch.eye(matrices.shape[-1], dtype=matrices.dtype), []
    for matrix in matrices:
        product = product @ matrix
        logs = product.log()
        gaps = (logs[:, None] - logs[None]).amax(-1)
        widths.append((gaps + gaps.T).max())
    return torch.stack(widths)


def _two_corners(matrices):
    product, widths = torch.eye(matrices.shape[-1], dtype=matrices.dtype), []
    for matrix in matrices:
        product = product @ matrix
        product = product / product.sum()
        widths.append(projective_diameter(product[:, [0, -1]]))
    return torch.stack(widths)


def _bounds(matrices):
    widths = projective_diameter(matrices)
    factors = (widths / 4).tanh().cumprod(0)
    return torch.cat([widths[:1], factors[:-1] * widths[1:]])


def _last(matrices):
    return image_widths(matrices)[-1]


def _row_scaled(matrices):
    product, widths = torch.eye(matrices.shape[-1], dtype=matrices.dtype), []
    for matrix in matrices:
        product = product @ matrix
        product = product / product.sum(-1, keepdim=True)
        widths.append((product.amax(0) / product.amin(0)).log().max())
    return torch.stack(widths)


def _random_matrices(generator: torch.Generator) -> tuple[Tensor]:
    # Drawn until the widest pair is not always the outer one: only then does that mistake show.
    while True:
        matrices = torch.randn(5, 3, 3, generator=generator, dtype=torch.float64).exp()
        if not close(_two_corners(matrices), image_widths(matrices)):
            return (matrices,)


def _widths_shape(answer, generator) -> bool | str:
    return tensor_problem(answer(*_random_matrices(generator)), (5,)) or True


def _widths_value(answer, generator) -> bool:
    by_hand = torch.tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64).expand(2, 2, 2)
    want = torch.tensor([4.0, 25 / 16], dtype=torch.float64).log()
    return close(answer(by_hand.clone()), want)


def _widths_random(answer, generator) -> bool:
    (matrices,) = _random_matrices(generator)
    return close(answer(matrices), image_widths(matrices))


def _widths_fall(answer, generator) -> bool:
    widths = answer(*_random_matrices(generator))
    return bool((widths.diff() < 0).all())


def _widths_long(answer, generator) -> bool | str:
    matrices = 1e3 * torch.rand(200, 2, 2, generator=generator, dtype=torch.float64) + 1
    widths = answer(matrices)
    if not torch.isfinite(widths).all():
        return "after many matrices the product overflows: rescale it, rays do not notice"
    return bool(widths[-1] < 1e-9)


IMPLEMENT_WIDTHS = Exercise(
    id="03.4",
    title="The width of the cone",
    kind="implement",
    difficulty=3,
    minutes=15,
    teaches="to follow a product of positive layers without overflow, and what backward adds",
    signature=(
        "image_widths(matrices: Tensor (n, d, d), entries > 0) -> Tensor (n,): the Hilbert "
        "diameter of W_1⋯W_k(cone), k = 1 … n. Worked value: twice [[2., 1.], [1., 2.]] gives "
        "[log 4, log 25/16]."
    ),
    hints=(
        "Keep the product so far, and put each new matrix on the inside: on the right.",
        "Δ(W_1⋯W_k) is `metrics.projective_diameter` of the product, divided by any number",
        "P = identity; for W in matrices: P = P @ W; P = P / P.sum(); append the diameter of P",
    ),
    reference=image_widths,
    why=(
        "The images of the cone are nested only if the new matrix is inside, so only then must "
        "every single width fall. Outside, the width obeys the same bound and may rise in between."
    ),
    steps=(
        Step("shape", "expected one width for each k = 1 … n", _widths_shape),
        Step("value", "the worked value comes out differently", _widths_value),
        Step("value", "on random matrices the widths differ", _widths_random),
        Step("invariant", "inside images are nested: each width is below the last", _widths_fall),
        Step("limit", "after 200 matrices the width must be rounding only", _widths_long),
    ),
    misconceptions=(
        Misconception(
            "outside",
            "put the new matrix outside: the last one acts first in a backward product, so it "
            "stands on the right",
            _outside,
        ),
        Misconception(
            "single", "these are the widths of the single matrices, not of their products", _single
        ),
        Misconception(
            "bounds",
            "these are Birkhoff's bounds, Δ times coefficients; the width itself is smaller",
            _bounds,
        ),
        Misconception(
            "two-corners",
            "compares the first and the last corner only: the widest pair can be any two",
            _two_corners,
        ),
        Misconception(
            "row-scaled",
            "rescaled each row on its own: that is another matrix; one number for the whole "
            "product changes no ray",
            _row_scaled,
        ),
    ),
    cases=_random_matrices,
    wrong=(
        Wrong(_outside, "stands on the right"),
        Wrong(_single, "single matrices"),
        Wrong(_bounds, "Birkhoff's bounds"),
        Wrong(_two_corners, "any two"),
        Wrong(_row_scaled, "each row on its own"),
        Wrong(_without_rescaling, "overflows"),
        Wrong(_last, "its shape is ()"),
        Wrong(lambda matrices: image_widths(matrices) * 2, "worked value"),
    ),
    right=(_by_logs, _by_columns),
)
