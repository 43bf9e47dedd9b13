# %% [markdown]
# # 1 · Order matters
#
# **The same random maps, with each new one put outside (forward) or inside (backward), have the
# same law (probability distribution) at every step; yet if they contract, the forward path as a rule
# never stops moving and the backward path converges to a point.**
#
# *Sources.* B. Dherin, B. Avelin, A. Karlsson, H. Mazzawi, J. Gonzalvo, M. Munn, arXiv
# [2502.01557](https://arxiv.org/abs/2502.01557) (v2, TMLR 2025): it states the contraction principle
# and the link to the stationary law (its theorem and figure numbers are not known to us; all
# settings below are ours, not the paper's). Classics: G. Letac (1986); P. Diaconis and D. Freedman,
# *Iterated random functions* (1999), §§1–2; J. Propp and D. Wilson (1996); D. Lindley (1952) and
# R. Loynes (1962). Each claim at the end says whose it is.
#
# *You need:* mean and variance, the derivative, a little PyTorch. *Time:* about 90 minutes, with
# exercises. *Hardware:* any computer; the quick profile runs in seconds. *Nothing installed?* Give the
# repository's address to [Binder](https://mybinder.org), which builds its `environment.yml`, or open
# this notebook in [Colab](https://colab.research.google.com) after `pip install` of the repository.

# %% [markdown]
# Parameters. Change them and run all cells again; everything below follows.

# %% tags=["parameters"]
profile = "quick"  # or "full": 25 times as many runs
seed = 0
device = "auto"
lr = 0.2  # learning rate η; keep 0.1 ≤ ηh ≤ 0.9, where 100 steps are enough
curvature = 1.0  # second derivative h of each loss
start = 1.5  # x_0

# %% tags=["setup"]
import math

import torch

from bsgd_edu import dynamics, estimates
from bsgd_edu.course import begin
from bsgd_edu.estimates import mean_and_stderr, share_and_stderr, variance_and_stderr
from bsgd_edu.maps import AffineMap, backward_orbit, forward_orbit
from bsgd_edu.seeding import generator

lesson = begin("01_order_matters", profile=profile, seed=seed, device=device)
pages, real = lesson.pages, lesson.real  # real: float64, on the device
runs = 100_000 if lesson.full else 4000  # how often an experiment is made
ratio = 1 - lr * curvature  # ρ

# %% [markdown]
# ## Predict
#
# One noisy parabola: step $i$ sees the loss $\tfrac h2(x-a_i)^2$ with a fresh random target $a_i$.
# One step of stochastic gradient descent (SGD) is the map
#
# $$T_i(x) = x - \eta h\,(x-a_i) = \rho x + (1-\rho)a_i,\qquad \rho = 1-\eta h .$$
#
# Take 100 such maps and a start $x_0$. The **forward** iterate puts each new map outside, as every
# training loop does: $x_n = T_n(\dots T_2(T_1(x_0)))$. The **backward** iterate puts it inside:
# $y_n = T_1(T_2(\dots T_n(x_0)))$. Now plot $x_n$ and $y_n$ against $n$.
#
# *(a)* Both wander. *(b)* Both settle. *(c)* The forward path settles. *(d)* The backward path
# settles. And over many lists of maps: which of $x_{100}$ and $y_{100}$ is spread wider? Write your
# guess down before you go on.

# %% tags=["nbval-check-output"]
my_guess = "?"  # "a", "b", "c" or "d"
print("Your guess is kept; the figure of the first experiment answers it.")

# %% [markdown]
# ## Smallest case
#
# Four targets, $\rho=\tfrac12$, $x_0=8$: each map halves the distance to its target. By hand, with
# $a=(1,0,-1,2)$:
#
# | $n$ | forward $x_n$ | backward $y_n$ |
# |---|---|---|
# | 1 | (8 + 1)/2 = 4.5 | 4.5 |
# | 2 | (4.5 + 0)/2 = 2.25 | T₁(T₂(8)) = T₁(4) = 2.5 |
# | 3 | 0.625 | 1.375 |
# | 4 | 1.3125 | 1.0 |
#
# Now let the four targets come round again and again: **cyclic data**, no randomness at all. Where
# does each orbit go? Look for the blue path's last points and the orange path's.


