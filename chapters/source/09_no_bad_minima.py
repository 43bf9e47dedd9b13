# %% [markdown]
# # 9 · No bad minima
#
# **A deep linear network multiplies matrices, so its loss is not convex in the weights even where it
# is convex in the product. Yet it has no local minimum except the global ones, if no hidden layer
# is a bottleneck and the loss has no corners. Drop either condition, and bad minima can appear.**
#
# *Source.* T. Laurent and J. von Brecht, *Deep linear networks with arbitrary loss: all local minima
# are global*, ICML 2018, PMLR 80, arXiv [1712.01473](https://arxiv.org/abs/1712.01473). From its
# abstract we know the theorem, for convex differentiable losses and hidden layers all at least as
# wide as the input, or all at least as wide as the output; and that for convex Lipschitz losses with
# corners it can fail. The body was not available to us: the proof below, its use as an algorithm, the
# counter-examples and all experiments are ours.
#
# *You need:* the singular value decomposition, gradients of matrix products. *Time:* about 90
# minutes, 60 of them exercises. *Hardware:* any computer; the quick profile takes half a minute.

# %% tags=["parameters"]
profile = "quick"  # or "full": 10 times as many runs
seed = 0
device = "auto"

# %% tags=["setup"]
from itertools import pairwise

import torch

from bsgd_edu import nets
from bsgd_edu.course import begin
from bsgd_edu.curvature import certify
from bsgd_edu.estimates import share_and_stderr
from bsgd_edu.nets.deep_linear import escape, factor_gradients
from bsgd_edu.seeding import generator

lesson = begin("09_no_bad_minima", profile=profile, seed=seed, device=device)
pages, runs, traps = lesson.pages, lesson.runs, lesson.traps
times = 10 if lesson.full else 1  # as many runs
real = {"dtype": torch.float64}
print("The examples of a few numbers run on the processor.")

# %% [markdown]
# ## Predict
#
# Take a loss that is convex in a 3×4 matrix $A$, for example the mean fourth power of the errors of
# a regression. Write $A=W_3W_2W_1$ with hidden widths 5 and 3, start 100 times from random factors
# and run gradient descent on all entries of the factors. How many different losses are left in the end?
#
# *(a)* Dozens: the loss is a polynomial of high degree in 44 variables. *(b)* A few, one for each rank
# of $A$, since descent sticks at saddles. *(c)* One. And if one hidden layer has width 1?

# %% tags=["nbval-check-output"]
my_guess = "?"  # "a", "b" or "c"
print("Your guess is kept; the first experiment answers it.")

# %% [markdown]
# ## Smallest case
#
# Two numbers: $L(w_1,w_2)=(w_2w_1-1)^2$. The minima are the hyperbola $w_2w_1=1$. Both derivatives,
# $2(w_2w_1-1)w_2$ and $2(w_2w_1-1)w_1$, also vanish at the origin, where the loss is 1: the slope of
# $f(A)=(A-1)^2$ is $-2$ there, but each weight sees it only *through the other one*, which is 0.
#
# To leave, move one factor at a time: set $w_2=\delta$. The product is still 0, so the loss is
# unchanged, but now the first weight sees the slope: its derivative is $-2\delta$. With $N$ numbers in
# a row, set all but the first to $\delta$, and it is $2\delta^{N-1}$ in size. For $N=2$ second
# derivatives at the origin give the saddle away (eigenvalue $-2$); from $N=3$ on all of them are zero.
#
# Look left for a path that ends in the saddle and one that leaves it; right, at the slopes.

# %%
square = nets.squared_loss(torch.ones(1, 1, **real))  # f(A) = (A − 1)²
slope = torch.full((1, 1), -2.0, **real)  # its gradient at A = 0
two = nets.DeepLinear([1, 1, 1], square)  # points are (w_1, w_2)

opposite = torch.tensor([1.2, -1.2], **real)
origin = torch.zeros(2, **real)
aside = two.flat(escape(two.factors(origin), slope, size=0.4))  # (0, 0.4)
onward = runs.descend(two, aside, lr=0.03, at=range(121))
paths = {
    "opposite weights": runs.descend(two, opposite, lr=0.03, at=range(121)),
    "after an escape": torch.cat([origin[None], onward]),
}

