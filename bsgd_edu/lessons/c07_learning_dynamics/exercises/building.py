"""Exercises 07.2 and 07.3: the data as training sees them, and the loop."""

import torch

from ....course.exercises import Step, build_question, close

__all__ = ["DESCEND", "SAMPLE", "descend", "sample"]


def sample(mean, labels, noise):
    """Returns the samples X (p, n), S = XXᵀ/n (p, p) and b = Xy/n (p,)."""
    n = len(labels)
    X = mean[:, None] * labels + noise
    S = X @ X.T / n
    b = X @ labels / n
    return X, S, b


def _one_by_one(mean, labels, noise):
    columns = [y * mean + z for y, z in zip(labels, noise.T, strict=True)]
    S = sum(torch.outer(x, x) for x in columns) / len(columns)
    b = sum(y * x for y, x in zip(labels, columns, strict=True)) / len(columns)
    return torch.stack(columns, 1), S, b


def _by_einsum(mean, labels, noise):
    X = torch.outer(mean, labels) + noise
    S = torch.einsum("in,jn->ij", X, X) / X.shape[1]
    return X, S, (X * labels).mean(1)


def _data(generator):
    options = {"generator": generator, "dtype": torch.float64}
    labels = 2 * torch.randint(0, 2, (9,), **options) - 1
    labels[:3] = torch.tensor([1.0, 1.0, -1.0])  # two classes, not of the same size
    labels[3:5] = 1.0
    return torch.randn(4, **options), labels, torch.randn(4, 9, **options)


def _rank(answer, generator) -> bool:
    mean, labels, noise = _data(generator)
    _, S, b = answer(mean, labels[:3], noise[:, :3])  # fewer samples than features
    return int(torch.linalg.matrix_rank(S)) == 3 and close(S, S.T) and b.shape == (4,)


def _with(S=lambda X, y, S, b: S, b=lambda X, y, S, b: b):
    def mistaken(mean, labels, noise):
        X, right, target = sample(mean, labels, noise)
        given = X, labels, right, target
        return X, S(*given), b(*given)

    return mistaken


_X = torch.tensor([[2.0, 0.0, 1.0], [1.0, -1.0, 0.0]])
_MEAN, _LABELS = torch.tensor([1.0, 0.0]), torch.tensor([1.0, -1.0, 1.0])

SAMPLE = build_question(
    "07.2",
    "The data as training sees them",
    difficulty=2,
    minutes=12,
    teaches="that full-batch training meets the data through one matrix and one vector",
    signature="sample(mean: (p,); labels: (n,), ±1; noise: (p, n)) -> X (p, n), S (p, p), b (p,). "
    "Worked value: mean (1, 0), labels (1, −1, 1) and noise of rows (1, 1, 0), (1, −1, 0) give X "
    "of rows (2, 0, 1), (1, −1, 0), S of rows (5/3, 2/3), (2/3, 2/3), and b = (1, 2/3).",
    hints=(
        "A sample is a column: its label times the mean, plus its noise.",
        "X = μ yᵀ + Z, S = XXᵀ/n, b = Xy/n",
        "X = mean[:, None] * labels + noise; S = X @ X.T / n; b = X @ labels / n",
    ),
    why="S is the mean of x xᵀ and b the mean of y x. The gradient of the squared error is Sw − b: "
    "two data sets with the same S and b train alike, step for step.",
    answer=sample,
    worked=((_MEAN, _LABELS, _X - _MEAN[:, None] * _LABELS),
            (_X, _X @ _X.T / 3, _X @ _LABELS / 3)),
    cases=_data,
    cases_say="on random data X, S or b differ",
    steps=(Step("invariant", "3 samples of 4 features give a symmetric S of rank 3", _rank),),
    mistakes={
        "both classes got the same centre: the mean is multiplied by the label":
            lambda mean, labels, noise: (
                *sample(mean, 0 * labels + 1, noise)[:2],
                sample(mean, 0 * labels + 1, noise)[0] @ labels / len(labels)),
        "the noise is added as it is, not multiplied by the label":
            lambda mean, labels, noise: sample(mean, labels, noise * labels),
        "divide by the number of samples n, not of features p":
            _with(S=lambda X, y, S, b: X @ X.T / len(X)),
        "S is the second moment about 0: no mean is subtracted":
            _with(S=lambda X, y, S, b: torch.cov(X, correction=0)),
        "without the labels the two classes cancel in b": _with(b=lambda X, y, S, b: X.mean(1)),
        "b is a mean: divide by n": _with(b=lambda X, y, S, b: X @ y),
    },
    wrong={"expected a tensor of shape (4, 4)": _with(S=lambda X, y, S, b: X.T @ X / len(y))},
    right=(_one_by_one, _by_einsum),
)  # fmt: skip