# %%
def steps(targets, ratio):
    """The maps x ↦ ρx + (1 − ρ)a, one for each row of targets (n, ...)."""
    matrix = targets.new_full((len(targets), 1, 1), ratio)
    offset = (1 - ratio) * targets.unsqueeze(-1)
    return AffineMap(matrix, offset)  # x ↦ matrix · x + offset


cycle = torch.tensor([1.0, 0.0, -1.0, 2.0], **real)
maps = steps(cycle.repeat(12), ratio=0.5)  # 48 maps
eight = torch.tensor([8.0], **real)  # points are vectors, here of length 1
x = forward_orbit(maps, eight)[:, 0]  # x_0 … x_48
y = backward_orbit(maps, eight)[:, 0]  # y_0 … y_48
pages.show_cycle(x, y, cycle)

# %% tags=["nbval-check-output"]
by_hand = {"x": [4.5, 2.25, 0.625, 1.3125], "y": [4.5, 2.5, 1.375, 1.0]}
lesson.claim("order/hand-case").agrees({"x": x[1:5], "y": y[1:5]}, by_hand, atol=1e-12)

for_ever = [14 / 15, 7 / 15, -4 / 15, 13 / 15]
lesson.claim("order/cycle-forward").agrees(x[-4:], for_ever, atol=1e-9)
lesson.claim("order/cycle-backward").agrees(y[-4:], 8 / 15, atol=1e-9)

# %% [markdown]
# The forward iterate is always pulled towards the target it saw last, so it goes round with the
# data: $(14, 7, -4, 13)/15$, for ever. In the backward iterate the map that acts last is always
# $T_1$, then $T_2$ before it, and so on: the ending is the same at every $n$, and a new map enters
# at the far end, where all the other halvings shrink what it does. So the noise of the data is **frozen**, not removed:
# $8/15$ is no better a place than the mean of the targets, $1/2$; it depends on which target comes
# first.
#
# ## Theory
#
# **Contraction** (in the paper; Banach's argument). Let every map shrink distances by a factor
# $\le c<1$ and move the start by at most $M$. Then
#
# $$ d(y_n, y_{n+1}) \le c^n M, \qquad d(y_n, y_\infty) \le \frac{c^n M}{1-c},$$
#
# because $y_n$ and $y_{n+1}$ are the images of $x_0$ and $T_{n+1}(x_0)$ under the *same* maps
# $T_1\circ\dots\circ T_n$. No probability is needed. The forward path has no such bound: $x_{n+1}$
# applies a new map to a moved point. It only forgets where it started.
#
# **Equal laws** (Letac; the paper uses the link). If the maps are independent with one law, the
# reversed list is as likely as the list, and $y_n$ is just the forward run of the reversed list.
# Hence $\mathrm{law}(x_n)=\mathrm{law}(y_n)$ at every $n$, contraction or not. If moreover
# $y_n\to y_\infty$, the same point from every start, its law is the **stationary law** of SGD: the one
# that a further step leaves unchanged.
#
# <details><summary>Derivation for the parabola</summary>
#
# Unrolling, $x_n=\rho^n x_0+(1-\rho)\sum_i \rho^{n-i}a_i$ and
# $y_n=\rho^n x_0+(1-\rho)\sum_i\rho^{i-1}a_i$. If the targets are independent with mean 0 and
# variance $\sigma^2$, both variances are $(1-\rho)^2\sigma^2\sum_{k<n}\rho^{2k}$, which tends to
# $\sigma^2(1-\rho)/(1+\rho)=\eta h\sigma^2/(2-\eta h)$. The difference $y_{n+1}-y_n$ is
# $\rho^n(1-\rho)(a_{n+1}-x_0)$: it dies out. For the forward path, $x_{n+1}-x_n=(1-\rho)
# (a_{n+1}-x_n)$, of variance $(1-\rho)^2(\sigma^2+\mathrm{Var}\,\pi)=2\sigma^2(1-\rho)^2/(1+\rho)$.
# </details>
#
# **What does not follow.** Because the laws are equal, a learning curve averaged over fresh lists
# of batches is *the same curve* in both orders. Backward composition is smoother along one run, and
# no better on average. A single list of batches, or many starts on one list, can show a gap that
# belongs to the list.
#
# | symbol | meaning | in code |
# |---|---|---|
# | $T_i$ | one update | a row of `steps(targets, ratio)` |
# | $x_n$, $y_n$ | forward, backward iterate | `forward_orbit`, `backward_orbit` |
# | $\eta,\ h,\ \rho$ | learning rate, curvature, $1-\eta h$ | `lr`, `curvature`, `ratio` |
# | $\pi$ | stationary law | `dynamics.stationary.ar1_variance` is its variance |
# | $\gamma$ | mean of log contraction | `dynamics.tails.scalar_lyapunov_exponent` |
#
# ## Experiment: a point and a law
#
# Targets are standard Gaussian numbers. On the left, four runs of each order, each pair on one list:
# look at $n>40$. On the right, the variance over thousands of lists, against the formula.