# %%
# The same step for N numbers at the origin, of several sizes δ.
sizes = torch.logspace(-2, 0, 9, **real)
pushes = {}  # N → the first number's derivative after each step
for layers in (2, 3, 4, 5):
    zeros = [torch.zeros(1, 1, **real)] * layers
    moved = [escape(zeros, slope, size) for size in sizes.tolist()]
    pushes[layers] = [factor_gradients(factors, slope)[0].norm() for factors in moved]
pages.show_one_number(paths, sizes, pushes, slope=2.0)

predicted = {layers: 2 * sizes ** (layers - 1) for layers in pushes}
lesson.claim("minima/one-number").agrees(pushes, predicted, rtol=1e-12)
eigenvalue = certify(two.loss, origin).smallest_eigenvalue
three = nets.DeepLinear([1, 1, 1, 1], square)
entry = torch.func.hessian(three.loss)(torch.zeros(3, **real)).abs().max()
lesson.claim("minima/flat-origin").agrees([eigenvalue, entry], [-2, 0], atol=1e-12)

# %% [markdown]
# Exactly opposite weights run into the saddle: convergence alone proves nothing. And from three
# factors on, no second-order test tells the origin from a minimum; the sideways step does.
#
# ## Theory
#
# Let $A=W_N\cdots W_1$, with widths $d_0,\dots,d_N$, and let $L=f(A)$ with $f$ convex and
# differentiable. By the chain rule layer $k$ has the gradient
#
# $$\nabla_{W_k}L=(W_N\cdots W_{k+1})^\top\,\nabla f(A)\,(W_{k-1}\cdots W_1)^\top.$$
#
# This is the course's one sentence again. The product is composed of maps over depth; a single factor
# can move it only through the ranges of the maps around it, and where those lose rank, it is blind.
#
# **Theorem** (Laurent and von Brecht, abstract). If all hidden layers are at least as wide as the
# input, or all at least as wide as the output, every local minimum of $L$ is a global one. (In other
# words: no layer is a *bottleneck*, narrower than both input and output.)
#
# **Why** (our derivation; suppose $d_N\ge d_0$, else transpose everything). Let $P_k=W_k\cdots W_1$.
# *(a)* If $P_{N-1}$ is injective, the last layer's equation $\nabla f\,P_{N-1}^\top=0$ forces
# $\nabla f=0$, and $A$ is a global minimum of the convex $f$. *(b)* Else let $P_k$ be the first
# product that is not. As $d_k\ge d_0$, some unit vector $u_k$ is orthogonal to its range, and likewise
# $u_{k+1},\dots,u_{N-1}$. The **escape** adds $\delta u_{j+1}u_j^\top$ to layer $j+1$, for
# $j=k,\dots,N-2$, and $\delta vu_{N-1}^\top$ to the last one. It leaves $A$ and so the loss unchanged,
# and it opens a corridor through the blind layers.
#
# <details><summary>The end of the proof, and the best corridor</summary>
#
# The moved points are as low as the local minimum and near it, so for small $\delta$ they are local
# minima too, and all gradients vanish there. Layer $k$'s gradient is a polynomial in $\delta$ whose
# coefficient of $\delta^{N-k}$ is $u_k\,v^\top\nabla f\,P_{k-1}^\top$. It must vanish for every $v$, and
# $P_{k-1}$ is injective, so $\nabla f=0$ after all. Read backwards: where $\nabla f\ne0$, the escape
# with $v$ minus the top left singular vector of $\nabla f$ gives layer $k$ a gradient, but for finitely many
# $\delta$; at the origin its size is $\delta^{N-1}\sigma_1(\nabla f)$. Nothing in (b) used that $f$ is convex,
# and (a) only its last words: for a merely differentiable $f$, every local minimum has $\nabla f(A)=0$
# (ours; we do not know the paper's form).
#
# </details>
#
# | symbol | in code |
# |---|---|
# | $W_k$, $A$, $f$ | `net.factors(theta)`, `net.product(theta)`, `net.loss_of_product` |
# | $\nabla_{W_k}L$ | `factor_gradients(factors, gradient)` |
# | escape | `escape(factors, gradient, size)` |
# | gradient, least Hessian eigenvalue | `certify(net.loss, theta)` |
#
# ## Experiment: one hundred starts
#
# Three convex losses of a 3×4 matrix: mean fourth power of the errors; squares with unequal weights;
# a logistic loss with a small ridge. Two networks without bottleneck, heavy-ball descent (momentum .9),
# 100 random starts each, all in one tensor, in double precision. The reference is the same descent on
# $A$ itself, where the problem is convex. Below, look for runs that wait on a plateau before they fall.
# Dashed and dotted: the best of 100 runs with a hidden layer of width 2 or 1.