def descend(S, b, w, lr, steps):
    """Returns the weights after so many steps of w ← w + lr (b − S w), of w's shape."""
    for _ in range(steps):
        w = w + lr * (b - S @ w)
    return w


def _by_map(S, b, w, lr, steps):
    step = torch.eye(S.shape[-1], dtype=S.dtype) - lr * S
    for _ in range(steps):
        w = step @ w + lr * b
    return w


def _by_autograd(S, b, w, lr, steps):
    for _ in range(steps):
        leaf = w.detach().requires_grad_()
        loss = (leaf * (S @ leaf)).sum() / 2 - (b * leaf).sum()
        w = leaf.detach() - lr * torch.autograd.grad(loss, leaf)[0]
    return w


def _problem(generator):
    options = {"generator": generator, "dtype": torch.float64}
    draws = torch.randn(3, 5, 12, **options)  # three data sets, two starts
    S = draws @ draws.mT / 12
    lr = 0.6 / float(torch.linalg.eigvalsh(S).max())
    return S, torch.randn(3, 5, 1, **options), torch.randn(3, 5, 2, **options), lr, 7


def _on_vectors(answer, generator) -> bool:
    S, b, w, lr, steps = _problem(generator)
    case = S[0], b[0, :, 0], w[0, :, 0], lr, steps
    return close(answer(*case), descend(*case))


def _end(answer, generator) -> bool:
    S = torch.diag(torch.tensor([2.0, 0.5], dtype=torch.float64))
    b = torch.randn(2, generator=generator, dtype=torch.float64)
    return close(answer(S, b, torch.zeros_like(b), 0.5, 200), torch.linalg.solve(S, b))


_TWO = torch.diag(torch.tensor([2.0, 1.0])), torch.tensor([2.0, 4.0]), torch.zeros(2)

DESCEND = build_question(
    "07.3",
    "The loop",
    difficulty=1,
    minutes=8,
    teaches="that the whole of full-batch least squares is one map, repeated",
    signature="descend(S: (…, p, p); b: (…, p) or (…, p, 1); w: (…, p) or (…, p, k); lr: float; "
    "steps: int) -> Tensor of w's shape. Worked value: S = diag(2, 1), b = (2, 4), w = 0, lr = "
    "1/4 and 2 steps give (3/4, 7/4).",
    hints=(
        "The loss Σ(y − w·x)²/(2n) has the gradient S w − b: walk against it.",
        "w ← w + α (b − S w), so many times",
        "for _ in range(steps): w = w + lr * (b − S @ w); then return w",
    ),
    why="One product a step, whatever the number of samples. `S @ w` serves one vector, and "
    "columns for fifty data sets at once.",
    answer=descend,
    worked=((*_TWO, 0.25, 2), torch.tensor([0.75, 1.75])),
    cases=_problem,
    cases_say="on random data sets the weights differ",
    steps=(
        Step("invariant", "one vector w must do as well as columns do", _on_vectors),
        Step("limit", "after very many steps S w = b must hold", _end),
    ),
    mistakes={
        "uphill: the step is against the gradient S w − b":
            lambda S, b, w, lr, steps: descend(S, b, w, -lr, steps),
        "this starts at 0: w is where it begins":
            lambda S, b, w, lr, steps: descend(S, b, 0 * w, lr, steps),
        "one step too many: zero steps return the start":
            lambda S, b, w, lr, steps: descend(S, b, w, lr, steps + 1),
        "only one step was made: is the return inside the loop?":
            lambda S, b, w, lr, steps: descend(S, b, w, lr, 1),
        "the gradient has no factor 2: the loss is half a mean square":
            lambda S, b, w, lr, steps: descend(S, b, w, 2 * lr, steps),
        "each step goes on from the last w, not from the first":
            lambda S, b, w, lr, steps: w + steps * lr * (b - S @ w),
    },
    wrong={"its shape is": lambda *case: descend(*case)[..., 0]},
    right=(_by_map, _by_autograd),
)  # fmt: skip
