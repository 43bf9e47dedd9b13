"""Exercise 06.3: a delta-orthogonal kernel out of a Gaussian matrix."""

import torch
from torch import Tensor

from ....course.exercises import Exercise, Misconception, Step, Wrong, close, tensor_problem

__all__ = ["IMPLEMENT_KERNEL", "delta_kernel"]


def delta_kernel(gaussian: Tensor, size: int, gain: float) -> Tensor:
    """Returns a kernel (out, in, size, size) whose centre tap is gain times orthogonal."""
    q, r = torch.linalg.qr(gaussian)
    q = q * r.diagonal().sign()
    kernel = gaussian.new_zeros(*gaussian.shape, size, size)
    kernel[:, :, (size - 1) // 2, (size - 1) // 2] = gain * q
    return kernel


def _placed(matrix, size, place=None, gain=1.0):
    place = (size - 1) // 2 if place is None else place
    kernel = matrix.new_zeros(*matrix.shape, size, size)
    kernel[:, :, place, place] = gain * matrix
    return kernel


def _haar(gaussian):
    q, r = torch.linalg.qr(gaussian)
    return q * r.diagonal().sign()


def _gram_schmidt(gaussian, size, gain):
    columns = []
    for column in gaussian.T:
        for _ in range(2):  # twice is enough
            for other in columns:
                column = column - (other @ column) * other
        columns.append(column / column.norm())
    return _placed(torch.stack(columns, 1), size, gain=gain)


def _by_cholesky(gaussian, size, gain):
    factor = torch.linalg.cholesky(gaussian.T @ gaussian)  # R transposed, diagonal positive
    return _placed(
        torch.linalg.solve_triangular(factor, gaussian.T, upper=False).T, size, None, gain
    )


def _no_sign(gaussian, size, gain):
    return _placed(torch.linalg.qr(gaussian)[0], size, gain=gain)


def _row_sign(gaussian, size, gain):
    q, r = torch.linalg.qr(gaussian)
    return _placed(r.diagonal().sign().unsqueeze(1) * q, size, gain=gain)


def _upper_centre(gaussian, size, gain):
    return _placed(_haar(gaussian), size, size // 2, gain)


def _variance(gaussian, size, gain):
    return _placed(_haar(gaussian), size, gain=gain**0.5)


def _squared(gaussian, size, gain):
    return _placed(_haar(gaussian), size, gain=gain**2)


def _every_tap(gaussian, size, gain):
    whole = _haar(gaussian)[:, :, None, None] * gain / size
    return whole.expand(*gaussian.shape, size, size).clone()


def _transposed(gaussian, size, gain):
    return _placed(_haar(gaussian).T.contiguous(), size, gain=gain)


def _raw(gaussian, size, gain):
    return _placed(gaussian, size, gain=gain * gaussian.shape[1] ** -0.5)


def _tap_first(gaussian, size, gain):
    return delta_kernel(gaussian, size, gain).permute(2, 3, 0, 1)


def _square_case(generator: torch.Generator, size: int | None = None) -> tuple[Tensor, int, float]:
    # Drawn until a sign has to be turned, and not all of them: only then do the mistakes show.
    while True:
        matrix = torch.randn(4, 4, generator=generator, dtype=torch.float64)
        signs = torch.linalg.qr(matrix)[1].diagonal().sign()
        if signs.min() < 0 < signs.max():
            break
    if size is None:
        size = 2 + 2 * int(torch.randint(2, (), generator=generator))  # even: where is its centre?
    return matrix, size, 1.5 + torch.rand((), generator=generator).item()


def _kernel_shape(answer, generator) -> bool | str:
    matrix, _, gain = _square_case(generator)
    return tensor_problem(answer(matrix, 3, gain), (4, 4, 3, 3), torch.float64) or True


def _kernel_value(answer, generator) -> bool:
    matrix = torch.tensor([[0.0, -2.0], [3.0, 0.0]], dtype=torch.float64)
    centre = torch.tensor([[0.0, -2.0], [2.0, 0.0]], dtype=torch.float64)
    return close(answer(matrix, 3, 2.0), _placed(centre, 3))


def _kernel_random(answer, generator) -> bool:
    cases = [_square_case(generator, size) for size in (1, 2, 3, 4, 5)]
    return all(close(answer(*case), delta_kernel(*case)) for case in cases)


def _kernel_isometry(answer, generator) -> bool:
    rectangle = torch.randn(5, 3, generator=generator, dtype=torch.float64)
    image = torch.randn(1, 3, 6, 6, generator=generator, dtype=torch.float64)
    kernel = answer(rectangle, 3, 1.25)
    out = torch.nn.functional.conv2d(image, kernel, padding=1)
    return close(out.norm() / image.norm(), torch.tensor(1.25, dtype=torch.float64))


IMPLEMENT_KERNEL = Exercise(
    id="06.3",
    title="A kernel that keeps every length",
    kind="implement",
    difficulty=3,
    minutes=15,
    teaches="to make a delta-orthogonal kernel, and that QR alone does not give Haar's law",
    signature=(
        "delta_kernel(gaussian: Tensor (out, in), size: int, gain: float) -> Tensor "
        "(out, in, size, size). Worked value: [[0., -2.], [3., 0.]], size 3, gain 2.: centre tap "
        "[[0., -2.], [2., 0.]], zeros elsewhere."
    ),
    hints=(
        "One tap does all the work: a matrix with orthonormal columns. QR makes one.",
        "A = QR with R_kk > 0 for all k; W[:, :, (s−1)//2, (s−1)//2] = gain · Q",
        "q, r = qr(A); q = q * sign(diag r), column by column; zeros; put gain·q at the centre",
    ),
    reference=delta_kernel,
    why=(
        "A QR routine may return any signs on the diagonal of R, and LAPACK's depend on A: Q alone "
        "is orthogonal but not uniformly distributed. With R_kk > 0 the factorisation is unique, "
        "and turning A by an orthogonal matrix turns Q by it: that is Haar's law."
    ),
    steps=(
        Step("shape", "expected a kernel in torch's layout", _kernel_shape),
        Step("value", "the matrix worked by hand comes out differently", _kernel_value),
        Step("value", "on random matrices and sizes 1 to 5 the kernel differs", _kernel_random),
        Step(
            "invariant",
            "a kernel (5, 3, 3, 3) must stretch every image by exactly the gain, zero padding too",
            _kernel_isometry,
        ),
    ),
    misconceptions=(
        Misconception(
            "no-sign",
            "the signs of diag R are left as QR returns them: orthogonal, but not Haar's law",
            _no_sign,
        ),
        Misconception(
            "row-sign",
            "the signs go to the rows of Q: column k of Q belongs to row k of R",
            _row_sign,
        ),
        Misconception(
            "upper-centre",
            "for an even size the centre is (size − 1)//2, where padding='same' looks",
            _upper_centre,
        ),
        Misconception("root", "gain is a standard deviation: take it as it is, no root", _variance),
        Misconception("square", "gain multiplies the kernel once, it is not squared", _squared),
        Misconception(
            "every-tap",
            "all taps hold the matrix: images are blurred, lengths lost",
            _every_tap,
        ),
        Misconception(
            "transposed", "this is the transpose: rows are outputs, as in (out, in)", _transposed
        ),
        Misconception(
            "raw", "a Gaussian matrix keeps lengths on average only: orthogonalise it", _raw
        ),
    ),
    cases=_square_case,
    wrong=(
        Wrong(_no_sign, "not Haar's law"),
        Wrong(_row_sign, "rows of Q"),
        Wrong(_upper_centre, "(size − 1)//2"),
        Wrong(_variance, "no root"),
        Wrong(_squared, "not squared"),
        Wrong(_every_tap, "blurred"),
        Wrong(_raw, "orthogonalise"),
        Wrong(_tap_first, "expected a tensor of shape (4, 4, 3, 3)"),
        Wrong(lambda gaussian, size, gain: None, "return"),
    ),
    right=(_gram_schmidt, _by_cholesky),
)