# %%
# Name → (loss, learning rate, number of steps).
convex = runs.convex_losses(lesson.stream("data"))

# The reference: descent on A itself, a network of one factor.
optimum, steps = {}, {}
for name, (loss, lr, last) in convex.items():
    matrix = nets.DeepLinear([4, 3], loss)
    zero = torch.zeros(matrix.dim, **lesson.real)
    end = runs.descend(matrix, zero, lr, at=[last], momentum=0.9)[0]
    optimum[name] = matrix.loss(end)
    steps[name] = torch.linspace(0, last, 41).int().tolist()  # when to look below

# %%
wide = {"4–3–3": [4, 3, 3], "4–5–3–3": [4, 5, 3, 3]}
narrow = {"4–2–3": [4, 2, 3], "4–1–3": [4, 1, 3]}
num_runs = 100 * times

gaps, certificates = {}, {}
for name, (loss, lr, _) in convex.items():
    for network, widths in (wide | narrow).items():
        net = nets.DeepLinear(widths, loss)
        stream = lesson.stream("starts", *widths)
        starts = net.init(stream, (num_runs,), std=0.3)
        points = runs.descend(net, starts, lr, at=steps[name], momentum=0.9)
        gaps[name, network] = net.loss(points) - optimum[name]  # (41 steps, runs)
        certificates[name, network] = certify(net.loss, points[-1])

# %%
pages.show_runs(steps, gaps, only_best=narrow)

final = {case: gap[-1] for case, gap in gaps.items()}  # of each run
of_wide = [(name, network) for name in convex for network in wide]
of_narrow = [(name, network) for name in convex for network in narrow]
for case in of_narrow:
    at_rest = certificates[case].second_order  # no gradient, no direction of descent
    above = at_rest & (final[case] > final[case].min() + 1e-3)
    print(f"{', '.join(case)}: {int(above.sum())} of {num_runs} rest above the best")

lesson.claim("minima/all-runs").agrees([final[case] for case in of_wide], 0, atol=1e-6)
gradients = [certificates[case].gradient_norm for case in of_wide]
lesson.claim("minima/critical").holds(gradients, below=1e-6)
eigenvalues = [certificates[case].smallest_eigenvalue for case in of_wide]
lesson.claim("minima/no-descent").holds(eigenvalues, above=-1e-6)
best = {case: final[case].min() for case in of_narrow}
lesson.claim("minima/narrow-is-above").holds(best, above=1e-3)

# %% [markdown]
# It is (c): all 600 runs end at the convex optimum. A narrow layer has products of rank 2 or 1 only,
# and the best of those is worse. That alone is no bad *minimum*. But look at the printed lines: with
# the fourth power and width 1 some runs rest higher than others, with no gradient and no direction of
# descent left. Those minima are bad. (How many depends on the data; for some seeds it is none.)
#
# A hundred starts are not a proof: the share of starts that could end elsewhere without showing here is
# a few percent. The proof is above. But descent does pass near saddles, and there the theorem says
# what to do.
#
# ## Experiment: from saddle to saddle
#
# Let $f(A)=\|A-\mathrm{diag}(3,2,1)\|^2$, widths 3–4–4–3, and start at the origin: every gradient is
# zero, and so is the whole Hessian (each second derivative still contains a factor that is 0), though
# $|\nabla f|=2\sqrt{14}$. Escape with $\delta=.1$, descend until
# nothing moves, escape again. Each descent should stop at the best matrix of its rank: losses
# $2^2+1^2=5$, then $1$, then $0$ (Eckart and Young). On the right, ten random starts of size .03 and no
# help. Do they know the same levels?

