"""Exercises 06.3 and 06.4: a delta-orthogonal kernel, and the critical line swept in q*."""

import numpy as np
import torch

from ....course.exercises import Step, build_question, close, tensor_problem
from ....meanfield import critical_line

__all__ = ["CRITICAL", "KERNEL"]


def delta_kernel(gaussian, size, gain):
    """Returns a kernel (out, in, size, size) whose centre tap is gain times orthogonal."""
    q, r = torch.linalg.qr(gaussian)
    q = q * r.diagonal().sign()  # column k of Q belongs to row k of R
    kernel = gaussian.new_zeros(*gaussian.shape, size, size)
    centre = (size - 1) // 2
    kernel[:, :, centre, centre] = gain * q
    return kernel


def _placed(matrix, size, gain):
    return torch.nn.functional.pad(gain * matrix[..., None, None], [(size - 1) // 2, size // 2] * 2)


def _by_cholesky(gaussian, size, gain):
    factor = torch.linalg.cholesky(gaussian.T @ gaussian)  # R transposed, diagonal positive
    q = torch.linalg.solve_triangular(factor, gaussian.T, upper=False).T
    return _placed(q, size, gain)


def _signs(gaussian):
    return torch.linalg.qr(gaussian)[1].diagonal().sign()


def _case(generator, size=None):
    # Drawn until a sign has to be turned, and not all of them: only then do the mistakes show.
    signs = torch.ones(4)
    while abs(signs.sum()) == 4:
        matrix = torch.randn(4, 4, generator=generator, dtype=torch.float64)
        signs = _signs(matrix)
    size = size or 2 + 2 * int(torch.randint(2, (), generator=generator))  # where is its centre?
    return matrix, size, 1.5 + torch.rand((), generator=generator).item()


def _layout(answer, generator) -> bool | str:
    return tensor_problem(answer(*_case(generator, 3)), (4, 4, 3, 3), torch.float64) or True


def _all_sizes(answer, generator) -> bool:
    cases = [_case(generator, size) for size in (1, 2, 3, 4, 5)]
    return all(close(answer(*case), delta_kernel(*case)) for case in cases)


def _stretches(answer, generator) -> bool:
    rectangle = torch.randn(5, 3, generator=generator, dtype=torch.float64)
    image = torch.randn(1, 3, 6, 6, generator=generator, dtype=torch.float64)
    out = torch.nn.functional.conv2d(image, answer(rectangle, 3, 1.25), padding=1)
    return close(float(out.norm() / image.norm()), 1.25)


_WORKED = torch.tensor([[0.0, -2.0], [3.0, 0.0]], dtype=torch.float64)

KERNEL = build_question(
    "06.3",
    "A kernel that keeps every length",
    difficulty=3,
    minutes=15,
    teaches="to make a delta-orthogonal kernel, and that QR alone does not give Haar's law",
    signature="delta_kernel(gaussian: Tensor (out, in), size: int, gain: float) -> Tensor "
    "(out, in, size, size). Worked value: [[0., -2.], [3., 0.]], size 3, gain 2.: centre tap "
    "[[0., -2.], [2., 0.]], zeros elsewhere.",
    hints=(
        "One tap does all the work: a matrix with orthonormal columns. QR makes one.",
        "A = QR with R_kk > 0 for all k; W[:, :, (s−1)//2, (s−1)//2] = gain · Q",
        "q, r = qr(A); q = q * sign(diag r), column by column; zeros; put gain·q at the centre",
    ),
    why="A QR routine may return any signs on the diagonal of R, and LAPACK's depend on A: Q alone "
    "is orthogonal but not uniformly distributed. With R_kk > 0 the factorisation is unique, "
    "and turning A by an orthogonal matrix turns Q by it: that is Haar's law.",
    answer=delta_kernel,
    worked=((_WORKED, 3, 2.0), _placed(_WORKED.clamp(max=2.0), 3, 1.0)),
    worked_says="the matrix worked by hand comes out differently",
    cases=_case,
    cases_say="on random matrices and even sizes the kernel differs",
    steps=(
        Step("shape", "expected a kernel in torch's layout", _layout),
        Step("invariant", "on random matrices and sizes 1 to 5 the kernel differs", _all_sizes),
        Step("invariant", "a kernel (5, 3, 3, 3) must stretch every image by exactly the gain, "
             "zero padding too", _stretches),
    ),
    mistakes={
        "the signs of diag R are left as QR returns them: orthogonal, but not Haar's law":
            lambda a, size, gain: _placed(torch.linalg.qr(a)[0], size, gain),
        "the signs go to the rows of Q: column k of Q belongs to row k of R":
            lambda a, size, gain: _placed(_signs(a)[:, None] * torch.linalg.qr(a)[0], size, gain),
        "for an even size the centre is (size − 1)//2, where padding='same' looks":
            lambda *case: delta_kernel(*case).flip(2, 3),
        "gain is a standard deviation: take it as it is, no root":
            lambda a, size, gain: delta_kernel(a, size, gain**0.5),
        "gain multiplies the kernel once, it is not squared":
            lambda a, size, gain: delta_kernel(a, size, gain**2),
        "all taps hold the matrix: images are blurred, lengths lost":
            lambda a, size, gain: delta_kernel(a, 1, gain / size).expand(*a.shape, size, size),
        "this is the transpose: rows are outputs, as in (out, in)":
            lambda *case: delta_kernel(*case).transpose(0, 1),
        "a Gaussian matrix keeps lengths on average only: orthogonalise it":
            lambda a, size, gain: _placed(a * a.shape[1] ** -0.5, size, gain),
    },
    wrong={
        "expected a tensor of shape (4, 4, ": lambda *case: delta_kernel(*case).permute(2, 3, 0, 1),
        "keep the dtype": lambda *case: delta_kernel(*case).float(),
    },
    right=(_by_cholesky, lambda a, s, g: _placed(torch.linalg.qr(a)[0] @ _signs(a).diag(), s, g)),
)  # fmt: skip


def critical(q):
    """Returns (σ_w², σ_b²) with χ_1 = 1 and fixed point q, for tanh."""
    z = torch.linspace(-10, 10, 2001, dtype=torch.float64)
    density = torch.exp(-(z**2) / 2)
    shares = density / density.sum()  # E f(z) is shares @ f(z)
    tanh = torch.tanh(q**0.5 * z)
    weight_var = 1 / (shares @ (1 - tanh**2) ** 2)
    bias_var = q - weight_var * (shares @ tanh**2)
    return float(weight_var), float(bias_var)


def _by_hermite(q):
    z, weight = np.polynomial.hermite_e.hermegauss(151)
    weight, t = weight / weight.sum(), np.tanh(np.sqrt(q) * z)
    slope = weight @ (1 - t**2) ** 2
    return [1 / slope, torch.tensor(q - weight @ t**2 / slope)]


def _square(q):
    weight_var, bias_var = critical(q)
    return (q - bias_var) / weight_var  # E tanh(√q z)²


def _pair(q, weight_var):
    return weight_var, q - weight_var * _square(q)


def _scaled(q, length):
    weight_var, bias_var = critical(length)  # tanh(√length z) in place of tanh(√q z)
    return weight_var, q - length + bias_var


CRITICAL = build_question(
    "06.4",
    "Sweep the critical line",
    difficulty=2,
    minutes=12,
    teaches="that the critical line needs no root finding: choose q*, and read both variances off",
    signature="critical(q: float) -> (weight_var, bias_var), for tanh. Worked value: critical(1.) "
    "is (2.153303, .150965).",
    hints=(
        "q* is the free parameter: χ_1 = 1 fixes σ_w², the length map then fixes σ_b².",
        "σ_w² = 1/E tanh′(√q z)², σ_b² = q − σ_w² E tanh(√q z)², z ~ N(0, 1)",
        "z = linspace(−10, 10, 2001); p ∝ exp(−z²/2) with sum 1; t = tanh(√q z); means p @ …",
    ),
    why="The equation χ_1(q) = 1 does not contain σ_b², so q* is the natural coordinate. Equally "
    "spaced points are spectrally accurate for smooth functions with a Gaussian weight. The "
    "subtraction costs digits at small q; `meanfield.critical_line` avoids it.",
    answer=critical,
    worked=((1.0,), (2.153303, 0.150965)),
    rtol=1e-5, atol=1e-12,
    cases=lambda generator: (0.2 + torch.rand((), generator=generator).item(),),
    cases_say="for other q* the pair is not critical",
    steps=(
        # 1.3254e-9: twelve digits of q are lost in the subtraction, four are left.
        Step("limit", "at q = 1e-3 the bias variance is not (4/3)q³(1 + O(q)): finer or wider "
             "integration?", lambda f, _: close(f(1e-3), critical(1e-3), rtol=1e-3, atol=1e-12)),
    ),
    mistakes={
        "tanh(q z) in place of tanh(√q z): q is a variance": lambda q: _scaled(q, q * q),
        "these are σ_w and σ_b: variances are asked for":
            lambda q: tuple(x**0.5 for x in critical(q)),
        "the weight is e^{−z²}, with variance ½: a standard normal has e^{−z²/2}":
            lambda q: _scaled(q, q / 2),
        "the length map has σ_w² E φ², not E φ²: σ_b² lacks the factor":
            lambda q: (critical(q)[0], q - _square(q)),
        "χ_1 has the mean of φ′ squared: a gradient's square is multiplied by φ′²":
            lambda q: _pair(q, 1 / (1 - _square(q))),
        "the square of the mean of φ′ is not the mean of φ′²":
            lambda q: _pair(q, (1 - _square(q)) ** -2),
        "the order is (σ_w², σ_b²)": lambda q: critical(q)[::-1],
        "with σ_b² = 0 the length stays, but χ_1 is not 1: two equations":
            lambda q: (q / _square(q), 0.0),
    },
    wrong={
        "expected 2 values": lambda q: 1.0 + 2 * q,
        "worked value": lambda q: (1 + 2 * q - 3 * q**2, 4 / 3 * q**3),
    },
    right=(_by_hermite, lambda q: tuple(critical_line(q))),
)  # fmt: skip
