"""Exercises 03.3 and 03.4: what a positive matrix, and a product of them, does to the cone."""

import torch

from .... import metrics
from ....course.exercises import Step, build_question, close

__all__ = ["COEFFICIENT", "WIDTHS"]


def coefficient(matrix):
    """Returns tanh(Δ/4) of a positive matrix (m, n), as a tensor without dims."""
    logs = matrix.log()
    # rows[i, j] = the widest gap of log W_ik − log W_jk over columns k; Δ adds it both ways.
    rows = (logs[:, None] - logs[None, :]).amax(-1)
    diameter = (rows + rows.T).max()
    return (diameter / 4).tanh()


def _by_columns(matrix):
    ratios = matrix[:, :, None] / matrix[:, None, :]
    root = (ratios.amax(0) / ratios.amin(0)).max().sqrt()
    return (root - 1) / (root + 1)


def _diameter(matrix):
    return 4 * torch.atanh(coefficient(matrix))


def _neighbours(matrix):
    gaps = matrix.log().diff(dim=0)
    return torch.tanh((gaps.amax(-1) - gaps.amin(-1)).max() / 4)


def _positive(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64).exp()


def _shown(mistake, answer, generator, *shape):
    # Drawn until the widest pair of rows or columns is not a special one: only then does it show.
    while True:
        drawn = _positive(generator, *shape)
        if not close(mistake(drawn), answer(drawn), rtol=1e-3):
            return (drawn,)


def _rays(answer, generator) -> bool:
    matrix, (rows, columns) = _positive(generator, 4, 4), _positive(generator, 2, 4)
    value, scaled = answer(matrix), rows[:, None] * matrix * columns
    return close(answer(matrix.T.contiguous()), value) and close(answer(scaled), value)


def _any_shape(answer, generator) -> bool:
    drawn = [_positive(generator, *shape) for shape in 10 * [(3, 5), (5, 3)]]
    return all(close(answer(matrix), coefficient(matrix)) for matrix in drawn)


_BY_HAND = torch.tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64)

COEFFICIENT = build_question(
    "03.3",
    "Birkhoff's coefficient",
    difficulty=2,
    minutes=12,
    teaches="to read the contraction factor of a positive layer off its weights",
    signature="coefficient(matrix: Tensor (m, n), entries > 0) -> Tensor (). Worked value: "
    "[[2., 1.], [1., 2.]] gives 1/3.",
    hints=(
        "Take logarithms first: products become sums, and Δ is a maximum of differences.",
        "Δ = max over i, j, k, l of log W_ik + log W_jl − log W_jk − log W_il; then tanh(Δ/4)",
        "L = log W; gap[i, j] = max_k (L[i, k] − L[j, k]); Δ = max_ij (gap[i, j] + gap[j, i])",
    ),
    why="For two rows i, j the largest of W_ik/W_jk over k times the largest of W_jl/W_il over l "
    "is what four indices maximise: so m² n operations are enough, not m² n². Scaling rows or "
    "columns cancels: normalising layers before or after W changes nothing.",
    answer=coefficient,
    worked=((_BY_HAND,), torch.tensor(1 / 3, dtype=torch.float64)),
    worked_says="the matrix worked by hand comes out differently",
    cases=lambda generator: _shown(_neighbours, coefficient, generator, 4, 4),
    cases_say="on random matrices the value differs",
    steps=(
        Step("invariant", "on random matrices that are not square the value differs", _any_shape),
        Step("invariant", "transposing W, or scaling its rows and columns, must change nothing",
             _rays),
        Step("limit", "a matrix of rank one sends all rays to one: factor 0",
             lambda answer, g: abs(answer(_positive(g, 3, 1) * _positive(g, 1, 3))) < 1e-9),
    ),
    mistakes={
        "this is ¼ tanh Δ, the formula that is copied wrongly: the quarter stands inside":
            lambda matrix: torch.tanh(_diameter(matrix)) / 4,
        "tanh(Δ/2) is too large: divide Δ by 4": lambda matrix: torch.tanh(_diameter(matrix) / 2),
        "Δ compares four entries, not the largest with the smallest: scaling a row would change "
        "that ratio, but not the rays' distances":
            lambda matrix: torch.tanh((matrix.max() / matrix.min()).log() / 4),
        "compares neighbouring rows only: the widest pair can be any two rows": _neighbours,
        "takes the largest log ratio of two rows one way; Hilbert's metric adds both ways":
            lambda matrix: torch.tanh((matrix.log()[:, None] - matrix.log()).max() / 4),
        "|λ₂/λ₁| is the rate in the end, for powers of one matrix; the coefficient bounds every "
        "single step": lambda matrix: torch.div(*torch.linalg.eigvals(matrix).abs().sort()[0][-2:]),
    },
    wrong={
        "expected a tensor of shape ()": lambda matrix: matrix.log().amax(-1),
        "on random matrices the": lambda matrix: torch.tensor(1 / 3, dtype=torch.float64),
        "not square": lambda matrix: coefficient(matrix[:, : len(matrix)]),
    },
    right=(_by_columns, metrics.birkhoff_coefficient),
)  # fmt: skip