# %%
levels = [14.0, 5.0, 1.0, 0.0]  # the least losses of rank 0, 1, 2 and 3
# Losses of each descent, and the gradient of layer 1 after each escape:
stairs = runs.climb_down(layers=3, size=0.1, presses=3)

target = torch.diag(torch.tensor([3.0, 2.0, 1.0], **real))
net = nets.DeepLinear([3, 4, 4, 3], nets.squared_loss(target))
starts = net.init(lesson.stream("small", device="cpu"), (10 * times,), std=0.03)
often = range(0, 3001, 5)
walks = runs.descend(net, starts, lr=0.02, at=often)  # (601 steps, runs, 40 weights)
losses = net.loss(walks)
pages.show_stairs(stairs.losses, often, losses, levels)

# %%
rests = [descent[-1] for descent in stairs.losses]
lesson.claim("minima/stairs").agrees(rests, levels, atol=1e-9)
jumps = [after[0] - before[-1] for before, after in pairwise(stairs.losses)]
lesson.claim("minima/escape-is-free").agrees(jumps, 0, atol=1e-12)
lesson.claim("minima/escape-gradient").agrees(
    stairs.pushes, stairs.predicted, rtol=1e-6
)

# A random run rests where its gradient is least between two levels.
gradients = torch.linalg.vector_norm(net.grad(walks), dim=-1)  # (601, runs)
plateaus = []
for low, high in [(3, 12), (0.3, 3)]:
    between = (low < losses) & (losses < high)
    stillest = gradients.where(between, torch.inf).argmin(0)
    plateaus.append(losses.gather(0, stillest[None]).median())  # over runs
lesson.claim("minima/plateaus").agrees(plateaus, [5.0, 1.0], rtol=0.05)

# %% [markdown]
# After the three escapes layer 1 has gradients $.01\cdot6$, $.01\cdot4$ and $.01\cdot2$, that is
# $\delta^2\sigma_1(\nabla f)$ each time. The random runs rest at the same levels and pass on by
# themselves: near the origin the product of small factors has hardly any rank, and singular values
# grow one after another. The theorem is about the corridor that each of these saddles has.
#
# ## Explore
#
# *Trap* and *Bottleneck* belong to the next section: change the radius until the box reaches over the
# rim; raise $K$ through 2 and count who is stuck; then make the starts smaller. *Escape*: press
# the button, read the gradient that it gave, watch where descent stops. Without a kernel you see the
# first pictures.

# %% tags=["nbval-ignore-output"]
lesson.explore.chapter().show()

# %% [markdown]
# ## Break an assumption
#
# **A bottleneck.** Widths 2–1–2 reach matrices of rank one only. Let
#
# $$f(A)=(A_{11}-1)^2+(A_{22}-\tfrac12)^2+K(A_{12}^2+A_{21}^2),$$
#
# smooth and convex. Rank one means $A_{12}A_{21}=A_{11}A_{22}$, so that
# $A_{12}^2+A_{21}^2\ge2|A_{11}A_{22}|$: the best loss with a given diagonal $(a,d)$ is
#
# $$(a-1)^2+(d-\tfrac12)^2+2K|ad|.$$
#
# The convex bowl is folded along both axes. At $(0,\tfrac12)$ the slope towards the global minimum
# $(1,0)$ is $-2+K$: from $K=2$ on it points uphill. (With $\tfrac12$ replaced by $s$: from $K=1/s$ on.)
# In the factors, the Hessian there has the eigenvalues $K\pm2$, $2$ and $0$. How many of 2,000 random
# starts end in the bad one?

# %%
prices = (1.0, 1.25, 2.5, 3.0, 4.0, 6.0)
spectra, shares = {}, {}
for K in prices:
    net, bad = traps.bottleneck_trap(K)  # bad: the factors of diag(0, ½)
    spectra[K] = torch.linalg.eigvalsh(torch.func.hessian(net.loss)(bad))
    shares[K] = runs.stuck_share(K, std=1.0, runs=2000 * times, seed=seed)

small = {}  # shares of small starts, at K = 4
for size in (0.3, 0.1, 0.03, 0.01):
    small[size] = runs.stuck_share(4.0, std=size, runs=4000 * times, seed=seed)
