"""Exercise 03.3: Birkhoff's coefficient from the entries of a matrix."""

import torch
from torch import Tensor

from ....course.exercises import Exercise, Misconception, Step, Wrong, close, tensor_problem

__all__ = ["IMPLEMENT_COEFFICIENT", "coefficient"]


def coefficient(matrix: Tensor) -> Tensor:
    """Returns tanh(Δ/4) of a positive matrix (m, n), as a tensor without dims."""
    logs = matrix.log()
    # rows[i, j] = the widest gap of log W_ik − log W_jk over columns k; Δ adds it both ways.
    rows = (logs[:, None] - logs[None, :]).amax(-1)
    diameter = (rows + rows.T).max()
    return (diameter / 4).tanh()


def _four_indices(matrix):
    logs = matrix.log()
    cross = (
        logs[:, None, :, None]
        + logs[None, :, None, :]
        - logs[None, :, :, None]
        - logs[:, None, None, :]
    )
    return torch.tanh(cross.max() / 4)


def _by_columns(matrix):
    columns, best = matrix.T, matrix.new_tensor(0.0)
    for x in columns:
        for y in columns:
            ratio = x / y
            best = torch.maximum(best, (ratio.max() / ratio.min()).log())
    root = (best / 2).exp()
    return (root - 1) / (root + 1)


def _copied(matrix):
    return torch.tanh(_delta(matrix)) / 4


def _half(matrix):
    return torch.tanh(_delta(matrix) / 2)


def _delta(matrix):
    return 4 * torch.atanh(coefficient(matrix))


def _entries(matrix):
    return torch.tanh((matrix.max() / matrix.min()).log() / 4)


def _neighbours(matrix):
    logs = matrix.log()
    gaps = logs[:-1] - logs[1:]
    return torch.tanh((gaps.amax(-1) - gaps.amin(-1)).max() / 4)


def _thompson(matrix):
    logs = matrix.log()
    return torch.tanh((logs[:, None] - logs[None, :]).max() / 4)


def _eigenvalues(matrix):
    if matrix.shape[0] != matrix.shape[1]:
        return matrix.new_tensor(0.0)
    sizes = torch.linalg.eigvals(matrix).abs().sort(descending=True).values
    return sizes[1] / sizes[0]


def _random_matrix(generator: torch.Generator) -> tuple[Tensor]:
    # Drawn until the widest pair of rows are no neighbours: only then does that mistake show.
    while True:
        matrix = torch.randn(4, 4, generator=generator, dtype=torch.float64).exp()
        if not close(_neighbours(matrix), coefficient(matrix), rtol=1e-3):
            return (matrix,)


def _coefficient_shape(answer, generator) -> bool | str:
    return tensor_problem(answer(*_random_matrix(generator)), ()) or True


def _coefficient_value(answer, generator) -> bool:
    by_hand = torch.tensor([[2.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
    return close(answer(by_hand), torch.tensor(1 / 3, dtype=torch.float64))


def _coefficient_random(answer, generator) -> bool:
    # The last one always shows what comparing neighbouring rows misses.
    matrices = [
        torch.randn(*shape, generator=generator, dtype=torch.float64).exp()
        for shape in ((2, 2), (3, 5), (5, 3))
    ]
    return all(
        close(answer(matrix), coefficient(matrix))
        for matrix in (*matrices, *_random_matrix(generator))
    )


def _coefficient_invariant(answer, generator) -> bool:
    (matrix,) = _random_matrix(generator)
    rows, columns = torch.rand(2, 4, generator=generator, dtype=torch.float64) + 0.1
    value = answer(matrix)
    scaled = rows[:, None] * matrix * columns
    return close(answer(matrix.T.contiguous()), value) and close(answer(scaled), value)


def _coefficient_limit(answer, generator) -> bool:
    column, row = torch.rand(2, 3, generator=generator, dtype=torch.float64) + 0.1
    return bool(abs(answer(column[:, None] * row)) < 1e-9)


IMPLEMENT_COEFFICIENT = Exercise(
    id="03.3",
    title="Birkhoff's coefficient",
    kind="implement",
    difficulty=2,
    minutes=12,
    teaches="to read the contraction factor of a positive layer off its weights",
    signature=(
        "coefficient(matrix: Tensor (m, n), entries > 0) -> Tensor (). Worked value: "
        "[[2., 1.], [1., 2.]] gives 1/3."
    ),
    hints=(
        "Take logarithms first: products become sums, and Δ is a maximum of differences.",
        "Δ = max over i, j, k, l of log W_ik + log W_jl − log W_jk − log W_il; then tanh(Δ/4)",
        "L = log W; gap[i, j] = max_k (L[i, k] − L[j, k]); Δ = max_ij (gap[i, j] + gap[j, i])",
    ),
    reference=coefficient,
    why=(
        "For two rows i, j the largest of W_ik/W_jk over k times the largest of W_jl/W_il over l "
        "is what four indices maximise: so m² n operations are enough, not m² n². Scaling rows or "
        "columns cancels: normalising layers before or after W changes nothing."
    ),
    steps=(
        Step("shape", "expected a tensor without dims", _coefficient_shape),
        Step("value", "the matrix worked by hand comes out differently", _coefficient_value),
        Step("value", "on random matrices of any shape the value differs", _coefficient_random),
        Step(
            "invariant",
            "transposing W, or scaling its rows and columns, must change nothing",
            _coefficient_invariant,
        ),
        Step("limit", "a matrix of rank one sends all rays to one: factor 0", _coefficient_limit),
    ),
    misconceptions=(
        Misconception(
            "copied",
            "this is ¼ tanh Δ, the formula that is copied wrongly: the quarter stands inside",
            _copied,
        ),
        Misconception("half", "tanh(Δ/2) is too large: divide Δ by 4", _half),
        Misconception(
            "entries",
            "Δ compares four entries, not the largest with the smallest: scaling a row would "
            "change that ratio, but not the rays' distances",
            _entries,
        ),
        Misconception(
            "neighbours",
            "compares neighbouring rows only: the widest pair can be any two rows",
            _neighbours,
        ),
        Misconception(
            "one-way",
            "takes the largest log ratio of two rows one way; Hilbert's metric adds both ways",
            _thompson,
        ),
        Misconception(
            "eigenvalues",
            "|λ₂/λ₁| is the rate in the end, for powers of one matrix; the coefficient bounds "
            "every single step",
            _eigenvalues,
        ),
    ),
    cases=_random_matrix,
    wrong=(
        Wrong(_copied, "the quarter stands inside"),
        Wrong(_half, "divide Δ by 4"),
        Wrong(_entries, "four entries"),
        Wrong(_neighbours, "any two rows"),
        Wrong(_thompson, "adds both ways"),
        Wrong(_eigenvalues, "every single step"),
        Wrong(lambda matrix: matrix.log().amax(-1), "expected a tensor of shape ()"),
        Wrong(lambda matrix: torch.tensor(1 / 3, dtype=torch.float64), "random matrices"),
    ),
    right=(_four_indices, _by_columns),
)