# %%
stream = lesson.stream("targets")
targets = torch.randn(100, runs, generator=stream, **real)  # each column is a list
maps = steps(targets, ratio)
x0 = torch.full((runs, 1), start, **real)
forward = forward_orbit(maps, x0)[..., 0]  # x_0 … x_100 of each run: (101, runs)
backward = backward_orbit(maps, x0)[..., 0]  # y_0 … y_100

limit = dynamics.stationary.ar1_variance(
    lr, curvature, noise_variance=1.0
)  # ηhσ²/(2 − ηh)
shown = torch.tensor([1, 2, 3, 5, 8, 12, 20, 40, 70, 100])  # some of the n
predicted = limit * (1 - ratio ** (2 * shown))
variances = {"forward": forward[shown].var(1), "backward": backward[shown].var(1)}
pages.show_orbits(forward, backward, shown, variances, predicted)

# %% [markdown]
# The answer to *Predict* is (d), and the two clouds are equally wide. Each dashed path settles, each
# at another point: those points, over lists, are spread exactly as the forward iterates are. Now the
# statements, one by one. Equality of laws is tested on two halves of the lists that share nothing.
# Every tolerance is four standard errors of the mean over runs, or rounding.

# %% tags=["nbval-check-output"]
# For each list: y_n is the forward run of the reversed list,
reversed_maps = steps(targets.flip(0), ratio)
forward_of_reversed = forward_orbit(reversed_maps, x0)[100, :, 0]
lesson.claim("order/reversal").agrees(forward_of_reversed, backward[100], atol=1e-12)

# a backward step is ρⁿ times the step that the new map takes from the start,
n = torch.arange(100, **real)[:, None]
first_steps = (1 - ratio) * (targets - start)  # T_{n+1}(x_0) − x_0: (100, runs)
shrunk = ratio**n * first_steps
moves = backward.diff(dim=0)
lesson.claim("order/backward-increment").agrees(moves, shrunk, atol=1e-12)

# and the limit is no further away than contraction allows.
largest = first_steps.abs().amax(0)  # M of each list
bound = ratio**n * largest / (1 - ratio) + 1e-12  # for rounding
to_limit = (backward[:100] - backward[100]).abs()
lesson.claim("order/contraction").holds(to_limit / bound, below=1)

# %% tags=["nbval-check-output"]
# Over all lists: both laws are as wide as the formula says.
ends = {"forward": forward[100], "backward": backward[100]}
wide = {order: variance_and_stderr(end) for order, end in ends.items()}
lesson.claim("order/stationary-variance").agrees(wide["forward"], limit)
lesson.claim("order/limit-variance").agrees(wide["backward"], limit)