landscape = traps.bottleneck_runs(weight=4.0, std=1.0)
pages.show_bottleneck(spectra, landscape, shares, small)

# %%
predicted = {K: sorted([K - 2, 0, 2, K + 2]) for K in prices}
lesson.claim("minima/bottleneck-eigenvalues").agrees(spectra, predicted, atol=1e-12)
below = [shares[K].mean for K in prices if K < 2]
lesson.claim("minima/none-stuck").agrees(below, 0, atol=1e-9)
above = [shares[K] for K in prices if K > 2]
lesson.claim("minima/some-stuck").holds(above, above=0)
power = runs.power_between(small, 0.01, 0.1)  # p, if the share is like σᵖ
lesson.claim("minima/small-starts").agrees(power, 1, atol=0.1)

# %% [markdown]
# At $K=1$ the loss is plain squares, where a bottleneck does no harm (Baldi and Hornik 1989). Weights
# are enough to change that: at $K=6$ about a third of the starts are stuck. Small starts are safer here:
# near the origin the weights behind $A_{11}$ grow like $e^{2t}$, those behind $A_{22}$ like $e^t$. When the
# latter have grown from $\sigma$ to order 1, the former are ahead by another factor $1/\sigma$. A run is stuck
# only if they began below $\sigma$ times their usual size: a share proportional to $\sigma$. That is a property of this example, not a law.
#
# **Corners.** Widths 2–2–2, no bottleneck, and the absolute error $f(A)=\sum|A-e_2e_2^\top|$. Take
# $W_1=e_1e_1^\top$, $W_2=e_1e_2^\top$: product 0, loss 1. The escape is free as always, $W_2+\delta e_2e_2^\top$.
# But then $\varepsilon$ in $(W_1)_{22}$ changes $A_{22}$ by $\varepsilon\delta$ and, through the old $W_2$, $A_{12}$
# by $\varepsilon$. A smooth loss charges something of order $\varepsilon^2$ for that; this one charges $\varepsilon$, and the loss *rises*
# by $\varepsilon(1-\delta)$.
#
# How far does the trap reach? Let $r$ bound the change of every entry. Then $|A_{22}|\le2r^2$, and
# what $A_{22}$ gains the other entries pay (exercise 09.6): with $q=((1-r)/r)^2$ and
# $\tfrac12\le r\le1$, $q|A_{22}|\le|A_{11}|+|A_{12}|+|A_{21}|$. So the loss is at least
# $1-(1-q)\min(2r^2,1)$: that is 1 at $r=\tfrac12$, $3-4r$ up to $\sqrt{1/2}$, then $q$, and 0 at $r=1$. For
# $r\le\tfrac12$ it is at least 1. All these values are taken. The search below does not know the
# formula: it holds one layer, solves a linear program for the other, and takes turns.