def image_widths(matrices):
    """Returns Δ(W_1), Δ(W_1 W_2), …, Δ(W_1 ⋯ W_n) of positive matrices (n, d, d)."""
    product = torch.eye(matrices.shape[-1], dtype=matrices.dtype)
    widths = []
    for matrix in matrices:
        product = product @ matrix  # the new map is inside
        product = product / product.sum()  # a scalar changes no ray, and nothing overflows
        widths.append(metrics.projective_diameter(product))
    return torch.stack(widths)


def _by_logs(matrices):
    logs, widths = torch.eye(matrices.shape[-1]).log(), []
    for matrix in matrices:
        logs = (logs[:, :, None] + matrix.log()).logsumexp(1)
        gaps = (logs[:, None] - logs).amax(-1)
        widths.append((gaps + gaps.T).max())
    return torch.stack(widths)


def _follow(matrices, width, join=torch.matmul, rescale=lambda product: product / product.sum()):
    product, widths = torch.eye(matrices.shape[-1], dtype=matrices.dtype), []
    for matrix in matrices:
        product = rescale(join(product, matrix))
        widths.append(width(product))
    return torch.stack(widths)


def _two_corners(matrices):
    return _follow(matrices, lambda product: _diameter(product[:, [0, -1]]))


def _long(answer, generator) -> bool | str:
    widths = answer(1e3 * torch.rand(200, 2, 2, generator=generator, dtype=torch.float64) + 1)
    if not torch.isfinite(widths).all():
        return "after many matrices the product overflows: rescale it, rays do not notice"
    return bool(widths[-1] < 1e-9)


WIDTHS = build_question(
    "03.4",
    "The width of the cone",
    difficulty=3,
    minutes=15,
    teaches="to follow a product of positive layers without overflow, and what backward adds",
    signature="image_widths(matrices: Tensor (n, d, d), entries > 0) -> Tensor (n,): the Hilbert "
    "diameter of W_1⋯W_k(cone), k = 1 … n. Worked value: twice [[2., 1.], [1., 2.]] gives "
    "[log 4, log 25/16].",
    hints=(
        "Keep the product so far, and put each new matrix on the inside: on the right.",
        "Δ(W_1⋯W_k) is `metrics.projective_diameter` of the product, divided by any number",
        "P = identity; for W in matrices: P = P @ W; P = P / P.sum(); append the diameter of P",
    ),
    why="The images of the cone are nested only if the new matrix is inside, so only then must "
    "every single width fall. Outside, the width obeys the same bound and may rise in between.",
    answer=image_widths,
    worked=((torch.stack([_BY_HAND, _BY_HAND]),), torch.tensor([4, 25 / 16]).double().log()),
    cases=lambda generator: _shown(_two_corners, image_widths, generator, 5, 3, 3),
    cases_say="on random matrices the widths differ",
    steps=(
        Step("invariant", "inside images are nested: each width is below the last",
             lambda answer, generator: (answer(_positive(generator, 5, 3, 3)).diff() < 0).all()),
        Step("limit", "after 200 matrices the width must be rounding only", _long),
    ),
    mistakes={
        "put the new matrix outside: the last one acts first in a backward product, so it stands "
        "on the right": lambda matrices: _follow(matrices, _diameter, lambda p, new: new @ p),
        "these are the widths of the single matrices, not of their products":
            metrics.projective_diameter,
        "these are Birkhoff's bounds, Δ times coefficients; the width itself is smaller":
            lambda matrices: metrics.projective_diameter(matrices)
            * metrics.birkhoff_coefficient(matrices).cumprod(0)
            / metrics.birkhoff_coefficient(matrices),
        "compares the first and the last corner only: the widest pair can be any two": _two_corners,
        "rescaled each row on its own: that is another matrix; one number for the whole product "
        "changes no ray": lambda matrices: _follow(
            matrices,
            width=lambda p: (p.amax(0) / p.amin(0)).log().max(),
            rescale=lambda p: p / p.sum(-1, keepdim=True),
        ),
    },
    wrong={
        "overflows": lambda matrices: _follow(matrices, _diameter, rescale=lambda p: p),
        "its shape is ()": lambda matrices: image_widths(matrices)[-1],
        "worked value": lambda matrices: image_widths(matrices) * 2,
    },
    right=(_by_logs, lambda matrices: _follow(matrices, _diameter)),
)  # fmt: skip