# A forward path keeps moving, a backward path does not.
linked, stderr = estimates.correlation_and_stderr(backward[40], backward[41])
correlations = {
    "forward": estimates.correlation_and_stderr(forward[40], forward[41]),
    "backward": estimates.Estimate(linked, stderr.clamp(min=1e-9)),  # for rounding
}
predicted = {
    "forward": dynamics.stationary.ar1_forward_correlation(ratio, 40),
    "backward": dynamics.stationary.ar1_backward_correlation(ratio, 40),
}
lesson.claim("order/path-correlation").agrees(correlations, predicted)
jump = estimates.rms_and_stderr(forward[100] - forward[99])
due = dynamics.stationary.ar1_forward_jump(ratio, 1.0)
lesson.claim("order/forward-jump").agrees(jump, due)

# %% tags=["nbval-check-output"]
# P(x_n ≤ t) = P(y_n ≤ t) at every n, and the mean losses are equal.
half = forward[shown, : runs // 2]
other = backward[shown, runs // 2 :]  # of other lists
gaps = {t: estimates.gap_and_stderr(half <= t, other <= t) for t in (0.0, 0.3, 0.9)}
lesson.claim("order/equal-laws").agrees(gaps, 0)
gap = estimates.gap_and_stderr(half**2 / 2, other**2 / 2)
lesson.claim("order/equal-curves").agrees(gap, 0)

# %% [markdown]
# The last claim is the honest one: the mean of the noise-free loss $\tfrac12x^2$ is the same curve
# in both orders. A correlation of $\rho$ between neighbours against one of 1 is the whole difference.
#
# ## Experiment: the law can be strange
#
# Replace Gaussian targets by coin flips $a_i=\pm1$. The backward limit
# $y_\infty=(1-\rho)\sum_i\rho^{i-1}a_i$ reads the flips as digits in base $1/\rho$: a **Bernoulli
# convolution**. At $\rho=\tfrac12$ these are binary digits, so $\pi$ is uniform on $[-1,1]$; at
# $\rho=\tfrac13$ it is the Cantor law, with no density and no atom. Look at the gaps on the left, and
# at the dashed needle: one backward run is one point of the cloud.

# %%
coins = torch.randint(0, 2, (60, 5 * runs), generator=stream, device=lesson.device)
flips = 2 * coins.double() - 1  # ±1
origin = torch.zeros(5 * runs, 1, **real)
clouds, limits = {}, {}
for base in (1 / 3, 1 / 2, 0.8):  # ρ
    many_lists = steps(flips, base)
    clouds[base] = forward_orbit(many_lists, origin, at=[60])[0, :, 0]
    one_list = steps(flips[:, 0], base)
    limits[base] = backward_orbit(one_list, origin[0], at=[60]).item()
pages.show_coins(clouds, limits)

# %% tags=["nbval-check-output"]
t = torch.linspace(-0.9, 0.9, 7, **real)
cantor = share_and_stderr(clouds[1 / 3] <= t[:, None])  # P(x ≤ t)
lesson.claim("order/cantor").agrees(cantor, dynamics.bernoulli.cdf(1 / 3, t))
uniform = share_and_stderr(clouds[1 / 2] <= t[:, None])
lesson.claim("order/uniform").agrees(uniform, (1 + t) / 2)

# %% [markdown]
# Nothing in the update rule looks fractal: the law is made by the order in which $\rho$ shrinks the
# past. For $\rho>\tfrac12$ the pieces overlap, and the law has a density for almost every such $\rho$
# (Solomyak 1995), which no histogram can prove.
#
# ## Explore
#
# Three tabs. *Inside or outside*: an interval under $n$ maps; raise $n$ by one and watch which image
# lies inside the last one. *Coin flips*: from Cantor dust to a bell. *Two chains*: start two copies
# earlier and earlier; find out why the answer stops changing, and why stopping at the first meeting
# from now on is a different thing. Without a kernel you see the first picture of each.

# %% tags=["nbval-ignore-output"]
lesson.explore.chapter().show()

# %% [markdown]
# ## Break an assumption
#
# **Contraction only on average.** In least-squares SGD with one feature $z\sim N(0,1)$ a step
# multiplies distances by $|1-\eta z^2|$, sometimes more than 1. What counts is the mean logarithm
# $\gamma=E\log|1-\eta z^2|$ (Diaconis–Freedman). Two runs on one noise, a **coupling**, approach like
# $e^{\gamma n}$, and meet to accuracy $\varepsilon$ after about $\log(D/\varepsilon)/|\gamma|$ steps.
#
# **No strict contraction at all.** The customers of a queue wait $W_{n+1}=\max(W_n+X_{n+1},0)$, where
# $X$ is a service time minus the time to the next arrival: a ReLU net of width 1, whose layers have
# Lipschitz constant exactly 1: distances need not shrink (Lindley). Backward, the same maps give the running maximum of a random
# walk, which grows and stops (Loynes). With a server busy half of the time, half of the customers do
# not wait, and the mean wait is one service time. Look for the line on the left, and for the step
# after which the dashed path is flat.

# %%
# Two runs on one noise. With labels 0 a step is x ↦ (1 − ηz²)x, here with η = 0.5.
features = torch.randn(60, runs, generator=stream, **real)  # z
factors = (1 - 0.5 * features**2).unsqueeze(-1)  # (60, runs, 1)
maps = AffineMap(factors.unsqueeze(-1), torch.zeros_like(factors))
zero = torch.zeros(runs, 1, **real)
distances = dynamics.coupling.synchronous(maps, zero, zero + 8)  # (61, runs)
exponent = dynamics.tails.scalar_lyapunov_exponent(0.5)  # γ
rates = (distances[60] / 8).log() / 60  # per step, of each pair of runs
lesson.claim("order/average-contraction").agrees(mean_and_stderr(rates), exponent)

# The time to meet on the parabola of above, with one list as often as needed.
rate = math.log(ratio)  # of a step
needed = math.ceil(dynamics.coupling.meeting_time(rate, 8.0, 1e-6))
long_list = targets[:, 0].repeat(needed // 100 + 1)
pair = dynamics.coupling.synchronous(steps(long_list, ratio), x0[0], x0[0] + 8)
lesson.claim("order/coupling-time").agrees((pair > 1e-6).sum(), needed, atol=0.5)

# %%
times = torch.empty(2, 200, runs, **real).exponential_(1.0, generator=stream)
service = times[0]  # mean 1
until_next = 2 * times[1]  # time to the next arrival, mean 2
increments = service - until_next  # X
waits = dynamics.coupling.lindley_forward(increments)  # (201, runs)
maxima = dynamics.coupling.lindley_backward(increments)
pages.show_coupling(distances, exponent, waits, maxima)

layers = [torch.zeros(runs, **real)]  # of the ReLU net
for increment in increments[:40]:
    layers.append(torch.relu(layers[-1] + increment))
lesson.claim("queue/relu-net").agrees(layers, waits[:41], atol=1e-9)

last = {"forward": waits[200], "backward": maxima[200]}
empty = {order: share_and_stderr(wait == 0) for order, wait in last.items()}
lesson.claim("queue/empty").agrees(empty, 0.5)
mean_wait = {order: mean_and_stderr(wait) for order, wait in last.items()}
lesson.claim("queue/mean").agrees(mean_wait, 1.0)
still_growing = maxima[200] > maxima[150]
lesson.claim("queue/backward-stops").holds(still_growing.double().mean(), below=1e-3)

# %% [markdown]
# Now both directions of failure. **Isometries** (here: reflect, then shift) never contract: a backward
# step is exactly as long as the new map's move of the start, for ever, while the laws still agree. And **stopping
# on the wrong side**: a chain on two states, where a coin decides whether both states go to 0 or
# swap. Its stationary law is $(2/3,1/3)$. Composing backward until the composition is constant gives
# an exact draw: **coupling from the past** (Propp–Wilson). Stopping the forward composition when it
# becomes constant does not.

# %% tags=["nbval-check-output"]
# Isometries of the plane, x ↦ Qx + shift.
gaussian = torch.randn(60, runs, 2, 2, generator=stream, **real)
orthogonal = torch.linalg.qr(gaussian).Q
shifts = torch.randn(60, runs, 2, generator=stream, **real)
isometries = AffineMap(orthogonal, shifts)
centre = torch.zeros(runs, 2, **real)
outside = forward_orbit(isometries, centre)  # (61, runs, 2)
inside = backward_orbit(isometries, centre)
inside_steps = inside.diff(dim=0).norm(dim=-1)
lesson.claim("order/isometry-steps").agrees(
    inside_steps, shifts.norm(dim=-1), atol=1e-9
)
half = outside.norm(dim=-1)[[2, 20, 60], : runs // 2]
other = inside.norm(dim=-1)[[2, 20, 60], runs // 2 :]
lesson.claim("order/isometry-laws").agrees(estimates.gap_and_stderr(half, other), 0)


# %% tags=["nbval-check-output"]
def two_states(stream, count):
    """Half the maps send both states to 0, the others swap them."""
    heads = torch.randint(2, (count, 1), generator=stream)
    return torch.where(heads == 1, torch.tensor([0, 0]), torch.tensor([1, 0]))


past = lesson.stream("past", device="cpu")
states, _ = dynamics.coupling.from_the_past(two_states, runs, generator=past)
lesson.claim("past/exact").agrees(share_and_stderr(states == 0), 2 / 3)
now = lesson.stream("now", device="cpu")
states, _ = dynamics.coupling.forward_coalescence(two_states, runs, generator=now)
lesson.claim("past/forward-is-biased").agrees(
    (states == 0).double().mean(), 1.0, atol=1e-12
)

# %% [markdown]
# What fails, and why: under isometries the start never fades, so there is no limit point to
# compare with; equality of laws survives, because it never used contraction. And a random stopping
# time looks at the whole path, on which forward and backward differ: equality at *fixed* $n$ says
# nothing at a time that the path itself chooses.
#
# ## Your turn
#
# `lesson.hint(1, 1)` to `lesson.hint(1, 3)` help; `lesson.reveal(1)` shows a solution. A check never stops
# the notebook.

# %% [markdown] tags=["exercise:01.1"]
# ### Exercise 01.1 · Two maps by hand
#
# $T_1(x)=(x+4)/2$, $T_2(x)=(x+8)/2$, $x_0=0$. Then $y_1=2$. Set `second` to $y_2$.

# %% tags=["answer:01.1"]
second = ...  # SOLUTION

# %% tags=["check:01.1"]
lesson.check(1, second)

# %% [markdown] tags=["exercise:01.2"]
# ### Exercise 01.2 · What equal laws mean
#
# Which of these follows from $\mathrm{law}(x_n)=\mathrm{law}(y_n)$ at every $n$? Answer with a letter.

# %% tags=["answer:01.2"]
letter = ...  # SOLUTION

# %% tags=["check:01.2"]
lesson.check(2, letter)

# %% [markdown] tags=["exercise:01.3"]
# ### Exercise 01.3 · Put the new map inside
#
# `backward_iterates(maps, x0)`: a list of $n$ callables `(d,) -> (d,)` and a start `(d,)`; returns
# `(n + 1, d)`, the rows $y_0,\dots,y_n$. Maps $(x+1)/2$ and $x/2$ with `x0 = [8.]` give
# `[[8.], [4.5], [2.5]]`. Plain loops will do.


# %% tags=["answer:01.3"]
def backward_iterates(maps, x0):
    """Returns y_0 … y_n, y_k = T_1 ∘ … ∘ T_k (x0)."""
    # SOLUTION


# %% tags=["check:01.3"]
lesson.check(3, backward_iterates)

# %% [markdown]
# See afterwards: count the calls for $n=100$. Your loops make 5050; the library's `backward_orbit`
# walks all iterates together and calls each map once.

# %% [markdown] tags=["exercise:01.4"]
# ### Exercise 01.4 · An exact draw
#
# `exact_draw(tables)`: `(n, S)` integers; row $k$ lists the images of the states $0,\dots,S-1$ under
# $T_{k+1}$. Return `(state, n)`: the first $n$ at which $T_1\circ\dots\circ T_n$ is constant, and its
# value; `(-1, len(tables))` if there is none. `[[1, 0], [0, 0], [1, 1]]` gives `(1, 2)`.


# %% tags=["answer:01.4"]
def exact_draw(tables):
    """Returns (state, n): the first n with T_1 ∘ … ∘ T_n constant, and its value."""
    # SOLUTION


# %% tags=["check:01.4"]
lesson.check(4, exact_draw)

# %% [markdown]
# See afterwards: swap two names in your code, so that the new map goes outside. The check then
# names the bias that you met in the two-chain game.

# %% [markdown] tags=["exercise:01.5"]
# ### Exercise 01.5 · How many batches does the limit average?
#
# With target variance $\sigma^2=1$, measure $\sigma^2/\mathrm{Var}(y_\infty)$ at $\rho=0.95$ within
# 10 %, and set `averaged` to it. (At $\rho=0.8$ it is about 9.) Use `steps`, `backward_orbit` and
# many lists at once; find out how many maps are enough.

# %% tags=["answer:01.5"]
# BEGIN SOLUTION
lists = torch.randn(300, 4000, generator=generator(1, "lists")).double()
starts = torch.zeros(4000, 1, dtype=torch.float64)
end_points = backward_orbit(steps(lists, 0.95), starts, at=[300])
averaged = 1 / end_points.var().item()
# END SOLUTION

# %% tags=["check:01.5"]
lesson.check(5, averaged)

# %% [markdown]
# See afterwards: a run of 300 maps averages as many batches as one of 3000. Which parameter changes
# that number?

# %% [markdown] tags=["exercise:01.6"]
# ### Exercise 01.6 · Equal laws, and a limit
#
# Prove, for independent maps with one law, that $\mathrm{law}(x_n)=\mathrm{law}(y_n)$ at every $n$.
# Assume a common contraction factor $c<1$ and displacements at most $M$, and prove that $y_n$
# converges. Where does your argument fail for $x_n$? About ten lines; then `lesson.reveal(6)` shows a
# proof and what to tick in yours.

# %% [markdown] tags=["answer:01.6"] points=4
# SOLUTION

# %% [markdown]
# ## At full scale
#
# There is no paper-size run of this chapter: its statements are exact, and more runs only shrink the
# error bars. The full profile takes 25 times as many runs. What it gave once, on the machine named:

# %%
lesson.full_scale()

# %% [markdown]
# Repeat it with `bsgd run 01 --profile full`.
#
# ## Claims of this chapter
#
# Where thousands of numbers were compared, the one furthest off is shown. Nothing here tests a
# network: that is chapter 2.

# %%
lesson.claims_table()

# %% [markdown]
# ## Five lines to remember
#
# 1. Forward: the new map outside. Backward: the new map inside, so that the ending never changes.
# 2. Contraction makes the backward path converge, for every list; the forward path only forgets.
# 3. Independent, equally distributed maps: equal laws at every $n$, hence equal mean curves.
# 4. The backward limit is a random point drawn from the stationary law: noise frozen, not removed.
# 5. At a time that the path chooses, the order decides between an exact and a biased sample.
#
# ### Further reading
#
# P. Diaconis and D. Freedman, *Iterated random functions*, SIAM Review 41 (1999), is the best start.
# Y. Peres, W. Schlag and B. Solomyak, *Sixty years of Bernoulli convolutions* (2000). Next: chapter 2
# puts networks and real data in place of parabolas.
#
# ### Versions
#
# `bsgd version` names what the package stands on here; the course pins what it was tried with in
# `constraints.txt`.