# %%
radii = (0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
stream = lesson.stream("box", device="cpu")
lowest = {r: runs.search_box(r, starts=24, generator=stream).min() for r in radii}
pages.show_trap(traps.trap_box(0.7), lowest)

up_to_half = [lowest[r] for r in radii if r <= 0.5]
lesson.claim("minima/trap").agrees(up_to_half, 1, atol=1e-9)
formula = {}
for r in radii:
    q = ((1 - r) / r) ** 2
    formula[r] = 1 - max(1 - q, 0) * min(2 * r**2, 1)
lesson.claim("minima/trap-depth").agrees(lowest, formula, atol=1e-9)

# %%
net, trap = traps.kink_trap()
W1, W2 = net.factors(trap)
corner = torch.diag(torch.tensor([0.0, 1.0], **real))  # e_2 e_2ᵀ
epsilon = 1e-3
costs = {}
for delta in (0.1, 0.3, 0.5):
    moved = net.flat([W1 + epsilon * corner, W2 + delta * corner])
    costs[delta] = (net.loss(moved) - 1) / epsilon
predicted = {delta: 1 - delta for delta in costs}
lesson.claim("minima/corner-cost").agrees(costs, predicted, atol=1e-9)

# %% [markdown]
# The trap is real: a local minimum with loss 1, nothing lower until some entry changes by more than
# ½, and a global minimum with loss 0.
#
# **Round the corners off** with Huber's function: $x^2/2h$ for $|x|<h$. Now the theorem holds again,
# and the same point is a saddle: the pair $(W_1)_{12},(W_2)_{21}$ sees the matrix
# $\begin{pmatrix}0&-1\\-1&1/h\end{pmatrix}$, whose smaller eigenvalue $\lambda=\tfrac1{2h}-\sqrt{\tfrac1{4h^2}+1}$ is about
# $-h$. So the way out exists, and descent finds it after a time of order $1/h$. A routine with a fixed
# tolerance may not wait. Start $10^{-3}$ beside the saddle; left, time is multiplied by $|\lambda|$.

# %%
stream = lesson.stream("kicks", device="cpu")
kicks = 1e-3 * torch.randn(40 * times, 8, generator=stream, **real)

eigenvalues, formula, falls = {}, {}, {}
for h in (0.5, 0.2, 0.1, 0.05):
    net, saddle = traps.kink_trap(h)
    eigenvalues[h] = certify(net.loss, saddle).smallest_eigenvalue
    formula[h] = 1 / (2 * h) - (1 / (4 * h**2) + 1) ** 0.5
    falls[h] = runs.leave_trap(h, kicks, at=range(0, 4001, 40))  # over |λ|t

reported, stopped = {}, {}
for h in (0.5, 0.2, 0.1, 0.05, 0.02, 0.01):
    reported[h] = runs.quasi_newton(h, kicks)  # the losses it ends at
    of_saddle = 1 - h / 2
    stopped[h] = share_and_stderr((reported[h] - of_saddle).abs() < 1e-3)
pages.show_smoothed(falls, stopped)

lesson.claim("minima/rounded-saddle").agrees(eigenvalues, formula, rtol=1e-9)
worst = {h: fall.losses[-1].max() for h, fall in falls.items()}
lesson.claim("minima/rounded-descends").holds(worst, below=1e-3)
lesson.claim("minima/rounded-stops").agrees(reported[0.01].median(), 0.995, atol=1e-4)

# %% [markdown]
# Every descent leaves, after nearly the same number of units $1/|\lambda|$, but those units grow like $1/h$. At
# $h=.01$ most runs of a quasi-Newton routine (SciPy's L-BFGS-B with its default tolerances)
# report success at loss .995. "No bad minima" is a statement about where descent *can* end, not about how
# long it takes; a landscape close to one with a bad minimum is hardly better than it.
#
# ## Your turn
#
# `lesson.hint(1, 1)` to `lesson.hint(1, 3)` help; `lesson.reveal(1)` shows a solution. Both come from
# `bsgd_edu.course`.

# %% [markdown] tags=["exercise:09.1"]
# ### Exercise 09.1 · The threshold
#
# In the bottleneck, replace the target $\tfrac12$ by $s=\tfrac14$. Set `threshold` to the $K$ above which
# $\mathrm{diag}(0,s)$ is a local minimum. (For $s=\tfrac12$ it is 2.)

# %% tags=["answer:09.1"]
threshold = ...  # SOLUTION

# %% tags=["check:09.1"]
lesson.check(1, threshold)

# %% [markdown] tags=["exercise:09.2"]
# ### Exercise 09.2 · Which one is not covered?
#
# Linear networks, widths from input to output. For one of them the theorem promises nothing. Which?

# %% tags=["answer:09.2"]
letter = ...  # SOLUTION

# %% tags=["check:09.2"]
lesson.check(2, letter)

# %% [markdown] tags=["exercise:09.3"]
# ### Exercise 09.3 · What a layer sees
#
# `layer_gradient(factors, gradient, k)`: `factors` are $W_1,\dots,W_N$, first layer first, `gradient` is
# $\nabla f(A)$, and `k` counts from 1. Return $\nabla_{W_k}L$, shaped as $W_k$. Factors `[[1., 2.]]` and
# `[[3.]]` with gradient `[[1., 1.]]` give `[[3., 3.]]` for `k = 1`, `[[3.]]` for `k = 2`.


# %% tags=["answer:09.3"]
def layer_gradient(factors, gradient, k):
    """Returns the gradient of f(W_N ⋯ W_1) by W_k, shaped as W_k."""
    # SOLUTION


# %% tags=["check:09.3"]
lesson.check(3, layer_gradient)

# %% [markdown] tags=["exercise:09.4"]
# ### Exercise 09.4 · Open a corridor
#
# `corridor(factors, gradient, size)`: the escape for $W_1$ of rank below $d_0$, with all hidden widths
# and $d_N$ at least $d_0$. Add $\delta u_{j+1}u_j^\top$ to layers $2,\dots,N-1$ and $\delta vu_{N-1}^\top$ to layer
# $N$; $u_j$ is a unit vector with $u_j^\top W_j\cdots W_1=0$, and $v$ minus the top left singular vector of the
# gradient. Return a list. From the origin, widths 3–4–3–3 and $\sigma_1=7.16382$, a `size` of .1
# gives layer 1 a gradient of norm .0716382.


# %% tags=["answer:09.4"]
def corridor(factors, gradient, size):
    """Returns factors of the same product from which layer 1 sees the gradient."""
    # SOLUTION


# %% tags=["check:09.4"]
lesson.check(4, corridor)

# %% [markdown]
# See afterwards: descend from there, for $f=\|A-M\|^2$. It stops at the sum of all squared singular values
# of $M$ but the largest. Apply it again.

# %% [markdown] tags=["exercise:09.5"]
# ### Exercise 09.5 · Smaller starts
#
# In `traps.bottleneck_trap(4.0)` about 31 % of the starts $N(0,1)$ are stuck at loss 1. Measure the share for
# starts $N(0,\,0.1^2)$, `net.init(…, std=0.1)`, up to .02, and set `stuck` to it.

# %% tags=["answer:09.5"]
# BEGIN SOLUTION
trial, bad_minimum = traps.bottleneck_trap(4.0)
from_small = trial.init(generator(1, "trial"), (5000,), std=0.1)
last_points = runs.descend(trial, from_small, lr=0.015, at=[1500])[0]
is_stuck = (trial.loss(last_points) - 1).abs() < 0.01
stuck = float(is_stuck.double().mean())
# END SOLUTION

# %% tags=["check:09.5"]
lesson.check(5, stuck)

# %% [markdown]
# See afterwards: halve the size again. What is the share proportional to, and what would $s=\tfrac13$ change?

# %% [markdown] tags=["exercise:09.6"]
# ### Exercise 09.6 · The width of the trap
#
# Near the trap write $W_1=\begin{pmatrix}1+\alpha&b\\c&d\end{pmatrix}$, $W_2=\begin{pmatrix}a&1+\beta\\g&e\end{pmatrix}$, all six
# letters and $\alpha,\beta$ at most $r<1$ in size. Prove that the loss is at least 1 for $r\le\tfrac12$, and at
# least $3-4r$ for $\tfrac12\le r\le\sqrt{1/2}$.

# %% [markdown] tags=["answer:09.6"] points=4
# SOLUTION

# %% [markdown]
# ## At full scale
#
# We do not know whether the paper has experiments. The full profile repeats ours with ten times as many runs.
# What it gave once:

# %%
lesson.full_scale()

# %% [markdown]
# Repeat it with `bsgd run 09 --profile full`.
#
# ## Claims of this chapter
#
# Two claims are the paper's, in instances of ours: that all minima are global, and that corners can
# break it. The others are ours or classic.

# %%
lesson.claims_table()

# %% [markdown]
# ## Five lines to remember
#
# 1. A factor moves the product only through its neighbours; where they lose rank, it is blind.
# 2. Wide layers and a smooth convex loss: from every blind point a free sideways step leads on.
# 3. From three layers on no second derivative tells a saddle at the origin from a minimum.
# 4. A bottleneck folds the landscape, a corner charges for detours: each can make bad minima.
# 5. No bad minima is not fast: saddles cost time, and near-corners cost any amount of it.
#
# ### Further reading
#
# P. Baldi and K. Hornik, *Neural networks and principal component analysis* (1989); K. Kawaguchi, *Deep
# learning without poor local minima* (2016), for squares at any width; A. Saxe, J. McClelland and
# S. Ganguli, *Exact solutions to the nonlinear dynamics of learning in deep linear neural networks* (2014).
# Chapter 8 asks how fast such products learn.
#
# ### Versions
#
# `bsgd version` names what the package stands on here; `constraints.txt` pins what it was tried with.
